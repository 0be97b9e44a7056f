//! From tract's graph to a [`Program`]: recognises what our kernels can do.
//!
//! The pass reads the typed graph as the file says it, before tract changes anything, and knows
//! the shapes a network of few channels is made of. A graph with anything else in it is left to
//! tract as it is.
mod graph;
mod heads;
mod layer;
mod means;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use tract_onnx::tract_core::{
    internal::{AxisOp, OutletId, TypedModel, TypedNode},
    ops::{
        binary::TypedBinOp,
        cnn::{Conv as TractConv, KernelFormat, MaxPool, PaddingSpec, SumPool},
        einsum::EinSum,
        nn::Softmax,
        source::TypedSource,
    },
};

use super::{
    kernels::{ConvSpec, Isa, Pool},
    program::{Program, Value},
};
use graph::{Graph, border, both_ways, size};
use heads::join_heads;
use layer::{Kind, Layer, fuse, pack};

/// Why a graph is left to tract.
type Reason = String;

/// A whole graph as layers, with its weights.
pub struct Recognised {
    layers: Vec<Layer>,
    outputs: Vec<Value>,
}

impl Recognised {
    /// The program, packed for `isa`.
    pub fn pack(mut self, isa: Isa) -> Program {
        fuse(&mut self.layers, &self.outputs);
        pack(self.layers, self.outputs, isa)
    }
}

/// The layers of a whole graph.
///
/// # Errors
///
/// The first node that no kernel stands for.
pub fn recognise(model: &TypedModel) -> Result<Recognised, Reason> {
    let mut pass = Pass {
        graph: Graph(model),
        values: HashMap::new(),
        layers: vec![],
    };
    let outlets = model.output_outlets().map_err(|e| e.to_string())?;
    let mut outputs: Vec<Value> = outlets
        .iter()
        .map(|&outlet| pass.value(outlet))
        .collect::<Result<_, _>>()?;
    let layers = join_heads(pass.layers, &mut outputs);
    Ok(Recognised { layers, outputs })
}

struct Pass<'m> {
    graph: Graph<'m>,
    values: HashMap<OutletId, Value>,
    layers: Vec<Layer>,
}

