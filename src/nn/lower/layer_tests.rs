//! What a convolution takes over, and what must stay by itself.
use super::*;
use crate::nn::{kernels::Dims, program::Scratch};

/// Channels between layers, where nothing else is said.
const CHANNELS: usize = 8;

fn layer(kind: Kind, input: Value, residual: Option<Value>) -> Layer {
    Layer {
        kind,
        input,
        residual,
    }
}

fn conv(side: usize, outputs: usize) -> Kind {
    let taps = side * side * CHANNELS;
    let number = |i: usize| ((i * 7 + side) % 11) as f32 / 11.0 - 0.5;
    Kind::Conv {
        spec: ConvSpec {
            kernel: [side, side],
            stride: [1, 1],
            inputs: CHANNELS,
            outputs,
        },
        weights: (0..taps * outputs).map(number).collect(),
        bias: (0..outputs).map(number).collect(),
        slopes: None,
        next: None,
        dense: false,
    }
}

/// The same with PReLU.
fn active(mut kind: Kind) -> Kind {
    if let Kind::Conv { spec, slopes, .. } = &mut kind {
        *slopes = Some(vec![0.25; spec.outputs]);
    }
    kind
}

/// The same, known to give one pixel.
fn single(mut kind: Kind) -> Kind {
    if let Kind::Conv { dense, .. } = &mut kind {
        *dense = true;
    }
    kind
}

/// The same, of every other pixel.
fn sparse(mut kind: Kind) -> Kind {
    if let Kind::Conv { spec, .. } = &mut kind {
        spec.stride = [2, 2];
    }
    kind
}

fn pool() -> Kind {
    Kind::Pool(Pool {
        side: 2,
        stride: 2,
        ceil: true,
    })
}

/// What such layers give for some input of these sizes.
pub fn run(layers: Vec<Layer>, outputs: &[Value], dims: Dims) -> Vec<Vec<f32>> {
    let program = pack(layers, outputs.to_vec(), Isa::best());
    let input: Vec<f32> = (0..dims.len()).map(|i| (i % 13) as f32 / 13.0).collect();
    let mut got = vec![];
    program.run(&mut Scratch::default(), &input, dims, |_, _, numbers| {
        got.push(numbers.to_vec());
    });
    got
}

/// How many layers others take over; both ways give the same.
fn taken(build: impl Fn() -> Vec<Layer>, outputs: &[Value], side: usize) -> usize {
    let dims = Dims {
        n: 2,
        h: side,
        w: side,
        c: CHANNELS,
    };
    let wanted = run(build(), outputs, dims);
    let mut layers = build();
    fuse(&mut layers, outputs);
    let gone = layers.iter().filter(|l| matches!(l.kind, Kind::Nothing));
    let gone = gone.count();
    let got = run(layers, outputs, dims);
    assert_eq!(got.len(), wanted.len());
    for (got, wanted) in got.iter().flatten().zip(wanted.iter().flatten()) {
        assert!((got - wanted).abs() < 1e-5, "{got} for {wanted}");
    }
    gone
}

#[test]
fn a_convolution_of_three_by_three_takes_the_head_that_alone_reads_it() {
    let after = |kind: fn() -> Kind| {
        move || {
            vec![
                layer(active(conv(3, CHANNELS)), 0, None),
                layer(kind(), 1, None),
            ]
        }
    };
    assert_eq!(taken(after(|| conv(1, 6)), &[2], 9), 1);
    assert_eq!(taken(after(|| conv(1, 1)), &[2], 9), 1);
    // Seen by somebody else as well.
    assert_eq!(taken(after(|| conv(1, 6)), &[1, 2], 9), 0);
    assert_eq!(taken(after(|| conv(1, 7)), &[2], 9), 0);
    assert_eq!(taken(after(|| conv(2, 6)), &[2], 9), 0);
    assert_eq!(taken(after(|| active(conv(1, 6))), &[2], 9), 0);
    assert_eq!(taken(after(|| single(conv(1, 6))), &[2], 3), 0);
    assert_eq!(taken(after(|| sparse(conv(1, 6))), &[2], 9), 0);
    assert_eq!(taken(after(pool), &[2], 9), 0);
}

#[test]
fn what_is_added_or_read_twice_stays_by_itself() {
    let first = || layer(conv(3, CHANNELS), 0, None);
    let two = || {
        vec![
            first(),
            layer(conv(1, 4), 1, None),
            layer(conv(1, 4), 1, None),
        ]
    };
    assert_eq!(taken(two, &[2, 3], 9), 0);
    // Added to something else as well.
    let added = || {
        vec![
            first(),
            layer(conv(1, 6), 1, None),
            layer(conv(3, CHANNELS), 0, Some(1)),
        ]
    };
    assert_eq!(taken(added, &[2, 3], 9), 0);
    // The convolution adds something, which its head must see.
    let inside = || {
        vec![
            first(),
            layer(conv(3, CHANNELS), 0, Some(1)),
            layer(conv(1, 6), 2, None),
        ]
    };
    assert_eq!(taken(inside, &[3], 9), 0);
    // Six channels would be a head, if it did not add six others.
    let behind = || {
        let six = layer(active(conv(3, 6)), 0, None);
        vec![first(), six, layer(conv(1, 6), 1, Some(2))]
    };
    assert_eq!(taken(behind, &[3], 9), 0);
}

#[test]
fn one_of_another_size_takes_the_pool() {
    let layers =
        |next: fn() -> Kind| move || vec![layer(conv(2, 16), 0, None), layer(next(), 1, None)];
    assert_eq!(taken(layers(pool), &[2], 8), 1);
    assert_eq!(taken(layers(pool), &[1, 2], 8), 0);
    let head = || {
        vec![
            layer(conv(2, CHANNELS), 0, None),
            layer(conv(1, 6), 1, None),
        ]
    };
    assert_eq!(taken(head, &[2], 8), 0);
}
