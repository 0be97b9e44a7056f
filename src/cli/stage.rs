//! The window of a challenge: what the subject sees, and the keys.
use std::{sync::Arc, time::Duration};

use crossbeam_channel::Receiver;
use liveness::{
    capture::Fault,
    challenge::{State, Verdict},
    error::Error,
    frame::Frame,
    time::{Clock, Timestamp},
    view::{Canvas, ChallengeScreen, Key, Lang, Scene, Window},
};

use super::{
    ask::Ask,
    feed::{self, Feed, Next},
};

/// Size of a window that does not fill the display.
const SIZE: (usize, usize) = (960, 720);

/// How long a result stays when nobody presses a key.
const RESULT: Duration = Duration::from_secs(5);

/// What the person at the window wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// To go on.
    Nothing,
    /// To stop: escape, or the window was closed.
    Stop,
    /// Another session: the space bar.
    Again,
}

/// The window of a challenge.
pub struct Stage {
    window: Window,
    canvas: Canvas,
    screen: ChallengeScreen,
    lang: Lang,
    /// Whether the space key begins another session: not where the result answers one call.
    again: bool,
}

impl Stage {
    /// Opens the window; none where `--headless` asks for none.
    pub fn open(ask: &Ask) -> Result<Option<Self>, Error> {
        if ask.headless {
            return Ok(None);
        }
        Ok(Some(Self {
            window: Window::open("liveness", SIZE, ask.fullscreen)?,
            canvas: Canvas::new(1, 1),
            screen: ChallengeScreen::new()?,
            lang: ask.lang(),
            again: !ask.terms.proof.has_nonce(),
        }))
    }

    /// Draws one moment and asks the keyboard.
    pub fn show(
        &mut self,
        frame: Option<&Frame>,
        state: State,
        script_len: usize,
        now: Timestamp,
        fault: Option<Fault>,
    ) -> Result<Wanted, Error> {
        let scene = Scene {
            state,
            fault,
            script_len,
            now,
            lang: self.lang,
            again: self.again,
        };
        self.canvas.resize(self.window.size());
        self.screen.draw(&mut self.canvas, frame, &scene);
        self.window.show(&mut self.canvas)?;
        let mut wanted = Wanted::Nothing;
        for key in self.window.keys() {
            match key {
                Key::Escape => wanted = Wanted::Stop,
                Key::Space if self.again => wanted = Wanted::Again,
                Key::F => {
                    let full = self.window.is_fullscreen();
                    self.window.set_fullscreen(!full)?;
                }
                Key::Space | Key::M | Key::S => {}
            }
        }
        if !self.window.is_open() {
            wanted = Wanted::Stop;
        }
        Ok(wanted)
    }

    /// Shows the result until a key is pressed or its time is over, by the clock on the wall: a
    /// recording may have ended, a camera failed. `true` when another session is wanted and frames
    /// still come; `now` is moved on to the end. The result stands: nothing that fails here matters.
    /// `stop` ends it at once.
    pub fn linger(
        &mut self,
        feed: &mut Feed,
        stop: &Receiver<()>,
        verdict: Verdict,
        mut frame: Option<Arc<Frame>>,
        now: &mut Timestamp,
    ) -> bool {
        let (clock, from) = (Clock::start(), *now);
        let mut over = false;
        loop {
            let shown = clock.now().since(Timestamp::default());
            if shown >= RESULT || stop.try_recv().is_ok() {
                return false;
            }
            if over {
                // Nobody sends here any more; without a wait this would spin.
                feed::pause(feed::TICK);
            } else {
                match feed.next() {
                    Ok(Next::Seen(seen)) => {
                        *now = (*now).max(seen.frame.at);
                        frame = Some(seen.frame);
                    }
                    Ok(Next::Tick(at)) => *now = (*now).max(at),
                    Ok(Next::Camera(news)) => *now = (*now).max(news.at),
                    Ok(Next::End) => over = true,
                    Err(error) => {
                        log::warn!("after the result: {error}");
                        over = true;
                    }
                }
            }
            let at = from.after(shown);
            match self.show(frame.as_deref(), State::Done(verdict), 0, at, None) {
                Ok(Wanted::Nothing) => {}
                Ok(Wanted::Again) if !over => return true,
                Ok(Wanted::Stop | Wanted::Again) => return false,
                Err(error) => {
                    log::warn!("after the result: {error}");
                    return false;
                }
            }
        }
    }
}
