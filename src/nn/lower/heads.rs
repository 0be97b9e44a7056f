//! Joins the heads of a network: convolutions without activation that read the same value. To be done
//! before layers take over others: a pool would find a part instead of a convolution, a convolution two
//! readers instead of one.
use super::layer::{Kind, Layer};
use crate::nn::program::Value;

/// Most channels that are computed together: what one register of AVX-512 holds.
const MOST: usize = 16;

/// What heads must have in common: the value they read, the kernel and its step.
type Key = (Value, [usize; 2], [usize; 2]);

/// Joins heads of few channels, so that their input is read once (by AVX-512; half as often by others), and
/// gives each its part; `outputs` are numbered anew.
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
            let (mut joint, mut first) = (None::<Layer>, 0);
            for &j in &siblings {
                let (Some(sibling), Some((_, count))) = (slots[j].take(), keys[j]) else {
                    continue;
                };
                parts[j] = Some(Layer {
                    kind: Kind::Part { first, count },
                    input: all.len() + 1,
                    residual: None,
                });
                first += count;
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
            next: None,
            ..
        } if layer.residual.is_none() => {
            Some(((layer.input, spec.kernel, spec.stride), spec.outputs))
        }
        _ => None,
    }
}

/// A head with the channels of another behind its own.
fn behind(mut first: Layer, second: Layer) -> Layer {
    if let (
        Kind::Conv {
            spec,
            weights,
            bias,
            dense,
            ..
        },
        Kind::Conv {
            dense: more_dense,
            spec: more_spec,
            weights: more_weights,
            bias: more_bias,
            ..
        },
    ) = (&mut first.kind, second.kind)
    {
        spec.outputs += more_spec.outputs;
        // They read the same: if one gives one pixel, both do.
        *dense |= more_dense;
        // `[O, I, H, W]`.
        weights.extend(more_weights);
        bias.extend(more_bias);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{
        kernels::{ConvSpec, Dims},
        lower::layer::tests::run,
    };
    use proptest::prelude::*;

    fn conv(input: Value, inputs: usize, outputs: usize, slopes: bool, seed: usize) -> Layer {
        let number = |i: usize| ((i * 7 + seed * 3) % 11) as f32 / 11.0 - 0.5;
        Layer {
            kind: Kind::Conv {
                spec: ConvSpec {
                    kernel: [1, 1],
                    stride: [1, 1],
                    inputs,
                    outputs,
                },
                weights: (0..inputs * outputs).map(number).collect(),
                bias: (0..outputs).map(number).collect(),
                slopes: slopes.then(|| vec![0.25; outputs]),
                next: None,
                dense: false,
            },
            input,
            residual: None,
        }
    }

    const DIMS: Dims = Dims {
        n: 1,
        h: 3,
        w: 5,
        c: 4,
    };

    proptest! {
        #[test]
        fn joined_heads_give_what_they_gave_apart(
            heads in proptest::collection::vec((0usize..3, 1usize..12, any::<bool>(), any::<bool>()), 1..7),
            seed in 0usize..99
        ) {
            // Two values to read; heads, some with activation, some seen by a softmax.
            let build = || {
                let mut layers = vec![conv(0, 4, 4, true, seed), conv(1, 4, 4, true, seed + 1)];
                let mut outputs = vec![];
                for (i, &(input, channels, slopes, soft)) in heads.iter().enumerate() {
                    layers.push(conv(input, 4, channels, slopes, seed + i));
                    if soft {
                        let input = layers.len();
                        layers.push(Layer { kind: Kind::Softmax, input, residual: None });
                    }
                    outputs.push(layers.len());
                }
                (layers, outputs)
            };
            let (layers, outputs) = build();
            let wanted = run(layers, &outputs, DIMS);
            let (layers, mut outputs) = build();
            let count = layers.len();
            let layers = join_heads(layers, &mut outputs);
            prop_assert!(layers.len() >= count);
            let got = run(layers, &outputs, DIMS);
            for (got, wanted) in got.iter().flatten().zip(wanted.iter().flatten()) {
                prop_assert!((got - wanted).abs() < 1e-5, "{got} for {wanted}");
            }
        }
    }

    #[test]
    fn two_heads_of_one_value_become_one() {
        let mut outputs = vec![1, 2];
        let layers = join_heads(
            vec![conv(0, 4, 2, false, 1), conv(0, 4, 4, false, 2)],
            &mut outputs,
        );
        let convs = layers
            .iter()
            .filter(|l| matches!(l.kind, Kind::Conv { .. }));
        assert_eq!((convs.count(), outputs), (1, vec![2, 3]));
    }
}
