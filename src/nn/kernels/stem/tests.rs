//! Every instruction set against the plain loops.
use super::*;
use crate::nn::kernels::plain;
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_instruction_set_gives_what_the_plain_loops_give(
        (kh, kw) in (1usize..=8, 1usize..=4), inputs in 1usize..=4, outputs in 1usize..=20,
        (h, w, n) in (0usize..9, 0usize..70, 1usize..3), ceil: bool, linear: bool, seed: u64
    ) {
        let spec = ConvSpec { kernel: [kh, kw], stride: [1, 1], inputs, outputs };
        let pool = Pool { side: 2, stride: 2, ceil };
        let dims = Dims { n, h: kh + h, w: kw + w, c: inputs };
        check(&spec, &pool, dims, linear, seed);
    }
}

/// The kernels against the plain loops.
fn check(spec: &ConvSpec, pool: &Pool, dims: Dims, linear: bool, seed: u64) {
    let mut random = plain::numbers(seed);
    let mut draw = |count: usize| -> Vec<f32> { random.by_ref().take(count).collect() };
    let (input, weights) = (draw(dims.len()), draw(spec.taps() * spec.outputs));
    let (bias, slopes) = (draw(spec.outputs), draw(spec.outputs));
    let slopes = (!linear).then_some(slopes.as_slice());
    let whole = plain::conv(spec, &input, dims, &weights, &bias, slopes, None);
    let output = pool.output(spec.output(dims));
    let wanted = plain::pool(2, 2, output, &whole, spec.output(dims));
    let suiting = |isa: &Isa| Stem::suits(*isa, spec, pool);
    for isa in Isa::available().into_iter().filter(suiting) {
        let stem = Stem::new(isa, *spec, &weights, &bias, slopes, *pool);
        // What lies behind the output must stay as it is, and what an earlier run left must not be read.
        let mut got = vec![f32::NAN; output.len() + 64];
        let mut room = vec![1e9; input.len() % 2 * 99_999];
        let (out, behind) = got.split_at_mut(output.len());
        stem.run(&input, dims, &mut room, out);
        for (got, wanted) in out.iter().zip(&wanted) {
            assert!((got - wanted).abs() < 1e-4, "{isa:?}: {got} for {wanted}");
        }
        assert!(behind.iter().all(|float| float.is_nan()), "{isa:?}");
    }
}

#[test]
fn rows_of_pictures_of_every_width() {
    // Whole steps of all registers, a little less and a little more.
    let widths = (30..36).chain(62..68).chain(94..100).chain(126..132);
    for (w, outputs, ceil) in widths.flat_map(|w| [(w, 10, false), (w, 10, true), (w, 5, true)]) {
        let spec = ConvSpec {
            kernel: [3, 3],
            stride: [1, 1],
            inputs: 3,
            outputs,
        };
        let pool = Pool {
            side: 2,
            stride: 2,
            ceil,
        };
        let dims = Dims {
            n: 1,
            h: 9,
            w,
            c: 3,
        };
        check(&spec, &pool, dims, false, w as u64);
    }
}

#[test]
fn a_first_layer_of_ten_channels_suits_everywhere() {
    let spec = |outputs| ConvSpec {
        kernel: [3, 3],
        stride: [1, 1],
        inputs: 3,
        outputs,
    };
    let pool = Pool {
        side: 2,
        stride: 2,
        ceil: true,
    };
    for isa in Isa::available() {
        assert!(Stem::suits(isa, &spec(10), &pool), "{isa:?}");
        assert!(!Stem::suits(isa, &spec(16), &pool), "{isa:?}");
    }
}
