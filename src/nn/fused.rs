//! A network on our kernels: one graph for inputs of all sizes, in the memory of the largest so far.
use std::sync::Arc;

use tract_onnx::{
    prelude::{
        IntoRunnable, TValue, TVec, Tensor, TractResult, TypedFact, TypedModel, TypedOp, tvec,
    },
    tract_core::internal::{DatumExt as _, SimpleState, SpecialOps as _, ToDim as _},
};

use super::{kernels::Dims, operator::FusedOp, outputs::Outputs, program::Program, tensors::write};

/// A graph of one operator, and what it reads.
pub struct Fused {
    program: Arc<Program>,
    /// Number of axes of each output.
    ranks: TVec<usize>,
    state: SimpleState<TypedFact, Box<dyn TypedOp>>,
    /// The input, and what larger ones have left behind it.
    numbers: Arc<Tensor>,
    /// Its sizes, `[N, H, W, C]`.
    sizes: Arc<Tensor>,
    /// The last input's sizes, and those of the outputs that it gave.
    last: ([usize; 4], TVec<TVec<usize>>),
}

impl Fused {
    /// A program of which each output has so many axes.
    pub fn new(program: Program, ranks: TVec<usize>) -> TractResult<Self> {
        let program = Arc::new(program);
        let mut model = TypedModel::default();
        let length = |name: String| model.symbols.sym(&name).to_dim();
        let read = length("read".into());
        let lengths = (0..ranks.len()).map(|i| length(format!("given_{i}")));
        let op = FusedOp {
            program: program.clone(),
            lengths: lengths.collect(),
        };
        let numbers = model.add_source("numbers", f32::fact([read]))?;
        let sizes = model.add_source("sizes", i64::fact([4]))?;
        let outputs = model.wire_node("fused", op, &[numbers, sizes])?;
        model.select_output_outlets(&outputs)?;
        Ok(Self {
            program,
            ranks,
            state: model.into_runnable()?.spawn()?,
            numbers: Arc::new(Tensor::zero::<f32>(&[0])?),
            sizes: Arc::new(Tensor::zero::<i64>(&[4])?),
            last: ([0; 4], tvec![]),
        })
    }

    /// How many numbers the largest value has for an input `[N, H, W, C]`.
    pub fn largest(&self, [n, h, w, c]: [usize; 4]) -> u128 {
        self.program.largest(Dims { n, h, w, c })
    }

    /// The sizes of each output for an input `[N, H, W, C]`, as they are in the file.
    pub fn outputs(&self, [n, h, w, c]: [usize; 4]) -> TVec<TVec<usize>> {
        let outputs = self.program.outputs(Dims { n, h, w, c });
        let shapes = outputs.into_iter().zip(&self.ranks);
        let shapes = shapes.map(|(dims, rank)| match rank {
            2 => tvec![dims.n, dims.c * dims.h * dims.w],
            _ => tvec![dims.n, dims.c, dims.h, dims.w],
        });
        shapes.collect()
    }

    /// Runs it on what `fill` writes, shaped `[N, H, W, C]`.
    pub fn run(
        &mut self,
        shape: [usize; 4],
        fill: impl FnOnce(&mut [f32]),
    ) -> TractResult<Outputs> {
        write(&mut self.numbers, &[shape.iter().product()], fill)?;
        write(&mut self.sizes, &[shape.len()], |sizes| {
            sizes.copy_from_slice(&shape.map(|size| size as i64));
        })?;
        let inputs = [&self.numbers, &self.sizes].map(|tensor| TValue::from_const(tensor.clone()));
        let values = self.state.run(inputs.into_iter().collect())?;
        if self.last.0 != shape {
            self.last = (shape, self.outputs(shape));
        }
        let shapes = self.last.1.clone();
        Ok(Outputs { values, shapes })
    }

    /// Begins anew after a run that failed or panicked, of which tract remembers the sizes.
    pub fn recover(&mut self) -> TractResult<()> {
        self.state = self.state.plan().spawn()?;
        Ok(())
    }

    /// What it runs.
    #[cfg(test)]
    pub fn program(&self) -> &Program {
        &self.program
    }
}

#[cfg(test)]
mod tests {
    use crate::nn::{Net, ONET, PNET, Spec};

    /// What a network gives for noise of this shape: sizes and numbers of its first two outputs.
    fn run(net: &mut Net, shape: [usize; 4]) -> [(Vec<usize>, Vec<f32>); 2] {
        let noise = |input: &mut [f32]| {
            for (i, number) in input.iter_mut().enumerate() {
                *number = (i * i % 101) as f32 / 101.0;
            }
        };
        let outputs = net.run(shape, noise).unwrap();
        outputs
            .views::<2>()
            .map(|view| (view.shape.to_vec(), view.data.to_vec()))
    }

    fn fresh(spec: &'static Spec) -> Net {
        Net::load(spec, None).unwrap()
    }

    #[test]
    fn inputs_of_other_sizes_leave_nothing_behind() {
        for (spec, shapes) in [
            (
                &PNET,
                [
                    [1, 40, 60, 3],
                    [1, 12, 90, 3],
                    [1, 41, 13, 3],
                    [1, 70, 60, 3],
                ],
            ),
            (
                &ONET,
                [
                    [3, 48, 48, 3],
                    [1, 48, 48, 3],
                    [5, 48, 48, 3],
                    [2, 48, 48, 3],
                ],
            ),
        ] {
            let mut one = fresh(spec);
            for shape in shapes {
                let (got, wanted) = (run(&mut one, shape), run(&mut fresh(spec), shape));
                assert!(got == wanted, "{} {shape:?}", spec.file);
                assert!(!got[0].1.is_empty());
            }
        }
    }

    #[test]
    fn outputs_that_are_still_held_are_not_written_over() {
        let mut net = fresh(&ONET);
        let held = net.run([1, 48, 48, 3], |input| input.fill(0.5)).unwrap();
        let before = held.views::<3>().map(|view| view.data.to_vec());
        run(&mut net, [1, 48, 48, 3]);
        assert_eq!(held.views::<3>().map(|view| view.data.to_vec()), before);
    }

    #[test]
    #[expect(clippy::panic, reason = "that is what is tried")]
    fn a_panic_on_the_way_is_an_error_once() {
        let mut net = fresh(&PNET);
        // Each needs more room than the last, which a run that failed must not stand in the way of; then one
        // that had room before.
        for shape in [
            [1, 30, 30, 3],
            [1, 60, 60, 3],
            [1, 90, 60, 3],
            [1, 30, 30, 3],
        ] {
            assert!(
                run(&mut net, shape) == run(&mut fresh(&PNET), shape),
                "{shape:?}"
            );
            // Channels that no picture has: it is found while the graph runs.
            assert!(net.run([1, 30, 30, 4], |_| {}).is_err());
        }
        assert!(net.run([1, 99, 99, 3], |_| panic!("on purpose")).is_err());
        run(&mut net, [1, 12, 12, 3]);
    }
}
