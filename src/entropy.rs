//! Randomness nobody can foresee. The only file that names getrandom.
use crate::error::Error;

/// Fresh random bits from the operating system's secure generator.
///
/// # Errors
///
/// [`Error::System`] where it has none to give.
pub fn bits() -> Result<u64, Error> {
    getrandom::u64().map_err(|source| Error::System {
        what: "random numbers",
        source: source.into(),
    })
}

/// Fresh random bytes for a secret, from the operating system's secure generator.
///
/// # Errors
///
/// [`Error::System`] where it has none to give.
pub fn secret() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(source) => Err(Error::System {
            what: "random numbers",
            source: source.into(),
        }),
    }
}

/// Repeatable random bits, for rehearsals and tests only: SplitMix64 (Steele, Lea, Flood 2014), ten
/// lines instead of a dependency, whose stream never changes under us.
#[derive(Clone, Debug)]
pub struct Repeatable(u64);

impl Repeatable {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next bits of the sequence.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_the_system_does_not() {
        let (mut a, mut b) = (Repeatable::new(7), Repeatable::new(7));
        assert_eq!([a.bits(), a.bits()], [b.bits(), b.bits()]);
        // First value of SplitMix64 from seed 0, as its authors print it.
        assert_eq!(Repeatable::new(0).bits(), 0xE220_A839_7B1D_CDAF);
        assert_ne!(bits().unwrap(), bits().unwrap());
        assert_ne!(secret().unwrap(), secret().unwrap());
    }
}
