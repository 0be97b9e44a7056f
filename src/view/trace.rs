//! Dots and thin lines: all that lies within half a width of some points, or of the ways between them.
//!
//! To a library's path some hundred tiny circles or joints are thousands of edges to sort, at half a
//! millisecond a line. The distance to each takes a few operations for each of the few pixels about it.
use super::{
    canvas::{Area, Canvas},
    colour::Colour,
};

type Spot = (f32, f32);

impl Canvas {
    /// A filled circle.
    pub(super) fn dot(&mut self, centre: Spot, radius: f32, colour: Colour) {
        self.dots([centre], radius, colour);
    }

    /// Many filled circles of one size, as one shape.
    pub(super) fn dots(
        &mut self,
        centres: impl IntoIterator<Item = Spot>,
        radius: f32,
        colour: Colour,
    ) {
        let ways: Vec<_> = centres.into_iter().map(|at| [at; 2]).collect();
        self.near(&ways, radius, colour);
    }

    /// An open line through points: what [`Canvas::polyline`] draws, sooner while the line is thin.
    pub(super) fn trace(&mut self, points: &[Spot], width: f32, colour: Colour) {
        let ways: Vec<_> = points.windows(2).map(|two| [two[0], two[1]]).collect();
        self.near(&ways, width / 2.0, colour);
    }

    /// Covers what lies at most `radius` from any of the `ways`, each from a spot to another.
    fn near(&mut self, ways: &[[Spot; 2]], radius: f32, colour: Colour) {
        let (w, h) = (self.width(), self.height());
        let seen = ways.iter().filter_map(|way| {
            let cells = about(way)?.grow(radius).pixels(w, h)?;
            Some((way, cells))
        });
        let seen: Vec<_> = seen.collect();
        // United as whole pixels: unions of floats round otherwise than each alone.
        let cells = seen.iter().map(|(_, cells)| *cells);
        let whole =
            cells.reduce(|[a, b, c, d], [e, f, g, h]| [a.min(e), b.min(f), c.max(g), d.max(h)]);
        let Some([x0, y0, x1, y1]) = whole else {
            return;
        };
        let stride = x1 - x0;
        let mut coverage = vec![0; stride * (y1 - y0)];
        for (way, [left, top, right, bottom]) in seen {
            let [from, to] = *way;
            let (x, y) = (to.0 - from.0, to.1 - from.1);
            let square = (x * x + y * y).max(f32::MIN_POSITIVE);
            for row in top..bottom {
                let line = &mut coverage[(row - y0) * stride..][left - x0..right - x0];
                let dy = row as f32 + 0.5 - from.1;
                for (column, cover) in (left..right).zip(line) {
                    let dx = column as f32 + 0.5 - from.0;
                    let share = ((dx * x + dy * y) / square).clamp(0.0, 1.0);
                    let (dx, dy) = (dx - share * x, dy - share * y);
                    let inside = radius + 0.5 - (dx * dx + dy * dy).sqrt();
                    *cover = (inside.clamp(0.0, 1.0) * 255.0).max(f32::from(*cover)) as u8;
                }
            }
        }
        self.stamp(&coverage, stride, (x0 as i32, y0 as i32), colour);
    }
}

