//! Points and boxes in source-frame pixels.
use serde::{Deserialize, Serialize};

/// Point in source-frame pixels; x right, y down, (0, 0) the outer corner of the first pixel.
///
/// Written as `[x, y]` in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f32; 2]", into = "[f32; 2]")]
pub struct Point {
    /// Pixels from the left edge.
    pub x: f32,
    /// Pixels from the top edge.
    pub y: f32,
}

impl Point {
    /// The point halfway to `other`.
    pub fn midpoint(self, other: Self) -> Self {
        Self {
            x: (self.x + other.x) / 2.0,
            y: (self.y + other.y) / 2.0,
        }
    }

    /// Distance to `other` in pixels.
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

impl From<[f32; 2]> for Point {
    fn from([x, y]: [f32; 2]) -> Self {
        Self { x, y }
    }
}

impl From<Point> for [f32; 2] {
    fn from(p: Point) -> Self {
        [p.x, p.y]
    }
}

/// Axis-aligned box in source-frame pixels, half open: width is `x2 - x1`, never plus one.
///
/// Written as `[x1, y1, x2, y2]` in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f32; 4]", into = "[f32; 4]")]
pub struct BBox {
    /// Left.
    pub x1: f32,
    /// Top.
    pub y1: f32,
    /// Right.
    pub x2: f32,
    /// Bottom.
    pub y2: f32,
}

impl From<[f32; 4]> for BBox {
    fn from([x1, y1, x2, y2]: [f32; 4]) -> Self {
        Self { x1, y1, x2, y2 }
    }
}

impl From<BBox> for [f32; 4] {
    fn from(b: BBox) -> Self {
        [b.x1, b.y1, b.x2, b.y2]
    }
}

impl BBox {
    /// Width in pixels; negative for an inverted box.
    pub fn width(&self) -> f32 {
        self.x2 - self.x1
    }

    /// Height in pixels; negative for an inverted box.
    pub fn height(&self) -> f32 {
        self.y2 - self.y1
    }

    /// The middle of the box.
    pub fn centre(&self) -> Point {
        Point {
            x: (self.x1 + self.x2) / 2.0,
            y: (self.y1 + self.y2) / 2.0,
        }
    }

    /// Area in square pixels; zero for an empty or inverted box.
    pub fn area(&self) -> f32 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    /// The part both boxes cover; inverted where they do not meet.
    pub fn intersect(&self, other: &Self) -> Self {
        Self {
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
            x2: self.x2.min(other.x2),
            y2: self.y2.min(other.y2),
        }
    }

    /// Intersection over union with `other`, in `0.0..=1.0`; zero where both are empty.
    pub fn iou(&self, other: &Self) -> f32 {
        let inter = self.intersect(other).area();
        ratio(inter, self.area() + other.area() - inter)
    }

    /// Intersection over the *smaller* area, in `0.0..=1.0`: 1 for a box inside another, where
    /// [`iou`](Self::iou) may be small.
    pub fn io_min(&self, other: &Self) -> f32 {
        ratio(self.intersect(other).area(), self.area().min(other.area()))
    }

    /// The square of the longer side about the same centre.
    #[must_use]
    pub fn square(&self) -> Self {
        Self::around(self.centre(), self.width().max(self.height()))
    }

    /// The square of `side` pixels about `centre`.
    pub fn around(centre: Point, side: f32) -> Self {
        let half = side / 2.0;
        Self {
            x1: centre.x - half,
            y1: centre.y - half,
            x2: centre.x + half,
            y2: centre.y + half,
        }
    }

    /// Whether every edge is a finite number.
    pub fn is_finite(&self) -> bool {
        <[f32; 4]>::from(*self).iter().all(|v| v.is_finite())
    }
}

fn ratio(part: f32, whole: f32) -> f32 {
    if whole > 0.0 {
        (part / whole).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: BBox = BBox {
        x1: 0.0,
        y1: 0.0,
        x2: 10.0,
        y2: 10.0,
    };

    #[test]
    fn overlap_by_hand() {
        let right_half = BBox { x1: 5.0, ..A };
        assert!((A.iou(&right_half) - 0.5).abs() < 1e-6);
        assert!((A.io_min(&right_half) - 1.0).abs() < 1e-6);
        let away = BBox {
            x1: 20.0,
            x2: 30.0,
            ..A
        };
        assert!(A.iou(&away).abs() < 1e-6);
        assert!(BBox::default().iou(&BBox::default()).abs() < 1e-6);
    }

    #[test]
    fn a_square_keeps_the_centre_and_the_longer_side() {
        let tall = BBox { x2: 4.0, ..A };
        let square = tall.square();
        assert_eq!(square, BBox::around(Point { x: 2.0, y: 5.0 }, 10.0));
    }

    #[test]
    fn json_is_a_plain_list() {
        let text = serde_json::to_string(&A).unwrap();
        assert_eq!(text, "[0.0,0.0,10.0,10.0]");
        assert_eq!(serde_json::from_str::<BBox>(&text).unwrap(), A);
    }

    prop_compose! {
        fn any_box()(x1 in -50f32..700.0, y1 in -50f32..500.0, w in 0f32..300.0, h in 0f32..300.0) -> BBox {
            BBox { x1, y1, x2: x1 + w, y2: y1 + h }
        }
    }

    proptest! {
        #[test]
        fn iou_is_symmetric_and_bounded(a in any_box(), b in any_box()) {
            prop_assert_eq!(a.iou(&b).to_bits(), b.iou(&a).to_bits());
            prop_assert!((0.0..=1.0).contains(&a.iou(&b)));
            prop_assert!(a.io_min(&b) >= a.iou(&b) - 1e-6);
        }

        #[test]
        fn a_square_is_square_and_covers(a in any_box()) {
            let s = a.square();
            prop_assert!((s.width() - s.height()).abs() < 1e-2);
            prop_assert!(s.x1 <= a.x1 + 1e-2 && s.y1 <= a.y1 + 1e-2 && s.x2 >= a.x2 - 1e-2 && s.y2 >= a.y2 - 1e-2);
        }
    }
}
