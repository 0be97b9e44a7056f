//! Chance from a seed: the same on every machine, in every version.

use crate::entropy::Repeatable;

/// Chance for one purpose.
#[derive(Clone, Debug)]
pub(super) struct Dice(Repeatable);

impl Dice {
    /// Dice for one `purpose` of one `seed`: other purposes draw other numbers.
    pub(super) fn new(seed: u64, purpose: u64) -> Self {
        let mut bits = Repeatable::new(seed ^ purpose.wrapping_mul(0xd6e8_feb8_6659_fd93));
        bits.bits();
        Self(bits)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0.bits()
    }

    /// A number in `low..high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        // 24 bits fill an f32's mantissa.
        low + (high - low) * ((self.next() >> 40) as f32 / (1u64 << 24) as f32)
    }

    /// One of `items`; `None` where there are none.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        let len = u64::try_from(items.len()).unwrap_or(0);
        let index = self.next().checked_rem(len)?;
        items.get(usize::try_from(index).ok()?).copied()
    }

    /// -1 or 1.
    pub(super) fn sign(&mut self) -> f32 {
        if self.next() >> 63 == 0 { -1.0 } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_one_stream_and_purposes_differ() {
        let draw = |seed, purpose| Dice::new(seed, purpose).next();
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }

    #[test]
    fn numbers_stay_in_range_and_nothing_to_pick_is_none() {
        let mut dice = Dice::new(1, 1);
        for _ in 0..1000 {
            assert!((2.0..3.0).contains(&dice.between(2.0, 3.0)));
        }
        assert_eq!(dice.pick::<u8>(&[]), None);
        assert_eq!(dice.pick(&[5]), Some(5));
    }
}
