//! The kernels once more, as plainly as they can be said: what the fast ones are tested against.
use super::{ConvSpec, Dims, Residual};

/// Numbers in -1..1, the same for the same seed (Knuth's linear congruence).
pub fn numbers(seed: u64) -> impl Iterator<Item = f32> {
    std::iter::successors(Some(seed), |s| {
        Some(
            s.wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407),
        )
    })
    .skip(1)
    .map(|s| (s >> 40) as f32 / (1u64 << 23) as f32 - 1.0)
}

/// See [`super::Conv`]; sums in double precision.
pub fn conv(
    spec: &ConvSpec,
    input: &[f32],
    dims: Dims,
    weights: &[f32],
    bias: &[f32],
    slopes: Option<&[f32]>,
    residual: Option<Residual<'_>>,
) -> Vec<f32> {
    let output = spec.output(dims);
    let mut out = vec![];
    for n in 0..output.n {
        for y in 0..output.h {
            for x in 0..output.w {
                let pixel = out.len() / output.c;
                for o in 0..output.c {
                    let mut sum = f64::from(bias[o]);
                    for ky in 0..spec.kernel[0] {
                        for kx in 0..spec.kernel[1] {
                            for i in 0..spec.inputs {
                                let row = n * dims.h + y * spec.stride[0] + ky;
                                let at = row * dims.w + x * spec.stride[1] + kx;
                                let w = ((o * spec.inputs + i) * spec.kernel[0] + ky)
                                    * spec.kernel[1]
                                    + kx;
                                sum += f64::from(input[at * dims.c + i] * weights[w]);
                            }
                        }
                    }
                    if let Some(r) = residual
                        && o < r.channels
                    {
                        sum += f64::from(r.data[pixel * r.channels + o]);
                    }
                    let slope = slopes.map_or(1.0, |s| f64::from(s[o]));
                    out.push((sum.max(0.0) + slope * sum.min(0.0)) as f32);
                }
            }
        }
    }
    out
}

/// See [`super::Depthwise`].
pub fn depthwise(input: &[f32], dims: Dims, weights: &[f32], bias: &[f32]) -> Vec<f32> {
    let mut out = vec![];
    for n in 0..dims.n {
        for y in 0..dims.h {
            for x in 0..dims.w {
                for c in 0..dims.c {
                    let mut sum = f64::from(bias[c]);
                    for (ky, kx) in (0..3).flat_map(|ky| (0..3).map(move |kx| (ky, kx))) {
                        let (row, column) = ((y + ky).wrapping_sub(1), (x + kx).wrapping_sub(1));
                        if row < dims.h && column < dims.w {
                            let at = ((n * dims.h + row) * dims.w + column) * dims.c + c;
                            sum += f64::from(input[at] * weights[(c * 3 + ky) * 3 + kx]);
                        }
                    }
                    out.push(sum as f32);
                }
            }
        }
    }
    out
}

/// See [`super::Pool`].
pub fn pool(side: usize, stride: usize, output: Dims, input: &[f32], dims: Dims) -> Vec<f32> {
    let mut out = vec![];
    for n in 0..output.n {
        for y in 0..output.h {
            for x in 0..output.w {
                for c in 0..output.c {
                    let rows = y * stride..(y * stride + side).min(dims.h);
                    let best = rows
                        .flat_map(|row| {
                            (x * stride..(x * stride + side).min(dims.w))
                                .map(move |column| (row, column))
                        })
                        .map(|(row, column)| {
                            input[((n * dims.h + row) * dims.w + column) * dims.c + c]
                        })
                        .fold(f32::NEG_INFINITY, f32::max);
                    out.push(best);
                }
            }
        }
    }
    out
}

/// See [`super::Mean`].
pub fn mean(side: Option<usize>, output: Dims, input: &[f32], dims: Dims) -> Vec<f32> {
    let [height, width] = side.map_or([dims.h, dims.w], |side| [side; 2]);
    let mut out = vec![];
    for n in 0..output.n {
        for y in 0..output.h {
            for x in 0..output.w {
                for c in 0..output.c {
                    let mut sum = 0.0;
                    for row in y * height..(y + 1) * height {
                        for column in x * width..(x + 1) * width {
                            let at = ((n * dims.h + row) * dims.w + column) * dims.c + c;
                            sum += f64::from(input[at]);
                        }
                    }
                    out.push((sum / (height * width) as f64) as f32);
                }
            }
        }
    }
    out
}
