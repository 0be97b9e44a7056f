//! Where the mirrored picture lies: the one mapping from source pixels to canvas pixels.
use super::canvas::{Area, Canvas};
use crate::geometry::Point;

/// Where the mirrored picture lies on the canvas; its right edge is the source's left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Canvas pixels per source pixel.
    pub(super) scale: f32,
    /// Left edge on the canvas.
    pub(super) left: f32,
    /// Top edge on the canvas.
    pub(super) top: f32,
    /// Size of the source in its own pixels.
    pub(super) source: (f32, f32),
}

impl Placement {
    /// The whole canvas covered; the picture's longer sides are cut.
    pub fn cover(source: (u32, u32), canvas: &Canvas) -> Self {
        let (w, h) = canvas.size();
        let scale = (w / source.0.max(1) as f32).max(h / source.1.max(1) as f32);
        Self::about(source, (w / 2.0, h / 2.0), scale)
    }

    /// The whole picture visible, the canvas perhaps not covered.
    pub fn fit(source: (u32, u32), canvas: &Canvas) -> Self {
        let (w, h) = canvas.size();
        let scale = (w / source.0.max(1) as f32).min(h / source.1.max(1) as f32);
        Self::about(source, (w / 2.0, h / 2.0), scale)
    }

    /// The picture's middle at `centre`, `scale` canvas pixels per source pixel.
    pub(super) fn about(source: (u32, u32), centre: (f32, f32), scale: f32) -> Self {
        let source = (source.0.max(1) as f32, source.1.max(1) as f32);
        Self {
            scale,
            left: centre.0 - source.0 * scale / 2.0,
            top: centre.1 - source.1 * scale / 2.0,
            source,
        }
    }

    /// Where a point of the source lies on the canvas.
    pub fn point(&self, p: Point) -> (f32, f32) {
        let x = self.left + (self.source.0 - p.x) * self.scale;
        (x, self.top + p.y * self.scale)
    }

    /// Canvas pixels per source pixel.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// What the picture covers.
    pub(super) fn area(&self) -> Area {
        Area {
            x: self.left,
            y: self.top,
            w: self.source.0 * self.scale,
            h: self.source.1 * self.scale,
        }
    }
}
