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
    /// All that this processor can run, the fastest last.
    pub fn available() -> Vec<Self> {
        let all = [Self::Portable, Self::Avx2, Self::Avx512];
        all.into_iter().filter(|isa| isa.is_available()).collect()
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
        let limit = std::env::var(LIMIT).ok();
        let small = limit.as_ref().map(|name| name.to_ascii_lowercase());
        let most = match small.as_deref() {
            None | Some("" | "avx512") => Self::Avx512,
            Some("avx2") => Self::Avx2,
            Some("portable") => Self::Portable,
            Some(_) => {
                let other = limit.unwrap_or_default();
                log::warn!("{LIMIT}={other} is none of portable, avx2, avx512: ignored");
                Self::Avx512
            }
        };
        let usable = Self::available().into_iter().filter(|isa| *isa <= most);
        usable.max().unwrap_or(Self::Portable)
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
