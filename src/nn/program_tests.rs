//! Where the time goes, layer by layer; what the networks' programs are made of.
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
use super::*;
use crate::nn::{EMBEDDING, MESH, Net, ONET, PNET, RNET, Spec, kernels::peak};
use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// What a step computes.
struct Work {
    name: String,
    /// Multiplications and additions of its convolution as a plain sum, with those of the head behind it,
    /// and the channels that the first gives.
    convolution: Option<(usize, usize)>,
}

impl Work {
    fn of(step: &Step, input: Dims) -> Self {
        let (name, spec) = match &step.kernel {
            Kernel::Conv(conv) => ("conv", conv.spec()),
            Kernel::PooledConv(conv, _) => ("conv, pool", conv.spec()),
            Kernel::Stem(stem) => ("stem, pool", stem.spec()),
            Kernel::Winograd(conv) => ("winograd", conv.spec()),
            Kernel::Dense(dense) => ("dense", dense.spec()),
            other => {
                return Self {
                    name: format!("{other:?}").chars().take(24).collect(),
                    convolution: None,
                };
            }
        };
        let [height, width] = spec.kernel;
        let mut name = format!("{name} {height}x{width}x{}->{}", spec.inputs, spec.outputs);
        let between = spec.output(input);
        let mut operations = 2 * height * width * spec.inputs * between.len();
        if let Kernel::Winograd(conv) = &step.kernel
            && let Some(head) = conv.head()
        {
            name = format!("{name}->{}", head.outputs);
            operations += 2 * head.inputs * head.output(between).len();
        }
        let convolution = Some((operations, spec.outputs));
        Self { name, convolution }
    }
}

/// What nine in ten exceed: what the machine can do when nobody else wants it. Half a core of a virtual
/// machine is often somebody else's, and then the same layer takes up to twice as long.
fn quiet(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 10]
}

/// How long each network is watched: a neighbour's turns last for seconds.
const LONG: Duration = Duration::from_secs(4);

/// Seconds of each step, and of one operation at the core's peak on `isa` and on what layers of few
/// outputs use: [`quiet`] ones of the runs of all, in turn. Short steps run several times between two
/// looks at the clock, which take as long as the shortest.
fn seconds(
    program: &Program,
    scratch: &mut Scratch,
    input: &[f32],
    isa: Isa,
) -> (Vec<f64>, [f64; 2]) {
    let mut time = |i: usize, times: usize| {
        let began = Instant::now();
        for _ in 0..times {
            program.step(i, scratch, input);
        }
        began.elapsed().as_secs_f64() / times as f64
    };
    let all = 0..program.steps.len();
    let mut once = |i: usize| (0..5).map(|_| time(i, 1)).fold(f64::MAX, f64::min);
    let repeats = (all.clone()).map(|i| (40e-6 / once(i)).clamp(1.0, 1e3) as usize);
    let repeats: Vec<usize> = repeats.collect();
    let mut steps = vec![vec![]; repeats.len()];
    let mut operations = [vec![], vec![]];
    let began = Instant::now();
    while began.elapsed() < LONG {
        for i in all.clone() {
            steps[i].push(time(i, repeats[i]));
        }
        for (operation, isa) in operations.iter_mut().zip([isa, isa.min(Isa::Avx2)]) {
            operation.push(1.0 / peak(isa));
        }
    }
    (
        steps.into_iter().map(quiet).collect(),
        operations.map(quiet),
    )
}

/// A table of the steps of a network, and the least share of the peak among its convolutions proper and
/// its large dense layers: a kernel of one pixel (0.5, give or take) or a convolution over a picture of
/// one gives too little to compute for what must be read. Layers of few outputs run on half as wide
/// registers, as the tiles choose, and are held against what those can do. A head counts with the convolution
/// that computes it.
fn layers(spec: &'static Spec, isa: Isa, dims: Dims) -> (String, f64) {
    let net = Net::load_for(spec, None, isa).unwrap();
    let program = net.program().expect("it runs on our kernels");
    let input = vec![0.25; dims.len()];
    let mut scratch = Scratch::default();
    program.run(&mut scratch, &input, dims, |_, _, _| {});
    let (mut least, mut table) = (f64::INFINITY, String::new());
    let (seconds, [wide, narrow]) = seconds(program, &mut scratch, &input, isa);
    for (i, (step, seconds)) in program.steps.iter().zip(seconds).enumerate() {
        let Work { name, convolution } = Work::of(step, scratch.dims[step.input]);
        let (us, size) = (seconds * 1e6, scratch.dims[i + 1]);
        let _ = write!(table, "{name:28} -> {:3}x{:<3} {us:8.1} us", size.h, size.w);
        if let Some((operations, channels)) = convolution {
            let (used, one) = match channels {
                ..=8 => (isa.min(Isa::Avx2), narrow),
                _ => (isa, wide),
            };
            let share = operations as f64 * one / seconds;
            if (size.h > 1 || name.starts_with("dense")) && !name.contains(" 1x1x") {
                least = least.min(share);
            }
            let _ = write!(table, " {share:5.2} of {used:?}'s peak");
        }
        table.push('\n');
    }
    let most = 1e-9 / wide;
    (
        format!("{} on {isa:?}, peak {most:.0} GFLOP/s\n{table}", spec.file),
        least,
    )
}

