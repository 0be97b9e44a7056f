//! Softmax over the channels of each pixel. Plain loops: the compiler finds the registers.
use super::{Isa, Loops};

/// Writes `exp(x)` of each channel over their sum, pixel by pixel: `[pixels, channels]`.
///
/// # Panics
///
/// Where `out` is not as long as `input`, or there are no channels.
pub fn softmax(isa: Isa, input: &[f32], channels: usize, out: &mut [f32]) {
    assert_eq!(input.len(), out.len(), "output");
    match channels {
        2 => isa.run(OfTwo { input, out }),
        _ => of_any(input, channels, out),
    }
}

fn of_any(input: &[f32], channels: usize, out: &mut [f32]) {
    let pixels = input.chunks_exact(channels);
    for (from, to) in pixels.zip(out.chunks_exact_mut(channels)) {
        let most = from.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for (to, from) in to.iter_mut().zip(from) {
            *to = (from - most).exp();
        }
        let sum: f32 = to.iter().sum();
        for to in to {
            *to /= sum;
        }
    }
}

/// A face or none: one power a pixel, many pixels at once. A tenth of P-Net's time went here.
struct OfTwo<'a> {
    input: &'a [f32],
    out: &'a mut [f32],
}

impl Loops for OfTwo<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let pixels = self.input.chunks_exact(2);
        for (from, to) in pixels.zip(self.out.chunks_exact_mut(2)) {
            let power = exp(from[0] - from[1]);
            let second = 1.0 / (1.0 + power);
            (to[0], to[1]) = (power * second, second);
        }
    }
}

/// `exp(x)` to some 1e-7 of itself, for a loop over many; at the ends it stays a finite number.
///
/// Source: Cephes `expf` (Moshier 1992): `exp(x) = 2^n exp(r)`, r at most half of ln 2, by a polynomial.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // At the size of 1.5 x 2^23 a float's last bit counts ones: adding it rounds to whole numbers, and
    // leaves them in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // Powers of two that a float holds.
    let x = x.clamp(-87.0, 88.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    // ln 2 in two parts, the first with bits to spare for n.
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let powers = [
        1.987_569_1e-4,
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        0.166_666_66,
        0.5,
    ];
    let sum = powers.into_iter().fold(0.0, |sum, factor| sum * r + factor);
    let power_of_two = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    (sum * r * r + r + 1.0) * power_of_two
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_power_is_as_good_as_a_float_can_say() {
        for i in -86_000..88_000 {
            let x = i as f32 / 1000.0;
            let wanted = f64::from(x).exp();
            let error = (f64::from(exp(x)) / wanted - 1.0).abs();
            assert!(error < 3e-7, "exp({x}): {} for {wanted}", exp(x));
        }
    }

    #[test]
    fn extremes_are_certain() {
        for (a, b) in [(1e9, -1e9), (f32::MAX, f32::MIN), (200.0, 0.0)] {
            let mut out = [f32::NAN; 4];
            softmax(Isa::best(), &[a, b, b, a], 2, &mut out);
            for (got, wanted) in out.iter().zip([1.0, 0.0, 0.0, 1.0]) {
                assert!((got - wanted).abs() < 1e-6, "{a}, {b}: {out:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn two_channels_are_as_any(pixels in proptest::collection::vec(-40f32..40.0, 0..50)) {
            let whole = &pixels[..pixels.len() / 2 * 2];
            let mut wanted = vec![0.0; whole.len()];
            of_any(whole, 2, &mut wanted);
            for isa in Isa::available() {
                let mut got = vec![f32::NAN; whole.len()];
                softmax(isa, whole, 2, &mut got);
                for (got, wanted) in got.iter().zip(&wanted) {
                    prop_assert!((got - wanted).abs() < 1e-6, "{isa:?}: {got} for {wanted}");
                }
            }
        }
    }
}
