//! What a network gave.
use tract_onnx::prelude::{TValue, TVec};

/// What a network gave, until it runs again.
pub struct Outputs {
    /// In the order of [`Spec::outputs`](super::Spec::outputs); what an output has no use for may follow in
    /// its value.
    pub(super) values: TVec<TValue>,
    /// Sizes of each.
    pub(super) shapes: TVec<TVec<usize>>,
}

/// Numbers with their shape, row-major.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View<'a> {
    /// Sizes, `[N, C, H, W]` or `[N, C]`.
    pub shape: &'a [usize],
    /// Values, the last size running fastest.
    pub data: &'a [f32],
}

impl Outputs {
    /// The outputs in the order of [`Spec::outputs`](super::Spec::outputs), which names `N` of them.
    pub fn views<const N: usize>(&self) -> [View<'_>; N] {
        let view = |i: usize| -> Option<View<'_>> {
            let shape = self.shapes.get(i)?;
            let numbers = self.values.get(i)?.try_as_plain_ram().ok()?;
            let numbers = numbers.as_slice::<f32>().ok()?;
            let data = numbers.get(..shape.iter().product())?;
            Some(View { shape, data })
        };
        // `Net::load` has checked that all are there, and that they are floats.
        let none = View {
            shape: &[],
            data: &[],
        };
        std::array::from_fn(|i| view(i).unwrap_or(none))
    }
}
