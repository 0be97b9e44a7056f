//! What Xlib does when its display dies, or takes something amiss: left alone it ends the whole program, with exit
//! code 1. The only file beside the kernels with `unsafe`: there is no other way to tell Xlib.
#![allow(unsafe_code)]
use std::cell::Cell;

/// What falls when the display of this thread is lost.
type Tether = Box<dyn Send>;

thread_local! {
    static TETHER: Cell<Option<Tether>> = const { Cell::new(None) };
    /// Whether this thread is one that may be stopped.
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// From now on the death of a display stops the thread that talks to it, for ever, in place of the program, and
/// what a display refuses is no more than an error. What it is given here is dropped then, or when the thread
/// ends. Threads that have not called this are none of our business.
pub fn tie(tether: impl Send + 'static) {
    TETHER.set(Some(Box::new(tether)));
    OURS.set(true);
    #[cfg(all(unix, not(target_os = "macos")))]
    handlers::set();
}

#[cfg(all(unix, not(target_os = "macos")))]
mod handlers {
    use std::{ffi::c_int, sync::OnceLock, thread};

    use x11_dl::xlib::{Display, XErrorEvent, Xlib};

    use super::{OURS, TETHER};

    type OnDeath = unsafe extern "C" fn(*mut Display) -> c_int;
    type OnError = unsafe extern "C" fn(*mut Display, *mut XErrorEvent) -> c_int;

    /// Those that were there before ours.
    static BEFORE: OnceLock<(Option<OnDeath>, Option<OnError>)> = OnceLock::new();

    pub fn set() {
        BEFORE.get_or_init(|| match Xlib::open() {
            // SAFETY: both functions take any handler of their type, at any time. What ours do is said beside
            // them. x11-dl closes no library that it has opened, so that Xlib and its handlers stay.
            Ok(xlib) => unsafe {
                (
                    (xlib.XSetIOErrorHandler)(Some(stop)),
                    (xlib.XSetErrorHandler)(Some(refused)),
                )
            },
            // Without Xlib there is no display that could die.
            Err(_) => (None, None),
        });
    }

    /// The display has died. Never returns on a thread of ours, which Xlib allows: it would end the program.
    /// Xlib calls it on the thread that called Xlib, and there we hold no lock.
    pub unsafe extern "C" fn stop(display: *mut Display) -> c_int {
        if !OURS.get() {
            return match BEFORE.get() {
                // SAFETY: Xlib's own handler or the host's, called as Xlib would have.
                Some((Some(before), _)) => unsafe { before(display) },
                _ => 0,
            };
        }
        drop(TETHER.take());
        loop {
            thread::park();
        }
    }

    /// The display refuses something: the window is not there any more, for one.
    unsafe extern "C" fn refused(display: *mut Display, error: *mut XErrorEvent) -> c_int {
        if !OURS.get() {
            return match BEFORE.get() {
                // SAFETY: as above.
                Some((_, Some(before))) => unsafe { before(display, error) },
                _ => 0,
            };
        }
        drop(TETHER.take());
        0
    }
}

#[cfg(all(test, unix, not(target_os = "macos")))]
mod tests {
    use super::*;
    use crossbeam_channel::{RecvError, bounded};

    #[test]
    fn the_thread_of_a_display_that_dies_lets_go_and_goes_no_further() {
        let (end, ended) = bounded::<u8>(0);
        std::thread::spawn(move || {
            tie(end);
            // SAFETY: it does not look at its argument.
            unsafe { handlers::stop(std::ptr::null_mut()) };
            unreachable!("it never returns");
        });
        assert_eq!(ended.recv(), Err(RecvError));
    }
}
