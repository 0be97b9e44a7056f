//! A window on the screen that may be lost with its display, and nothing else with it.
//!
//! ```text
//! Window ─ asks ─▶ Pane, on a thread of its own ─ answers ─▶ Window
//! ```
//!
//! Xlib ends the program when its display dies or refuses something, as it does where somebody has destroyed the
//! window: a session would have no record, and its exit code would say "failed". Here that ends a thread, and
//! whoever asks next is told.
#[cfg_attr(not(all(unix, not(target_os = "macos"))), path = "no_display.rs")]
mod display;
mod pane;
mod xlib;

use std::{convert::Infallible, mem};

use crossbeam_channel::{Receiver, Sender, bounded, select_biased};

use super::canvas::Canvas;
use crate::{error::Error, thread};
pub use pane::Key;
use pane::Pane;

/// An open window.
pub struct Window {
    /// `None` only while it is dropped.
    asks: Option<Sender<Ask>>,
    answers: Receiver<Answer>,
    /// Closes when the thread ends, or is stopped.
    alive: Receiver<Infallible>,
    state: State,
    pressed: Vec<Key>,
}

enum Ask {
    Show(Canvas),
    Fill(bool),
}

/// What came of it.
struct Answer {
    result: Result<(), Error>,
    state: State,
    pressed: Vec<Key>,
    /// Given back: its memory is used again.
    canvas: Option<Canvas>,
}

/// How a window stands.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    size: (usize, usize),
    is_open: bool,
    is_fullscreen: bool,
}

impl Window {
    /// Opens a window of `size` pixels, or one that fills the screen, without a frame and without a pointer.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] where there is no display; its text names `--headless`. [`Error::System`] where there
    /// can be no thread.
    pub fn open(title: &str, size: (usize, usize), fullscreen: bool) -> Result<Self, Error> {
        let (asks, asked) = bounded(1);
        let (answer, answers) = bounded(1);
        let (tether, alive) = bounded::<Infallible>(0);
        let title = title.to_owned();
        let work = move || {
            xlib::tie(tether);
            match Pane::open(&title, size, fullscreen) {
                Ok(pane) => serve(pane, &asked, &answer),
                Err(why) => drop(answer.send(Answer::bare(Err(why), State::default()))),
            }
        };
        thread::spawn("window", work)?;
        let mut window = Self {
            asks: Some(asks),
            answers,
            alive,
            state: State::default(),
            pressed: vec![],
        };
        window.hear()?;
        Ok(window)
    }

    /// Width and height in pixels: what a canvas should have, or it is cut or stays in a corner.
    pub fn size(&self) -> (usize, usize) {
        self.state.size
    }

    /// Shows a canvas, then reads what the display has to say. The canvas is the same afterwards, unless that
    /// fails.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] when the display does not take the picture, or has gone.
    pub fn show(&mut self, canvas: &mut Canvas) -> Result<(), Error> {
        let whole = mem::replace(canvas, Canvas::new(1, 1));
        if let Some(whole) = self.ask(Ask::Show(whole))? {
            *canvas = whole;
        }
        Ok(())
    }

    /// Keys pressed since the last call, in order; each press once, however short or long.
    pub fn keys(&mut self) -> Vec<Key> {
        mem::take(&mut self.pressed)
    }

    /// Whether nobody has closed the window.
    pub fn is_open(&self) -> bool {
        self.state.is_open
    }

    /// Whether the window was last told to fill the screen.
    pub fn is_fullscreen(&self) -> bool {
        self.state.is_fullscreen
    }

    /// Fills the screen, or goes back to the usual size; its new size shows after the next [`show`](Self::show)s.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] when the display cannot be asked.
    pub fn set_fullscreen(&mut self, on: bool) -> Result<(), Error> {
        self.ask(Ask::Fill(on)).map(drop)
    }

    fn ask(&mut self, ask: Ask) -> Result<Option<Canvas>, Error> {
        let sent = self
            .asks
            .as_ref()
            .is_some_and(|asks| asks.send(ask).is_ok());
        if sent { self.hear() } else { Err(gone()) }
    }

    fn hear(&mut self) -> Result<Option<Canvas>, Error> {
        // Whoever is stopped does not answer; whom the display refused something does, and all seems well.
        let answer = select_biased! {
            recv(self.alive) -> _ => match self.answers.try_recv() {
                Ok(answer) if answer.result.is_err() => Ok(answer),
                _ => Err(gone()),
            },
            recv(self.answers) -> answer => answer.map_err(|_| gone()),
        }?;
        self.state = answer.state;
        self.pressed.extend(answer.pressed);
        answer.result.map(|()| answer.canvas)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.asks = None;
        // Until it is closed, or has gone with its display.
        let _ = self.alive.recv();
    }
}

impl Answer {
    /// Without keys and canvas, as the first one.
    fn bare(result: Result<(), Error>, state: State) -> Self {
        Self {
            result,
            state,
            pressed: vec![],
            canvas: None,
        }
    }
}

/// Does what is asked until nobody can ask any more.
fn serve(mut pane: Pane, asked: &Receiver<Ask>, answer: &Sender<Answer>) {
    let state = |pane: &Pane| State {
        size: pane.size(),
        is_open: pane.is_open(),
        is_fullscreen: pane.is_fullscreen(),
    };
    let opened = Answer::bare(Ok(()), state(&pane));
    let mut heard = answer.send(opened).is_ok();
    while heard && let Ok(ask) = asked.recv() {
        let (result, canvas) = match ask {
            Ask::Show(canvas) => (pane.show(&canvas), Some(canvas)),
            Ask::Fill(on) => (pane.set_fullscreen(on), None),
        };
        let done = Answer {
            result,
            state: state(&pane),
            pressed: pane.keys(),
            canvas,
        };
        heard = answer.send(done).is_ok();
    }
}

fn gone() -> Error {
    let source = "the display has gone".into();
    Error::Window { source }
}
