//! Means over parts of a picture, and over all of it.
use tract_onnx::tract_core::{
    internal::TypedNode,
    ops::{
        cnn::{PaddingSpec, SumPool},
        nn::{Reduce, Reducer},
    },
};

use super::{
    Pass, Reason,
    graph::{border, size},
    layer::Kind,
    unknown,
};
use crate::nn::{kernels::Mean, program::Value};

impl Pass<'_> {
    /// An average-pool whose windows lie side by side.
    pub fn mean(&mut self, node: &TypedNode, op: &SumPool) -> Result<Value, Reason> {
        let spec = &op.pool_spec;
        let (&[h, w], &[down, across]) = (&*spec.kernel_shape, &*spec.strides()) else {
            return Err(unknown(node));
        };
        let ceil = matches!(spec.padding, PaddingSpec::ExplicitOnnxPool(_, _, true));
        let plain = op.normalize
            && !ceil
            && border(spec) == Some([0; 4])
            && spec.dilations().iter().all(|&d| d == 1)
            && [w, down, across] == [h; 3];
        if !plain {
            return Err(unknown(node));
        }
        let input = self.value(node.inputs[0])?;
        Ok(self.push(Kind::Mean(Mean { side: Some(h) }), input))
    }

    /// The sum over all pixels, divided by their number.
    pub fn whole_mean(&mut self, node: &TypedNode) -> Result<Value, Reason> {
        let &[sum, count] = node.inputs.as_slice() else {
            return Err(unknown(node));
        };
        let reduced = self.graph.node(sum);
        let (Some(reduce), [x]) = (reduced.op_as::<Reduce>(), reduced.inputs.as_slice()) else {
            return Err(unknown(node));
        };
        let fact = self.graph.0.outlet_fact(*x).map_err(|e| e.to_string())?;
        let pixels = match fact.shape.get(2..) {
            Some([h, w]) => size(h).zip(size(w)).map(|(h, w)| vec![(h * w) as f32]),
            _ => None,
        };
        let plain = reduce.reducer == Reducer::Sum
            && *reduce.axes == [2, 3]
            && pixels.is_some()
            && self.graph.constant(count) == pixels;
        if !plain {
            return Err(unknown(node));
        }
        let input = self.value(*x)?;
        Ok(self.push(Kind::Mean(Mean { side: None }), input))
    }
}
