//! Every instruction set against the plain loops.
use super::*;
use crate::nn::kernels::plain;
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_instruction_set_gives_what_the_plain_loops_give(
        (kh, kw) in (1usize..=4, 1usize..=4), inputs in 1usize..=4, outputs in 1usize..=12,
        (h, w, n) in (0usize..9, 0usize..70, 1usize..3), ceil: bool, seed: u64
    ) {
        let spec = ConvSpec { kernel: [kh, kw], stride: [1, 1], inputs, outputs };
        let pool = Pool { side: 2, stride: 2, ceil };
        let dims = Dims { n, h: kh + h, w: kw + w, c: inputs };
        let mut random = plain::numbers(seed);
        let mut draw = |count: usize| -> Vec<f32> { random.by_ref().take(count).collect() };
        let (input, weights) = (draw(dims.len()), draw(spec.taps() * outputs));
        let (bias, slopes) = (draw(outputs), draw(outputs));
        let whole = plain::conv(&spec, &input, dims, &weights, &bias, Some(&slopes), None);
        let output = pool.output(spec.output(dims));
        let wanted = plain::pool(2, 2, output, &whole, spec.output(dims));
        let suiting = |isa: &Isa| Stem::suits(*isa, &spec, &pool);
        for isa in Isa::available().into_iter().filter(suiting) {
            let stem = Stem::new(isa, spec, &weights, &bias, Some(&slopes), pool);
            let mut got = vec![f32::NAN; output.len()];
            // What an earlier run left must not be read.
            let mut room = vec![f32::NAN; 99_999];
            stem.run(&input, dims, &mut room, &mut got);
            for (got, wanted) in got.iter().zip(&wanted) {
                prop_assert!((got - wanted).abs() < 1e-4, "{isa:?}: {got} for {wanted}");
            }
        }
    }
}
