//! One network on tract: parsed once, planned per input shape.
use std::{
    collections::VecDeque,
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use tract_onnx::{
    prelude::{
        DatumType, Framework, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable,
        TValue, TVec, Tensor, TractResult, TypedFact, TypedModel, TypedOp, tvec,
    },
    tract_core::internal::{DatumExt as _, SimpleState, SpecialOps as _, ToDim as _, format_err},
};

use super::{
    Spec, constants,
    kernels::Isa,
    lower::{Recognised, recognise},
    operator::Fused,
    widen::widen,
};
use crate::error::{Cause, Error};

/// Plans kept per network. The tiles of a pyramid have at most 11 sizes at 640x480, 22 at 1920x1080 (smallest
/// face 12 px), a batch at most 16 crops; beyond that pictures of many sizes would only fill memory.
const PLANS: usize = 32;

/// What the open sizes of an input may come to: crops in a batch (two are all that EMBEDDING gets), sides of a tile.
const OPEN: [usize; 4] = [16, 3, 512, 512];

/// Numbers of the largest value inside a network, for the largest input it may get: 256 MB, 64 channels of
/// 1024 x 1024.
const LARGEST: u128 = 1 << 26;

/// A loaded network.
pub struct Net {
    spec: &'static Spec,
    origin: String,
    engine: Engine,
    /// Least recently used first.
    plans: VecDeque<Plan>,
}

/// What computes.
enum Engine {
    /// Our kernels; weights are packed once for all shapes.
    Fused(Fused),
    /// tract's own operators, for graphs with something in them that no kernel stands for.
    Tract(InferenceModel),
}

/// A network made ready for one input shape.
struct Plan {
    /// `[N, H, W, C]`.
    shape: [usize; 4],
    state: SimpleState<TypedFact, Box<dyn TypedOp>>,
    /// As the engine wants it: `[N, H, W, C]` for ours, `[N, C, H, W]` for tract's.
    input: Arc<Tensor>,
}

/// What a network gave, until it runs again.
pub struct Outputs(TVec<TValue>);

/// Numbers with their shape, row-major.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View<'a> {
    /// Sizes, `[N, C, H, W]` or `[N, C]`.
    pub shape: &'a [usize],
    /// Values, the last size running fastest.
    pub data: &'a [f32],
}

impl Outputs {
    /// The outputs in the order of [`Spec::outputs`], which names `N` of them.
    pub fn views<const N: usize>(&self) -> [View<'_>; N] {
        let view = |i: usize| -> Option<View<'_>> {
            let value = self.0.get(i)?;
            let view = value.try_as_plain_ram().ok()?;
            Some(View {
                shape: value.shape(),
                data: view.as_slice::<f32>().ok()?,
            })
        };
        // `Net::load` has checked that all are there, and that they are floats.
        let none = View {
            shape: &[],
            data: &[],
        };
        std::array::from_fn(|i| view(i).unwrap_or(none))
    }
}

impl Net {
    /// Loads the network of `spec`: the one compiled in, or the file of the same name in `dir`.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the file is missing, damaged, or has other inputs or outputs.
    pub fn load(spec: &'static Spec, dir: Option<&Path>) -> Result<Self, Error> {
        Self::load_for(spec, dir, Isa::best())
    }

    /// As [`Net::load`], for the kernels of one instruction set.
    pub(super) fn load_for(
        spec: &'static Spec,
        dir: Option<&Path>,
        isa: Isa,
    ) -> Result<Self, Error> {
        let (origin, bytes) = spec.read(dir)?;
        caught(|| Self::build(spec, &origin, &bytes, isa)).map_err(|source| Error::Model {
            net: spec.file,
            origin: origin.clone(),
            source,
        })
    }

