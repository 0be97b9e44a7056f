//! Every instruction set against the plain loop.
use super::*;
use crate::nn::kernels::plain;
use proptest::prelude::*;

struct Case {
    spec: ConvSpec,
    pictures: usize,
    linear: bool,
    /// Of weights and biases.
    scale: f32,
    halved: bool,
    seed: u64,
}

/// What each instruction set gives for random numbers, with what is wanted.
fn all(case: &Case) -> Vec<(Isa, Vec<f32>, Vec<f32>)> {
    let spec = case.spec;
    let mut random = plain::numbers(case.seed);
    let mut draw = |count: usize, scale: f32| -> Vec<f32> {
        random.by_ref().take(count).map(|n| n * scale).collect()
    };
    let ([h, w], n, c) = (spec.kernel, case.pictures, spec.inputs);
    let dims = Dims { n, h, w, c };
    let input = draw(dims.len(), 1.0);
    let weights = draw(spec.taps() * spec.outputs, case.scale);
    let bias = draw(spec.outputs, case.scale);
    let slopes = draw(spec.outputs, 1.0);
    let slopes = (!case.linear).then_some(slopes.as_slice());
    let wanted = plain::conv(&spec, &input, dims, &weights, &bias, slopes, None);
    let run = |isa| {
        let dense = Dense::packed(isa, spec, &weights, &bias, slopes, case.halved);
        let mut got = vec![f32::NAN; case.pictures * spec.outputs];
        dense.run(&input, dims, &mut got);
        (isa, got, wanted.clone())
    };
    Isa::available().into_iter().map(run).collect()
}

fn spec(kernel: [usize; 2], inputs: usize, outputs: usize) -> ConvSpec {
    ConvSpec {
        kernel,
        stride: [1, 1],
        inputs,
        outputs,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn every_instruction_set_gives_what_the_plain_loop_gives(
        kernel in [1usize..=3, 1usize..=3],
        inputs in 1usize..40,
        outputs in 1usize..140,
        pictures in 0usize..=7,
        linear in any::<bool>(),
        halved in any::<bool>(),
        power in -30i32..=30,
        seed in any::<u64>(),
    ) {
        let scale = 10f32.powi(power);
        let spec = spec(kernel, inputs, outputs);
        let case = Case { spec, pictures, linear, scale, halved, seed };
        // A product of two numbers below 1 is off by 2^-14 in the root mean square, and they do not all
        // err one way: six times that of a sum, as there are many sums.
        let rounding = if halved { 6.0 * (spec.taps() as f32).sqrt() / 16384.0 } else { 0.0 };
        for (isa, got, wanted) in all(&case) {
            for (i, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
                let allowed = (1e-4 + rounding) * scale;
                prop_assert!((got - wanted).abs() <= allowed, "{isa:?} {i}: {got} for {wanted}");
            }
        }
    }
}

#[test]
fn a_small_weight_beside_a_large_one_keeps_its_digits() {
    let weights = [1.0, 1e-7];
    for isa in Isa::available() {
        let dense = Dense::packed(isa, spec([1, 1], 2, 1), &weights, &[0.0], None, true);
        let (n, h, w, c) = (1, 1, 1, 2);
        let mut out = [0.0];
        dense.run(&[0.0, 1e7], Dims { n, h, w, c }, &mut out);
        assert!((out[0] - 1.0).abs() < 1e-3, "{isa:?}: {}", out[0]);
    }
}

#[test]
fn rows_of_nothing_and_of_what_is_almost_nothing_give_the_bias() {
    for scale in [0.0, 1e-42] {
        let weights = [scale; 8];
        for isa in Isa::available() {
            let dense = Dense::packed(isa, spec([1, 1], 8, 1), &weights, &[0.5], None, true);
            let (n, h, w, c) = (1, 1, 1, 8);
            let mut out = [f32::NAN];
            dense.run(&[1.0; 8], Dims { n, h, w, c }, &mut out);
            assert!((out[0] - 0.5).abs() < 1e-6, "{isa:?}, {scale}: {}", out[0]);
        }
    }
}

#[test]
fn many_weights_are_kept_in_16_bits_where_a_processor_can_read_them() {
    for isa in Isa::available() {
        for (inputs, halved) in [(1023, false), (1024, isa != Isa::Portable)] {
            let weights = vec![1.0; inputs * 128];
            let dense = Dense::new(isa, spec([1, 1], inputs, 128), &weights, &[0.0; 128], None);
            assert_eq!(matches!(dense.weights, Weights::Half(_)), halved, "{isa:?}");
        }
    }
}

#[test]
fn a_layer_in_16_bits_is_the_same_on_every_machine() {
    let results = all(&Case {
        spec: spec([3, 3], 128, 256),
        pictures: 5,
        linear: false,
        scale: 1.0,
        halved: true,
        seed: 7,
    });
    for (isa, got, _) in &results {
        for (got, wanted) in got.iter().zip(&results[0].1) {
            assert!((got - wanted).abs() <= 1e-4, "{isa:?}: {got} for {wanted}");
        }
    }
}

#[test]
#[should_panic(expected = "size of the pictures")]
fn a_picture_of_another_size_is_refused() {
    let dense = Dense::new(Isa::best(), spec([1, 1], 2, 1), &[1.0; 2], &[0.0], None);
    let (n, h, w, c) = (1, 1, 2, 2);
    dense.run(&[0.0; 4], Dims { n, h, w, c }, &mut [0.0]);
}
