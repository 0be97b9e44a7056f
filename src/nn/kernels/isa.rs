//! Which instruction set the kernels use on this machine.
use std::sync::OnceLock;

/// An instruction set the kernels are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust: any processor.
    Portable,
    /// AVX2, FMA and F16C: x86 from 2013 on.
    Avx2,
    /// AVX-512F: x86 servers from 2017 on, some desktops.
    Avx512,
}

/// Environment variable that holds the kernels to a lesser instruction set: `portable`, `avx2` or `avx512`.
const LIMIT: &str = "LIVENESS_ISA";

impl Isa {
    /// The fastest last.
    const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// All that this processor can run, the fastest last.
    pub fn available() -> Vec<Self> {
        let all = Self::ALL.into_iter();
        all.filter(|isa| isa.is_available()).collect()
    }

    /// Whether this processor can run it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("f16c")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The fastest that this processor can run and `LIVENESS_ISA` allows; settled once.
    pub fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(Self::find_best)
    }

    fn find_best() -> Self {
        let limit = std::env::var(LIMIT).unwrap_or_default();
        let (best, ignored) = Self::chosen(&limit, &Self::available());
        if let Some(why) = ignored {
            log::warn!("{LIMIT}={limit} {why}: ignored");
        }
        log::info!("networks run on {}", best.name());
        best
    }

    /// The fastest of those that are `available`, up to the one that `limit` names; why it is ignored, if so.
    fn chosen(limit: &str, available: &[Self]) -> (Self, Option<&'static str>) {
        let best = available.iter().copied().max().unwrap_or(Self::Portable);
        let mut all = Self::ALL.into_iter();
        match all.find(|isa| isa.name().eq_ignore_ascii_case(limit)) {
            Some(isa) if available.contains(&isa) => (isa, None),
            Some(_) => (best, Some("is more than this processor can run")),
            None if limit.is_empty() => (best, None),
            None => (best, Some("is none of portable, avx2, avx512")),
        }
    }

    /// As `LIVENESS_ISA` has it.
    fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Runs plain loops in machine code for this instruction set.
    ///
    /// # Panics
    ///
    /// Where this processor lacks the instruction set.
    pub fn run<L: Loops>(self, loops: L) -> L::Output {
        assert!(self.is_available(), "{self:?} on this machine");
        match self {
            Self::Portable => loops.run(),
            // SAFETY: the processor has the instruction set, as just asserted.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2(loops) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512(loops) },
            #[cfg(not(target_arch = "x86_64"))]
            _ => loops.run(),
        }
    }
}

/// Plain loops over many numbers, to be compiled once for each instruction set: the compiler finds
/// wider registers by itself where it may use them. A program for all machines may not.
pub trait Loops {
    /// What they give.
    type Output;

    /// The loops. Must be `#[inline(always)]`: what is not inlined is compiled for any machine.
    fn run(self) -> Self::Output;
}

/// # Safety
///
/// The processor has the instruction sets named.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<L: Loops>(loops: L) -> L::Output {
    loops.run()
}

/// # Safety
///
/// The processor has the instruction sets named.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
unsafe fn avx512<L: Loops>(loops: L) -> L::Output {
    loops.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_none_is_said_to_be_ignored() {
        use Isa::{Avx2, Avx512, Portable};
        let old = [Portable, Avx2];
        let chosen = |limit| {
            let (isa, ignored) = Isa::chosen(limit, &old);
            (isa, ignored.is_some())
        };
        assert_eq!(chosen(""), (Avx2, false));
        assert_eq!(chosen("AVX2"), (Avx2, false));
        assert_eq!(chosen("portable"), (Portable, false));
        assert_eq!(chosen("avx512"), (Avx2, true));
        assert_eq!(chosen("sse"), (Avx2, true));
        assert_eq!(
            Isa::chosen("avx512", &[Portable, Avx2, Avx512]),
            (Avx512, None)
        );
        assert_eq!(Isa::chosen("avx2", &[Portable]).0, Portable);
    }
}
