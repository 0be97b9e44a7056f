//! One network on tract: parsed once, by our kernels where they can compute it.
use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use tract_onnx::{
    prelude::{
        DatumType, Framework, InferenceFact, InferenceModel, InferenceModelExt, TVec, TractResult,
    },
    tract_core::internal::{TDim, ToDim as _, format_err},
};

use super::{
    Spec, constants,
    fused::Fused,
    kernels::Isa,
    lower::{Recognised, recognise},
    outputs::Outputs,
    planned::Planned,
    widen::widen,
};
use crate::error::{Cause, Error};

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
}

/// What computes.
enum Engine {
    Fused(Box<Fused>),
    Planned(Planned),
}

impl Engine {
    /// The sizes of each output for an input `[N, H, W, C]`.
    fn outputs(&mut self, shape: [usize; 4]) -> TractResult<Vec<Vec<TDim>>> {
        match self {
            Self::Fused(fused) => {
                let shapes = fused.outputs(shape).into_iter();
                Ok(shapes
                    .map(|sizes| sizes.iter().map(|size| size.to_dim()).collect())
                    .collect())
            }
            Self::Planned(planned) => planned.outputs(shape),
        }
    }

    /// How many numbers the largest value has for an input `[N, H, W, C]`.
    fn largest(&self, shape: [usize; 4]) -> TractResult<u128> {
        match self {
            Self::Fused(fused) => Ok(fused.largest(shape)),
            Self::Planned(planned) => planned.largest(shape),
        }
    }

    /// Runs the network on what `fill` writes, shaped `[N, H, W, C]`.
    fn run(&mut self, shape: [usize; 4], fill: impl FnOnce(&mut [f32])) -> TractResult<Outputs> {
        match self {
            Self::Fused(fused) => fused.run(shape, fill),
            Self::Planned(planned) => planned.run(shape, fill),
        }
    }

    /// Makes again what a run that failed or panicked has left half-way.
    fn recover(&mut self) -> TractResult<()> {
        match self {
            Self::Fused(fused) => fused.recover()?,
            Self::Planned(planned) => planned.clear(),
        }
        Ok(())
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
                let fused = Fused::new(found.pack(isa), ranks);
                Engine::Fused(Box::new(fused.map_err(|e| e.into_boxed_dyn_error())?))
            }
            Err(reason) => {
                log::info!("{} from {origin} runs on tract alone: {reason}", spec.file);
                Engine::Planned(Planned::new(model))
            }
        };
        let mut net = Self {
            spec,
            origin: origin.to_owned(),
            engine,
        };
        // Memory that there is not ends the program.
        let [n, c, h, w] = std::array::from_fn(|i| spec.input[i].unwrap_or(OPEN[i]));
        let largest = net.engine.largest([n, h, w, c]);
        if largest.map_err(|e| e.into_boxed_dyn_error())? > LARGEST {
            return Err("a value inside it takes more than 256 MB".into());
        }
        // 24 px is the smallest P-Net input with a map to check.
        let [n, c, h, w] = spec.input.map(|size| size.unwrap_or(24));
        let shape = [spec.input[0].map_or(1, |_| n), h, w, c];
        let outputs = net.engine.outputs(shape);
        check(
            spec,
            &outputs.map_err(|e| e.into_boxed_dyn_error())?,
            shape[0],
        )?;
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
            Engine::Planned(_) => None,
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
            let done = self.engine.run(shape, fill);
            done.map_err(|error| error.into_boxed_dyn_error())
        });
        done.map_err(|cause| {
            if let Err(error) = self.engine.recover() {
                log::warn!("{} after an error: {error}", self.spec.file);
            }
            self.error(cause)
        })
    }
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
fn recognised(spec: &Spec, model: &InferenceModel) -> Result<(Recognised, TVec<usize>), String> {
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

/// Whether outputs of these sizes, for so many pictures, are what the rest of the program reads.
fn check(spec: &Spec, outputs: &[Vec<TDim>], pictures: usize) -> Result<(), Cause> {
    for ((name, channels), sizes) in spec.outputs.iter().zip(outputs) {
        let sizes: Vec<String> = sizes.iter().map(TDim::to_string).collect();
        let wanted = [pictures.to_string(), channels.to_string()];
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
