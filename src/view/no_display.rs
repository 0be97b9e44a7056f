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

    /// Refuses.
    pub(super) fn fill(&self, _: usize, _: bool, _: (usize, usize)) -> Result<(), Cause> {
        Err("full screen needs an X display".into())
    }
}
