//! Every instruction set against the plain loop.
use super::*;
use crate::nn::kernels::{plain, vector::Portable};
use proptest::prelude::*;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__m256;

/// Compares the kernels with the plain loop on an input of these sizes, with so many channels of a head
/// behind it.
fn check(dims: Dims, outputs: usize, head: Option<usize>, active: bool, seed: u64) {
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
    let small = |numbers: Vec<f32>| -> Vec<f32> { numbers.iter().map(|w| w / 8.0).collect() };
    let weights = small(draw(spec.taps() * outputs));
    let slopes = active.then_some(slopes.as_slice());
    let mut wanted = plain::conv(&spec, &input, dims, &weights, &bias, slopes, None);
    let head = head.map(|channels| {
        let head = ConvSpec {
            kernel: [1, 1],
            stride: [1, 1],
            inputs: outputs,
            outputs: channels,
        };
        let (weights, bias) = (small(draw(outputs * channels)), draw(channels));
        let between = spec.output(dims);
        wanted = plain::conv(&head, &wanted, between, &weights, &bias, None, None);
        (head, weights, bias)
    });
    for isa in Isa::available() {
        let mut conv = Winograd::new(isa, spec, &weights, &bias, slopes);
        if let Some((head, weights, bias)) = &head {
            conv = conv.with_head(*head, weights, bias);
        }
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
        outputs in 1usize..140, head in proptest::option::of(1usize..=6), active: bool, seed: u64
    ) {
        check(Dims { n, h, w, c: inputs }, outputs, head, active, seed);
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
            for head in [None, Some(1 + count % 6)] {
                let dims = Dims { n, h, w, c: inputs };
                check(dims, outputs, head, true, count as u64);
            }
        }
    }
}

#[test]
fn a_head_reads_channels_in_groups_of_every_width() {
    // Registers of sixteen as well, which few machines have: sixteen channels of each pixel of a tile.
    let (channels, outputs, line) = (32, 5, 22);
    let mut random = plain::numbers(7);
    let mut draw = |count: usize| -> Vec<f32> { random.by_ref().take(count).collect() };
    let spec = ConvSpec {
        kernel: [1, 1],
        stride: [1, 1],
        inputs: channels - 3,
        outputs,
    };
    let (weights, bias) = (draw(spec.taps() * outputs), draw(outputs));
    let tile = draw(PIXELS * channels);
    let head = Head::new(spec, channels, &weights, &bias);
    let mut given = vec![];
    for isa in Isa::available() {
        for group in [8, 16, 32] {
            for inside in [[4, 4], [3, 4], [4, 1], [1, 2]] {
                let mut out = vec![f32::NAN; 4 * line];
                let (from, to) = (tile.as_ptr(), out.as_mut_ptr());
                // SAFETY: the processor has the instruction set, the channels are whole groups of whole
                // registers, and four rows of four pixels' outputs fit the lines.
                unsafe {
                    match isa {
                        Isa::Portable => head.tile::<Portable>(group, from, inside, to, line),
                        #[cfg(target_arch = "x86_64")]
                        _ => head.tile::<__m256>(group, from, inside, to, line),
                        #[cfg(not(target_arch = "x86_64"))]
                        _ => continue,
                    }
                }
                given.push((group, inside, out));
            }
        }
    }
    for (group, [rows, columns], out) in given {
        for (i, got) in out.iter().enumerate() {
            let (y, x, o) = (i / line, i % line / outputs, i % line % outputs);
            if y >= rows || x >= columns {
                assert!(got.is_nan(), "{group}: {y}, {x}");
                continue;
            }
            let number = |i: usize| tile[(i / group * PIXELS + 4 * y + x) * group + i % group];
            let products = (0..spec.inputs).map(|i| weights[o * spec.inputs + i] * number(i));
            let wanted = bias[o] + products.sum::<f32>();
            assert!((got - wanted).abs() < 1e-5, "{group}: {got} for {wanted}");
        }
    }
}

/// A convolution that gives eight channels, and one behind it of this side, stride and these numbers of channels.
fn with_head(side: usize, stride: usize, inputs: usize, outputs: usize, weights: usize) {
    let spec = |side, stride, inputs, outputs| ConvSpec {
        kernel: [side, side],
        stride: [stride, stride],
        inputs,
        outputs,
    };
    let (first, bias) = ([0.0; 9 * 64], [0.0; 8]);
    let conv = Winograd::new(Isa::best(), spec(3, 1, 8, 8), &first, &bias, None);
    let _ = conv.with_head(
        spec(side, stride, inputs, outputs),
        &vec![0.0; weights],
        &bias[..outputs],
    );
}

#[test]
#[should_panic(expected = "channels of a head")]
fn a_head_of_other_channels_is_refused() {
    with_head(1, 1, 9, 2, 18);
}

#[test]
#[should_panic(expected = "stride: [2, 2]")]
fn a_head_of_every_other_pixel_is_refused() {
    with_head(1, 2, 8, 2, 16);
}

#[test]
#[should_panic(expected = "outputs: 7")]
fn a_head_of_more_channels_than_there_are_sums_is_refused() {
    with_head(1, 1, 8, 7, 56);
}

#[test]
#[should_panic(expected = "kernel: [2, 2]")]
fn a_head_of_more_than_a_pixel_is_refused() {
    with_head(2, 1, 8, 2, 64);
}

#[test]
#[should_panic(expected = "weights")]
fn a_head_of_too_few_weights_is_refused() {
    with_head(1, 1, 8, 2, 15);
}
