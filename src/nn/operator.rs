//! Our program as an operator of tract's graph.
use std::sync::{Arc, Mutex, PoisonError};

use tract_onnx::tract_core::{
    internal::{
        DatumExt as _, DimLike as _, EvalContext, EvalOp, Op, OpState, StaticName, TDim, TValue,
        TVec, Tensor, TractResult, TypedFact, TypedOp, as_op, bail, not_out_of_plan,
        op_as_typed_op, tvec,
    },
    plan::LaneId,
};

use super::{
    kernels::Dims,
    program::{Program, Scratch},
};

/// A whole network as one operator: reads `[N, H, W, C]`, gives the network's outputs as they are
/// in the file, `[N, C]` or `[N, C, H, W]`.
#[derive(Clone, Debug)]
pub struct Fused {
    program: Arc<Program>,
    /// One for all plans of a network: only one of them runs at a time.
    scratch: Arc<Mutex<Scratch>>,
    /// Number of axes of each output.
    ranks: Arc<[usize]>,
}

impl Fused {
    /// The operator of a program whose outputs have `ranks` axes.
    pub fn new(program: Program, ranks: &[usize]) -> Self {
        Self {
            program: Arc::new(program),
            scratch: Arc::default(),
            ranks: ranks.into(),
        }
    }

    /// How many numbers the largest value has for an input `[N, H, W, C]`.
    pub fn largest(&self, [n, h, w, c]: [usize; 4]) -> u128 {
        self.program.largest(Dims { n, h, w, c })
    }

    /// What it runs.
    #[cfg(test)]
    pub fn program(&self) -> &Program {
        &self.program
    }
}

impl PartialEq for Fused {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.program, &other.program)
    }
}

impl Eq for Fused {}

impl Op for Fused {
    fn name(&self) -> StaticName {
        "Fused".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Fused {
    not_out_of_plan!();

    fn state(&self, _: &EvalContext<'_>) -> TractResult<Option<Box<dyn OpState>>> {
        Ok(Some(Box::new(State::default())))
    }
}

impl TypedOp for Fused {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let [input] = inputs else {
            bail!("one input, not {}", inputs.len());
        };
        let size = |i: usize| input.shape.get(i).unwrap_or(&TDim::Val(0)).to_usize();
        let dims = Dims {
            n: size(0)?,
            h: size(1)?,
            w: size(2)?,
            c: size(3)?,
        };
        let outputs = self.program.outputs(dims);
        let facts = outputs.into_iter().zip(&*self.ranks).map(|(dims, &rank)| {
            let shape = shape(dims, rank);
            f32::fact(shape.iter())
        });
        Ok(facts.collect())
    }

    as_op!();
}

/// The sizes as the file has them.
fn shape(dims: Dims, rank: usize) -> TVec<usize> {
    match rank {
        2 => tvec![dims.n, dims.c * dims.h * dims.w],
        _ => tvec![dims.n, dims.c, dims.h, dims.w],
    }
}

/// The outputs of the last run, to be written again.
#[derive(Clone, Debug, Default)]
struct State {
    outputs: Vec<Arc<Tensor>>,
}

impl OpState for State {
    fn eval(
        &mut self,
        _: &EvalContext<'_>,
        op: &dyn Op,
        inputs: TVec<TValue>,
    ) -> TractResult<TVec<TValue>> {
        let (Some(fused), [input]) = (op.downcast_ref::<Fused>(), inputs.as_slice()) else {
            bail!("not the operator this is the state of");
        };
        let &[n, h, w, c] = input.shape() else {
            bail!("an input of {} axes", input.rank());
        };
        let view = input.try_as_plain_ram()?;
        let numbers = view.as_slice::<f32>()?;
        // A panic in an earlier run leaves buffers that this one overwrites.
        let mut scratch = fused.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let mut done = Ok(());
        fused.program.run(
            &mut scratch,
            numbers,
            Dims { n, h, w, c },
            |i, dims, values| {
                let rank = fused.ranks.get(i).copied().unwrap_or(4);
                if let Err(error) = self.keep(i, &shape(dims, rank), dims, values) {
                    done = Err(error);
                }
            },
        );
        done?;
        let outputs = self.outputs.iter().cloned();
        Ok(outputs.map(TValue::from_const).collect())
    }

    fn reset_lanes(&mut self, _: &[LaneId]) -> TractResult<()> {
        Ok(())
    }
}

impl State {
    /// Writes output `i` into last time's tensor, or into a new one where that is still in use or
    /// of another shape.
    fn keep(&mut self, i: usize, shape: &[usize], dims: Dims, values: &[f32]) -> TractResult<()> {
        if self.outputs.len() <= i {
            let new = || Tensor::zero::<f32>(shape).map(Arc::new);
            self.outputs.push(new()?);
        }
        let Some(place) = self.outputs.get_mut(i) else {
            bail!("output {i} before {}", i - 1);
        };
        if place.shape() != shape || Arc::get_mut(place).is_none() {
            *place = Arc::new(Tensor::zero::<f32>(shape)?);
        }
        let Some(tensor) = Arc::get_mut(place) else {
            bail!("a new tensor has one owner");
        };
        let mut view = tensor.try_as_plain_ram_mut()?;
        let to = view.as_slice_mut::<f32>()?;
        let picture = dims.h * dims.w;
        for (to, from) in to
            .chunks_exact_mut((picture * dims.c).max(1))
            .zip(values.chunks_exact((picture * dims.c).max(1)))
        {
            for (channel, to) in to.chunks_exact_mut(picture.max(1)).enumerate() {
                let from = from.iter().skip(channel).step_by(dims.c);
                for (to, from) in to.iter_mut().zip(from) {
                    *to = *from;
                }
            }
        }
        Ok(())
    }
}