    fn build(spec: &'static Spec, origin: &str, bytes: &[u8], isa: Isa) -> Result<Self, Cause> {
        let model = parse(spec, bytes).map_err(|e| e.into_boxed_dyn_error())?;
        let engine = match recognised(spec, &model) {
            Ok((found, ranks)) => {
                // Before its weights are packed, of which there would be three copies.
                drop(model);
                Engine::Fused(Fused::new(found.pack(isa), &ranks))
            }
            Err(reason) => {
                log::info!("{} from {origin} runs on tract alone: {reason}", spec.file);
                Engine::Tract(model)
            }
        };
        let mut net = Self {
            spec,
            origin: origin.to_owned(),
            engine,
            plans: VecDeque::new(),
        };
        // The first plan proves the shapes. 24 px is the smallest P-Net input with a map to check.
        let [n, c, h, w] = spec.input.map(|size| size.unwrap_or(24));
        let shape = [spec.input[0].map_or(1, |_| n), h, w, c];
        // Memory that there is not ends the program.
        let [n, c, h, w] = std::array::from_fn(|i| spec.input[i].unwrap_or(OPEN[i]));
        let most = [n, h, w, c];
        let largest = match &net.engine {
            Engine::Fused(fused) => fused.largest(most),
            Engine::Tract(model) => largest(model, most).map_err(|e| e.into_boxed_dyn_error())?,
        };
        if largest > LARGEST {
            return Err("a value inside it takes more than 256 MB".into());
        }
        let plan = net.plan(shape).map_err(|e| e.into_boxed_dyn_error())?;
        let model = plan.state.model();
        check(spec, model, shape)?;
        Ok(net)
    }

    /// An [`Error::Model`] of this network.
    pub fn error(&self, source: impl Into<Cause>) -> Error {
        Error::Model {
            net: self.spec.file,
            origin: self.origin.clone(),
            source: source.into(),
        }
    }

    /// Whether our kernels run it.
    pub fn is_fused(&self) -> bool {
        matches!(self.engine, Engine::Fused(_))
    }

    /// What our kernels run.
    #[cfg(test)]
    pub(super) fn program(&self) -> Option<&super::program::Program> {
        match &self.engine {
            Engine::Fused(fused) => Some(fused.program()),
            Engine::Tract(_) => None,
        }
    }

    /// Runs the network on what `fill` writes, shaped `shape` `[N, H, W, C]`.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the network refuses this shape.
    pub fn run(
        &mut self,
        shape: [usize; 4],
        fill: impl FnOnce(&mut [f32]),
    ) -> Result<Outputs, Error> {
        let done = caught(|| {
            let done = self.try_run(shape, fill);
            done.map_err(|error| error.into_boxed_dyn_error())
        });
        done.map_err(|cause| {
            // A plan that a panic left half-way is made again.
            self.plans.clear();
            self.error(cause)
        })
    }

    fn try_run(
        &mut self,
        shape: [usize; 4],
        fill: impl FnOnce(&mut [f32]),
    ) -> TractResult<Outputs> {
        let interleaved = self.is_fused();
        let plan = self.plan(shape)?;
        if Arc::get_mut(&mut plan.input).is_none() {
            plan.input = Arc::new(Tensor::zero::<f32>(plan.input.shape())?);
        }
        if let Some(tensor) = Arc::get_mut(&mut plan.input) {
            let mut view = tensor.try_as_plain_ram_mut()?;
            let numbers = view.as_slice_mut::<f32>()?;
            match interleaved {
                true => fill(numbers),
                false => fill_planes(shape, numbers, fill),
            }
        }
        let input = TValue::from_const(plan.input.clone());
        Ok(Outputs(plan.state.run(tvec!(input))?))
    }

