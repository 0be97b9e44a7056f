//! Convolutions at the speed of the processor, for networks of few channels.
//!
//! All work on `[N, H, W, C]`: the channels of a pixel lie side by side and fill a register (in `stem`,
//! which has too few of them, pixels do). The only folder with `unsafe`; every kernel that has some is
//! tested against `plain`, which has none.
#![expect(
    unsafe_code,
    reason = "a compiler does not find these loops (FACTS: 5-7 GFLOP/s of 108)"
)]
mod across;
mod blend;
mod conv;
mod dense;
mod depthwise;
mod isa;
mod kept;
mod mean;
mod packed;
#[cfg(test)]
mod peak;
#[cfg(test)]
mod plain;
mod pool;
mod softmax;
mod stem;
mod sum;
mod tile;
mod vector;
mod winograd;

pub use across::{Across, Finish};
pub use blend::blend;
pub use conv::{Conv, ConvSpec, Residual, slopes_of};
pub use dense::Dense;
pub use depthwise::Depthwise;
pub use isa::{Isa, Loops};
pub use kept::kept;
pub use mean::Mean;
#[cfg(test)]
pub use peak::peak;
pub use pool::Pool;
pub use softmax::softmax;
pub use stem::Stem;
pub use sum::sum;
pub use winograd::Winograd;

/// The sizes of a tensor that lies as `[N, H, W, C]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dims {
    /// Pictures.
    pub n: usize,
    /// Rows of each.
    pub h: usize,
    /// Pixels of a row.
    pub w: usize,
    /// Channels of a pixel.
    pub c: usize,
}

impl Dims {
    /// Pixels of all pictures.
    pub fn pixels(&self) -> usize {
        self.n * self.h * self.w
    }

    /// Numbers in all.
    pub fn len(&self) -> usize {
        self.pixels() * self.c
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
