//! The X display: its size, and full screen. minifb tells neither, so a second connection asks.
use x11rb::{
    connection::Connection,
    protocol::xproto::{
        AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt, EventMask, Screen,
    },
    rust_connection::RustConnection,
};

use crate::error::Cause;

/// A connection to the display of `DISPLAY`.
pub(super) struct Display {
    connection: RustConnection,
    screen: Screen,
}

impl Display {
    /// Connects.
    pub(super) fn open() -> Result<Self, Cause> {
        // An X server that has just lost its last client hangs up once on whoever knocks meanwhile.
        let (connection, number) = x11rb::connect(None).or_else(|_| x11rb::connect(None))?;
        let screen = connection.setup().roots.get(number).cloned();
        Ok(Self {
            screen: screen.ok_or("the display has no screen")?,
            connection,
        })
    }

    /// Width and height in pixels; of all monitors together where there are several.
    pub(super) fn size(&self) -> (usize, usize) {
        let screen = &self.screen;
        (
            screen.width_in_pixels.into(),
            screen.height_in_pixels.into(),
        )
    }

    /// Lets a window fill its monitor, or gives it back the size it had.
    ///
    /// A window manager is asked (EWMH, `_NET_WM_STATE`); on a bare display the window is placed by hand.
    pub(super) fn fill(&self, window: usize, on: bool, usual: (usize, usize)) -> Result<(), Cause> {
        let window = u32::try_from(window)?;
        let root = self.screen.root;
        let atom = |name: &[u8]| -> Result<u32, Cause> {
            Ok(self.connection.intern_atom(false, name)?.reply()?.atom)
        };
        let managed = self.is_managed(atom(b"_NET_SUPPORTING_WM_CHECK")?)?;
        if managed {
            let (state, full) = (atom(b"_NET_WM_STATE")?, atom(b"_NET_WM_STATE_FULLSCREEN")?);
            // 1 adds the state, 0 takes it away; the last 1 says that an ordinary program asks.
            let data = [u32::from(on), full, 0, 1, 0];
            let event = ClientMessageEvent::new(32, window, state, data);
            let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
            self.connection.send_event(false, root, mask, event)?;
        }
        // A manager gives back the size a window was opened with, which may be the whole screen.
        if !managed || !on {
            let (w, h) = if on { self.size() } else { usual };
            let (whole, middle) = (self.size(), |whole: usize, part: usize| {
                whole.saturating_sub(part) / 2
            });
            let (x, y) = (middle(whole.0, w), middle(whole.1, h));
            let place = ConfigureWindowAux::new()
                .x(i32::try_from(x)?)
                .y(i32::try_from(y)?);
            let place = place.width(u32::try_from(w)?).height(u32::try_from(h)?);
            self.connection.configure_window(window, &place)?;
        }
        self.connection.flush()?;
        Ok(())
    }

    /// Whether a window manager runs: it names a window of its own, on the root and on that window. One that
    /// has died leaves only the first.
    fn is_managed(&self, check: u32) -> Result<bool, Cause> {
        let named = |window: u32| -> Result<Option<u32>, Cause> {
            let asked =
                self.connection
                    .get_property(false, window, check, AtomEnum::WINDOW, 0, 1)?;
            // An error of the display says that there is no such window.
            let answer = asked.reply_unchecked()?;
            Ok(answer.and_then(|answer| answer.value32()?.next()))
        };
        let manager = named(self.screen.root)?;
        Ok(match manager {
            Some(window) => named(window)? == manager,
            None => false,
        })
    }
}
