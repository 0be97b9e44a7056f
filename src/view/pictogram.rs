//! What to do, without words: one small moving picture a step or hint, seen as in a mirror.
use std::time::Duration;

use super::{
    canvas::Canvas,
    colour::{ACCENT, WHITE},
    face_icon::{FaceIcon, Part},
    guide_icon,
    pen::Pen,
};
use crate::{challenge::Guide, step::Step};

/// One pictogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pictogram {
    /// Shows how to do a step.
    Step(Step),
    /// Shows what is in the way; `None`: all is well.
    Guide(Option<Guide>),
    /// A check mark, drawn up to this share.
    Check(f32),
    /// A cross, likewise.
    Cross(f32),
    /// A bar: neither passed nor failed.
    Bar(f32),
}

impl Pictogram {
    /// Draws the pictogram in a square about `centre`, `side` pixels wide, as it looks `age` after it came.
    pub(super) fn draw(
        self,
        canvas: &mut Canvas,
        centre: (f32, f32),
        side: f32,
        age: Duration,
        opacity: f32,
    ) {
        let mut pen = Pen {
            canvas,
            centre,
            unit: side / 2.0,
            opacity,
        };
        match self {
            Self::Step(step) => draw_step(&mut pen, step, age),
            Self::Guide(guide) => guide_icon::draw(&mut pen, guide, age),
            Self::Check(share) => {
                trace(
                    &mut pen,
                    &[(-0.42, 0.04), (-0.12, 0.34), (0.44, -0.30)],
                    share,
                );
            }
            Self::Cross(share) => {
                trace(&mut pen, &[(-0.32, -0.32), (0.32, 0.32)], share * 2.0);
                trace(&mut pen, &[(0.32, -0.32), (-0.32, 0.32)], share * 2.0 - 1.0);
            }
            Self::Bar(share) => trace(&mut pen, &[(-0.38, 0.0), (0.38, 0.0)], share),
        }
    }
}

/// Chevrons that run towards a side: -1 left, 1 right. `from` is the tail of the first, `size` half its height.
pub(super) fn draw_chevrons(
    canvas: &mut Canvas,
    from: (f32, f32),
    size: f32,
    side: f32,
    age: Duration,
) {
    for i in 0..3u8 {
        // A wave of light that runs along, once in 1.2 s.
        let phase = (age.as_secs_f32() / 1.2 - f32::from(i) * 0.16).rem_euclid(1.0);
        let light = 0.25 + 0.75 * (1.0 - ease(phase / 0.7));
        let x = from.0 + side * size * 0.95 * f32::from(i);
        let (tip, y) = (x + side * size * 0.62, from.1);
        let points = [(x, y - size), (tip, y), (x, y + size)];
        canvas.polyline(points, size * 0.30, ACCENT.fade(light));
    }
}

/// Goes from 0 to 1, stays, returns and rests, once in `period_s`: the rhythm of every step.
pub(super) fn swing(age: Duration, period_s: f32) -> f32 {
    let phase = (age.as_secs_f32() / period_s).fract();
    ease(phase / 0.25) * (1.0 - ease((phase - 0.5) / 0.25))
}

/// Two quick swings and a rest, once in `period_s`.
fn twice(age: Duration, period_s: f32) -> f32 {
    let phase = (age.as_secs_f32() / period_s).fract();
    let bump = |from: f32| {
        let u = (phase - from) / 0.2;
        ease(u * 3.0) * (1.0 - ease(u * 3.0 - 2.0))
    };
    bump(0.0).max(bump(0.26))
}

