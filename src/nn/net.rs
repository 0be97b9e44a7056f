//! One network on tract: parsed once, planned per input shape. The only file that names tract.
use std::{collections::VecDeque, io::Cursor, path::Path, sync::Arc};

use tract_onnx::prelude::{
    DatumType, Framework, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable,
    RunnableModel, TractResult, TypedFact, TypedOp, tvec,
};

use super::Spec;
use crate::error::{Cause, Error};

/// Plans kept per network. A 640x480 pyramid has at most 11 levels (smallest face 12 px); beyond
/// that pictures of many sizes would only fill memory with plans that never run again.
const PLANS: usize = 16;

type Plan = Arc<RunnableModel<TypedFact, Box<dyn TypedOp>>>;

/// Numbers with their shape, row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensor {
    /// Sizes, `[N, C, H, W]` or `[N, C]`.
    pub shape: Vec<usize>,
    /// Values, the last size running fastest.
    pub data: Vec<f32>,
}

/// A loaded network.
pub struct Net {
    spec: &'static Spec,
    origin: String,
    model: InferenceModel,
    /// Least recently used first.
    plans: VecDeque<([usize; 4], Plan)>,
}

impl Net {
    /// Loads the network of `spec`: the one compiled in, or the file of the same name in `dir`.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the file is missing, damaged, or has other inputs or outputs.
    pub fn load(spec: &'static Spec, dir: Option<&Path>) -> Result<Self, Error> {
        let (origin, bytes) = spec.read(dir)?;
        let fail = |source: Cause| Error::Model {
            net: spec.file,
            origin: origin.clone(),
            source,
        };
        let model = parse(spec, &bytes).map_err(|e| fail(e.into_boxed_dyn_error()))?;
        let mut net = Self {
            spec,
            origin: origin.clone(),
            model,
            plans: VecDeque::new(),
        };
        // The first plan proves the shapes. 24 px is the smallest P-Net input with a map to check.
        let shape = spec.input.map(|size| size.unwrap_or(24));
        let shape = [spec.input[0].unwrap_or(1), shape[1], shape[2], shape[3]];
        let plan = net
            .plan(shape)
            .map_err(|e| fail(e.into_boxed_dyn_error()))?;
        check(spec, &plan, shape).map_err(fail)?;
        Ok(net)
    }

    /// Runs the network on `data`, shaped `shape` `[N, C, H, W]`; gives the outputs in the order
    /// of [`Spec::outputs`].
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the network refuses this shape.
    pub fn run(&mut self, shape: [usize; 4], data: &[f32]) -> Result<Vec<Tensor>, Error> {
        self.try_run(shape, data).map_err(|error| Error::Model {
            net: self.spec.file,
            origin: self.origin.clone(),
            source: error.into_boxed_dyn_error(),
        })
    }

    fn try_run(&mut self, shape: [usize; 4], data: &[f32]) -> TractResult<Vec<Tensor>> {
        let input = tract_onnx::prelude::Tensor::from_shape(&shape, data)?;
        let outputs = self.plan(shape)?.run(tvec!(input.into()))?;
        let tensor = |value: &tract_onnx::prelude::TValue| -> TractResult<Tensor> {
            Ok(Tensor {
                shape: value.shape().to_vec(),
                data: value.try_as_plain_ram()?.as_slice::<f32>()?.to_vec(),
            })
        };
        outputs.iter().map(tensor).collect()
    }

    /// The plan for one input shape, made if need be; the cache stays bounded.
    fn plan(&mut self, shape: [usize; 4]) -> TractResult<Plan> {
        let at = self.plans.iter().position(|(s, _)| *s == shape);
        let entry = match at.and_then(|at| self.plans.remove(at)) {
            Some(entry) => entry,
            None => {
                let fact = InferenceFact::dt_shape(DatumType::F32, shape);
                let model = self.model.clone().with_input_fact(0, fact)?;
                (shape, model.into_optimized()?.into_runnable()?)
            }
        };
        let plan = entry.1.clone();
        self.plans.push_back(entry);
        if self.plans.len() > PLANS {
            self.plans.pop_front();
        }
        Ok(plan)
    }
}

fn parse(spec: &Spec, bytes: &[u8]) -> TractResult<InferenceModel> {
    let model = tract_onnx::onnx().model_for_read(&mut Cursor::new(bytes))?;
    model.with_outputs_by_name(spec.outputs.iter().map(|(name, _)| *name))
}

/// Whether a plan for input `shape` gives what the rest of the program reads.
fn check(spec: &Spec, plan: &Plan, shape: [usize; 4]) -> Result<(), Cause> {
    let model = plan.model();
    for (i, (name, channels)) in spec.outputs.iter().enumerate() {
        let fact = model.output_fact(i).map_err(|e| e.into_boxed_dyn_error())?;
        let sizes: Vec<String> = fact.shape.iter().map(|d| d.to_string()).collect();
        let wanted = [shape[0].to_string(), channels.to_string()];
        // A network that takes any size gives a map, the others one row of numbers a picture.
        let map = if spec.input[2].is_none() { 2 } else { 0 };
        if sizes.get(..2) != Some(&wanted) || sizes.len() != 2 + map {
            let text = format!(
                "output `{name}` has shape [{}], wanted [{}{}]",
                sizes.join(", "),
                wanted.join(", "),
                ", h, w".get(..3 * map).unwrap_or_default()
            );
            return Err(text.into());
        }
    }
    Ok(())
}
