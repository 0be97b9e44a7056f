//! Detection as a developer sees it: boxes, points, signals, times.
use super::{
    canvas::{Area, Canvas},
    colour::{ACCENT, ATTENTION, Colour, GOOD, INK, SOFT, TRACK, WHITE},
    placement::Placement,
    plot::Plot,
    strings::{Lang, Text},
    text::{Align, CAP, LEADING, Type},
};
use crate::{
    capture::Fault, challenge::Guide, error::Error, face::Face, frame::Frame, geometry::Point,
    mesh::Mesh, signal::Sample,
};

/// One moment of the preview.
#[derive(Clone, Copy, Debug)]
pub struct Preview<'a> {
    /// The picture the faces were found in; `None` before the first.
    pub frame: Option<&'a Frame>,
    /// The faces in it, best first.
    pub faces: &'a [Face],
    /// Dense landmarks of the face that is followed.
    pub mesh: Option<&'a Mesh>,
    /// Recent samples of it, oldest first.
    pub samples: &'a [Sample],
    /// Name and milliseconds of each stage.
    pub stages: &'a [(&'a str, f32)],
    /// Frames shown a second.
    pub fps: f32,
    /// Frames dropped since the start.
    pub dropped: u64,
    /// What a challenge would say to this subject.
    pub guide: Option<Guide>,
    /// What is wrong with the camera.
    pub fault: Option<Fault>,
    /// Whether the mesh is drawn.
    pub show_mesh: bool,
    /// Whether the signals are plotted.
    pub show_signals: bool,
    /// Language of the labels.
    pub lang: Lang,
}

impl Preview<'_> {
    /// The moment before the first picture.
    pub fn blank(lang: Lang) -> Self {
        Self {
            frame: None,
            faces: &[],
            mesh: None,
            samples: &[],
            stages: &[],
            fps: 0.0,
            dropped: 0,
            guide: None,
            fault: None,
            show_mesh: true,
            show_signals: true,
            lang,
        }
    }
}

/// Draws previews.
pub struct PreviewScreen {
    letters: Type,
}

