//! Mean of each window, channel by channel. Plain loops: the compiler finds the registers.
use super::{Dims, Isa, Loops};

/// An average-pool without a border, its windows side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mean {
    /// Height and width of a window; `None`: each picture is one.
    pub side: Option<usize>,
}

impl Mean {
    /// Sizes of the output for an input of these sizes. Pixels that fill no window are left out.
    pub fn output(&self, input: Dims) -> Dims {
        let [h, w] = match self.side {
            Some(side) => [input.h / side, input.w / side],
            None => [1, 1],
        };
        Dims { h, w, ..input }
    }

    /// Computes the output of `input`, sized `dims`.
    ///
    /// # Panics
    ///
    /// Where a slice is not as long as its sizes say.
    pub fn run(&self, isa: Isa, input: &[f32], dims: Dims, out: &mut [f32]) {
        assert_eq!(input.len(), dims.len(), "input");
        assert_eq!(out.len(), self.output(dims).len(), "output");
        if dims.is_empty() {
            return out.fill(0.0);
        }
        isa.run(Means {
            mean: *self,
            input,
            dims,
            out,
        });
    }
}

struct Means<'a> {
    mean: Mean,
    input: &'a [f32],
    dims: Dims,
    out: &'a mut [f32],
}

impl Loops for Means<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (dims, output) = (self.dims, self.mean.output(self.dims));
        let [height, width] = self.mean.side.map_or([dims.h, dims.w], |side| [side; 2]);
        let share = 1.0 / (height * width) as f32;
        for (i, out) in self.out.chunks_exact_mut(dims.c).enumerate() {
            let (x, row) = (i % output.w, i / output.w);
            let (y, n) = (row % output.h, row / output.h);
            out.fill(0.0);
            for y in y * height..(y + 1) * height {
                let first = ((n * dims.h + y) * dims.w + x * width) * dims.c;
                let pixels = self.input[first..first + width * dims.c].chunks_exact(dims.c);
                for pixel in pixels {
                    for (sum, number) in out.iter_mut().zip(pixel) {
                        *sum += number;
                    }
                }
            }
            for sum in out {
                *sum *= share;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::kernels::plain;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_gives_what_the_plain_loop_gives(
            n in 1usize..3, h in 1usize..9, w in 1usize..9, c in 1usize..40,
            side in proptest::option::of(1usize..4), seed: u64
        ) {
            let dims = Dims { n, h, w, c };
            let input: Vec<f32> = plain::numbers(seed).take(dims.len()).collect();
            let mean = Mean { side };
            let wanted = plain::mean(side, mean.output(dims), &input, dims);
            for isa in Isa::available() {
                let mut got = vec![f32::NAN; wanted.len()];
                mean.run(isa, &input, dims, &mut got);
                for (got, wanted) in got.iter().zip(&wanted) {
                    prop_assert!((got - wanted).abs() <= 1e-5, "{isa:?}: {got} for {wanted}");
                }
            }
        }
    }
}
