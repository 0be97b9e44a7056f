//! A pen for pictograms: draws on a square from -1 to 1, whatever its size on the canvas.
use tiny_skia::{PathBuilder, Rect};

use super::{canvas::Canvas, colour::Colour};

/// Draws in units of a square's half side about its centre.
pub(super) struct Pen<'a> {
    pub(super) canvas: &'a mut Canvas,
    pub(super) centre: (f32, f32),
    /// Canvas pixels per unit.
    pub(super) unit: f32,
    /// Opacity of everything drawn.
    pub(super) opacity: f32,
}

/// Usual width of a line, in units.
pub(super) const LINE: f32 = 0.085;

impl Pen<'_> {
    fn at(&self, (x, y): (f32, f32)) -> (f32, f32) {
        (self.centre.0 + x * self.unit, self.centre.1 + y * self.unit)
    }

    /// A line through points.
    pub(super) fn line(&mut self, points: &[(f32, f32)], width: f32, colour: Colour) {
        let points: Vec<_> = points.iter().map(|&p| self.at(p)).collect();
        let colour = colour.fade(self.opacity);
        self.canvas.polyline(points, width * self.unit, colour);
    }

    /// A filled ellipse.
    pub(super) fn spot(&mut self, centre: (f32, f32), (rx, ry): (f32, f32), colour: Colour) {
        let (x, y) = self.at(centre);
        let (rx, ry) = (rx * self.unit, ry * self.unit);
        let oval = Rect::from_ltrb(x - rx, y - ry, x + rx, y + ry).and_then(PathBuilder::from_oval);
        if let Some(path) = oval {
            self.canvas.fill(&path, colour.fade(self.opacity));
        }
    }

    /// Part of an ellipse's line, from angle to angle: degrees, 0 to the right, 90 down.
    pub(super) fn arc(
        &mut self,
        centre: (f32, f32),
        radii: (f32, f32),
        (from, to): (f32, f32),
        width: f32,
        colour: Colour,
    ) {
        let points: Vec<_> = (0..=40u8)
            .map(|i| on_ellipse(centre, radii, from + (to - from) * f32::from(i) / 40.0))
            .collect();
        self.line(&points, width, colour);
    }

    /// An arc with an arrow head at its end.
    pub(super) fn arrow(
        &mut self,
        centre: (f32, f32),
        radii: (f32, f32),
        (from, to): (f32, f32),
        colour: Colour,
    ) {
        self.arc(centre, radii, (from, to), LINE, colour);
        let tip = on_ellipse(centre, radii, to);
        // A step of a few degrees back along the arc gives the head its direction.
        let back = on_ellipse(centre, radii, to - 14.0 * (to - from).signum());
        self.head(back, tip, colour);
    }

    /// The head of an arrow that comes from `back` and ends at `tip`.
    pub(super) fn head(&mut self, back: (f32, f32), tip: (f32, f32), colour: Colour) {
        const LENGTH: f32 = 0.19;
        let angle = (tip.1 - back.1).atan2(tip.0 - back.0);
        let barb = |side: f32| {
            // 140 degrees away from where it points.
            let (sin, cos) = (angle + side * 2.44).sin_cos();
            (tip.0 + LENGTH * cos, tip.1 + LENGTH * sin)
        };
        self.line(&[barb(1.0), tip, barb(-1.0)], LINE, colour);
    }
}

fn on_ellipse(centre: (f32, f32), radii: (f32, f32), degrees: f32) -> (f32, f32) {
    let (sin, cos) = degrees.to_radians().sin_cos();
    (centre.0 + radii.0 * cos, centre.1 + radii.1 * sin)
}
