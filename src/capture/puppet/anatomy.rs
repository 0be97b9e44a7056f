//! Which points of the face mesh are what, and how lids, lips and jaw move them.
//!
//! Point numbers are MediaPipe's. Every row of points runs from the smaller x to the larger.

use super::portrait::FACE_POINTS;

/// The face's outline, clockwise in the picture from the forehead's middle.
pub(super) const OVAL: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];

/// Margins of the upper and lower lid of each eye, corner to corner.
const LIDS: [([usize; 9], [usize; 9]); 2] = [
    (
        [33, 246, 161, 160, 159, 158, 157, 173, 133],
        [33, 7, 163, 144, 145, 153, 154, 155, 133],
    ),
    (
        [362, 398, 384, 385, 386, 387, 388, 466, 263],
        [362, 382, 381, 380, 374, 373, 390, 249, 263],
    ),
];

/// The outline of each eye: along the upper lid, and back along the lower one.
pub(super) fn eye_outlines() -> [[usize; 16]; 2] {
    LIDS.map(|(upper, lower)| std::array::from_fn(|i| if i < 9 { upper[i] } else { lower[16 - i] }))
}

/// Inner edge of the upper lip and of the lower one, corner to corner.
pub(super) const MOUTH: ([usize; 11], [usize; 11]) = (
    [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308],
    [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308],
);

/// The lips' further rows, from the inner edge outwards, and how far each follows the inner edge.
const UPPER_LIP: [([usize; 9], f32); 3] = [
    ([183, 42, 41, 38, 12, 268, 271, 272, 407], 0.8),
    ([184, 74, 73, 72, 11, 302, 303, 304, 408], 0.5),
    ([185, 40, 39, 37, 0, 267, 269, 270, 409], 0.3),
];
const LOWER_LIP: [([usize; 9], f32); 3] = [
    ([96, 89, 179, 86, 15, 316, 403, 319, 325], 0.8),
    ([77, 90, 180, 85, 16, 315, 404, 320, 307], 0.6),
    ([146, 91, 181, 84, 17, 314, 405, 321, 375], 0.4),
];
/// The lips' corners, inner to outer, on both sides.
const CORNERS: [usize; 8] = [78, 62, 76, 61, 308, 292, 306, 291];

/// How far the lower lip comes up to close the smile, and the upper one down, as parts of the gap
/// between them in the photograph. What is left reads as shut: teeth no longer show.
const CLOSE_FROM_BELOW: f32 = 0.62;
const CLOSE_FROM_ABOVE: f32 = 0.30;

/// Way of the chin when the mouth is wide open, in face widths: down and back.
const JAW: [f32; 3] = [0.0, 0.20, 0.07];

/// Moves a point so far as its muscle pulls, in picture pixels.
pub(super) type Pull = [f32; 3];

/// Closes the lips of the smiling photograph: added to the mesh once, for good.
pub(super) fn relax_lips(points: &[[f32; 3]]) -> Vec<[f32; 3]> {
    let mut relaxed = points.to_vec();
    let (upper, lower) = MOUTH;
    for i in 1..10 {
        let (top, bottom) = (points[upper[i]], points[lower[i]]);
        let gap = [bottom[0] - top[0], bottom[1] - top[1]];
        let mut shift = |index: usize, part: f32| {
            relaxed[index][0] += part * gap[0];
            relaxed[index][1] += part * gap[1];
        };
        shift(upper[i], CLOSE_FROM_ABOVE);
        shift(lower[i], -CLOSE_FROM_BELOW);
        for (row, follow) in UPPER_LIP {
            shift(row[i - 1], CLOSE_FROM_ABOVE * follow);
        }
        for (row, follow) in LOWER_LIP {
            shift(row[i - 1], -CLOSE_FROM_BELOW * follow);
        }
    }
    relaxed
}

/// The mesh's depth as the puppet needs it: the nose stands out a little more than the network makes
/// it, and the cheeks' edges lie less far back. Steep edges would show as streaks when they turn
/// into view: the photograph has hardly a pixel of them.
pub(super) fn relief([x, y, z]: [f32; 3], middle: f32, width: f32) -> [f32; 3] {
    const STAND_OUT: f32 = 1.25;
    let (depth, edge) = (z - middle, 0.1 * width);
    let shaped = STAND_OUT * depth.min(edge) + 0.6 * (depth - edge).max(0.0);
    [x, y, middle + shaped]
}

