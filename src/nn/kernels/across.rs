//! Pixels of a line, weighed and added up.
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__m256;

use super::{
    Isa,
    vector::{Eight, Portable},
};

/// Channels of a pixel.
const RGB: usize = 3;

/// Pixels that are made at a time: two registers of two, four floats each, the last of which is not used.
const GROUP: usize = 4;

/// What becomes of a sum: held between 0 and `most`, times `factor`, and `shift` more.
#[derive(Clone, Copy)]
pub struct Finish {
    pub most: f32,
    pub factor: f32,
    pub shift: f32,
}

/// Makes pixels from those of a line, RGB: each from as many, evenly apart.
pub struct Across {
    isa: Isa,
    finish: Finish,
    /// Pixels made.
    count: usize,
    /// Pixels that each is made of.
    taps: usize,
    /// Floats from one of those to the next.
    hop: usize,
    /// Where the first of those begins in the line, filled up to a [`GROUP`].
    starts: Vec<usize>,
    /// The weights as they are multiplied: of two pixels each four times, for each tap. Half a megabyte for the
    /// largest crops, a few kilobytes for most.
    weights: Vec<f32>,
    /// Floats of the line that are read.
    reach: usize,
    /// The pixels made, with room for a whole group and the float after it.
    made: Vec<f32>,
}

impl Across {
    /// Nothing to make as yet.
    ///
    /// # Panics
    ///
    /// Where the processor lacks the instruction set.
    pub fn new(isa: Isa, finish: Finish) -> Self {
        assert!(isa.is_available(), "{isa:?} on this machine");
        Self {
            isa,
            finish,
            count: 0,
            taps: 0,
            hop: 0,
            starts: vec![],
            weights: vec![],
            reach: 0,
            made: vec![],
        }
    }

    /// One pixel for each of `firsts`, made of the pixel of the line that it names and those that follow, `step` apart,
    /// one for each of its `taps` weights.
    ///
    /// # Panics
    ///
    /// Where there is another number of weights, or the last pixel lies beyond all memory. Nothing can be run then
    /// until it is set again.
    pub fn set(
        &mut self,
        firsts: impl Iterator<Item = usize>,
        weights: &[f32],
        taps: usize,
        step: usize,
    ) {
        // No line is as long: what is set in part is not run.
        self.reach = usize::MAX;
        self.starts.clear();
        self.starts
            .extend(firsts.map(|first| first.saturating_mul(RGB)));
        self.count = self.starts.len();
        assert_eq!(Some(weights.len()), self.count.checked_mul(taps), "weights");
        let last = self.starts.iter().max().copied().unwrap_or(0);
        let reach = step.checked_mul(RGB).and_then(|hop| {
            let along = taps.saturating_sub(1).checked_mul(hop)?;
            // Four floats are read of each pixel.
            last.checked_add(along)?.checked_add(RGB + 1)
        });
        assert!(reach.is_some_and(|reach| reach < usize::MAX), "reach");
        (self.taps, self.hop) = (taps, step * RGB);
        self.starts.resize(self.count.next_multiple_of(GROUP), 0);
        self.weights.clear();
        self.weights.resize(self.starts.len() * taps * 4, 0.0);
        if taps > 0 {
            for (i, own) in weights.chunks_exact(taps).enumerate() {
                let (pair, half) = (i / 2 * 2, i % 2);
                for (tap, weight) in own.iter().enumerate() {
                    let at = (pair * taps + tap * 2 + half) * 4;
                    self.weights[at..at + 4].fill(*weight);
                }
            }
        }
        self.made.resize(self.starts.len() * RGB + 1, 0.0);
        self.reach = reach.unwrap_or(usize::MAX);
    }

    /// Floats that a line must have.
    pub fn reach(&self) -> usize {
        self.reach
    }

    /// Writes the pixels, RGB.
    ///
    /// # Panics
    ///
    /// Where the line is shorter than [`Self::reach`], or `out` is of another length.
    pub fn run(&mut self, line: &[f32], out: &mut [f32]) {
        assert!(line.len() >= self.reach, "line");
        assert_eq!(out.len(), self.count * RGB, "output");
        // SAFETY: `new` has asserted the instruction set; `set` has filled starts, weights and room up to
        // whole groups, and no tap of a pixel ends beyond `reach`.
        unsafe {
            match self.isa {
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 | Isa::Avx512 => avx2(self, line),
                _ => portable(self, line),
            }
        }
        out.copy_from_slice(&self.made[..out.len()]);
    }
}