/// Starts and ends gently: 0 up to 0, 1 from 1.
pub(super) fn ease(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

fn draw_step(pen: &mut Pen<'_>, step: Step, age: Duration) {
    let moved = swing(age, 2.2);
    let to_and_fro = (age.as_secs_f32() * 3.6).sin();
    let face = FaceIcon {
        size: 1.35,
        ..FaceIcon::default()
    };
    // Heads with an arrow below leave room for it.
    let turning = FaceIcon {
        at: (0.0, -0.22),
        size: 1.12,
        ..face
    };
    let nodding = FaceIcon {
        at: (-0.20, 0.0),
        ..face
    };
    let below = ((0.0, 0.47), (0.74, 0.40));
    match step {
        Step::Blink => FaceIcon {
            eyes: 1.0 - swing(age, 1.7),
            marked: Part::Eyes,
            ..face
        }
        .draw(pen),
        Step::BlinkTwice => FaceIcon {
            eyes: 1.0 - twice(age, 2.2),
            marked: Part::Eyes,
            ..face
        }
        .draw(pen),
        // Breathes: a picture that does not move at all looks stuck.
        Step::HoldStill => FaceIcon {
            size: 1.3 + 0.06 * to_and_fro,
            ..face
        }
        .draw(pen),
        Step::OpenMouth => FaceIcon {
            mouth: moved,
            marked: Part::Mouth,
            ..face
        }
        .draw(pen),
        // The subject watches a mirror: their left is the screen's left.
        Step::TurnLeft => {
            FaceIcon {
                yaw: -moved,
                ..turning
            }
            .draw(pen);
            pen.arrow(below.0, below.1, (35.0, 172.0), ACCENT);
        }
        Step::TurnRight => {
            FaceIcon {
                yaw: moved,
                ..turning
            }
            .draw(pen);
            pen.arrow(below.0, below.1, (145.0, 8.0), ACCENT);
        }
        Step::Shake => {
            FaceIcon {
                yaw: 0.8 * to_and_fro,
                ..turning
            }
            .draw(pen);
            pen.arrow(below.0, below.1, (90.0, 172.0), ACCENT);
            pen.arrow(below.0, below.1, (90.0, 8.0), ACCENT);
        }
        Step::Nod => {
            FaceIcon {
                pitch: 0.8 * to_and_fro,
                ..nodding
            }
            .draw(pen);
            pen.arrow((0.54, 0.0), (0.32, 0.74), (0.0, 75.0), ACCENT);
            pen.arrow((0.54, 0.0), (0.32, 0.74), (0.0, -75.0), ACCENT);
        }
    }
}

/// A line drawn up to `share` of its length.
fn trace(pen: &mut Pen<'_>, points: &[(f32, f32)], share: f32) {
    let length = |a: (f32, f32), b: (f32, f32)| (a.0 - b.0).hypot(a.1 - b.1);
    let whole: f32 = points.windows(2).map(|p| length(p[0], p[1])).sum();
    let mut left = whole * share.clamp(0.0, 1.0);
    if left <= 0.0 {
        return;
    }
    let mut drawn: Vec<_> = points.iter().take(1).copied().collect();
    for pair in points.windows(2) {
        let part = (left / length(pair[0], pair[1])).clamp(0.0, 1.0);
        let between = |a: f32, b: f32| a + (b - a) * part;
        drawn.push((between(pair[0].0, pair[1].0), between(pair[0].1, pair[1].1)));
        left -= length(pair[0], pair[1]);
        if left <= 0.0 {
            break;
        }
    }
    pen.line(&drawn, 0.15, WHITE);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(pictogram: Pictogram, ms: u64) -> Canvas {
        let mut canvas = Canvas::new(200, 200);
        let age = Duration::from_millis(ms);
        pictogram.draw(&mut canvas, (100.0, 100.0), 200.0, age, 1.0);
        canvas
    }

    /// Share of the accent colour in the left half.
    fn accent_left(canvas: &Canvas) -> f32 {
        let (mut left, mut all) = (0.0, 0.0);
        for (i, _) in canvas
            .pixels()
            .iter()
            .enumerate()
            .filter(|(_, p)| **p == ACCENT.rgb)
        {
            all += 1.0;
            left += if i % 200 < 100 { 1.0 } else { 0.0 };
        }
        left / all
    }

    #[test]
    fn every_step_moves_and_stays_in_its_square() {
        for step in Step::ALL {
            let pictogram = Pictogram::Step(step);
            let (rest, moved) = (drawn(pictogram, 0), drawn(pictogram, 900));
            assert_ne!(rest.pixels(), moved.pixels(), "{step}");
            for canvas in [rest, moved] {
                let edge = (0..200).flat_map(|i| [i, 39_800 + i, i * 200, i * 200 + 199]);
                assert!(edge.into_iter().all(|i| canvas.pixels()[i] == 0), "{step}");
            }
        }
    }

    #[test]
    fn a_mirrored_subject_turns_left_to_the_left() {
        assert!(accent_left(&drawn(Pictogram::Step(Step::TurnLeft), 0)) > 0.55);
        assert!(accent_left(&drawn(Pictogram::Step(Step::TurnRight), 0)) < 0.45);
    }

    #[test]
    fn a_mark_grows_to_its_whole_length() {
        let ink = |share| {
            let pixels = drawn(Pictogram::Check(share), 0).pixels().to_vec();
            pixels.iter().filter(|&&p| p != 0).count()
        };
        assert!(ink(0.0) == 0 && ink(0.4) > 0 && ink(0.4) < ink(1.0));
    }
}
