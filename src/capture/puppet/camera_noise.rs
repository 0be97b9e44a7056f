//! What a webcam adds to a picture: exposure that flickers, and grain.
use super::dice::Dice;

/// Values in the grain's table; each row of each frame starts at another place in it.
const GRAIN: usize = 1 << 16;
/// Standard deviation of the grain, in steps of 255: an indoor webcam.
const GRAIN_SD: f32 = 1.8;
/// How far the exposure goes up and down, as a part of 1.
const FLICKER: f32 = 0.02;

/// The camera between the scene and the frame.
#[derive(Clone, Debug)]
pub(super) struct CameraNoise {
    grain: Vec<i16>,
    dice: Dice,
    /// Exposure, less 1.
    exposure: f32,
}

impl CameraNoise {
    /// A camera for rows of `row` bytes.
    pub(super) fn new(seed: u64, row: usize) -> Self {
        Self::grainy(seed, row, 1.0)
    }

    /// The same with so many times the grain.
    pub(super) fn grainy(seed: u64, row: usize, times: f32) -> Self {
        let mut dice = Dice::new(seed, 4);
        let grain = (0..GRAIN + row).map(|_| bell(&mut dice, times)).collect();
        Self {
            grain,
            dice,
            exposure: 0.0,
        }
    }

    /// The frame the camera makes of `scene`, whose rows have `row` bytes.
    pub(super) fn develop(&mut self, scene: &[u8], row: usize) -> Vec<u8> {
        // Drifts back to 1 while every frame pushes it about: slow waves, not a strobe.
        self.exposure =
            (0.9 * self.exposure + self.dice.between(-0.4, 0.4) * FLICKER).clamp(-FLICKER, FLICKER);
        let gain = ((1.0 + self.exposure) * 64.0 + 0.5) as i16;
        let mut frame = vec![0; scene.len()];
        for (from, to) in scene.chunks(row.max(1)).zip(frame.chunks_mut(row.max(1))) {
            let start = (self.dice.next() % GRAIN as u64) as usize;
            let grain = self
                .grain
                .get(start..start + from.len())
                .unwrap_or_default();
            for ((to, &from), &grain) in to.iter_mut().zip(from).zip(grain) {
                // Sixteen bits hold 255 * 66: eight pixels to an instruction.
                let value = (i16::from(from) * gain + grain) >> 6;
                *to = value.clamp(0, 255) as u8;
            }
        }
        frame
    }
}

/// A number from a bell curve, in 64ths of a step, with the half that rounds.
fn bell(dice: &mut Dice, times: f32) -> i16 {
    // Four uniform numbers of width 1 add to a standard deviation of 1/√3.
    let sum: f32 = (0..4).map(|_| dice.between(-0.5, 0.5)).sum();
    (sum * 3f32.sqrt() * GRAIN_SD * times * 64.0 + 32.0) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grain_is_of_its_size_and_exposure_of_its_own() {
        let scene = vec![128u8; 3 * 100 * 100];
        let mut camera = CameraNoise::new(3, 300);
        let mut means = Vec::new();
        for _ in 0..50 {
            let frame = camera.develop(&scene, 300);
            let mean = frame.iter().map(|&v| f32::from(v)).sum::<f32>() / frame.len() as f32;
            let square = frame
                .iter()
                .map(|&v| (f32::from(v) - mean).powi(2))
                .sum::<f32>();
            let sd = (square / frame.len() as f32).sqrt();
            assert!((1.4..2.2).contains(&sd), "{sd}");
            means.push(mean);
        }
        assert!(means.iter().all(|m| (m - 128.0).abs() < 5.0));
        assert!(means.windows(2).any(|m| (m[0] - m[1]).abs() > 0.2));
    }

    #[test]
    fn white_stays_white_and_black_black() {
        let mut camera = CameraNoise::new(3, 4);
        assert!(camera.develop(&[255; 4], 4).iter().all(|&v| v > 235));
        assert!(camera.develop(&[0; 4], 4).iter().all(|&v| v < 12));
        assert_eq!(camera.develop(&[], 0), Vec::<u8>::new());
    }
}
