//! Stands in for [`Display`] where there is no X: a window can be opened, but fills no screen.
use crate::error::Cause;

/// Nothing to ask.
pub(super) struct Display;

impl Display {
    /// Always works.
    pub(super) fn open() -> Result<Self, Cause> {
        Ok(Self)
    }

    /// A size most screens have.
    pub(super) fn size(&self) -> (usize, usize) {
        (1280, 720)
    }

    /// Leaves the window as it is: without a frame is all that can be had here.
    pub(super) fn fill(&self, _: usize, on: bool, _: (usize, usize)) -> Result<(), Cause> {
        if on {
            log::warn!("full screen is known for X displays alone; the window keeps its size");
        }
        Ok(())
    }
}