impl PreviewScreen {
    /// Loads the font.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] when the embedded font is damaged.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            letters: Type::new()?,
        })
    }

    /// Draws one moment over the whole canvas.
    pub fn draw(&mut self, canvas: &mut Canvas, preview: &Preview<'_>) {
        let (w, h) = canvas.size();
        let px = (h.min(w * 0.85) * 0.0235).max(11.0);
        if let Some(frame) = preview.frame {
            let placement = Placement::fit(frame.image.dimensions(), canvas);
            canvas.picture(&frame.image, &placement, INK.rgb);
            self.draw_faces(canvas, preview, &placement, px);
        } else {
            canvas.tint(INK);
        }
        self.draw_times(canvas, preview, px);
        if preview.show_signals {
            self.draw_signals(canvas, preview, px);
        }
        self.draw_guide(canvas, preview, px);
        self.draw_keys(canvas, preview, px);
    }

    fn draw_faces(&mut self, canvas: &mut Canvas, preview: &Preview<'_>, at: &Placement, px: f32) {
        let line = (px * 0.16).max(1.5);
        if let Some(mesh) = preview.mesh.filter(|_| preview.show_mesh) {
            let points = mesh
                .points
                .iter()
                .map(|p| at.point(Point { x: p.x, y: p.y }));
            canvas.dots(points, (px * 0.075).max(0.9), ACCENT.fade(0.8));
        }
        for (i, face) in preview.faces.iter().enumerate() {
            let colour = if i == 0 { GOOD } else { ATTENTION };
            let [a, b] = [(face.bbox.x1, face.bbox.y1), (face.bbox.x2, face.bbox.y2)]
                .map(|(x, y)| at.point(Point { x, y }));
            // Mirrored: the box's right edge comes first.
            let (x1, y1, x2, y2) = (b.0, a.1, a.0, b.1);
            let arm = (x2 - x1).min(y2 - y1).max(0.0) * 0.18;
            for (x, y, dx, dy) in [
                (x1, y1, arm, arm),
                (x2, y1, -arm, arm),
                (x2, y2, -arm, -arm),
                (x1, y2, arm, -arm),
            ] {
                canvas.polyline([(x + dx, y), (x, y), (x, y + dy)], line * 1.6, colour);
            }
            let points = face.landmarks.points().map(|p| at.point(p));
            canvas.dots(points, line * 1.9, INK.fade(0.6));
            canvas.dots(points, line * 1.35, colour);
            let score = format!("{:.3}", face.score);
            let label = Area {
                x: x1,
                y: y1 - px * 1.75,
                w: self.letters.width(&score, px) + px * 0.9,
                h: px * 1.4,
            };
            canvas.panel(label, px * 0.35, colour);
            let text = (label.x + px * 0.45, label.y + px * (0.7 + CAP / 2.0));
            self.letters
                .line(canvas, &score, Align::Left, text, px, INK);
        }
    }

    /// Frames a second, drops, milliseconds a stage with a bar each.
    fn draw_times(&mut self, canvas: &mut Canvas, preview: &Preview<'_>, px: f32) {
        let unit = Text::PerSecond.get(preview.lang);
        let rate = format!("{:.1} {unit}", preview.fps);
        let dropped = format!("{} {}", Text::Dropped.get(preview.lang), preview.dropped);
        // A tiny window keeps its picture.
        let (w, h) = canvas.size();
        let stages = if w.min(h) < 360.0 {
            &[]
        } else {
            preview.stages
        };
        let step = px * LEADING * 1.3;
        let names = stages.iter().map(|(name, _)| self.letters.width(name, px));
        let name = names.fold(0.0, f32::max);
        let head = self
            .letters
            .width(&rate, px * 1.25)
            .max(self.letters.width(&dropped, px));
        let inner = (name + px * 7.5).max(head);
        let rows = stages.len() as f32;
        let area = Area {
            x: px,
            y: px,
            w: inner + px * 2.0,
            h: px * 4.0 + step * rows + if rows > 0.0 { px } else { 0.0 },
        };
        panel(canvas, area, px);
        let (left, right) = (area.x + px, area.x + area.w - px);
        let mut y = area.y + px * (0.9 + CAP * 1.25);
        self.letters
            .line(canvas, &rate, Align::Left, (left, y), px * 1.25, WHITE);
        y += step * 1.1;
        let colour = if preview.dropped > 0 { ATTENTION } else { SOFT };
        self.letters
            .line(canvas, &dropped, Align::Left, (left, y), px, colour);
        y += px * 0.5;
        for (stage, ms) in stages {
            y += step;
            self.letters
                .line(canvas, stage, Align::Left, (left, y), px, SOFT);
            let text = format!("{ms:.1} ms");
            self.letters
                .line(canvas, &text, Align::Right, (right, y), px, WHITE);
            // A full bar is a whole frame at 30 a second.
            let whole = Area {
                x: left,
                y: y + px * 0.36,
                w: right - left,
                h: (px * 0.12).max(1.0),
            };
            canvas.panel(whole, whole.h / 2.0, WHITE.fade(0.14));
            let share = (ms / 33.3).clamp(0.0, 1.0);
            let bar = Area {
                w: whole.w * share,
                ..whole
            };
            canvas.panel(
                bar,
                bar.h / 2.0,
                ACCENT.towards(ATTENTION, (share - 0.5) * 2.0),
            );
        }
    }

    /// The plots: a column at the right, or a strip below in a narrow window.
    fn draw_signals(&mut self, canvas: &mut Canvas, preview: &Preview<'_>, px: f32) {
        let (w, h) = canvas.size();
        let plots = plots(preview.lang);
        let count = plots.len() as f32;
        let tall = if w >= h {
            (h - px * 2.0) / count
        } else {
            px * 4.2
        }
        .min(px * 6.0);
        let wide = (w * 0.24).max(px * 8.0).min(w - px * 2.0);
        let area = if w >= h {
            Area {
                x: w - wide - px,
                y: px,
                w: wide,
                h: tall * count + px,
            }
        } else {
            let y = h - px * 4.6 - tall * count;
            Area {
                x: px,
                y,
                w: w - px * 2.0,
                h: tall * count + px,
            }
        };
        panel(canvas, area, px);
        for (i, plot) in plots.iter().enumerate() {
            let one = Area {
                x: area.x + px,
                y: area.y + px * 0.9 + tall * i as f32,
                w: area.w - px * 2.0,
                h: tall - px * 0.9,
            };
            plot.draw(canvas, &mut self.letters, preview.samples, one, px);
        }
    }

    fn draw_guide(&mut self, canvas: &mut Canvas, preview: &Preview<'_>, px: f32) {
        let text = match (preview.fault, preview.guide) {
            (Some(fault), _) => Text::Fault(fault),
            (None, Some(guide)) => Text::Guide(Some(guide)),
            (None, None) => return,
        };
        let text = text.get(preview.lang);
        let (w, h) = canvas.size();
        let (size, y) = (px * 1.3, if w >= h { h - px * 3.2 } else { h * 0.5 });
        let width = self.letters.width(text, size);
        let area = Area {
            x: (w - width) / 2.0,
            y: y - size * CAP,
            w: width,
            h: size * CAP,
        };
        canvas.panel(area.grow(px * 0.75), px * 1.2, ATTENTION);
        self.letters
            .line(canvas, text, Align::Centre, (w / 2.0, y), size, INK);
    }

    /// Which keys do what: in a row at the lower left.
    fn draw_keys(&mut self, canvas: &mut Canvas, preview: &Preview<'_>, px: f32) {
        let keys = [
            ("M", Text::KeyMesh, preview.show_mesh),
            ("S", Text::KeySignals, preview.show_signals),
            ("F", Text::KeyFull, false),
            ("ESC", Text::KeyQuit, false),
        ];
        let mut x = px;
        let baseline = canvas.size().1 - px * 1.15;
        for (key, text, on) in keys {
            let width = self.letters.width(key, px);
            let cap = Area {
                x,
                y: baseline - px * CAP,
                w: width + px * 0.8,
                h: px * CAP,
            };
            let shape = Area {
                y: cap.y - px * 0.32,
                h: cap.h + px * 0.64,
                ..cap
            };
            canvas.panel(shape, px * 0.3, if on { ACCENT } else { TRACK.fade(0.9) });
            let colour = if on { INK } else { WHITE };
            self.letters.line(
                canvas,
                key,
                Align::Left,
                (x + px * 0.4, baseline),
                px,
                colour,
            );
            x += cap.w + px * 0.45;
            let text = text.get(preview.lang);
            // A shadow keeps the words readable on any picture.
            let shadow = (x + 1.0, baseline + 1.0);
            self.letters
                .line(canvas, text, Align::Left, shadow, px, INK.fade(0.8));
            self.letters
                .line(canvas, text, Align::Left, (x, baseline), px, WHITE);
            x += self.letters.width(text, px) + px * 1.2;
        }
    }
}

fn panel(canvas: &mut Canvas, area: Area, px: f32) {
    canvas.panel(area, px * 0.8, INK.fade(0.72));
}

/// The signals worth watching, with ranges that show a gesture whole (`SIGNALS.md`).
fn plots(lang: Lang) -> [Plot; 5] {
    let plot = |text: Text, range, decimals, value, colour: Colour| Plot {
        name: text.get(lang),
        range,
        decimals,
        value,
        colour,
    };
    [
        plot(Text::Eyes, (0.0, 0.45), 2, |s| s.eyes, ACCENT),
        plot(
            Text::Mouth,
            (0.0, 0.8),
            2,
            |s| s.mouth,
            Colour::rgb(0xff_8fa3),
        ),
        plot(Text::Yaw, (-40.0, 40.0), 0, |s| s.yaw_deg, GOOD),
        plot(Text::Pitch, (-30.0, 30.0), 0, |s| s.pitch_deg, ATTENTION),
        plot(Text::Nod, (0.2, 0.9), 2, |s| s.nod, Colour::rgb(0xc3_a6ff)),
    ]
}

#[cfg(test)]
#[path = "preview_tests.rs"]
mod tests;