    /// The plan for one input shape, made if need be; the cache stays bounded.
    fn plan(&mut self, shape: [usize; 4]) -> TractResult<&mut Plan> {
        let at = self.plans.iter().position(|plan| plan.shape == shape);
        let plan = match at.and_then(|at| self.plans.remove(at)) {
            Some(plan) => plan,
            None => Plan::new(&self.engine, shape)?,
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
    fn new(engine: &Engine, shape: [usize; 4]) -> TractResult<Self> {
        let [n, h, w, c] = shape;
        let (model, shape_in) = match engine {
            Engine::Fused(fused) => {
                let mut model = TypedModel::default();
                let source = model.add_source("input", f32::fact(shape))?;
                let outputs = model.wire_node("fused", fused.clone(), &[source])?;
                model.select_output_outlets(&outputs)?;
                (model, shape)
            }
            Engine::Tract(model) => {
                let shape = [n, c, h, w];
                let fact = InferenceFact::dt_shape(DatumType::F32, shape);
                let model = model.clone().with_input_fact(0, fact)?;
                (model.into_optimized()?, shape)
            }
        };
        Ok(Self {
            shape,
            state: model.into_runnable()?.spawn()?,
            input: Arc::new(Tensor::zero::<f32>(&shape_in)?),
        })
    }
}

/// How many numbers the largest value has for an input `[N, H, W, C]`. tract plans with tables as large as the values.
fn largest(model: &InferenceModel, [n, h, w, c]: [usize; 4]) -> TractResult<u128> {
    let fact = InferenceFact::dt_shape(DatumType::F32, [n, c, h, w]);
    let model = model.clone().with_input_fact(0, fact)?.into_typed()?;
    let facts = model.nodes.iter().flat_map(|node| &node.outputs);
    let numbers = facts.filter_map(|output| {
        let sizes = output.fact.shape.as_concrete()?.iter();
        Some(sizes.fold(1, |n: u128, &size| n.saturating_mul(size as u128)))
    });
    Ok(numbers.max().unwrap_or(0))
}

/// What `work` gives; an error where it panics. tract does on some files that are no networks, and a file that is
/// no network is an error like any other.
fn caught<T>(work: impl FnOnce() -> Result<T, Cause>) -> Result<T, Cause> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = (panic.downcast_ref::<String>().map(String::as_str))
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("it cannot be read: {}", text.unwrap_or("no reason given")).into())
    })
}

/// Fills `[N, C, H, W]` with what `fill` writes as `[N, H, W, C]`.
fn fill_planes([n, h, w, c]: [usize; 4], planes: &mut [f32], fill: impl FnOnce(&mut [f32])) {
    let mut pixels = vec![0.0; n * h * w * c];
    fill(&mut pixels);
    let plane = (h * w).max(1);
    for (i, to) in planes.chunks_exact_mut(plane).enumerate() {
        let from = pixels.iter().skip(i / c * plane * c + i % c).step_by(c);
        for (to, from) in to.iter_mut().zip(from) {
            *to = *from;
        }
    }
}

fn parse(spec: &Spec, bytes: &[u8]) -> TractResult<InferenceModel> {
    let onnx = tract_onnx::onnx();
    let mut proto = onnx.proto_model_for_read(&mut Cursor::new(bytes))?;
    if let Some(graph) = &mut proto.graph {
        widen(graph);
        constants::check(graph).map_err(|words| format_err!("{words}"))?;
    }
    let model = onnx.model_for_proto_model(&proto)?;
    model.with_outputs_by_name(spec.outputs.iter().map(|(name, _)| *name))
}

/// What our kernels make of the network, whatever the sizes that [`Spec::input`] leaves open, and how many
/// axes each output has.
fn recognised(spec: &Spec, model: &InferenceModel) -> Result<(Recognised, Vec<usize>), String> {
    let open = |i: usize, size: Option<usize>| match size {
        Some(size) => size.to_dim(),
        None => model.symbols.sym(["N", "C", "H", "W"][i]).into(),
    };
    let shape: TVec<_> = (0..4).map(|i| open(i, spec.input[i])).collect();
    let fact = InferenceFact::dt_shape(DatumType::F32, shape);
    let typed = model.clone().with_input_fact(0, fact);
    let typed = typed.and_then(|m| m.into_typed());
    let typed = typed.map_err(|e| e.to_string())?;
    let found = recognise(&typed)?;
    let ranks = (0..spec.outputs.len())
        .map(|i| typed.output_fact(i).map(|fact| fact.rank()))
        .collect::<TractResult<_>>()
        .map_err(|e| e.to_string())?;
    Ok((found, ranks))
}

/// Whether a plan for input `shape` gives what the rest of the program reads.
fn check(spec: &Spec, model: &TypedModel, shape: [usize; 4]) -> Result<(), Cause> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_words() {
        let error = caught(|| Ok(Vec::<u8>::new().pop().expect("3 sizes"))).unwrap_err();
        assert_eq!(error.to_string(), "it cannot be read: 3 sizes");
        assert!(caught(|| Ok(1)).is_ok());
    }
}
