//! The challenge as its subject sees it: an oval to stand in, one large request, the time that is left.
use std::time::Duration;

use super::{
    canvas::{Area, Canvas},
    colour::{ATTENTION, Colour, FAIL, GOOD, INK, NEITHER, PASS, SOFT, TRACK, WHITE},
    layout::Layout,
    pictogram::{Pictogram, ease},
    strings::{Lang, Text},
    text::{Align, CAP, Type},
};
use crate::{
    challenge::{Guide, State, Verdict},
    error::Error,
    frame::Frame,
    time::Timestamp,
};

/// Share of the picture's brightness left outside the oval.
const DIMMED: f32 = 0.40;
/// How long a word about a wrong gesture stays.
const STRUCK: Duration = Duration::from_millis(2_500);
/// How long a new prompt takes to appear.
const APPEARS_S: f32 = 0.25;

/// One moment of a challenge, as its screen needs it.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// Where the challenge stands.
    pub state: State,
    /// Number of steps in the script.
    pub script_len: usize,
    /// The moment drawn.
    pub now: Timestamp,
    /// The subject's language.
    pub lang: Lang,
}

/// Draws challenges. Remembers only what makes its movements smooth: when the state last changed.
pub struct ChallengeScreen {
    letters: Type,
    memory: Memory,
}

/// What the last scenes said; a scene alone does not tell when it began.
#[derive(Default)]
struct Memory {
    last: Option<State>,
    done: Option<Timestamp>,
    strikes: u32,
    struck: Option<(Timestamp, usize)>,
}

impl Memory {
    fn note(&mut self, scene: &Scene) {
        match scene.state {
            State::Waiting { .. } => *self = Self::default(),
            State::Asking { index, strikes, .. } => {
                if strikes > self.strikes {
                    self.struck = Some((scene.now, index));
                }
                (self.strikes, self.done) = (strikes, None);
            }
            State::Done(_) if !matches!(self.last, None | Some(State::Done(_))) => {
                self.done = Some(scene.now);
            }
            State::Done(_) => {}
        }
        self.last = Some(scene.state);
    }

    /// Whether a wrong gesture was seen just now, in this step.
    fn is_struck(&self, scene: &Scene, step: usize) -> bool {
        let fresh =
            |&(at, index): &(Timestamp, usize)| index == step && scene.now.since(at) < STRUCK;
        self.struck.as_ref().is_some_and(fresh)
    }
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
            self.draw_verdict(canvas, &layout, scene, verdict);
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
            State::Waiting { guide } => {
                let colour = match guide {
                    None => GOOD.fade(breath),
                    Some(Guide::NoFace) => WHITE.fade(0.35 + 0.3 * breath),
                    Some(_) => ATTENTION.fade(breath),
                };
                canvas.ring(oval, 1.0, width, colour);
            }
            State::Asking { seen: true, .. } => canvas.ring(oval, 1.0, width, GOOD),
            State::Asking {
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
            State::Waiting { guide } => (Text::Guide(guide), Pictogram::Guide(guide), start),
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
            let (side, gap) = (header.h * 0.98, layout.unit * 0.03);
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

    fn draw_verdict(
        &mut self,
        canvas: &mut Canvas,
        layout: &Layout,
        scene: &Scene,
        verdict: Verdict,
    ) {
        let age = self.memory.done.map(|at| scene.now.since(at).as_secs_f32());
        let shown =
            |from_s: f32, takes_s: f32| age.map_or(1.0, |age| ease((age - from_s) / takes_s));
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
        let lines: [(&str, f32, f32, Colour); 3] = [
            (title, 0.56, 1.1, WHITE),
            (reason.unwrap_or(""), 0.695, 0.62, WHITE.fade(0.85)),
            (Text::Restart.get(scene.lang), 0.905, 0.46, WHITE.fade(0.7)),
        ];
        for (text, top, size, colour) in lines {
            let block = self.letters.fit(text, layout.prompt_px * size, w * 0.9, 2);
            let at = (x, h * top);
            self.letters
                .block(canvas, &block, Align::Centre, at, colour.fade(opacity));
        }
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
