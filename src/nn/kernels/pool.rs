//! Maximum of each window, channel by channel. Plain loops: the compiler finds the registers.
use std::ops::Range;

use super::Dims;

/// A max-pool without a border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Height and width of the window.
    pub side: usize,
    /// From one window to the next.
    pub stride: usize,
    /// Whether a window that reaches over the edge counts, with what it covers.
    pub ceil: bool,
}

impl Pool {
    /// Sizes of the output for an input of these sizes.
    pub fn output(&self, input: Dims) -> Dims {
        let side = |size: usize| match size.checked_sub(self.side) {
            Some(room) if self.ceil => room.div_ceil(self.stride) + 1,
            Some(room) => room / self.stride + 1,
            None => usize::from(self.ceil && size > 0),
        };
        Dims {
            h: side(input.h),
            w: side(input.w),
            ..input
        }
    }

    /// The rows of the input that output row `y` looks at.
    pub fn rows(&self, y: usize, height: usize) -> Range<usize> {
        y * self.stride..(y * self.stride + self.side).min(height)
    }

    /// One row of the output, `[W, C]`, from the input rows it looks at (`rows`, each `[W, C]`).
    ///
    /// # Panics
    ///
    /// Where a row is not as long as its sizes say.
    pub fn row<'a>(
        &self,
        rows: impl Iterator<Item = &'a [f32]>,
        width: usize,
        channels: usize,
        out: &mut [f32],
    ) {
        out.fill(f32::NEG_INFINITY);
        for row in rows {
            assert_eq!(row.len(), width * channels, "input row");
            for (x, best) in out.chunks_exact_mut(channels).enumerate() {
                let columns = x * self.stride..(x * self.stride + self.side).min(width);
                let window = &row[columns.start * channels..columns.end * channels];
                for pixel in window.chunks_exact(channels) {
                    for (best, value) in best.iter_mut().zip(pixel) {
                        *best = if *value > *best { *value } else { *best };
                    }
                }
            }
        }
    }

    /// Computes the output of `input`, sized `dims`.
    ///
    /// # Panics
    ///
    /// Where a slice is not as long as its sizes say.
    pub fn run(&self, input: &[f32], dims: Dims, out: &mut [f32]) {
        let output = self.output(dims);
        assert_eq!(input.len(), dims.len(), "input");
        assert_eq!(out.len(), output.len(), "output");
        if output.is_empty() {
            return;
        }
        let line = dims.w * dims.c;
        for (i, out) in out.chunks_exact_mut(output.w * output.c).enumerate() {
            let (n, y) = (i / output.h, i % output.h);
            let rows = self.rows(y, dims.h).map(|row| {
                let from = (n * dims.h + row) * line;
                &input[from..from + line]
            });
            self.row(rows, dims.w, dims.c, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::kernels::plain;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_those_of_the_authors_networks() {
        let input = |side| Dims {
            n: 1,
            h: side,
            w: side,
            c: 1,
        };
        let ceil = |side| Pool {
            side,
            stride: 2,
            ceil: true,
        };
        // R-Net 22 -> 11, 9 -> 4; O-Net 46 -> 23, 21 -> 10, 8 -> 4.
        assert_eq!(ceil(3).output(input(22)).h, 11);
        assert_eq!(ceil(3).output(input(9)).h, 4);
        assert_eq!(ceil(3).output(input(46)).h, 23);
        assert_eq!(ceil(3).output(input(21)).h, 10);
        assert_eq!(ceil(2).output(input(8)).h, 4);
        assert_eq!(ceil(2).output(input(7)).h, 4);
    }

    proptest! {
        #[test]
        fn it_gives_what_the_plain_loop_gives(
            n in 1usize..3, h in 1usize..9, w in 1usize..9, c in 1usize..20,
            side in 2usize..=3, ceil: bool, seed: u64
        ) {
            let dims = Dims { n, h, w, c };
            let input: Vec<f32> = plain::numbers(seed).take(dims.len()).collect();
            let pool = Pool { side, stride: 2, ceil };
            let output = pool.output(dims);
            let mut got = vec![f32::NAN; output.len()];
            pool.run(&input, dims, &mut got);
            prop_assert_eq!(got, plain::pool(side, 2, output, &input, dims));
        }
    }
}