/// The rectangle between two spots; `None` where one is nowhere.
fn about(&[a, b]: &[Spot; 2]) -> Option<Area> {
    let area = Area {
        x: a.0.min(b.0),
        y: a.1.min(b.1),
        w: (a.0 - b.0).abs(),
        h: (a.1 - b.1).abs(),
    };
    (area.w + area.h).is_finite().then_some(area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::colour::WHITE;
    use proptest::prelude::*;

    /// How much of each pixel is covered, `0..=255`.
    fn cover(canvas: &Canvas) -> impl Iterator<Item = u32> {
        canvas.pixels().iter().map(|pixel| pixel & 0xff)
    }

    #[test]
    fn a_dot_covers_a_circle_and_dots_one_shape() {
        for radius in [1.0, 1.3, 4.0, 20.0] {
            let mut canvas = Canvas::new(60, 60);
            canvas.dot((30.2, 29.7), radius, WHITE);
            let area = cover(&canvas).sum::<u32>() as f32 / 255.0;
            let circle = std::f32::consts::PI * radius * radius;
            assert!(
                (area - circle).abs() < 0.35 + circle * 0.01,
                "{radius}: {area}"
            );
            let once = canvas.clone();
            canvas = Canvas::new(60, 60);
            canvas.dots([(30.2, 29.7); 3], radius, WHITE.fade(0.5));
            let pairs = cover(&canvas).zip(cover(&once));
            assert!(pairs.into_iter().all(|(half, whole)| half <= whole / 2 + 1));
        }
    }

    #[test]
    fn spots_on_the_edge_of_a_pixel_and_beside_ones_far_away_are_drawn() {
        // The far edge of both together, computed as a float, was 26; that of the second is 27.
        let mut canvas = Canvas::new(60, 60);
        canvas.dots([(11.5, 11.5), (24.7, 24.7)], 1.3, WHITE);
        canvas.dots([(2.1, 2.1), (27.7, 27.7)], 1.3, WHITE);
        canvas.dots(
            [(-1e9, 5.0), (50.5, 5.5), (-1e7, 30.3), (9.0, 1e7)],
            3.0,
            WHITE,
        );
        for (x, y) in [(11, 11), (24, 24), (2, 2), (27, 27), (50, 5)] {
            assert!(canvas.pixels()[y * 60 + x] > 0x80_8080, "{x} {y}");
        }
    }

    #[test]
    fn spots_that_are_nowhere_or_far_away_leave_no_trace() {
        let mut canvas = Canvas::new(20, 10);
        let nowhere = [
            (f32::NAN, 3.0),
            (f32::INFINITY, 3.0),
            (3.0, f32::NEG_INFINITY),
        ];
        canvas.dots(nowhere, 3.0, WHITE);
        canvas.dots([(-1e9, 5.0), (1e9, 5.0), (5.0, 1e9)], 3.0, WHITE);
        canvas.trace(&[], 3.0, WHITE);
        canvas.trace(&[(3.0, 3.0)], 3.0, WHITE);
        canvas.trace(&[(3.0, 3.0), (f32::NAN, 3.0), (9.0, 3.0)], 3.0, WHITE);
        assert_eq!(cover(&canvas).sum::<u32>(), 0);
    }

    proptest! {
        /// None is left out, wherever the others are.
        #[test]
        fn every_dot_is_drawn(
            places in proptest::collection::vec((0i32..600, 0i32..600), 1..9),
            radius in 1f32..9.0,
        ) {
            let mut canvas = Canvas::new(60, 60);
            let tenth = |n: i32| n as f32 / 10.0;
            canvas.dots(places.iter().map(|&(x, y)| (tenth(x), tenth(y))), radius, WHITE);
            for (x, y) in places {
                let pixel = canvas.pixels()[y as usize / 10 * 60 + x as usize / 10];
                prop_assert!(pixel > 0x80_8080, "{x} {y}");
            }
        }

        /// As a library draws it, but for how much of a pixel on the edge is covered. Where two ways meet, a
        /// pixel is covered as by the one that covers more of it, not by the two together.
        #[test]
        fn a_trace_is_the_line_a_library_draws(
            points in proptest::collection::vec((-5f32..45.0, -5f32..35.0), 2..9),
            width in 1.2f32..5.0,
        ) {
            let (mut ours, mut theirs) = (Canvas::new(40, 30), Canvas::new(40, 30));
            ours.trace(&points, width, WHITE);
            let ways = points.len() as u32 - 1;
            theirs.polyline(points, width, WHITE);
            for (a, b) in cover(&ours).zip(cover(&theirs)) {
                prop_assert!(a < b + 100 && b < a * ways + 100, "{a} and {b}");
            }
        }
    }
}
