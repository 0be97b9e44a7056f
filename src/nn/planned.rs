//! A network on tract's own operators, planned for each shape of its input.
use std::{collections::VecDeque, sync::Arc};

use tract_onnx::{
    prelude::{
        DatumType, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable, TValue, Tensor,
        TractResult, TypedFact, TypedOp, tvec,
    },
    tract_core::internal::{SimpleState, TDim, bail, format_err},
};

use super::{
    kernels::Dims,
    outputs::Outputs,
    tensors::{to_planes, write},
};

/// Plans kept per network. The tiles of a pyramid have at most 11 sizes at 640x480, 22 at 1920x1080 (smallest
/// face 12 px), a batch at most 16 crops; beyond that pictures of many sizes would only fill memory.
const PLANS: usize = 32;

/// A network that our kernels cannot compute, for graphs with something in them that none stands for.
pub struct Planned {
    model: InferenceModel,
    /// Least recently used first.
    plans: VecDeque<Plan>,
}

/// A network made ready for one input shape.
struct Plan {
    /// `[N, H, W, C]`.
    shape: [usize; 4],
    state: SimpleState<TypedFact, Box<dyn TypedOp>>,
    /// `[N, C, H, W]`.
    input: Arc<Tensor>,
}

impl Planned {
    /// As it was read from the file.
    pub fn new(model: InferenceModel) -> Self {
        Self {
            model,
            plans: VecDeque::new(),
        }
    }

    /// How many numbers the largest value has for an input `[N, H, W, C]`. tract plans with tables as large
    /// as the values.
    pub fn largest(&self, [n, h, w, c]: [usize; 4]) -> TractResult<u128> {
        let fact = InferenceFact::dt_shape(DatumType::F32, [n, c, h, w]);
        let model = self.model.clone().with_input_fact(0, fact)?.into_typed()?;
        let facts = model.nodes.iter().flat_map(|node| &node.outputs);
        let numbers = facts.filter_map(|output| {
            let sizes = output.fact.shape.as_concrete()?.iter();
            Some(sizes.fold(1, |n: u128, &size| n.saturating_mul(size as u128)))
        });
        Ok(numbers.max().unwrap_or(0))
    }

    /// The sizes of each output for an input `[N, H, W, C]`; an error where one holds no floats.
    pub fn outputs(&mut self, shape: [usize; 4]) -> TractResult<Vec<Vec<TDim>>> {
        let model = self.plan(shape)?.state.model();
        let outputs = model.output_outlets()?.iter();
        let shapes = outputs.map(|&outlet| {
            let fact = model.outlet_fact(outlet)?;
            if fact.datum_type != DatumType::F32 {
                bail!("an output holds {:?}, wanted floats", fact.datum_type);
            }
            Ok(fact.shape.to_vec())
        });
        shapes.collect()
    }

    /// Runs it on what `fill` writes, shaped `[N, H, W, C]`.
    pub fn run(
        &mut self,
        shape: [usize; 4],
        fill: impl FnOnce(&mut [f32]),
    ) -> TractResult<Outputs> {
        let plan = self.plan(shape)?;
        let [n, h, w, c] = shape;
        let mut pixels = vec![0.0; n * h * w * c];
        fill(&mut pixels);
        write(&mut plan.input, &[n, c, h, w], |planes| {
            to_planes(Dims { n, h, w, c }, &pixels, planes);
        })?;
        let input = TValue::from_const(plan.input.clone());
        let values = plan.state.run(tvec!(input))?;
        let shapes = values.iter().map(|value| value.shape().into()).collect();
        Ok(Outputs { values, shapes })
    }

    /// Forgets the plans, of which a panic may have left one half-way.
    pub fn clear(&mut self) {
        self.plans.clear();
    }

    /// The plan for one input shape, made if need be; the cache stays bounded.
    fn plan(&mut self, shape: [usize; 4]) -> TractResult<&mut Plan> {
        let at = self.plans.iter().position(|plan| plan.shape == shape);
        let plan = match at.and_then(|at| self.plans.remove(at)) {
            Some(plan) => plan,
            None => Plan::new(&self.model, shape)?,
        };
        if self.plans.len() == PLANS {
            self.plans.pop_front();
        }
        self.plans.push_back(plan);
        let last = self.plans.back_mut();
        last.ok_or_else(|| format_err!("the plan was put there just now"))
    }
}

impl Plan {
    fn new(model: &InferenceModel, shape: [usize; 4]) -> TractResult<Self> {
        let [n, h, w, c] = shape;
        let planes = [n, c, h, w];
        let fact = InferenceFact::dt_shape(DatumType::F32, planes);
        let model = model.clone().with_input_fact(0, fact)?.into_optimized()?;
        Ok(Self {
            shape,
            state: model.into_runnable()?.spawn()?,
            input: Arc::new(Tensor::zero::<f32>(&planes)?),
        })
    }
}
