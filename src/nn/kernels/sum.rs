//! Sum of two values, with PReLU: where no convolution can add while it computes. Plain loops: the
//! compiler finds the registers.
use super::{Isa, Loops, Residual};

/// Adds `more` to `input`, which has a slope of PReLU for each of its channels.
///
/// # Panics
///
/// Where a slice is not as long as the others say.
pub fn sum(isa: Isa, input: &[f32], more: Residual<'_>, slopes: &[f32], out: &mut [f32]) {
    let pixels = input.len() / slopes.len();
    assert_eq!(input.len(), pixels * slopes.len(), "input");
    assert_eq!(out.len(), input.len(), "output");
    assert!((1..=slopes.len()).contains(&more.channels));
    assert_eq!(more.data.len(), pixels * more.channels, "residual");
    isa.run(Sum {
        input,
        more,
        slopes,
        out,
    });
}

struct Sum<'a> {
    input: &'a [f32],
    more: Residual<'a>,
    slopes: &'a [f32],
    out: &'a mut [f32],
}

impl Loops for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (channels, shared) = (self.slopes.len(), self.more.channels);
        let active = |sum: f32, slope: f32| sum.max(0.0) + slope * sum.min(0.0);
        let pixels = self.input.chunks_exact(channels);
        let more = self.more.data.chunks_exact(shared);
        for ((out, input), more) in self.out.chunks_exact_mut(channels).zip(pixels).zip(more) {
            let (first, rest) = out.split_at_mut(shared);
            let (input, alone) = input.split_at(shared);
            let (slopes, other_slopes) = self.slopes.split_at(shared);
            for (((out, a), b), slope) in first.iter_mut().zip(input).zip(more).zip(slopes) {
                *out = active(a + b, *slope);
            }
            for ((out, a), slope) in rest.iter_mut().zip(alone).zip(other_slopes) {
                *out = active(*a, *slope);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::kernels::plain;
    use proptest::prelude::*;

    #[test]
    fn what_is_added_may_have_fewer_channels() {
        let more = Residual {
            data: &[1.0, 10.0],
            channels: 1,
        };
        for isa in Isa::available() {
            let mut out = [0.0; 4];
            let input = [-3.0, -4.0, 2.0, 4.0];
            sum(isa, &input, more, &[0.5, 0.0], &mut out);
            assert_eq!(out.map(|v| (v * 2.0) as i32), [-2, 0, 24, 8]);
        }
    }

    proptest! {
        #[test]
        fn it_gives_what_the_plain_loop_gives(
            pixels in 0usize..9, channels in 1usize..40, left_out in 0usize..40, seed: u64
        ) {
            let shared = channels.saturating_sub(left_out).max(1);
            let mut random = plain::numbers(seed);
            let mut draw = |count: usize| -> Vec<f32> { random.by_ref().take(count).collect() };
            let (input, slopes) = (draw(pixels * channels), draw(channels));
            let data = draw(pixels * shared);
            for isa in Isa::available() {
                let mut got = vec![f32::NAN; input.len()];
                let more = Residual { data: &data, channels: shared };
                sum(isa, &input, more, &slopes, &mut got);
                for (i, got) in got.iter().enumerate() {
                    let (pixel, c) = (i / channels, i % channels);
                    let more = if c < shared { data[pixel * shared + c] } else { 0.0 };
                    let sum = input[i] + more;
                    let wanted = if sum > 0.0 { sum } else { sum * slopes[c] };
                    prop_assert!((got - wanted).abs() <= 1e-6, "{isa:?}: {got} for {wanted}");
                }
            }
        }
    }
}
