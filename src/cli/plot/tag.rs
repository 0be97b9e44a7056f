//! The gestures' names above the panels.
use liveness::{gesture::Gesture, step::Step, time::Timestamp};
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{
    ink::{Area, LEFT_PX, LETTERS_PX, RIGHT_PX, ROW_PX, colour_of, style, width_of},
    seconds,
};

/// The name of one gesture above the panels.
pub(super) struct Tag {
    step: Step,
    pub(super) row: i32,
    left: i32,
    right: i32,
}

impl Tag {
    pub(super) fn draw(&self, root: &Area<'_>, top: i32) -> anyhow::Result<()> {
        let top = top + self.row * ROW_PX;
        let corners = [(self.left, top), (self.right, top + ROW_PX - 12)];
        root.draw(&Rectangle::new(corners, colour_of(self.step).filled()))?;
        let middle = ((self.left + self.right) / 2, top + ROW_PX / 2 - 6);
        let centred = Pos::new(HPos::Center, VPos::Center);
        let name = style(LETTERS_PX - 4, WHITE).pos(centred);
        root.draw(&Text::new(self.step.name(), middle, name))?;
        Ok(())
    }
}

/// The gestures' names, in as many rows as it takes to keep them apart.
pub(super) fn tags(gestures: &[Gesture], end: f64, width: i32) -> Vec<Tag> {
    let scale = f64::from(width - LEFT_PX - RIGHT_PX) / end;
    let x = |at: Timestamp| LEFT_PX + (seconds(at) * scale) as i32;
    let mut gestures = gestures.to_vec();
    gestures.sort_by_key(|g| (g.start.at, g.end.at));
    let mut free: Vec<i32> = vec![];
    let mut tags = vec![];
    for gesture in &gestures {
        let text = width_of(gesture.step.name(), LETTERS_PX - 4) + 28;
        let (from, to) = (x(gesture.start.at), x(gesture.end.at));
        let wide = text.max(to - from);
        let left = ((from + to - wide) / 2)
            .min(width - RIGHT_PX - wide)
            .max(LEFT_PX);
        let row = free.iter().position(|f| *f <= left).unwrap_or(free.len());
        if row == free.len() {
            free.push(0);
        }
        if let Some(end) = free.get_mut(row) {
            *end = left + wide + 8;
        }
        tags.push(Tag {
            step: gesture.step,
            row: row as i32,
            left,
            right: left + wide,
        });
    }
    tags
}
