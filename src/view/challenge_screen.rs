//! The challenge as its subject sees it: an oval to stand in, one large request, the time that is left.
use std::time::Duration;

use super::{
    canvas::{Area, Canvas},
    colour::{ATTENTION, Colour, FAIL, GOOD, INK, NEITHER, PASS, SOFT, TRACK, WHITE},
    layout::Layout,
    pictogram::{Pictogram, draw_chevrons, ease},
    strings::{Lang, Text},
    text::{Align, CAP, Type},
};
use crate::{
    challenge::{Guide, State, Verdict},
    error::Error,
    frame::Frame,
    step::Step,
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
                    let size = layout.unit * 0.042;
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

/// Where a step leads, on the screen of a subject who watches a mirror: -1 left, 1 right.
fn sides(step: Step) -> &'static [f32] {
    match step {
        Step::TurnLeft => &[-1.0],
        Step::TurnRight => &[1.0],
        Step::Shake => &[-1.0, 1.0],
        Step::Blink | Step::OpenMouth | Step::Nod => &[],
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
mod tests {
    use super::*;
    use crate::{
        challenge::Reason,
        view::strings::{GUIDES, REASONS},
    };
    use image::{Rgb, RgbImage};

    const SIZES: [(usize, usize); 5] = [
        (320, 240),
        (640, 480),
        (1280, 720),
        (1920, 1080),
        (480, 800),
    ];

    fn scene(state: State, lang: Lang) -> Scene {
        Scene {
            state,
            script_len: 5,
            now: Timestamp::from_millis(3_000),
            lang,
        }
    }

    /// Asked at 1 s; `left` of the time remains at 3 s.
    fn asking(step: Step, left: f32, strikes: u32, seen: bool) -> State {
        let whole = Duration::from_secs_f32(2.0 / (1.0 - left));
        let since = Timestamp::from_millis(1_000);
        State::Asking {
            step,
            index: 2,
            since,
            until: since.after(whole),
            strikes,
            seen,
        }
    }

    fn drawn(size: (usize, usize), frame: Option<&Frame>, scene: &Scene) -> Canvas {
        let mut canvas = Canvas::new(size.0, size.1);
        ChallengeScreen::new()
            .unwrap()
            .draw(&mut canvas, frame, scene);
        canvas
    }

    fn every_state() -> Vec<State> {
        let guides = GUIDES.into_iter().map(Some).chain([None]);
        let mut states: Vec<State> = guides.map(|guide| State::Waiting { guide }).collect();
        for step in Step::ALL {
            states.push(asking(step, 0.5, 1, false));
            states.push(asking(step, 0.5, 0, true));
        }
        for reason in REASONS {
            states.push(State::Done(Verdict::Failed(reason)));
            states.push(State::Done(Verdict::Inconclusive(reason)));
        }
        states.extend([
            State::Done(Verdict::Passed),
            State::Done(Verdict::Cancelled),
        ]);
        states
    }

    /// Pixels of one colour on the middle line of the ring.
    fn on_ring(canvas: &Canvas, colour: Colour) -> f32 {
        let oval = Layout::new(canvas.size()).oval;
        let (cx, cy) = oval.centre();
        let hits = (0..720u16).filter(|&i| {
            let (sin, cos) = (f32::from(i) / 2.0).to_radians().sin_cos();
            let (x, y) = (cx + oval.w / 2.0 * cos, cy + oval.h / 2.0 * sin);
            canvas.pixels()[y as usize * canvas.width() + x as usize] == colour.rgb
        });
        hits.count() as f32 / 720.0
    }

    #[test]
    fn no_text_in_any_language_leaves_its_place() {
        for size in SIZES {
            let layout = Layout::new((size.0 as f32, size.1 as f32));
            for state in every_state() {
                for lang in Lang::ALL {
                    let scene = scene(state, lang);
                    let canvas = drawn(size, None, &scene);
                    let (w, h) = size;
                    let plain = canvas.pixels()[0];
                    let row = |y: usize| &canvas.pixels()[y * w..(y + 1) * w];
                    let sides = (0..h).all(|y| row(y)[0] == plain && row(y)[w - 1] == plain);
                    assert!(sides, "{size:?} {state:?} {lang:?}");
                    assert!(row(0).iter().chain(row(h - 1)).all(|&p| p == plain));
                    if matches!(state, State::Done(_)) {
                        continue;
                    }
                    // Between header and ring there is nothing.
                    let gap = (layout.header.y + layout.header.h) as usize + 1;
                    assert!(
                        row(gap).iter().all(|&p| p == plain),
                        "{size:?} {state:?} {lang:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_ring_shows_the_time_that_is_left() {
        for left in [0.9, 0.66, 0.4] {
            let scene = scene(asking(Step::Nod, left, 0, false), Lang::En);
            let share = on_ring(&drawn((640, 480), None, &scene), WHITE);
            assert!((share - left).abs() < 0.03, "{left}: {share}");
        }
        let late = scene(asking(Step::Nod, 0.1, 0, false), Lang::En);
        let canvas = drawn((640, 480), None, &late);
        assert!((on_ring(&canvas, ATTENTION) - 0.1).abs() < 0.03);
        assert!(on_ring(&canvas, TRACK) > 0.8);
    }

    #[test]
    fn the_oval_tells_how_things_stand() {
        let share =
            |state, colour| on_ring(&drawn((640, 480), None, &scene(state, Lang::Zh)), colour);
        assert!(share(asking(Step::Blink, 0.5, 0, true), GOOD) > 0.98);
        assert!(share(asking(Step::Nod, 0.6, 1, false), ATTENTION) > 0.5);
        assert!(share(asking(Step::Nod, 0.6, 1, false), WHITE) < 0.01);
        // While it waits the ring breathes, so its colour is near the pure one.
        let hue = |guide| {
            let canvas = drawn((640, 480), None, &scene(State::Waiting { guide }, Lang::Zh));
            let oval = Layout::new(canvas.size()).oval;
            let pixel = canvas.pixels()[oval.centre().1 as usize * 640 + oval.x as usize];
            [16, 8, 0].map(|shift| pixel >> shift & 0xff)
        };
        let [r, g, b] = hue(None);
        assert!(g > r && g > b);
        let [r, g, b] = hue(Some(Guide::TooDark));
        assert!(r > g && g > b);
    }

    #[test]
    fn the_picture_in_the_oval_is_mirrored_and_dimmed_outside() {
        let image = RgbImage::from_fn(640, 480, |x, _| {
            Rgb(if x < 320 { [250, 0, 0] } else { [0, 0, 250] })
        });
        let (at, seq) = (Timestamp::default(), 0);
        let frame = Frame { at, seq, image };
        for size in SIZES {
            let waiting = scene(State::Waiting { guide: None }, Lang::En);
            let canvas = drawn(size, Some(&frame), &waiting);
            let oval = Layout::new(canvas.size()).oval;
            let pixel = |x: f32| canvas.pixels()[oval.centre().1 as usize * size.0 + x as usize];
            assert_eq!(pixel(oval.x + oval.w * 0.25), 0x00_00fa, "{size:?}");
            assert_eq!(pixel(oval.x + oval.w * 0.75), 0xfa_0000, "{size:?}");
            let outside = pixel(oval.x - oval.w * 0.12);
            assert!(
                outside & 0xff < 0x90 && outside >> 16 < 0x20,
                "{outside:06x}"
            );
        }
    }

    #[test]
    fn a_strike_is_named_for_a_while_and_only_in_its_step() {
        let mut screen = ChallengeScreen::new().unwrap();
        let mut canvas = Canvas::new(640, 480);
        let mut named = |ms: u64, index: usize, strikes: u32| {
            let state = State::Asking {
                step: Step::Nod,
                index,
                since: Timestamp::from_millis(0),
                until: Timestamp::from_millis(60_000),
                strikes,
                seen: false,
            };
            let now = Timestamp::from_millis(ms);
            let scene = Scene {
                now,
                ..scene(state, Lang::En)
            };
            screen.draw(&mut canvas, None, &scene);
            canvas.pixels().contains(&ATTENTION.rgb)
        };
        assert!(!named(1_000, 0, 0));
        assert!(named(2_000, 0, 1) && named(4_000, 0, 1));
        assert!(!named(5_000, 0, 1));
        assert!(named(6_000, 0, 2) && !named(6_500, 1, 2));
    }

    #[test]
    fn each_verdict_has_its_own_colour() {
        let colour =
            |verdict| drawn((320, 240), None, &scene(State::Done(verdict), Lang::En)).pixels()[0];
        let failed = colour(Verdict::Failed(Reason::StepTimeout));
        let unsure = colour(Verdict::Inconclusive(Reason::NobodyCame));
        let passed = colour(Verdict::Passed);
        assert!(passed >> 8 & 0xff > passed >> 16);
        assert!(failed >> 16 > failed >> 8 & 0xff);
        assert!(unsure != failed && unsure != passed);
    }
}
