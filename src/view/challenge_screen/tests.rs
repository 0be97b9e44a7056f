use std::time::Duration;

use super::*;
use crate::{
    challenge::{Reason, Verdict},
    view::{colour::Colour, strings::Lang},
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
        fault: None,
        script_len: 5,
        now: Timestamp::from_millis(3_000),
        lang,
        again: true,
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
        guide: None,
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
    let guides = Guide::ALL.into_iter().map(Some).chain([None]);
    let mut states: Vec<State> = guides.map(|guide| State::Waiting { guide }).collect();
    for step in Step::ALL {
        states.push(asking(step, 0.5, 1, false));
        states.push(asking(step, 0.5, 0, true));
    }
    for reason in Reason::ALL {
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
    let share = |state, colour| on_ring(&drawn((640, 480), None, &scene(state, Lang::Zh)), colour);
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
            guide: None,
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
fn another_session_is_offered_only_where_there_can_be_one() {
    let end = scene(State::Done(Verdict::Passed), Lang::En);
    let only = Scene {
        again: false,
        ..end
    };
    let (w, h) = (640, 480);
    let [offered, only] = [end, only].map(|scene| drawn((w, h), None, &scene));
    let differ = |rows: std::ops::Range<usize>| {
        let rows = rows.start * w..rows.end * w;
        offered.pixels()[rows.clone()] != only.pixels()[rows]
    };
    assert!(differ(h * 4 / 5..h));
    assert!(!differ(0..h * 4 / 5));
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
