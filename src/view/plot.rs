//! A small plot of one signal over the last seconds.
use super::{
    canvas::{Area, Canvas},
    colour::{Colour, SOFT, WHITE},
    text::{Align, CAP, Type},
};
use crate::{signal::Sample, time::Timestamp};

/// Seconds a plot shows.
pub(super) const SHOWN_S: f32 = 6.0;

/// What a plot shows.
pub(super) struct Plot {
    pub(super) name: &'static str,
    /// Values at the lower and the upper edge.
    pub(super) range: (f32, f32),
    pub(super) decimals: usize,
    pub(super) value: fn(&Sample) -> f32,
    pub(super) colour: Colour,
}

impl Plot {
    /// Draws name, newest value and line; the newest sample is at the right edge.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas,
        letters: &mut Type,
        samples: &[Sample],
        area: Area,
        px: f32,
    ) {
        let baseline = area.y + px * CAP;
        letters.line(canvas, self.name, Align::Left, (area.x, baseline), px, SOFT);
        let Some(last) = samples.last() else { return };
        let newest = format!("{:.*}", self.decimals, (self.value)(last));
        let right = (area.x + area.w, baseline);
        letters.line(canvas, &newest, Align::Right, right, px, WHITE);

        let top = area.y + px * 1.15;
        let height = (area.y + area.h - top).max(1.0);
        let row = |value: f32| {
            let share = (value - self.range.0) / (self.range.1 - self.range.0);
            top + height * (1.0 - share.clamp(0.0, 1.0))
        };
        // The line of zero where there is one, else the lower edge.
        let zero = row(0.0);
        canvas.trace(
            &[(area.x, zero), (area.x + area.w, zero)],
            1.0,
            WHITE.fade(0.18),
        );
        let column =
            |at: Timestamp| area.x + area.w * (1.0 - last.at.since(at).as_secs_f32() / SHOWN_S);
        let shown = samples.iter().filter(|s| column(s.at) >= area.x);
        let points = shown.filter(|s| (self.value)(s).is_finite());
        let line: Vec<_> = points
            .map(|s| (column(s.at), row((self.value)(s))))
            .collect();
        canvas.trace(&line, (px * 0.11).max(1.2), self.colour);
    }
}
