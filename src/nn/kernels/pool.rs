//! Maximum of each window, channel by channel. Plain loops: the compiler finds the registers.
use std::ops::Range;

use super::{Dims, Isa, Loops, kept};

/// A max-pool without a border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Height and width of the window; at most 3.
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

    /// One row of the output, `[W, C]`, from the input rows it looks at, `[rows, W, C]`; `line` is
    /// room for one row of the input.
    ///
    /// # Panics
    ///
    /// Where `rows` is not made of whole rows, or `line` is too short.
    pub fn row(&self, isa: Isa, rows: &[f32], channels: usize, line: &mut [f32], out: &mut [f32]) {
        assert_eq!(rows.len() % line.len(), 0, "whole rows");
        assert_eq!(line.len() % channels, 0, "whole pixels");
        isa.run(Maxima {
            pool: self,
            rows,
            channels,
            line,
            out,
        });
    }

    /// Computes the output of `input`, sized `dims`; `room` is kept for the next time.
    ///
    /// # Panics
    ///
    /// Where a slice is not as long as its sizes say.
    pub fn run(&self, isa: Isa, input: &[f32], dims: Dims, room: &mut Vec<f32>, out: &mut [f32]) {
        let output = self.output(dims);
        assert_eq!(input.len(), dims.len(), "input");
        assert_eq!(out.len(), output.len(), "output");
        if output.is_empty() {
            return;
        }
        let line = dims.w * dims.c;
        let room = kept(room, line);
        for (i, out) in out.chunks_exact_mut(output.w * output.c).enumerate() {
            let (n, y) = (i / output.h, i % output.h);
            let rows = self.rows(y, dims.h);
            let (from, to) = (n * dims.h + rows.start, n * dims.h + rows.end);
            let rows = &input[from * line..to * line];
            self.row(isa, rows, dims.c, room, out);
        }
    }
}

/// The maxima of one row of windows: first down, over whole rows, then across. That is
/// `2 * side` numbers looked at for each one given, not `side * side`.
struct Maxima<'a> {
    pool: &'a Pool,
    rows: &'a [f32],
    channels: usize,
    line: &'a mut [f32],
    out: &'a mut [f32],
}

impl Loops for Maxima<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (channels, side) = (self.channels, self.pool.side);
        let mut rows = self.rows.chunks_exact(self.line.len());
        if let Some(a) = rows.next() {
            let b = rows.next().unwrap_or(a);
            let c = rows.next().unwrap_or(b);
            largest(self.line, a, b, c);
        }
        let step = self.pool.stride * channels;
        for (x, out) in self.out.chunks_exact_mut(channels).enumerate() {
            let end = (x * step + side * channels).min(self.line.len());
            let mut window = self.line[x * step..end].chunks_exact(channels);
            if let Some(a) = window.next() {
                let b = window.next().unwrap_or(a);
                let c = window.next().unwrap_or(b);
                largest(out, a, b, c);
            }
        }
    }
}

/// The largest of each three. Written to a place that is not read: a running maximum becomes a masked
/// store, and the next load waits for it.
#[inline(always)]
fn largest(out: &mut [f32], a: &[f32], b: &[f32], c: &[f32]) {
    let larger = |x: f32, y: f32| if x > y { x } else { y };
    for (((out, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
        *out = larger(larger(*a, *b), *c);
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
            for isa in Isa::available() {
                let mut got = vec![f32::NAN; output.len()];
                pool.run(isa, &input, dims, &mut vec![], &mut got);
                prop_assert_eq!(got, plain::pool(side, 2, output, &input, dims));
            }
        }
    }
}
