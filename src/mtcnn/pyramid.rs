//! The scales at which P-Net sweeps a picture, smallest face to largest.

/// Side of the window one P-Net output cell sees, in pixels of the scaled picture.
pub const CELL: f32 = 12.0;

/// Largest share of a level's sides that the next one has: with 1 there would be no end.
const LARGEST_FACTOR: f32 = 0.95;

/// One level of the pyramid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Width of the scaled picture in pixels.
    pub width: u32,
    /// Height of the scaled picture in pixels.
    pub height: u32,
}

/// The levels for a picture of `width` x `height` in which the smallest face is `min_face_px`,
/// largest level first. `factor` is the step from one to the next; above [`LARGEST_FACTOR`] it counts as that.
///
/// Empty where the picture is smaller than that face. Nothing is ever enlarged beyond what the
/// smallest face asks for: `min_face_px` below [`CELL`] counts as [`CELL`].
pub fn levels(width: u32, height: u32, min_face_px: f32, factor: f32) -> Vec<Level> {
    let mut scale = CELL / min_face_px.max(CELL);
    let shorter = width.min(height) as f32;
    let mut levels = vec![];
    while shorter * scale >= CELL {
        levels.push(Level {
            width: (width as f32 * scale).ceil() as u32,
            height: (height as f32 * scale).ceil() as u32,
        });
        scale *= factor.min(LARGEST_FACTOR);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn levels_by_hand() {
        let got = levels(640, 480, 60.0, 0.5);
        let sizes: Vec<_> = got.iter().map(|l| (l.width, l.height)).collect();
        assert_eq!(sizes, [(128, 96), (64, 48), (32, 24), (16, 12)]);
    }

    #[test]
    fn a_picture_smaller_than_the_smallest_face_has_no_level() {
        assert!(levels(11, 500, 12.0, 0.709).is_empty());
        assert!(levels(59, 59, 60.0, 0.709).is_empty());
        assert!(levels(0, 0, 60.0, 0.709).is_empty());
        assert_eq!(levels(60, 60, 60.0, 0.709).len(), 1);
    }

    #[test]
    fn a_step_that_is_none_ends_too() {
        for factor in [0.0, -1.0, 0.999, 1.0, 7.0, f32::INFINITY, f32::NAN] {
            let got = levels(640, 480, 60.0, factor).len();
            assert!((1..50).contains(&got), "{factor}: {got}");
        }
    }

    proptest! {
        #[test]
        fn levels_shrink_and_hold_a_window(w in 1u32..9000, h in 1u32..9000, min in 5f32..200.0) {
            let got = levels(w, h, min, 0.709);
            prop_assert!(got.len() < 40);
            prop_assert!(got.is_sorted_by(|a, b| a.width >= b.width && a.height >= b.height));
            prop_assert!(got.iter().all(|l| l.width >= 12 && l.height >= 12 && l.width <= w && l.height <= h));
        }
    }
}
