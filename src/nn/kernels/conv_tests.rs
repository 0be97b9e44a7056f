//! Every instruction set against the plain loop.
use super::*;
use crate::nn::kernels::plain;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Case {
    spec: ConvSpec,
    dims: Dims,
    linear: bool,
    residual: Option<usize>,
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    let spec = (
        1usize..=3,
        1usize..=3,
        1usize..=2,
        1usize..=2,
        1usize..40,
        1usize..140,
    );
    let extra = (0usize..9, 0usize..19, 1usize..=3);
    (
        spec,
        extra,
        any::<bool>(),
        any::<Option<u8>>(),
        any::<u64>(),
    )
        .prop_map(
            |((kh, kw, sy, sx, inputs, outputs), (h, w, n), linear, residual, seed)| Case {
                spec: ConvSpec {
                    kernel: [kh, kw],
                    stride: [sy, sx],
                    inputs,
                    outputs,
                },
                dims: Dims {
                    n,
                    h: kh + h,
                    w: kw + w,
                    c: inputs,
                },
                linear,
                residual: residual.map(|r| 1 + usize::from(r) % outputs),
                seed,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn every_instruction_set_gives_what_the_plain_loop_gives(case in cases(), split in 0f64..1.0) {
        let Case { spec, dims, .. } = case;
        let mut random = plain::numbers(case.seed);
        let mut draw = |count: usize| -> Vec<f32> { random.by_ref().take(count).collect() };
        let (input, weights) = (draw(dims.len()), draw(spec.taps() * spec.outputs));
        let (bias, slopes) = (draw(spec.outputs), draw(spec.outputs));
        let slopes = (!case.linear).then_some(slopes.as_slice());
        let output = spec.output(dims);
        let added = case.residual.map(|channels| (draw(output.pixels() * channels), channels));
        let residual = added.as_ref().map(|(data, channels)| Residual { data, channels: *channels });
        let wanted = plain::conv(&spec, &input, dims, &weights, &bias, slopes, residual);
        for isa in Isa::available() {
            let conv = Conv::new(isa, spec, &weights, &bias, slopes);
            let mut got = vec![f32::NAN; output.len()];
            // In two parts, as the fused pooling asks for them.
            let middle = (output.pixels() as f64 * split) as usize;
            let (head, tail) = got.split_at_mut(middle * output.c);
            conv.run(&input, dims, residual, 0..middle, head);
            conv.run(&input, dims, residual, middle..output.pixels(), tail);
            for (i, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
                prop_assert!((got - wanted).abs() <= 1e-4, "{isa:?} {i}: {got} for {wanted}");
            }
        }
    }
}

#[test]
fn a_kernel_larger_than_its_input_gives_nothing() {
    let spec = ConvSpec {
        kernel: [3, 3],
        stride: [1, 1],
        inputs: 2,
        outputs: 4,
    };
    for isa in Isa::available() {
        let conv = Conv::new(isa, spec, &[0.0; 72], &[0.0; 4], None);
        for (h, w) in [(2, 9), (9, 2), (0, 9), (9, 0), (0, 0)] {
            let dims = Dims { n: 1, h, w, c: 2 };
            assert!(spec.output(dims).is_empty());
            conv.run(&vec![0.0; dims.len()], dims, None, 0..0, &mut []);
        }
    }
}