#[test]
#[ignore = "times the layers: cargo test --release --lib layers -- --ignored --nocapture"]
fn layers_against_what_the_core_can_do() {
    let dims = |n, h, w| Dims { n, h, w, c: 3 };
    let mut low = vec![];
    for isa in Isa::available().into_iter().rev() {
        for (spec, dims) in [
            (&PNET, dims(1, 480, 512)),
            (&PNET, dims(1, 96, 128)),
            (&RNET, dims(16, 24, 24)),
            (&ONET, dims(1, 48, 48)),
            (&EMBEDDING, dims(1, 150, 150)),
            (&MESH, dims(1, 256, 256)),
        ] {
            let (table, least) = layers(spec, isa, dims);
            eprintln!("{table}");
            let wanted = if isa == Isa::Portable { 0.35 } else { 0.5 };
            if least < wanted {
                low.push(format!(
                    "{}, {isa:?}: a layer reaches {least:.2}",
                    spec.file
                ));
            }
        }
    }
    assert!(low.is_empty(), "{low:#?}");
}

#[test]
fn pnet_begins_with_a_stem_and_ends_in_one_head() {
    for isa in Isa::available() {
        let net = Net::load_for(&PNET, None, isa).unwrap();
        let steps = &net.program().unwrap().steps;
        let count = |what: fn(&Kernel) -> bool| steps.iter().filter(|s| what(&s.kernel)).count();
        assert!(matches!(steps[0].kernel, Kernel::Stem(_)), "{isa:?}");
        assert_eq!(count(|k| matches!(k, Kernel::Winograd(_))), 2, "{isa:?}");
        assert_eq!(count(|k| matches!(k, Kernel::Part { .. })), 2, "{isa:?}");
        // Stem, two convolutions, of which the second computes the heads; their parts.
        assert_eq!(steps.len(), 3 + 3, "{isa:?}");
        let heads = |step: &Step| matches!(&step.kernel, Kernel::Winograd(c) if c.head().is_some());
        assert!(heads(&steps[2]), "{isa:?}");
    }
}

#[test]
fn every_instruction_set_computes_the_same_networks() {
    for (spec, [n, h, w]) in [
        (&PNET, [1, 25, 40]),
        (&RNET, [3, 24, 24]),
        (&ONET, [2, 48, 48]),
        (&MESH, [1, 256, 256]),
        (&EMBEDDING, [2, 150, 150]),
    ] {
        let run = |isa| {
            let mut net = Net::load_for(spec, None, isa).unwrap();
            let outputs = net.run([n, h, w, 3], |input| {
                for (i, number) in input.iter_mut().enumerate() {
                    *number = ((i * i) % 101) as f32 / 101.0;
                }
            });
            let outputs = outputs.unwrap();
            outputs.views::<2>().map(|view| view.data.to_vec())
        };
        let wanted = run(Isa::best());
        assert!(!wanted[0].is_empty());
        for isa in Isa::available() {
            for (got, wanted) in run(isa).iter().zip(&wanted) {
                // Each by its own scale: landmarks are pixels, a probability is not.
                let scale = wanted.iter().fold(1.0f32, |most, n| most.max(n.abs()));
                let off = got.iter().zip(wanted).map(|(a, b)| (a - b).abs());
                let off = off.fold(0.0, f32::max);
                assert_eq!(got.len(), wanted.len());
                assert!(off < 1e-4 * scale, "{isa:?}, {}: {off}", spec.file);
            }
        }
    }
}
