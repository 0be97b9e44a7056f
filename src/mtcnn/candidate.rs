//! What the stages hand on to each other, and how doubles are dropped.
use crate::geometry::BBox;

/// A box that may hold a face, on its way through the cascade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Where, in source-frame pixels.
    pub bbox: BBox,
    /// Face probability of the last stage that saw it.
    pub score: f32,
    /// That stage's regression output: how far each edge is off, in box sides.
    pub offset: [f32; 4],
}

impl Candidate {
    /// The box moved by the regression output: `x1 = offset * w' + x1'` for each edge.
    pub fn calibrated(&self) -> BBox {
        let (w, h) = (self.bbox.width(), self.bbox.height());
        let [x1, y1, x2, y2] = self.offset;
        BBox {
            x1: self.bbox.x1 + x1 * w,
            y1: self.bbox.y1 + y1 * h,
            x2: self.bbox.x2 + x2 * w,
            y2: self.bbox.y2 + y2 * h,
        }
    }
}

/// Greedy non-maximum suppression by IoU: the best box stays, whatever overlaps it by more than
/// `max_iou` goes, and so on down, until `most` stay: the time it takes grows with `most` times the candidates,
/// and not with their square. Best first; NaN scores count as the worst.
pub fn nms(candidates: Vec<Candidate>, max_iou: f32, most: usize) -> Vec<Candidate> {
    nms_by(candidates, |c| (c.bbox, c.score), BBox::iou, max_iou, most)
}

/// As [`nms`], for anything with a box and a score (`key`), and any measure of overlap.
pub fn nms_by<T>(
    mut items: Vec<T>,
    key: impl Fn(&T) -> (BBox, f32),
    overlap: impl Fn(&BBox, &BBox) -> f32,
    max: f32,
    most: usize,
) -> Vec<T> {
    let rank = |item: &T| {
        let score = key(item).1;
        if score.is_nan() { f32::MIN } else { score }
    };
    items.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    let mut kept: Vec<T> = Vec::new();
    for item in items {
        if kept.len() >= most {
            break;
        }
        let bbox = key(&item).0;
        if kept.iter().all(|k| overlap(&key(k).0, &bbox) <= max) {
            kept.push(item);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn candidate(x1: f32, y1: f32, side: f32, score: f32) -> Candidate {
        Candidate {
            bbox: BBox {
                x1,
                y1,
                x2: x1 + side,
                y2: y1 + side,
            },
            score,
            offset: [0.0; 4],
        }
    }

    #[test]
    fn calibration_moves_each_edge_by_its_share_of_the_side() {
        let mut c = candidate(10.0, 20.0, 100.0, 1.0);
        c.offset = [0.1, -0.1, 0.0, 0.2];
        let wanted = BBox {
            x1: 20.0,
            y1: 10.0,
            x2: 110.0,
            y2: 140.0,
        };
        assert_eq!(c.calibrated(), wanted);
    }

    #[test]
    fn a_box_inside_another_is_dropped_only_by_the_smaller_area() {
        let boxes = vec![
            candidate(0.0, 0.0, 100.0, 0.9),
            candidate(30.0, 30.0, 20.0, 0.8),
        ];
        assert_eq!(nms(boxes.clone(), 0.7, 9).len(), 2);
        let kept = nms_by(boxes, |c| (c.bbox, c.score), BBox::io_min, 0.7, 9);
        assert_eq!(kept.len(), 1);
    }

    #[test]
    fn a_score_that_is_no_number_never_wins() {
        let kept = nms(
            vec![
                candidate(0.0, 0.0, 10.0, f32::NAN),
                candidate(0.0, 0.0, 10.0, 0.1),
            ],
            0.5,
            9,
        );
        assert_eq!(kept.len(), 1);
        assert!((kept[0].score - 0.1).abs() < 1e-6);
    }

    fn any_candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let one = (-50f32..700.0, -50f32..500.0, 1f32..300.0, 0f32..1.0);
        prop::collection::vec(
            one.prop_map(|(x, y, side, score)| candidate(x, y, side, score)),
            0..30,
        )
    }

    proptest! {
        #[test]
        fn nms_keeps_the_best_is_sorted_and_idempotent(candidates in any_candidates()) {
            let kept = nms(candidates.clone(), 0.5, 99);
            let best = candidates.iter().map(|c| c.score).fold(f32::MIN, f32::max);
            prop_assert!(candidates.is_empty() || kept[0].score >= best);
            prop_assert!(kept.is_sorted_by(|a, b| a.score >= b.score));
            prop_assert_eq!(&nms(kept.clone(), 0.5, 99), &kept);
            // Where it stops early it gives the same ones.
            let few = nms(candidates, 0.5, 3);
            prop_assert_eq!(&few[..], &kept[..kept.len().min(3)]);
        }
    }
}
