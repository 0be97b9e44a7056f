//! Our program as an operator of tract's graph.
use std::sync::Arc;

use tract_onnx::tract_core::{
    internal::{
        DatumExt as _, EvalContext, EvalOp, Op, OpState, StaticName, TDim, TValue, TVec, Tensor,
        TractResult, TypedFact, TypedOp, as_op, bail, not_out_of_plan, op_as_typed_op,
    },
    plan::LaneId,
};

use super::{
    kernels::Dims,
    program::{Program, Scratch},
    tensors::{to_planes, write},
};

/// A whole network as one operator, for inputs of all sizes: reads numbers, of which the first are an input
/// `[N, H, W, C]`, and these four sizes. Each of its values are numbers, of which the first are an output of
/// the network as it is in the file, `[N, C]` or `[N, C, H, W]`.
#[derive(Clone, Debug)]
pub struct FusedOp {
    pub program: Arc<Program>,
    /// How many numbers each value has: known when it runs.
    pub lengths: Arc<[TDim]>,
}

impl PartialEq for FusedOp {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.program, &other.program)
    }
}

impl Eq for FusedOp {}

impl Op for FusedOp {
    fn name(&self) -> StaticName {
        "Fused".into()
    }

    op_as_typed_op!();
}

impl EvalOp for FusedOp {
    not_out_of_plan!();

    fn state(&self, _: &EvalContext<'_>) -> TractResult<Option<Box<dyn OpState>>> {
        Ok(Some(Box::new(State::default())))
    }
}

impl TypedOp for FusedOp {
    fn output_facts(&self, _: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let facts = self.lengths.iter().map(|length| f32::fact([length]));
        Ok(facts.collect())
    }

    as_op!();
}

/// The memory of the last run, used again.
#[derive(Debug, Default)]
struct State {
    scratch: Scratch,
    outputs: Vec<Arc<Tensor>>,
}

impl Clone for State {
    /// Memory for another thread: its own.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl OpState for State {
    fn eval(
        &mut self,
        _: &EvalContext<'_>,
        op: &dyn Op,
        inputs: TVec<TValue>,
    ) -> TractResult<TVec<TValue>> {
        let (Some(fused), [numbers, sizes]) = (op.downcast_ref::<FusedOp>(), inputs.as_slice())
        else {
            bail!("not the operator this is the state of");
        };
        let (numbers, sizes) = (numbers.try_as_plain_ram()?, sizes.try_as_plain_ram()?);
        let &[n, h, w, c] = sizes.as_slice::<i64>()? else {
            bail!("an input of {} axes", sizes.as_slice::<i64>()?.len());
        };
        let [n, h, w, c] = [n, h, w, c].map(|size| size as usize);
        let dims = Dims { n, h, w, c };
        let numbers = numbers.as_slice::<f32>()?;
        let Some(input) = numbers.get(..dims.len()) else {
            bail!("{} numbers for an input of {dims:?}", numbers.len());
        };
        let (outputs, mut done) = (&mut self.outputs, Ok(()));
        // A panic in an earlier run leaves buffers that this one overwrites.
        let give = |i, dims, values: &[f32]| {
            if let Err(error) = keep(outputs, i, dims, values) {
                done = Err(error);
            }
        };
        fused.program.run(&mut self.scratch, input, dims, give);
        done?;
        let outputs = self.outputs.iter().cloned();
        Ok(outputs.map(TValue::from_const).collect())
    }

    fn reset_lanes(&mut self, _: &[LaneId]) -> TractResult<()> {
        Ok(())
    }
}

/// Writes output `i`, channel after channel of each picture.
fn keep(outputs: &mut Vec<Arc<Tensor>>, i: usize, dims: Dims, values: &[f32]) -> TractResult<()> {
    if outputs.len() <= i {
        outputs.push(Arc::new(Tensor::zero::<f32>(&[0])?));
    }
    let Some(tensor) = outputs.get_mut(i) else {
        bail!("output {i} before {}", i - 1);
    };
    write(tensor, &[values.len()], |to| to_planes(dims, values, to))
}
