//! Which instruction set the kernels use on this machine.

/// An instruction set the kernels are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust: any processor.
    Portable,
    /// AVX2 and FMA: x86 from 2013 on.
    Avx2,
    /// AVX-512F: x86 servers from 2017 on, some desktops.
    Avx512,
}

/// Environment variable that holds the kernels to a lesser instruction set: `portable` or `avx2`.
const LIMIT: &str = "LIVENESS_ISA";

impl Isa {
    /// All that this processor can run, the fastest last.
    pub fn available() -> Vec<Self> {
        let mut all = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self::Avx2);
            }
            if all.contains(&Self::Avx2) && is_x86_feature_detected!("avx512f") {
                all.push(Self::Avx512);
            }
        }
        all
    }

    /// The fastest that this processor can run and `LIVENESS_ISA` allows.
    pub fn best() -> Self {
        let limit = std::env::var(LIMIT).ok();
        let most = match limit.as_deref() {
            None | Some("" | "avx512") => Self::Avx512,
            Some("avx2") => Self::Avx2,
            Some("portable") => Self::Portable,
            Some(other) => {
                log::warn!("{LIMIT}={other} is none of portable, avx2, avx512: ignored");
                Self::Avx512
            }
        };
        let usable = Self::available().into_iter().filter(|isa| *isa <= most);
        usable.max().unwrap_or(Self::Portable)
    }
}
