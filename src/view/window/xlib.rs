//! What Xlib does when its display dies: left alone it ends the whole program, with exit code 1. The only file
//! beside the kernels with `unsafe`: there is no other way to tell Xlib.
#![allow(unsafe_code)]
use std::cell::Cell;

/// What falls when the display of this thread dies.
type Tether = Box<dyn Send>;

thread_local! {
    static TETHER: Cell<Option<Tether>> = const { Cell::new(None) };
}

/// From now on the death of a display stops the thread that talks to it, for ever, in place of the program; what
/// it is given here is dropped then, or when the thread ends.
pub fn tie(tether: impl Send + 'static) {
    TETHER.set(Some(Box::new(tether)));
    #[cfg(all(unix, not(target_os = "macos")))]
    death::listen();
}

#[cfg(all(unix, not(target_os = "macos")))]
mod death {
    use std::{ffi::c_int, thread};

    use x11_dl::xlib::{Display, Xlib};

    use super::TETHER;

    pub fn listen() {
        // Without Xlib there is no display that could die.
        if let Ok(xlib) = Xlib::open() {
            // SAFETY: the function takes any handler of this type, at any time. Ours is one: it takes the
            // pointer without a look at it and never returns, which Xlib allows (`XSetIOErrorHandler(3)`: the
            // program ends if it does). It runs on the thread that called Xlib, which holds no lock of ours.
            unsafe { (xlib.XSetIOErrorHandler)(Some(stop)) };
        }
    }

    pub unsafe extern "C" fn stop(_: *mut Display) -> c_int {
        drop(TETHER.take());
        loop {
            thread::park();
        }
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
            unsafe { death::stop(std::ptr::null_mut()) };
            unreachable!("it never returns");
        });
        assert_eq!(ended.recv(), Err(RecvError));
    }
}