impl Pass<'_> {
    /// The value of an outlet, with the layers that make it.
    fn value(&mut self, outlet: OutletId) -> Result<Value, Reason> {
        if let Some(&value) = self.values.get(&outlet) {
            return Ok(value);
        }
        let node = self.graph.node(outlet);
        let value = if node.op_is::<TypedSource>() {
            0
        } else if let Some(conv) = node.op_as::<TractConv>() {
            self.conv(node, conv)?
        } else if let Some(pool) = node.op_as::<MaxPool>() {
            self.pool(node, pool)?
        } else if let Some(op) = node.op_as::<TypedBinOp>() {
            match op.0.name() {
                "Max" => self.maximum(node)?,
                "Add" => self.sum(node)?,
                "Div" => self.whole_mean(node)?,
                _ => return Err(unknown(node)),
            }
        } else if let Some(softmax) = node.op_as::<Softmax>() {
            if softmax.axes.as_slice() != [1] || softmax.quant_output_dt.is_some() {
                return Err(unknown(node));
            }
            let input = self.value(node.inputs[0])?;
            self.push(Kind::Softmax, input)
        } else if let Some(pool) = node.op_as::<SumPool>() {
            self.mean(node, pool)?
        } else if let Some(einsum) = node.op_as::<EinSum>() {
            self.dense(node, einsum, None)?
        } else if let Some((x, [(0, 0), (0, 0), (above, below), (left, right)])) =
            self.graph.zeros(outlet)
        {
            let input = self.value(x)?;
            self.push(Kind::Border([*above, *below, *left, *right]), input)
        } else if let Some(AxisOp::Rm(2 | 3)) = node.op_as::<AxisOp>() {
            // Removes a size of 1: the numbers stay.
            self.value(node.inputs[0])?
        } else {
            return Err(unknown(node));
        };
        self.values.insert(outlet, value);
        Ok(value)
    }

    fn push(&mut self, kind: Kind, input: Value) -> Value {
        self.layers.push(Layer {
            kind,
            input,
            residual: None,
        });
        self.layers.len()
    }

    fn conv(&mut self, node: &TypedNode, conv: &TractConv) -> Result<Value, Reason> {
        let pool = &conv.pool_spec;
        let plain = conv.kernel_fmt == KernelFormat::OIHW
            && conv.q_params.is_none()
            && pool.kernel_shape.len() == 2
            && pool.dilations().iter().all(|&d| d == 1);
        let &[x, weights, bias] = node.inputs.as_slice() else {
            return Err(unknown(node));
        };
        let (Some(weights), Some(mut bias), true) = (
            self.graph.constant(weights),
            self.graph.constant(bias),
            plain,
        ) else {
            return Err(unknown(node));
        };
        if let [all] = *bias.as_slice() {
            bias = vec![all; pool.output_channels];
        }
        let border = border(pool).ok_or_else(|| unknown(node))?;
        let mut input = self.value(x)?;
        if conv.group == 1 {
            if border != [0; 4] {
                input = self.push(Kind::Border(border), input);
            }
            let spec = ConvSpec {
                kernel: [pool.kernel_shape[0], pool.kernel_shape[1]],
                stride: [pool.stride(0), pool.stride(1)],
                inputs: pool.input_channels,
                outputs: pool.output_channels,
            };
            Ok(self.push_conv(spec, weights, bias, input, false))
        } else if conv.group == pool.input_channels
            && pool.input_channels == pool.output_channels
            && *pool.kernel_shape == [3, 3]
            && *pool.strides() == [1, 1]
            && border == [1; 4]
        {
            Ok(self.push(Kind::Depthwise { weights, bias }, input))
        } else {
            Err(unknown(node))
        }
    }

    fn push_conv(
        &mut self,
        spec: ConvSpec,
        weights: Vec<f32>,
        bias: Vec<f32>,
        input: Value,
        dense: bool,
    ) -> Value {
        let kind = Kind::Conv {
            spec,
            weights,
            bias,
            slopes: None,
            next: None,
            dense,
        };
        self.push(kind, input)
    }

    fn pool(&mut self, node: &TypedNode, op: &MaxPool) -> Result<Value, Reason> {
        let spec = &op.pool_spec;
        let ceil = matches!(spec.padding, PaddingSpec::ExplicitOnnxPool(_, _, true));
        let (&[h, w], &[down, across]) = (&*spec.kernel_shape, &*spec.strides()) else {
            return Err(unknown(node));
        };
        let plain = op.with_index_outputs.is_none()
            && border(spec) == Some([0; 4])
            && spec.dilations().iter().all(|&d| d == 1)
            && (h, down) == (w, across)
            && h <= 3
            // With gaps between the windows the last one may lie behind the edge, and tract drops it.
            && down <= h;
        if !plain {
            return Err(unknown(node));
        }
        let input = self.value(node.inputs[0])?;
        let pool = Pool {
            side: h,
            stride: down,
            ceil,
        };
        Ok(self.push(Kind::Pool(pool), input))
    }

    /// `Max(x, 0)`, or `Max(x, x * slope)`, which is PReLU where no slope is above 1.
    fn maximum(&mut self, node: &TypedNode) -> Result<Value, Reason> {
        let whole = OutletId::new(node.id, 0);
        if let Some(x) = self.graph.against_zero(whole, "Max") {
            return self.activate(x, &[node.id], vec![0.0]);
        }
        for (x, scaled) in both_ways(node) {
            if let Some((of, slopes)) = self.graph.scaled(scaled)
                && of == x
                && slopes.iter().all(|&slope| slope <= 1.0)
            {
                return self.activate(x, &[node.id, scaled.node], slopes);
            }
        }
        Err(unknown(node))
    }

    /// A sum: PReLU as `Max(x, 0) + Min(x, 0) * slope`, a dense layer's bias, or a residual.
    fn sum(&mut self, node: &TypedNode) -> Result<Value, Reason> {
        for (positive, scaled) in both_ways(node) {
            if let Some(x) = self.graph.against_zero(positive, "Max")
                && let Some((negative, slopes)) = self.graph.scaled(scaled)
                && self.graph.against_zero(negative, "Min") == Some(x)
            {
                let pattern = [node.id, positive.node, scaled.node, negative.node];
                return self.activate(x, &pattern, slopes);
            }
        }
        for (product, bias) in both_ways(node) {
            if let Some(einsum) = self.graph.node(product).op_as::<EinSum>()
                && let Some(bias) = self.graph.per_channel(bias)
            {
                return self.dense(self.graph.node(product), einsum, Some(bias));
            }
        }
        for (other, conv) in both_ways(node) {
            let conv_node = self.graph.node(conv);
            let one = conv_node.op_as::<TractConv>().is_some_and(|c| c.group == 1);
            if one && self.graph.readers(conv) == [node.id] {
                let Some(other) = self.graph.residual(other, conv) else {
                    continue;
                };
                let residual = self.value(other)?;
                let value = self.value(conv)?;
                if let Some(layer) = value.checked_sub(1).and_then(|i| self.layers.get_mut(i)) {
                    layer.residual = Some(residual);
                    return Ok(value);
                }
            }
        }
        for (one, other) in both_ways(node) {
            let padded = self.graph.without_padding(one) != one;
            if let (false, Some(channels)) = (padded, self.graph.channels(one))
                && let Some(other) = self.graph.residual(other, one)
            {
                let residual = self.value(other)?;
                let input = self.value(one)?;
                let slopes = None;
                self.layers.push(Layer {
                    kind: Kind::Sum { channels, slopes },
                    input,
                    residual: Some(residual),
                });
                return Ok(self.layers.len());
            }
        }
        Err(unknown(node))
    }

    /// `x W`, plus the bias where there is one; a picture that is flattened first becomes a kernel as large as the picture.
    fn dense(
        &mut self,
        node: &TypedNode,
        einsum: &EinSum,
        bias: Option<Vec<f32>>,
    ) -> Result<Value, Reason> {
        let &[x, weights] = node.inputs.as_slice() else {
            return Err(unknown(node));
        };
        let Some(weights) = self.graph.constant(weights) else {
            return Err(unknown(node));
        };
        if einsum.axes.to_string() != "mk,kn->mn" {
            return Err(unknown(node));
        }
        let flattened = self.graph.node(x);
        let (x, [inputs, height, width]) = match flattened.op_as::<AxisOp>() {
            Some(AxisOp::Reshape(1, from, _)) if from.len() == 3 => {
                let sizes: Option<Vec<usize>> = from.iter().map(size).collect();
                match sizes.as_deref() {
                    Some(&[c, h, w]) => (flattened.inputs[0], [c, h, w]),
                    _ => return Err(unknown(flattened)),
                }
            }
            _ => (x, [self.graph.channels(x).unwrap_or(0), 1, 1]),
        };
        let taps = inputs * height * width;
        let outputs = weights.len() / taps.max(1);
        let bias = bias.unwrap_or_else(|| vec![0.0; outputs]);
        if taps == 0 || bias.len() != outputs || weights.len() != taps * outputs {
            return Err(unknown(node));
        }
        let input = self.value(x)?;
        let spec = ConvSpec {
            kernel: [height, width],
            stride: [1, 1],
            inputs,
            outputs,
        };
        let turned = (0..outputs)
            .flat_map(|o| (0..taps).map(move |tap| tap * outputs + o))
            .map(|i| weights[i])
            .collect();
        Ok(self.push_conv(spec, turned, bias, input, true))
    }

    /// Puts PReLU into the convolution or sum that gives `x`, which only `pattern` may read, through sizes of
    /// 1 that are removed on the way as well.
    fn activate(
        &mut self,
        x: OutletId,
        pattern: &[usize],
        mut factors: Vec<f32>,
    ) -> Result<Value, Reason> {
        let refused = format!("PReLU after {}", self.graph.node(x).name);
        let alone =
            |x, readers: &[usize]| self.graph.readers(x).iter().all(|id| readers.contains(id));
        let (mut made, mut is_private) = (x, alone(x, pattern));
        while let Some(AxisOp::Rm(_)) = self.graph.node(made).op_as::<AxisOp>() {
            let remover = self.graph.node(made);
            made = remover.inputs[0];
            is_private &= alone(made, &[remover.id]);
        }
        if !is_private {
            return Err(refused);
        }
        let value = self.value(x)?;
        let layer = value.checked_sub(1).and_then(|i| self.layers.get_mut(i));
        let (slopes, channels) = match layer.map(|layer| &mut layer.kind) {
            Some(Kind::Conv { spec, slopes, .. }) => (slopes, spec.outputs),
            Some(Kind::Sum { channels, slopes }) => (slopes, *channels),
            _ => return Err(refused),
        };
        if let [all] = *factors.as_slice() {
            factors = vec![all; channels];
        }
        if slopes.is_some() || factors.len() != channels {
            return Err(refused);
        }
        *slopes = Some(factors);
        Ok(value)
    }
}

fn unknown(node: &TypedNode) -> Reason {
    format!("no kernel for {} ({})", node.name, node.op.name())
}
