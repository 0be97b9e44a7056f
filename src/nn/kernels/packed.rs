//! Weights in the order in which a kernel reads them.
use super::ConvSpec;

/// Lanes of the widest registers there are.
const WIDEST: usize = 16;

/// Output channels that are computed together: as many registers as there is room for.
#[derive(Clone, Copy, Debug)]
pub struct Group<S> {
    /// The kernel that computes them.
    pub sweep: S,
    /// First output channel.
    pub first: usize,
    /// Output channels in the last register.
    pub last: usize,
    /// Where the group's weights begin.
    pub weights: usize,
}

/// Group after group: for each tap the group's channels, filled up with zeros to whole registers.
#[derive(Clone, Debug)]
pub struct Packed<W, S> {
    pub groups: Vec<Group<S>>,
    pub weights: Vec<W>,
}

impl<W: Copy + Default, S> Packed<W, S> {
    /// Packs the weights of `spec`. `pick` gives the kernel for the next channels of so many: its lanes,
    /// how many registers of them it fills, and itself; `weight` one weight by its output channel and its place
    /// in `[I, H, W]`.
    pub fn new(
        spec: &ConvSpec,
        pick: impl Fn(usize) -> (usize, usize, S),
        weight: impl Fn(usize, usize) -> W,
    ) -> Self {
        let pixels = spec.kernel[0] * spec.kernel[1];
        let (mut groups, mut channels) = (vec![], 0);
        while channels < spec.outputs {
            let (lanes, registers, sweep) = pick(spec.outputs - channels);
            let width = lanes * registers;
            groups.push(Group {
                sweep,
                first: channels,
                last: spec.outputs.min(channels + width) - channels - (registers - 1) * lanes,
                weights: channels * spec.taps(),
            });
            channels += width;
        }
        // All at once: what grows takes up to twice as much, and weights are the most that a network keeps.
        let mut weights = Vec::with_capacity(channels * spec.taps());
        for (i, group) in groups.iter().enumerate() {
            let after = groups.get(i + 1).map_or(channels, |next| next.first);
            for pixel in 0..pixels {
                for input in 0..spec.inputs {
                    weights.extend((group.first..after).map(|o| match o < spec.outputs {
                        true => weight(o, input * pixels + pixel),
                        false => W::default(),
                    }));
                }
            }
        }
        Self { groups, weights }
    }
}

/// Numbers of each output channel, filled up with zeros to whole registers of any width.
pub fn filled(mut numbers: Vec<f32>) -> Vec<f32> {
    numbers.resize(numbers.len().next_multiple_of(WIDEST), 0.0);
    numbers
}
