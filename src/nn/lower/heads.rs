//! Joins the heads of a network: convolutions without activation that read the same value.
use super::layer::{Kind, Layer};
use crate::nn::program::Value;

/// Most channels that are computed together: what one register of AVX-512 holds.
const MOST: usize = 16;

/// What heads must have in common: the value they read, the kernel and its step.
type Key = (Value, [usize; 2], [usize; 2]);

/// Joins heads whose channels fit into one register, so that their input is read once, and gives each its
/// part; `outputs` are numbered anew.
pub fn join_heads(layers: Vec<Layer>, outputs: &mut [Value]) -> Vec<Layer> {
    let keys: Vec<Option<(Key, usize)>> = layers.iter().map(head).collect();
    let mut slots: Vec<Option<Layer>> = layers.into_iter().map(Some).collect();
    let mut parts: Vec<Option<Layer>> = slots.iter().map(|_| None).collect();
    // The new number of each value.
    let mut moved: Vec<Value> = vec![0];
    let mut all: Vec<Layer> = vec![];
    for i in 0..slots.len() {
        let siblings: Vec<usize> = match keys[i] {
            Some((key, _)) => (i..keys.len())
                .filter(|&j| keys[j].is_some_and(|(other, _)| other == key))
                .collect(),
            None => vec![],
        };
        let channels: usize = siblings.iter().flat_map(|&j| keys[j]).map(|(_, c)| c).sum();
        if parts[i].is_none() && siblings.len() > 1 && channels <= MOST {
            let mut joint: Option<Layer> = None;
            for &j in &siblings {
                let (Some(sibling), Some((_, count))) = (slots[j].take(), keys[j]) else {
                    continue;
                };
                let first = joint.as_ref().map_or(0, channels_of);
                parts[j] = Some(Layer {
                    kind: Kind::Part { first, count },
                    input: all.len() + 1,
                    residual: None,
                });
                joint = Some(match joint {
                    Some(joint) => behind(joint, sibling),
                    None => sibling,
                });
            }
            if let Some(mut joint) = joint {
                joint.input = moved[joint.input];
                all.push(joint);
            }
        }
        match (parts[i].take(), slots[i].take()) {
            (Some(part), _) => all.push(part),
            (None, Some(mut layer)) => {
                layer.input = moved[layer.input];
                layer.residual = layer.residual.map(|value| moved[value]);
                all.push(layer);
            }
            (None, None) => {}
        }
        moved.push(all.len());
    }
    for output in outputs {
        *output = moved[*output];
    }
    all
}

/// What a head must share with another, and its channels; `None` for what is no head.
fn head(layer: &Layer) -> Option<(Key, usize)> {
    match &layer.kind {
        Kind::Conv {
            spec,
            slopes: None,
            pool: None,
            ..
        } if layer.residual.is_none() => {
            Some(((layer.input, spec.kernel, spec.stride), spec.outputs))
        }
        _ => None,
    }
}

fn channels_of(layer: &Layer) -> usize {
    head(layer).map_or(0, |(_, channels)| channels)
}

/// A head with the channels of another behind its own.
fn behind(mut first: Layer, second: Layer) -> Layer {
    if let (
        Kind::Conv {
            spec,
            weights,
            bias,
            ..
        },
        Kind::Conv {
            spec: more_spec,
            weights: more_weights,
            bias: more_bias,
            ..
        },
    ) = (&mut first.kind, second.kind)
    {
        spec.outputs += more_spec.outputs;
        // `[O, I, H, W]`.
        weights.extend(more_weights);
        bias.extend(more_bias);
    }
    first
}
