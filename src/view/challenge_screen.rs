//! The challenge as its subject sees it: an oval to stand in, one large request, the time that is left.
use super::{
    canvas::{Area, Canvas},
    colour::{ATTENTION, GOOD, INK, SOFT, TRACK, WHITE},
    layout::Layout,
    pictogram::{Pictogram, draw_chevrons, ease},
    scene::{Memory, Scene},
    strings::Text,
    text::{Align, CAP, Type},
    verdict_card,
};
use crate::{
    challenge::{Guide, State},
    error::Error,
    frame::Frame,
    step::Step,
    time::Timestamp,
};

/// Share of the picture's brightness left outside the oval.
const DIMMED: f32 = 0.40;
/// How long a new prompt takes to appear.
const APPEARS_S: f32 = 0.25;

/// Draws challenges. Remembers only what makes its movements smooth: when the state last changed.
pub struct ChallengeScreen {
    letters: Type,
    memory: Memory,
}

impl ChallengeScreen {
    /// Loads the font.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] when the embedded font is damaged.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            letters: Type::new()?,
            memory: Memory::default(),
        })
    }

    /// Draws one moment over the whole canvas; without a frame the background is plain.
    pub fn draw(&mut self, canvas: &mut Canvas, frame: Option<&Frame>, scene: &Scene) {
        self.memory.note(scene);
        let layout = Layout::new(canvas.size());
        if let Some(frame) = frame {
            let placement = layout.placement(frame.image.dimensions());
            canvas.frosted(&frame.image, &placement, DIMMED);
        } else {
            canvas.tint(INK);
        }
        if let State::Done(verdict) = scene.state {
            let (letters, memory) = (&mut self.letters, &self.memory);
            verdict_card::draw(letters, memory, canvas, &layout, scene, verdict);
            return;
        }
        if let Some(frame) = frame {
            let placement = layout.placement(frame.image.dimensions());
            canvas.picture_in(&frame.image, &placement, layout.oval);
        }
        self.draw_ring(canvas, &layout, scene);
        self.draw_prompt(canvas, &layout, scene);
        draw_dots(canvas, &layout, scene);
        let corner = (
            layout.size.0 * 0.03,
            layout.dots + layout.small_px * CAP / 2.0,
        );
        let cancel = Text::Cancel.get(scene.lang);
        let colour = SOFT.fade(0.8);
        self.letters
            .line(canvas, cancel, Align::Left, corner, layout.small_px, colour);
    }

    fn draw_ring(&mut self, canvas: &mut Canvas, layout: &Layout, scene: &Scene) {
        let (oval, width) = (layout.oval, layout.ring);
        // A hair of shadow sets the ring off from a bright picture.
        canvas.ring(oval, 1.0, width * 1.9, INK.fade(0.45));
        canvas.ring(oval, 1.0, width, TRACK);
        let breath = 0.75 + 0.25 * (scene.now.as_millis_f64() as f32 / 450.0).sin();
        match scene.state {
            State::Waiting { .. } if scene.fault.is_some() => {
                canvas.ring(oval, 1.0, width, ATTENTION.fade(breath));
            }
            State::Waiting { guide } => {
                let colour = match guide {
                    None => GOOD.fade(breath),
                    Some(Guide::NoFace) => WHITE.fade(0.35 + 0.3 * breath),
                    Some(_) => ATTENTION.fade(breath),
                };
                canvas.ring(oval, 1.0, width, colour);
            }
            State::Asking { guide: Some(_), .. } => {
                canvas.ring(oval, 1.0, width, ATTENTION.fade(breath));
            }
            State::Asking { seen: true, .. } => canvas.ring(oval, 1.0, width, GOOD),
            State::Asking {
                step,
                index,
                since,
                until,
                ..
            } => {
                let whole = until.since(since).as_secs_f32().max(0.001);
                let left = (until.since(scene.now).as_secs_f32() / whole).min(1.0);
                let struck = self.memory.is_struck(scene, index);
                // The last quarter grows warm; sooner would hurry people who have time.
                let warm = if struck { 1.0 } else { (0.30 - left) / 0.12 };
                canvas.ring(oval, -left, width, WHITE.towards(ATTENTION, warm));
                let age = scene.now.since(since);
                for &side in sides(step) {
                    // Three chevrons need four times their half height.
                    let size = (layout.unit * 0.042).min((oval.x - width) / 4.0);
                    let away = oval.w / 2.0 + width + size * 1.1;
                    let from = (layout.size.0 / 2.0 + side * away, oval.centre().1);
                    draw_chevrons(canvas, from, size, side, age);
                }
                if struck {
                    self.draw_pill(canvas, layout, Text::OnceMore.get(scene.lang));
                }
            }
            State::Done(_) => {}
        }
    }

    /// A few words on the oval's lower edge.
    fn draw_pill(&mut self, canvas: &mut Canvas, layout: &Layout, text: &str) {
        let px = layout.unit * 0.046;
        let (x, y) = (
            layout.size.0 / 2.0,
            layout.oval.y + layout.oval.h - px * 0.6,
        );
        let block = self.letters.fit(text, px, layout.size.0 * 0.8, 1);
        let area = Area {
            x: x - block.width / 2.0,
            y: y - px * CAP / 2.0,
            w: block.width,
            h: px * CAP,
        };
        let panel = Area {
            x: area.x - px * 0.3,
            w: area.w + px * 0.6,
            ..area
        }
        .grow(px * 0.5);
        canvas.panel(panel, panel.h / 2.0, ATTENTION);
        self.letters
            .block(canvas, &block, Align::Centre, (x, area.y), INK);
    }

    /// Pictogram and request: beside each other in a wide window, else above each other.
    fn draw_prompt(&mut self, canvas: &mut Canvas, layout: &Layout, scene: &Scene) {
        let start = Timestamp::default();
        let (text, pictogram, since) = match scene.state {
            State::Waiting { guide } => match scene.fault {
                Some(fault) => (
                    Text::Fault(fault),
                    Pictogram::Guide(Some(Guide::NoFace)),
                    start,
                ),
                None => (Text::Guide(guide), Pictogram::Guide(guide), start),
            },
            State::Asking {
                guide: Some(guide), ..
            } => (
                Text::Guide(Some(guide)),
                Pictogram::Guide(Some(guide)),
                start,
            ),
            State::Asking {
                step, seen: true, ..
            } => (Text::Return(step), Pictogram::Guide(None), start),
            State::Asking { step, since, .. } => (Text::Ask(step), Pictogram::Step(step), since),
            State::Done(_) => return,
        };
        let age = scene.now.since(since);
        let opacity = if since == start {
            1.0
        } else {
            ease(age.as_secs_f32() / APPEARS_S)
        };
        let colour = if matches!(scene.state, State::Asking { seen: true, .. }) {
            GOOD
        } else {
            WHITE
        };
        let (header, text) = (layout.header, text.get(scene.lang));
        let (middle, px) = (header.centre(), layout.prompt_px);
        if layout.wide {
            let (side, gap) = (header.h, layout.unit * 0.025);
            let block = self.letters.fit(text, px, header.w - side - gap, 2);
            let left = middle.0 - (side + gap + block.width) / 2.0;
            let centre = (left + side / 2.0, middle.1);
            pictogram.draw(canvas, centre, side, age, opacity);
            let at = (left + side + gap, middle.1 - block.height() / 2.0);
            self.letters
                .block(canvas, &block, Align::Left, at, colour.fade(opacity));
        } else {
            let side = header.h * 0.52;
            let block = self.letters.fit(text, px, header.w, 2);
            let centre = (middle.0, header.y + side / 2.0);
            pictogram.draw(canvas, centre, side, age, opacity);
            let room = header.h - side;
            let at = (middle.0, header.y + side + (room - block.height()) / 2.0);
            self.letters
                .block(canvas, &block, Align::Centre, at, colour.fade(opacity));
        }
    }
}

