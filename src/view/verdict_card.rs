//! How it ended, over the whole screen: a mark, a title, the reason, how to start again.
use std::time::Duration;

use super::{
    canvas::{Area, Canvas},
    colour::{Colour, FAIL, NEITHER, PASS, WHITE},
    layout::Layout,
    pictogram::{Pictogram, ease},
    scene::{Memory, Scene},
    strings::Text,
    text::{Align, Type},
};
use crate::challenge::Verdict;

/// Covers the canvas with the verdict; what it stands on shines through.
pub(super) fn draw(
    letters: &mut Type,
    memory: &Memory,
    canvas: &mut Canvas,
    layout: &Layout,
    scene: &Scene,
    verdict: Verdict,
) {
    let age = memory.done.map(|at| scene.now.since(at).as_secs_f32());
    let shown = |from_s: f32, takes_s: f32| age.map_or(1.0, |age| ease((age - from_s) / takes_s));
    let mark = shown(0.15, 0.45);
    let (colour, mark) = match verdict {
        Verdict::Passed => (PASS, Pictogram::Check(mark)),
        Verdict::Failed(_) => (FAIL, Pictogram::Cross(mark)),
        Verdict::Inconclusive(_) | Verdict::Cancelled => (NEITHER, Pictogram::Bar(mark)),
    };
    canvas.tint(colour.fade(0.86 * shown(0.0, 0.3)));
    let ((w, h), unit) = (layout.size, layout.unit);
    let (x, radius) = (w / 2.0, unit * 0.15);
    let centre = (x, h * 0.33);
    canvas.dot(centre, radius, WHITE.fade(0.14));
    let ring = Area {
        x,
        y: centre.1,
        w: 0.0,
        h: 0.0,
    }
    .grow(radius);
    canvas.ring(ring, shown(0.0, 0.5), unit * 0.012, WHITE);
    mark.draw(canvas, centre, radius * 2.0, Duration::ZERO, 1.0);

    let opacity = shown(0.2, 0.4);
    let reason = verdict
        .reason()
        .map(|reason| Text::Reason(reason).get(scene.lang));
    let title = Text::Verdict(verdict).get(scene.lang);
    let restart = if scene.again {
        Text::Restart.get(scene.lang)
    } else {
        ""
    };
    let lines: [(&str, f32, f32, Colour); 3] = [
        (title, 0.56, 1.1, WHITE),
        (reason.unwrap_or(""), 0.695, 0.62, WHITE.fade(0.85)),
        (restart, 0.905, 0.46, WHITE.fade(0.7)),
    ];
    for (text, top, size, colour) in lines {
        let block = letters.fit(text, layout.prompt_px * size, w * 0.9, 2);
        let at = (x, h * top);
        letters.block(canvas, &block, Align::Centre, at, colour.fade(opacity));
    }
}
