//! Where the time goes, layer by layer; what the networks' programs are made of.
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
use super::*;
use crate::nn::{
    EMBEDDING, MESH, Net, ONET, PNET, RNET, Spec,
    kernels::{ConvSpec, peak},
};
use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// A convolution's name, and how many multiplications and additions it takes as a plain sum.
fn work(kernel: &str, spec: &ConvSpec, input: Dims) -> (String, usize) {
    let [height, width] = spec.kernel;
    let name = format!(
        "{kernel} {height}x{width}x{}->{}",
        spec.inputs, spec.outputs
    );
    let taps = height * width * spec.inputs;
    (name, 2 * taps * spec.output(input).len())
}

impl Kernel {
    /// The convolution it computes, by its name.
    fn convolution(&self) -> Option<(&str, &ConvSpec)> {
        Some(match self {
            Self::Conv(conv) => ("conv", conv.spec()),
            Self::PooledConv(conv, _) => ("conv, pool", conv.spec()),
            Self::Stem(stem) => ("stem, pool", stem.spec()),
            Self::Winograd(conv) => ("winograd", conv.specs().0),
            Self::Dense(dense) => ("dense", dense.spec()),
            _ => return None,
        })
    }

    /// The convolution behind it that it computes as well, and itself without that.
    fn head(&self) -> Option<(&ConvSpec, Self)> {
        match self {
            Self::Winograd(conv) => Some((conv.specs().1?, Self::Winograd(conv.bare()))),
            _ => None,
        }
    }
}

/// A step by itself on what it reads in a run.
struct Alone {
    program: Program,
    scratch: Scratch,
    input: Vec<f32>,
}

impl Alone {
    fn new(isa: Isa, kernel: Kernel, input: &[f32], dims: Dims) -> Self {
        let step = Step {
            kernel,
            input: 0,
            residual: None,
        };
        let (program, mut scratch) = (Program::new(isa, vec![step], vec![1]), Scratch::default());
        program.run(&mut scratch, input, dims, |_, _, _| {});
        Self {
            program,
            scratch,
            input: input.to_vec(),
        }
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

/// Seconds of each step, of those that compute a head without it, and of one operation at the core's peak on
/// `isa` and on what layers of few outputs use: [`quiet`] ones of the runs of all, in turn. Short steps run
/// several times between two looks at the clock, which take as long as the shortest.
fn seconds(
    program: &Program,
    scratch: &mut Scratch,
    input: &[f32],
    isa: Isa,
) -> (Vec<f64>, Vec<Option<f64>>, [f64; 2]) {
    let bare = program.steps.iter().map(|step| {
        let (_, kernel) = step.kernel.head()?;
        let from = program.read(scratch, input, step.input);
        Some(Alone::new(isa, kernel, from, scratch.dims[step.input]))
    });
    let mut bare: Vec<Option<Alone>> = bare.collect();
    let time = |program: &Program, scratch: &mut Scratch, input: &[f32], i: usize, times: usize| {
        let began = Instant::now();
        for _ in 0..times {
            program.step(i, scratch, input);
        }
        began.elapsed().as_secs_f64() / times as f64
    };
    let all = 0..program.steps.len();
    let mut once = |i: usize| {
        let times = (0..5).map(|_| time(program, scratch, input, i, 1));
        times.fold(f64::MAX, f64::min)
    };
    let repeats = (all.clone()).map(|i| (40e-6 / once(i)).clamp(1.0, 1e3) as usize);
    let repeats: Vec<usize> = repeats.collect();
    let mut steps = vec![vec![]; repeats.len()];
    let mut without = steps.clone();
    let mut operations = [vec![], vec![]];
    let began = Instant::now();
    while began.elapsed() < LONG {
        for i in all.clone() {
            steps[i].push(time(program, scratch, input, i, repeats[i]));
            if let Some(Alone {
                program,
                scratch,
                input,
            }) = &mut bare[i]
            {
                without[i].push(time(program, scratch, input, 0, repeats[i]));
            }
        }
        for (operation, isa) in operations.iter_mut().zip([isa, isa.min(Isa::Avx2)]) {
            operation.push(1.0 / peak(isa));
        }
    }
    let without = without
        .into_iter()
        .map(|times| (!times.is_empty()).then(|| quiet(times)));
    (
        steps.into_iter().map(quiet).collect(),
        without.collect(),
        operations.map(quiet),
    )
}

/// A table of the steps of a network, and the least share of the peak among its convolutions and its large
/// dense layers: a convolution of one pixel that stands alone (0.5, give or take) or over a picture of one
/// gives too little to compute for what must be read. A head that is computed with what it reads takes what
/// that takes longer with it than without, when it writes what the head would read. Layers of few outputs
/// run on half as wide registers, as the tiles choose, and are held against what those can do.
fn layers(spec: &'static Spec, isa: Isa, dims: Dims) -> (String, f64) {
    let net = Net::load_for(spec, None, isa).unwrap();
    let program = net.program().expect("it runs on our kernels");
    let input = vec![0.25; dims.len()];
    let mut scratch = Scratch::default();
    program.run(&mut scratch, &input, dims, |_, _, _| {});
    let (mut least, mut table) = (f64::INFINITY, String::new());
    let (seconds, without, [wide, narrow]) = seconds(program, &mut scratch, &input, isa);
    let mut line = |name: &str, size: Dims, seconds: f64, operations: Option<usize>, counts| {
        let us = seconds * 1e6;
        let _ = write!(table, "{name:28} -> {:3}x{:<3} {us:8.1} us", size.h, size.w);
        if let Some(operations) = operations {
            let (used, one) = match size.c {
                ..=8 => (isa.min(Isa::Avx2), narrow),
                _ => (isa, wide),
            };
            // Less time with a head than without is no share of anything.
            let share = match seconds > 0.0 {
                true => operations as f64 * one / seconds,
                false => f64::INFINITY,
            };
            if counts {
                least = least.min(share);
            }
            let _ = write!(table, " {share:5.2} of {used:?}'s peak");
        }
        table.push('\n');
    };
    for (i, step) in program.steps.iter().enumerate() {
        let (dims, size) = (scratch.dims[step.input], scratch.dims[i + 1]);
        let Some((kernel, spec)) = step.kernel.convolution() else {
            let name: String = format!("{:?}", step.kernel).chars().take(24).collect();
            line(&name, size, seconds[i], None, false);
            continue;
        };
        let (name, operations) = work(kernel, spec, dims);
        let counts = (size.h > 1 || kernel == "dense") && spec.kernel != [1, 1];
        let (Some((head, _)), Some(bare)) = (step.kernel.head(), without[i]) else {
            line(&name, size, seconds[i], Some(operations), counts);
            continue;
        };
        let between = spec.output(dims);
        line(&name, between, bare, Some(operations), counts);
        let (name, operations) = work("  and head", head, between);
        line(&name, size, seconds[i] - bare, Some(operations), true);
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
        assert!(steps[2].kernel.head().is_some(), "{isa:?}");
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