/// Where a step leads, on the screen of a subject who watches a mirror: -1 left, 1 right.
fn sides(step: Step) -> &'static [f32] {
    match step {
        Step::TurnLeft => &[-1.0],
        Step::TurnRight => &[1.0],
        Step::Shake => &[-1.0, 1.0],
        Step::Blink | Step::OpenMouth | Step::Nod | Step::BlinkTwice | Step::HoldStill => &[],
    }
}

/// One dot a step: done, now, to come.
fn draw_dots(canvas: &mut Canvas, layout: &Layout, scene: &Scene) {
    let (done, now) = match scene.state {
        State::Asking { index, seen, .. } => (index + usize::from(seen), (!seen).then_some(index)),
        State::Waiting { .. } | State::Done(_) => (0, None),
    };
    let radius = (layout.unit * 0.0105).max(2.0);
    let width = |i: usize| {
        if now == Some(i) {
            radius * 5.0
        } else {
            radius * 2.0
        }
    };
    let gap = radius * 2.0;
    let all: f32 = (0..scene.script_len).map(|i| width(i) + gap).sum::<f32>() - gap;
    let mut x = (layout.size.0 - all) / 2.0;
    for i in 0..scene.script_len {
        let colour = match i {
            _ if i < done => GOOD,
            _ if now == Some(i) => WHITE,
            _ => WHITE.fade(0.32),
        };
        let area = Area {
            x,
            y: layout.dots - radius,
            w: width(i),
            h: radius * 2.0,
        };
        canvas.panel(area, radius, colour);
        x += width(i) + gap;
    }
}

#[cfg(test)]
mod tests;
