//! Layers on their way from the graph to the program: recognised, not packed yet.
use crate::nn::{
    kernels::{Conv, ConvSpec, Dense, Depthwise, Isa, Mean, Pool, Stem, Winograd, slopes_of},
    program::{Kernel, Program, Step, Value},
};

/// A step whose weights are not packed yet.
#[derive(Debug)]
pub struct Layer {
    pub kind: Kind,
    pub input: Value,
    pub residual: Option<Value>,
}

#[derive(Debug)]
pub enum Kind {
    Border([usize; 4]),
    Conv {
        spec: ConvSpec,
        weights: Vec<f32>,
        bias: Vec<f32>,
        slopes: Option<Vec<f32>>,
        next: Option<Next>,
        /// Whether each picture gives one pixel.
        dense: bool,
    },
    Depthwise {
        weights: Vec<f32>,
        bias: Vec<f32>,
    },
    Pool(Pool),
    Mean(Mean),
    /// Adds the residual, then PReLU; no slopes: none.
    Sum {
        channels: usize,
        slopes: Option<Vec<f32>>,
    },
    Softmax,
    /// `count` channels from `first` on.
    Part {
        first: usize,
        count: usize,
    },
    /// What a convolution has taken over: the same value under another number.
    Nothing,
}

/// What a convolution computes behind itself.
#[derive(Debug)]
pub enum Next {
    Pool(Pool),
    /// A convolution of one pixel.
    Head {
        spec: ConvSpec,
        weights: Vec<f32>,
        bias: Vec<f32>,
    },
}

/// Gives each pool or head that alone reads a convolution to that convolution, if it can compute both.
pub fn fuse(layers: &mut [Layer], outputs: &[Value]) {
    for i in 0..layers.len() {
        let value = layers[i].input;
        let reads = |layer: &Layer| layer.input == value || layer.residual == Some(value);
        let readers = layers.iter().filter(|layer| reads(layer)).count();
        if readers != 1 || outputs.contains(&value) || value == 0 {
            continue;
        }
        // A layer reads earlier ones only.
        let (earlier, later) = layers.split_at_mut(i);
        let (maker, reader) = (&mut earlier[value - 1], &mut later[0]);
        let Layer {
            kind:
                Kind::Conv {
                    spec,
                    next: place,
                    dense: false,
                    ..
                },
            residual: None,
            ..
        } = maker
        else {
            continue;
        };
        let by_tiles = Winograd::suits(spec);
        let next = match reader {
            Layer {
                kind: Kind::Pool(pool),
                ..
            } if !by_tiles => Next::Pool(*pool),
            Layer {
                kind:
                    Kind::Conv {
                        spec,
                        weights,
                        bias,
                        slopes: None,
                        dense: false,
                        ..
                    },
                residual: None,
                ..
            } if by_tiles && Winograd::suits_head(spec) => Next::Head {
                spec: *spec,
                weights: std::mem::take(weights),
                bias: std::mem::take(bias),
            },
            _ => continue,
        };
        *place = Some(next);
        reader.kind = Kind::Nothing;
    }
}

/// Packs the weights; drops layers that do nothing.
pub fn pack(layers: Vec<Layer>, outputs: Vec<Value>, isa: Isa) -> Program {
    // The new number of each value.
    let mut moved: Vec<Value> = vec![0];
    let mut steps = vec![];
    for layer in layers {
        let mut input = moved[layer.input];
        let residual = layer.residual.map(|value| moved[value]);
        let kernel = match layer.kind {
            Kind::Nothing => {
                moved.push(input);
                continue;
            }
            Kind::Border(border) => Kernel::Border(border),
            Kind::Conv {
                spec,
                weights,
                bias,
                slopes,
                next,
                dense,
            } => {
                let slopes = slopes.as_deref();
                let conv = || Conv::new(isa, spec, &weights, &bias, slopes);
                let winograd = |slopes| Winograd::new(isa, spec, &weights, &bias, slopes);
                match next {
                    Some(Next::Pool(pool)) if Stem::suits(isa, &spec, &pool) => {
                        Kernel::Stem(Stem::new(isa, spec, &weights, &bias, slopes, pool))
                    }
                    Some(Next::Pool(pool)) => Kernel::PooledConv(conv(), pool),
                    Some(Next::Head {
                        spec,
                        weights,
                        bias,
                    }) => Kernel::Winograd(winograd(slopes).with_head(spec, &weights, &bias)),
                    None if dense && residual.is_none() => {
                        Kernel::Dense(Dense::new(isa, spec, &weights, &bias, slopes))
                    }
                    None if Winograd::suits(&spec) => match residual {
                        Some(_) => {
                            steps.push(Step {
                                kernel: Kernel::Winograd(winograd(None)),
                                input,
                                residual: None,
                            });
                            input = steps.len();
                            Kernel::Sum(slopes_of(slopes, spec.outputs))
                        }
                        None => Kernel::Winograd(winograd(slopes)),
                    },
                    None => Kernel::Conv(conv()),
                }
            }
            Kind::Depthwise { weights, bias } => {
                Kernel::Depthwise(Depthwise::new(isa, &weights, &bias))
            }
            Kind::Pool(pool) => Kernel::Pool(pool),
            Kind::Mean(mean) => Kernel::Mean(mean),
            Kind::Sum { channels, slopes } => Kernel::Sum(slopes_of(slopes.as_deref(), channels)),
            Kind::Softmax => Kernel::Softmax,
            Kind::Part { first, count } => Kernel::Part { first, count },
        };
        steps.push(Step {
            kernel,
            input,
            residual,
        });
        moved.push(steps.len());
    }
    Program::new(
        isa,
        steps,
        outputs.iter().map(|&value| moved[value]).collect(),
    )
}

#[cfg(test)]
#[path = "layer_tests.rs"]
pub mod tests;
