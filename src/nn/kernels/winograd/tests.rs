//! Every instruction set against the plain loop.
use super::*;
use crate::nn::kernels::plain;
use proptest::prelude::*;

/// Compares the kernels with the plain loop on an input of these sizes.
fn check(dims: Dims, outputs: usize, active: bool, seed: u64) {
    let spec = ConvSpec {
        kernel: [3, 3],
        stride: [1, 1],
        inputs: dims.c,
        outputs,
    };
    let mut random = plain::numbers(seed);
    let mut draw = |count: usize| -> Vec<f32> { random.by_ref().take(count).collect() };
    let (input, bias, slopes) = (draw(dims.len()), draw(outputs), draw(outputs));
    // As small as trained weights: rounding grows with them.
    let weights: Vec<f32> = draw(spec.taps() * outputs)
        .iter()
        .map(|w| w / 8.0)
        .collect();
    let slopes = active.then_some(slopes.as_slice());
    let wanted = plain::conv(&spec, &input, dims, &weights, &bias, slopes, None);
    for isa in Isa::available() {
        let conv = Winograd::new(isa, spec, &weights, &bias, slopes);
        // What an earlier run left must not be read, what lies behind the output must stay as it is.
        let mut room = vec![f32::NAN; 999];
        conv.run(&input, dims, &mut room, &mut vec![0.0; wanted.len()]);
        room.fill(f32::NAN);
        let mut got = vec![f32::NAN; wanted.len() + 64];
        let (out, behind) = got.split_at_mut(wanted.len());
        conv.run(&input, dims, &mut room, out);
        for (i, (got, wanted)) in out.iter().zip(&wanted).enumerate() {
            let off = (got - wanted).abs();
            assert!(off <= 1e-4, "{isa:?} {i}: {got} for {wanted}");
        }
        assert!(behind.iter().all(|float| float.is_nan()), "{isa:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_instruction_set_gives_what_the_plain_loop_gives(
        n in 1usize..4, h in 1usize..19, w in 2usize..27, inputs in FEWEST..40,
        outputs in 1usize..140, active: bool, seed: u64
    ) {
        check(Dims { n, h, w, c: inputs }, outputs, active, seed);
    }
}

#[test]
fn any_number_of_tiles_and_of_registers() {
    // One row of tiles: up to two jobs, with every rest of every group.
    for count in 1..=TILES + 13 {
        let inputs = [8, 10, 15, 16, 17][count % 5];
        let w = 4 * count + [2, 1, 0, 3][count % 4] - 1;
        for outputs in [8, 16, 24, 32, 48, 64, 72] {
            let (n, h) = (1, 6);
            check(Dims { n, h, w, c: inputs }, outputs, true, count as u64);
        }
    }
}
