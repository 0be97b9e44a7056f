//! A window on the screen, on the thread of whoever opens it. The only file that names minifb.
use std::{cell::Cell, rc::Rc};

use minifb::{InputCallback, ScaleMode, WindowOptions};

use super::{super::canvas::Canvas, display::Display};
use crate::error::Error;

/// A key the program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Stop.
    Escape,
    /// Again.
    Space,
    /// Mesh on or off.
    M,
    /// Signals on or off.
    S,
    /// Full screen on or off.
    F,
}

impl Key {
    fn known(key: minifb::Key) -> Option<Self> {
        match key {
            minifb::Key::Escape => Some(Self::Escape),
            minifb::Key::Space => Some(Self::Space),
            minifb::Key::M => Some(Self::M),
            minifb::Key::S => Some(Self::S),
            minifb::Key::F => Some(Self::F),
            _ => None,
        }
    }
}

/// An open window.
pub struct Pane {
    window: minifb::Window,
    display: Display,
    pressed: Rc<Cell<Vec<Key>>>,
    usual: (usize, usize),
    fullscreen: bool,
}

/// Hears each press as it is read from the display. Asking for the keys that are down, once a frame,
/// misses a press that is shorter than a frame.
struct Listener {
    pressed: Rc<Cell<Vec<Key>>>,
    down: Vec<Key>,
}

impl InputCallback for Listener {
    fn add_char(&mut self, _: u32) {}

    fn set_key_state(&mut self, key: minifb::Key, is_down: bool) {
        let Some(key) = Key::known(key) else { return };
        let was_down = self.down.contains(&key);
        self.down.retain(|&other| other != key);
        if !is_down {
            return;
        }
        self.down.push(key);
        // A key that is held repeats; it was pressed once.
        if !was_down {
            let mut pressed = self.pressed.take();
            pressed.push(key);
            self.pressed.set(pressed);
        }
    }
}

impl Pane {
    /// Opens a window of `size` pixels, or one that fills the screen, without a frame and without a pointer.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] where there is no display; its text names `--headless`.
    pub fn open(title: &str, size: (usize, usize), fullscreen: bool) -> Result<Self, Error> {
        if cfg!(all(unix, not(target_os = "macos"))) && std::env::var_os("DISPLAY").is_none() {
            return Err(failed("no display (DISPLAY is not set)"));
        }
        let usual = (size.0.max(1), size.1.max(1));
        // Held from here on: an X server whose last client leaves may begin anew, with us at its door.
        let display = Display::open().map_err(failed)?;
        // What does not fit on the display cannot be read.
        let whole = display.size();
        let usual = (usual.0.min(whole.0), usual.1.min(whole.1));
        let (w, h) = if fullscreen { whole } else { usual };
        let options = WindowOptions {
            resize: true,
            borderless: fullscreen,
            title: !fullscreen,
            scale_mode: ScaleMode::UpperLeft,
            ..WindowOptions::default()
        };
        let mut window = minifb::Window::new(title, w, h, options).map_err(failed)?;
        // The pipeline sets the pace; minifb would sleep up to 4 ms a frame.
        window.set_target_fps(0);
        let pressed = Rc::new(Cell::new(Vec::new()));
        window.set_input_callback(Box::new(Listener {
            pressed: Rc::clone(&pressed),
            down: Vec::new(),
        }));
        let mut opened = Self {
            window,
            display,
            pressed,
            usual,
            fullscreen: false,
        };
        if fullscreen {
            opened.set_fullscreen(true)?;
        }
        Ok(opened)
    }

    /// Width and height in pixels: what a canvas should have, or it is cut or stays in a corner.
    pub fn size(&self) -> (usize, usize) {
        self.window.get_size()
    }

    /// Shows a canvas, then reads what the display has to say.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] when the display does not take the picture.
    pub fn show(&mut self, canvas: &Canvas) -> Result<(), Error> {
        let (width, height) = (canvas.width(), canvas.height());
        let shown = self
            .window
            .update_with_buffer(canvas.pixels(), width, height);
        shown.map_err(|why| Error::Window { source: why.into() })
    }

    /// Keys pressed since the last call, in order; each press once, however short or long.
    pub fn keys(&mut self) -> Vec<Key> {
        self.pressed.take()
    }

    /// Whether nobody has closed the window.
    pub fn is_open(&self) -> bool {
        self.window.is_open()
    }

    /// Whether the window was last told to fill the screen.
    pub fn is_fullscreen(&self) -> bool {
        self.fullscreen
    }

    /// Fills the screen, or goes back to the usual size; its new size shows after the next [`show`](Self::show)s.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] when the display cannot be asked.
    pub fn set_fullscreen(&mut self, on: bool) -> Result<(), Error> {
        // On X11 the handle is the window's number.
        let number = self.window.get_window_handle() as usize;
        let filled = self.display.fill(number, on, self.usual);
        filled.map_err(|source| Error::Window { source })?;
        self.window.set_cursor_visibility(!on);
        self.fullscreen = on;
        Ok(())
    }
}

fn failed(why: impl std::fmt::Display) -> Error {
    let source = why.to_string().into();
    Error::Window { source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_counts_once_however_short_or_long() {
        let pressed = Rc::new(Cell::new(Vec::new()));
        let mut listener = Listener {
            pressed: Rc::clone(&pressed),
            down: Vec::new(),
        };
        for is_down in [true, true, true, false, true, false] {
            listener.set_key_state(minifb::Key::Space, is_down);
        }
        listener.set_key_state(minifb::Key::A, true);
        listener.set_key_state(minifb::Key::Escape, true);
        assert_eq!(pressed.take(), [Key::Space, Key::Space, Key::Escape]);
    }
}
