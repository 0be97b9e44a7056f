//! The face all pictograms share: a head that can turn, nod, blink and open its mouth.
use super::{
    colour::{ACCENT, Colour, WHITE},
    pen::{LINE, Pen},
};

/// What the drawn face does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FaceIcon {
    /// -1 turned to the left of the screen, 1 to its right.
    pub(super) yaw: f32,
    /// -1 looking up, 1 looking down.
    pub(super) pitch: f32,
    /// 0 shut, 1 open.
    pub(super) eyes: f32,
    /// 0 a quiet line, 1 wide open.
    pub(super) mouth: f32,
    /// Size of the head; 1 usual.
    pub(super) size: f32,
    /// Where the head is.
    pub(super) at: (f32, f32),
    /// Which part is asked for, and drawn in the accent colour.
    pub(super) marked: Part,
    /// Colour of the rest.
    pub(super) colour: Colour,
}

/// Part of the face a pictogram speaks of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    /// None: the whole head moves.
    Head,
    /// The eyes.
    Eyes,
    /// The mouth.
    Mouth,
}

impl Default for FaceIcon {
    fn default() -> Self {
        Self {
            yaw: 0.0,
            pitch: 0.0,
            eyes: 1.0,
            mouth: 0.0,
            size: 1.0,
            at: (0.0, 0.0),
            marked: Part::Head,
            colour: WHITE,
        }
    }
}

impl FaceIcon {
    /// Draws the face.
    pub(super) fn draw(&self, pen: &mut Pen<'_>) {
        let inner = |pen: &Pen<'_>, (x, y): (f32, f32)| {
            (pen.centre.0 + x * pen.unit, pen.centre.1 + y * pen.unit)
        };
        let mut pen = Pen {
            centre: inner(pen, self.at),
            unit: pen.unit * self.size,
            opacity: pen.opacity,
            canvas: pen.canvas,
        };
        pen.arc((0.0, 0.0), (0.50, 0.62), (0.0, 360.0), LINE, self.colour);
        self.draw_eyes(&mut pen);
        // The nose tells best where a head points.
        let nose = (self.yaw * 0.30, 0.08 + self.pitch * 0.22);
        let root = (self.yaw * 0.21, -0.08 + self.pitch * 0.17);
        pen.line(&[root, nose], LINE * 0.8, self.colour.fade(0.75));
        self.draw_mouth(&mut pen);
    }

    fn colour_of(&self, part: Part) -> Colour {
        if self.marked == part {
            ACCENT
        } else {
            self.colour
        }
    }

    fn draw_eyes(&self, pen: &mut Pen<'_>) {
        let colour = self.colour_of(Part::Eyes);
        let larger = if self.marked == Part::Eyes { 1.25 } else { 1.0 };
        for side in [-1.0, 1.0] {
            // A turned head shows its far eye nearer the middle.
            let x = side * 0.21 * (1.0 - 0.22 * self.yaw.abs()) + self.yaw * 0.17;
            let y = -0.13 + self.pitch * 0.2;
            if self.eyes > 0.25 {
                pen.spot((x, y), (0.075 * larger, 0.095 * larger * self.eyes), colour);
            } else {
                let radii = (0.115 * larger, 0.06 * larger);
                pen.arc((x, y - 0.02), radii, (15.0, 165.0), LINE * 0.85, colour);
            }
        }
    }

    fn draw_mouth(&self, pen: &mut Pen<'_>) {
        let colour = self.colour_of(Part::Mouth);
        let at = (self.yaw * 0.2, 0.31 + self.pitch * 0.15);
        if self.mouth > 0.12 {
            let radii = (0.13 + 0.02 * self.mouth, 0.17 * self.mouth);
            pen.spot((at.0, at.1 - 0.01), radii, colour);
        } else {
            pen.arc(
                (at.0, at.1 - 0.08),
                (0.17, 0.09),
                (25.0, 155.0),
                LINE * 0.85,
                colour,
            );
        }
    }
}
