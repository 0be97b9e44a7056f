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
        pool: Option<Pool>,
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
    /// A pool that a convolution has taken over: the same value under another number.
    Nothing,
}

/// Gives each pool that alone reads a convolution to that convolution, if it is computed row by row.
pub fn fuse_pools(layers: &mut [Layer], outputs: &[Value]) {
    for i in 0..layers.len() {
        let Kind::Pool(pool) = layers[i].kind else {
            continue;
        };
        let value = layers[i].input;
        let reads = |layer: &Layer| layer.input == value || layer.residual == Some(value);
        let readers = layers.iter().filter(|layer| reads(layer)).count();
        if readers != 1 || outputs.contains(&value) || value == 0 {
            continue;
        }
        if let Layer {
            kind: Kind::Conv {
                spec, pool: place, ..
            },
            residual: None,
            ..
        } = &mut layers[value - 1]
            && !Winograd::suits(spec)
        {
            *place = Some(pool);
            layers[i].kind = Kind::Nothing;
        }
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
                pool,
                dense,
            } => {
                let slopes = slopes.as_deref();
                let conv = || Conv::new(isa, spec, &weights, &bias, slopes);
                match pool {
                    Some(pool) if Stem::suits(isa, &spec, &pool) => {
                        Kernel::Stem(Stem::new(isa, spec, &weights, &bias, slopes, pool))
                    }
                    Some(pool) => Kernel::PooledConv(conv(), pool),
                    None if dense && residual.is_none() => {
                        Kernel::Dense(Dense::new(isa, spec, &weights, &bias, slopes))
                    }
                    None if Winograd::suits(&spec) => match residual {
                        Some(_) => {
                            let conv = Winograd::new(isa, spec, &weights, &bias, None);
                            steps.push(Step {
                                kernel: Kernel::Winograd(conv),
                                input,
                                residual: None,
                            });
                            input = steps.len();
                            Kernel::Sum(slopes_of(slopes, spec.outputs))
                        }
                        None => Kernel::Winograd(Winograd::new(isa, spec, &weights, &bias, slopes)),
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
