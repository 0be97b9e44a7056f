//! Opens the real window and plays a made-up challenge in it; prints sizes and keys.
//!
//!     cargo run --release --example window -- [full]
//!
//! Escape or closing the window ends it, F switches full screen, space begins anew.
use std::time::Duration;

use anyhow::Result;
use image::RgbImage;
use liveness::{
    challenge::{State, Verdict},
    frame::Frame,
    step::Step,
    time::{Clock, Timestamp},
    view::{Canvas, ChallengeScreen, Key, Lang, Scene, Window},
};

/// How long each step of the play takes.
const STEP: Duration = Duration::from_secs(3);

#[expect(clippy::print_stdout, reason = "an example's report")]
fn main() -> Result<()> {
    let fullscreen = std::env::args().nth(1).is_some_and(|word| word == "full");
    let mut window = Window::open("liveness", (960, 540), fullscreen)?;
    let mut screen = ChallengeScreen::new()?;
    let mut canvas = Canvas::new(1, 1);
    let image = RgbImage::from_fn(640, 480, |x, y| {
        image::Rgb([(x / 3) as u8, 120, (y / 2) as u8])
    });
    let (at, seq) = (Timestamp::default(), 0);
    let frame = Frame { at, seq, image };
    let clock = Clock::start();
    let (mut began, mut size) = (Timestamp::default(), (0, 0));
    while window.is_open() {
        let now = clock.now();
        if window.size() != size {
            size = window.size();
            println!("size {size:?}");
        }
        canvas.resize(size);
        let state = play(began, now);
        let (script_len, lang) = (Step::ALL.len(), Lang::from_system());
        let scene = Scene {
            state,
            fault: None,
            script_len,
            now,
            lang,
            again: false,
        };
        screen.draw(&mut canvas, Some(&frame), &scene);
        let drawn = clock.now();
        window.show(&mut canvas)?;
        for key in window.keys() {
            let (draw, show) = (drawn.since(now), clock.now().since(drawn));
            println!("key {key:?} (draw {draw:.1?}, show {show:.1?})");
            match key {
                Key::Escape => return Ok(()),
                Key::Space => began = now,
                Key::F => window.set_fullscreen(!window.is_fullscreen())?,
                Key::M | Key::S => {}
            }
        }
    }
    Ok(())
}

/// Each step in turn, seen after two thirds of its time; then the end.
fn play(began: Timestamp, now: Timestamp) -> State {
    let index = (now.since(began).as_secs_f32() / STEP.as_secs_f32()) as usize;
    let Some(&step) = Step::ALL.get(index) else {
        return State::Done(Verdict::Passed);
    };
    let since = began.after(STEP * index as u32);
    let seen = now.since(since) > STEP * 2 / 3;
    let until = since.after(STEP);
    State::Asking {
        step,
        index,
        since,
        until,
        strikes: 0,
        seen,
        guide: None,
    }
}