/// All pixels, a [`GROUP`] at a time.
///
/// # Safety
///
/// The processor has the instruction set of `V`; sizes are as [`Across::set`] leaves them, the line has `reach` floats.
#[inline(always)]
unsafe fn sweep<V: Eight>(across: &mut Across, line: &[f32]) {
    let (taps, hop) = (across.taps, across.hop);
    let mut weights = across.weights.as_ptr();
    let mut to = across.made.as_mut_ptr();
    for starts in across.starts.as_chunks::<GROUP>().0 {
        // SAFETY: the caller's conditions. The fourth float of a pixel is the first of the next, which is written
        // after it; there is room for one more than the last.
        unsafe {
            let [mut a, mut b, mut c, mut d] = starts.map(|start| line.as_ptr().add(start));
            let mut sums = [V::splat(0.0); 2];
            let others = weights.add(taps * V::N);
            for tap in 0..taps {
                let at = tap * V::N;
                sums[0] = V::load_fours(a, b).mul_add(V::load(weights.add(at)), sums[0]);
                sums[1] = V::load_fours(c, d).mul_add(V::load(others.add(at)), sums[1]);
                [a, b, c, d] = [a, b, c, d].map(|from| from.wrapping_add(hop));
            }
            weights = others.add(taps * V::N);
            let Finish {
                most,
                factor,
                shift,
            } = across.finish;
            for sum in sums {
                let held = sum.max(V::splat(0.0)).min(V::splat(most));
                let pixels = held.mul_add(V::splat(factor), V::splat(shift));
                pixels.store_fours(to, to.add(RGB));
                to = to.add(2 * RGB);
            }
        }
    }
}

/// # Safety
///
/// As for [`sweep`].
unsafe fn portable(across: &mut Across, line: &[f32]) {
    // SAFETY: the caller's conditions are the same.
    unsafe { sweep::<Portable>(across, line) }
}

/// # Safety
///
/// As for [`sweep`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(across: &mut Across, line: &[f32]) {
    // SAFETY: the caller's conditions are the same.
    unsafe { sweep::<__m256>(across, line) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FINISH: Finish = Finish {
        most: 200.0,
        factor: 0.5,
        shift: -3.0,
    };

    proptest! {
        #[test]
        fn every_instruction_set_makes_the_pixels_that_a_plain_loop_makes(
            firsts in proptest::collection::vec(0usize..60, 0..15),
            taps in 0usize..12,
            step in 1usize..5,
            seed in 0usize..1000,
        ) {
            let number = |i: usize| ((i + seed) * 7919 % 251) as f32;
            let weights: Vec<f32> =
                (0..firsts.len() * taps).map(|i| number(i) / 250.0 - 0.2).collect();
            for isa in Isa::available() {
                let mut across = Across::new(isa, FINISH);
                // What was set before leaves nothing behind.
                across.set([3, 1, 2].into_iter(), &[1.0; 6], 2, 1);
                across.set(firsts.iter().copied(), &weights, taps, step);
                let line: Vec<f32> = (0..across.reach()).map(number).collect();
                let mut out = vec![f32::NAN; firsts.len() * RGB];
                across.run(&line, &mut out);
                for (i, got) in out.iter().enumerate() {
                    let (pixel, channel) = (i / RGB, i % RGB);
                    let at = |tap: usize| line[(firsts[pixel] + tap * step) * RGB + channel];
                    let sum: f32 = (0..taps).map(|tap| weights[pixel * taps + tap] * at(tap)).sum();
                    let wanted = sum.clamp(0.0, 200.0) * 0.5 - 3.0;
                    prop_assert!((got - wanted).abs() < 1e-3, "{isa:?}, {i}: {got} for {wanted}");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "reach")]
    fn a_pixel_so_far_away_that_it_comes_round_is_refused() {
        let mut across = Across::new(Isa::best(), FINISH);
        across.set([0].into_iter(), &[1.0; 9], 9, 1 << (usize::BITS - 3));
    }

    #[test]
    #[should_panic(expected = "line")]
    fn what_is_set_in_part_is_not_run() {
        let mut across = Across::new(Isa::best(), FINISH);
        across.set([0].into_iter(), &[1.0], 1, 1);
        let set = std::panic::AssertUnwindSafe(|| across.set(0..99, &[1.0; 2], 1, 1));
        assert!(std::panic::catch_unwind(set).is_err());
        across.run(&[0.0; 4], &mut [0.0; 297]);
    }

    #[test]
    #[should_panic(expected = "line")]
    fn a_line_that_is_too_short_is_refused() {
        let mut across = Across::new(Isa::Portable, FINISH);
        across.set([5].into_iter(), &[1.0; 2], 2, 1);
        let line = vec![0.0; across.reach() - 1];
        across.run(&line, &mut [0.0; 3]);
    }
}