/// Where each point of the face goes when both eyes shut: the upper lid comes down to just below the
/// middle of where the lower one comes up to, and the skin under the brow stretches after it.
pub(super) fn lid_pulls(points: &[[f32; 3]]) -> Vec<Pull> {
    /// How far the lower lid comes up to meet the upper one, as a part of the eye's opening.
    const LOWER_SHARE: f32 = 0.12;
    let mut pulls = vec![[0.0; 3]; FACE_POINTS];
    for (upper, lower) in LIDS {
        let width = points[upper[8]][0] - points[upper[0]][0];
        let row = |ids: [usize; 9], x: f32| height_at(&ids.map(|i| points[i]), x);
        for (index, (pull, &point)) in pulls.iter_mut().zip(points).enumerate() {
            let [x, y, _] = point;
            let across = (x - points[upper[0]][0]) / width;
            if !(-0.3..=1.3).contains(&across) {
                continue;
            }
            let (top, bottom) = (row(upper, x), row(lower, x));
            let opening = (bottom - top).max(0.0);
            if lower[1..8].contains(&index) {
                pull[1] -= LOWER_SHARE * opening;
            } else if upper[1..8].contains(&index) {
                pull[1] += (1.0 - LOWER_SHARE) * opening;
            } else if y < top {
                // Half an eye's width above the lid nothing moves any more: that is the brow.
                let near = (1.0 - (top - y) / (0.5 * width)).clamp(0.0, 1.0);
                pull[1] += 0.9 * (1.0 - LOWER_SHARE) * opening * near * near;
            } else if y > bottom {
                let near = (1.0 - (y - bottom) / (0.35 * width)).clamp(0.0, 1.0);
                pull[1] -= 0.9 * LOWER_SHARE * opening * near * near;
            }
        }
    }
    pulls
}

/// Where each point of the face goes when the mouth is wide open.
pub(super) fn jaw_pulls(points: &[[f32; 3]], face_width: f32) -> Vec<Pull> {
    let [left, right] = [points[MOUTH.0[0]], points[MOUTH.0[10]]];
    let (corner_y, middle_x) = ((left[1] + right[1]) / 2.0, (left[0] + right[0]) / 2.0);
    let (half, chin_y) = ((right[0] - left[0]) / 2.0, points[152][1]);
    let mut parts: Vec<f32> = points
        .iter()
        .map(|&[x, y, _]| {
            let below = smooth((y - corner_y + 0.08 * face_width) / (chin_y - corner_y) * 1.5);
            let aside = ((x - middle_x) / face_width).abs() * 2.0;
            below * (1.0 - 0.65 * smooth(aside))
        })
        .collect();
    let towards_corner = |index: usize| ((points[index][0] - middle_x).abs() / half).min(1.0);
    let (upper, lower) = MOUTH;
    for index in lower
        .into_iter()
        .chain(LOWER_LIP.into_iter().flat_map(|(row, _)| row))
    {
        parts[index] = 1.0 - 0.62 * towards_corner(index).powi(3);
    }
    for index in upper
        .into_iter()
        .chain(UPPER_LIP.into_iter().flat_map(|(row, _)| row))
    {
        // The upper lip rises a little in its middle and is drawn down at the corners.
        parts[index] = -0.03 + 0.41 * towards_corner(index).powi(3);
    }
    for index in CORNERS {
        parts[index] = 0.38;
    }
    // The corners also come together: an open mouth is an O, not a gash.
    let narrow = |index: usize| {
        if CORNERS.contains(&index) {
            -0.045 * face_width
        } else {
            0.0
        }
    };
    let pull = |(index, part): (usize, &f32)| {
        let side = (points[index][0] - middle_x).signum();
        let [x, y, z] = JAW.map(|way| way * face_width * part);
        [x + side * narrow(index), y, z]
    };
    parts.iter().enumerate().map(pull).collect()
}

/// Height of a row of points at `x`, straight between them and level beyond its ends.
fn height_at(row: &[[f32; 3]; 9], x: f32) -> f32 {
    let first_beyond = row.iter().position(|p| p[0] > x);
    match first_beyond {
        Some(0) => row[0][1],
        None => row[8][1],
        Some(i) => {
            let ([x1, y1, _], [x2, y2, _]) = (row[i - 1], row[i]);
            y1 + (y2 - y1) * (x - x1) / (x2 - x1).max(f32::EPSILON)
        }
    }
}

/// From 0 to 1 over `0.0..=1.0`, level at both ends.
pub(super) fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::puppet::portrait::{Portrait, Sitter};

    #[test]
    fn shut_lids_meet_and_brows_stay() {
        let points = Portrait::of(Sitter::default()).unwrap().points;
        let pulls = lid_pulls(&points);
        let moved = |i: usize| points[i][1] + pulls[i][1];
        for (upper, lower) in [(159, 145), (386, 374), (160, 144), (385, 380)] {
            assert!((moved(upper) - moved(lower)).abs() < 1.5, "{upper} {lower}");
        }
        for brow in [105, 334, 10, 1, 13, 152] {
            assert!(pulls[brow][1].abs() < 1.0, "{brow}");
        }
    }

    #[test]
    fn the_jaw_moves_the_chin_and_not_the_nose() {
        let points = Portrait::of(Sitter::default()).unwrap().points;
        let pulls = jaw_pulls(&points, 90.0);
        assert!(pulls[152][1] > 16.0 && pulls[14][1] > 16.0);
        assert!(pulls[1][1].abs() < 1.0 && pulls[33][1].abs() < 0.1 && pulls[13][1].abs() < 3.5);
    }

    #[test]
    fn relaxed_lips_nearly_meet() {
        let points = Portrait::of(Sitter::default()).unwrap().points;
        let relaxed = relax_lips(&points);
        let gap = |p: &[[f32; 3]]| p[14][1] - p[13][1];
        assert!(gap(&relaxed) > 0.0 && gap(&relaxed) < 0.15 * gap(&points));
    }
}
