//! The pictogram of each hint: what is in the way, without words.
use std::time::Duration;

use super::{
    colour::{ACCENT, ATTENTION, Colour, GOOD, SOFT, WHITE},
    face_icon::{FaceIcon, Part},
    pen::{LINE, Pen},
    pictogram::swing,
};
use crate::challenge::Guide;

/// Draws the hint as it looks at `age`; `None`: all is well.
pub(super) fn draw(pen: &mut Pen<'_>, guide: Option<Guide>, age: Duration) {
    let moved = swing(age, 2.4);
    let face = FaceIcon::default();
    let oval = |pen: &mut Pen<'_>, colour: Colour| {
        for i in 0..12u8 {
            let from = f32::from(i) * 30.0;
            pen.arc(
                (0.0, 0.0),
                (0.66, 0.84),
                (from, from + 16.0),
                LINE * 0.8,
                colour,
            );
        }
    };
    match guide {
        None => FaceIcon {
            colour: GOOD,
            size: 1.3,
            ..face
        }
        .draw(pen),
        Some(Guide::NoFace) => {
            oval(pen, SOFT);
            FaceIcon {
                colour: WHITE.fade(0.25 + 0.75 * moved),
                ..face
            }
            .draw(pen);
        }
        Some(Guide::SeveralFaces) => {
            let other = FaceIcon {
                at: (0.45, -0.12),
                size: 0.75,
                colour: SOFT.fade(0.6),
                ..face
            };
            other.draw(pen);
            pen.line(&[(0.20, 0.28), (0.72, -0.52)], LINE, ATTENTION);
            FaceIcon {
                at: (-0.36, 0.06),
                size: 1.0,
                ..face
            }
            .draw(pen);
        }
        Some(Guide::MoveCloser) => {
            oval(pen, ACCENT);
            FaceIcon {
                size: 0.5 + 0.55 * moved,
                ..face
            }
            .draw(pen);
        }
        Some(Guide::MoveBack) => {
            oval(pen, ACCENT);
            FaceIcon {
                size: 1.55 - 0.5 * moved,
                ..face
            }
            .draw(pen);
        }
        Some(Guide::CentreFace) => {
            oval(pen, ACCENT);
            FaceIcon {
                at: (0.5 * (1.0 - moved), 0.0),
                size: 0.9,
                ..face
            }
            .draw(pen);
        }
        Some(Guide::TooDark) => draw_sun(pen, moved),
        Some(Guide::TooBright) => draw_sun(pen, 1.0),
        Some(Guide::HoldStill) => {
            FaceIcon { size: 0.95, ..face }.draw(pen);
            for side in [-1.0, 1.0] {
                let x = side * (0.78 - 0.08 * moved);
                pen.line(&[(x, -0.45), (x, 0.45)], LINE, ACCENT);
            }
        }
        Some(Guide::LookAhead) => {
            FaceIcon {
                yaw: 0.9 * (1.0 - moved),
                marked: Part::Eyes,
                size: 1.3,
                ..face
            }
            .draw(pen);
        }
        Some(Guide::CloseMouth) => {
            FaceIcon {
                mouth: 1.0 - moved,
                marked: Part::Mouth,
                size: 1.3,
                ..face
            }
            .draw(pen);
        }
        Some(Guide::FaceCovered) => {
            FaceIcon { size: 1.1, ..face }.draw(pen);
            let y = 0.24 + 0.42 * moved;
            for i in 0..4u8 {
                let x = -0.3 + 0.2 * f32::from(i);
                pen.line(&[(x, y - 0.16), (x, y + 0.2)], 0.17, ATTENTION);
            }
        }
        Some(Guide::RemoveGlasses) => {
            FaceIcon { size: 1.3, ..face }.draw(pen);
            let (x, y) = (0.45 * moved, -0.15 - 0.45 * moved);
            for side in [-0.25, 0.25] {
                pen.arc((x + side, y), (0.2, 0.18), (0.0, 360.0), LINE * 0.8, ACCENT);
            }
            pen.line(&[(x - 0.05, y), (x + 0.05, y)], LINE * 0.8, ACCENT);
        }
    }
}

/// A sun whose rays shine as strongly as `shine`.
fn draw_sun(pen: &mut Pen<'_>, shine: f32) {
    let colour = SOFT.towards(ATTENTION, shine);
    pen.spot((0.0, 0.0), (0.30, 0.30), colour);
    for i in 0..8u8 {
        let (sin, cos) = (f32::from(i) * std::f32::consts::FRAC_PI_4).sin_cos();
        let end = 0.56 + 0.2 * shine;
        pen.line(
            &[(0.5 * cos, 0.5 * sin), (end * cos, end * sin)],
            LINE,
            colour,
        );
    }
}
