//! Questions to tract's graph.
use std::sync::Arc;

use tract_onnx::tract_core::{
    internal::{DatumType, DimLike as _, OutletId, TDim, TValue, Tensor, TypedModel, TypedNode},
    ops::{
        array::{Pad, PadMode},
        binary::TypedBinOp,
        cnn::{PaddingSpec, PoolSpec},
    },
};

/// A graph to read.
#[derive(Clone, Copy)]
pub struct Graph<'m>(pub &'m TypedModel);

impl<'m> Graph<'m> {
    /// The node that gives an outlet.
    pub fn node(self, outlet: OutletId) -> &'m TypedNode {
        self.0.node(outlet.node)
    }

    /// Nodes that read an outlet.
    pub fn readers(self, outlet: OutletId) -> Vec<usize> {
        let node = self.node(outlet);
        let readers = node.outputs.get(outlet.slot).map(|o| &o.successors);
        let inner = readers.into_iter().flatten().map(|inlet| inlet.node);
        // One that leaves the network is read by whoever runs it.
        let outer = self.0.outputs.contains(&outlet).then_some(usize::MAX);
        inner.chain(outer).collect()
    }

    /// `x` and the factors, where an outlet is `x` times a constant per channel.
    pub fn scaled(self, outlet: OutletId) -> Option<(OutletId, Vec<f32>)> {
        let node = self.node(outlet);
        if node.op_as::<TypedBinOp>()?.0.name() != "Mul" {
            return None;
        }
        both_ways(node).find_map(|(x, factor)| Some((x, self.per_channel(factor)?)))
    }

    /// `x`, where an outlet is `Max(x, 0)` or `Min(x, 0)`.
    pub fn against_zero(self, outlet: OutletId, name: &str) -> Option<OutletId> {
        let node = self.node(outlet);
        if node.op_as::<TypedBinOp>()?.0.name() != name {
            return None;
        }
        both_ways(node).find_map(|(x, other)| {
            let zeros = self.per_channel(other)?;
            let fits = zeros.len() == 1 || self.channels(x) == Some(zeros.len());
            (fits && zeros.iter().all(|&v| v == 0.0)).then_some(x)
        })
    }

    /// What lies under channels of zeros that are added behind; the outlet itself if there are
    /// none. A residual adds to as many channels as it has, so they need not be there.
    pub fn without_padding(self, outlet: OutletId) -> OutletId {
        match self.zeros(outlet) {
            Some((x, [(0, 0), (0, _), (0, 0), (0, 0)])) => x,
            _ => outlet,
        }
    }

    /// What is added where `other` and `sum` are: of as many channels as `sum` has, or of fewer where the
    /// missing ones are zeros. Anything smaller is broadcast, which no kernel does.
    pub fn residual(self, other: OutletId, sum: OutletId) -> Option<OutletId> {
        let (channels, of_sum) = (self.channels(other)?, self.channels(sum)?);
        let fits = channels == of_sum && channels > 0;
        let x = self.without_padding(other);
        (fits && self.alike(x, sum)).then_some(x)
    }

    /// `x` and how many zeros lie before and behind it along each axis, where an outlet is that.
    pub fn zeros(self, outlet: OutletId) -> Option<(OutletId, &'m [(usize, usize)])> {
        let node = self.node(outlet);
        let pad = node.op_as::<Pad>()?;
        match &pad.mode {
            PadMode::Constant(value) if floats(value)? == [0.0] => {
                Some((*node.inputs.first()?, &pad.pads))
            }
            _ => None,
        }
    }

    /// Whether two outlets have as many rows as each other, and as many columns.
    pub fn alike(self, a: OutletId, b: OutletId) -> bool {
        let sides = |outlet| self.0.outlet_fact(outlet).ok()?.shape.get(2..4);
        sides(a).is_some_and(|a| sides(b) == Some(a))
    }

    /// Size of an outlet's second axis.
    pub fn channels(self, outlet: OutletId) -> Option<usize> {
        let fact = self.0.outlet_fact(outlet).ok()?;
        size(fact.shape.get(1)?)
    }

    /// The numbers of an outlet that no input has a part in.
    pub fn constant(self, outlet: OutletId) -> Option<Vec<f32>> {
        floats(&*self.constant_tensor(outlet)?)
    }

    /// The same of one that holds one number for all, or one for each channel.
    pub fn per_channel(self, outlet: OutletId) -> Option<Vec<f32>> {
        let tensor = self.constant_tensor(outlet)?;
        let mut sizes = tensor.shape().iter().enumerate();
        sizes
            .all(|(axis, &size)| axis == 1 || size == 1)
            .then(|| floats(&tensor))?
    }

    fn constant_tensor(self, outlet: OutletId) -> Option<Arc<Tensor>> {
        let fact = self.0.outlet_fact(outlet).ok()?;
        if let Some(constant) = &fact.konst {
            return Some(constant.clone());
        }
        let node = self.node(outlet);
        if node.inputs.is_empty() {
            return None;
        }
        let inputs = node.inputs.iter().map(|&input| {
            let tensor = self.constant_tensor(input)?;
            Some(TValue::from_const(tensor))
        });
        let outputs = node.op.eval_out_of_plan(inputs.collect::<Option<_>>()?);
        let mut outputs = outputs.ok()??;
        let value = (outlet.slot < outputs.len()).then(|| outputs.swap_remove(outlet.slot))?;
        value.as_arc_tensor().cloned()
    }
}

/// The two inputs of a node, in both orders.
pub fn both_ways(node: &TypedNode) -> impl Iterator<Item = (OutletId, OutletId)> + use<> {
    let pair = match *node.inputs.as_slice() {
        [a, b] => Some((a, b)),
        _ => None,
    };
    pair.into_iter().flat_map(|(a, b)| [(a, b), (b, a)])
}

/// Zeros around the input: rows above and below, columns left and right; `None` where that depends
/// on the input's size.
pub fn border(spec: &PoolSpec) -> Option<[usize; 4]> {
    match &spec.padding {
        PaddingSpec::Valid => Some([0; 4]),
        PaddingSpec::Explicit(before, after) | PaddingSpec::ExplicitOnnxPool(before, after, _) => {
            match (&**before, &**after) {
                (&[above, left], &[below, right]) => Some([above, below, left, right]),
                _ => None,
            }
        }
        _ => None,
    }
}

pub fn size(dim: &TDim) -> Option<usize> {
    dim.to_usize().ok()
}

/// A tensor's numbers as f32, row-major.
fn floats(tensor: &Tensor) -> Option<Vec<f32>> {
    let tensor = tensor.cast_to_dt(DatumType::F32).ok()?;
    let view = tensor.try_as_plain_ram().ok()?;
    Some(view.as_slice::<f32>().ok()?.to_vec())
}
