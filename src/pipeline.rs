//! The threads: capture and detector, joined by channels of one.
//!
//! Ownership is the shutdown: drop the receiver and both threads end.
//!
//! Why it cannot hang, without a model of it: frames go one way, and what a thread waits for is only the next
//! channel's room or the last one's content. So no two wait for each other. Each channel has one sender and one
//! receiver, each owned by the thread that uses it; a thread that ends, by return or by panic, closes both of its
//! channels, and whoever waits at either end wakes with an error, on which it returns. What is left is a source or
//! a network that does not come back: a camera is waited for in slices of time and left alone when it hangs
//! (`capture::watched`), and whoever waits for observations waits with a limit and may go at any time.
use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::{error::Error, frame::Frame, observation::Observation, thread};

/// What happens to a frame that comes while another one still waits for the detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// It is dropped, so that the detector never works on the past: live sources. So is what comes before the
    /// networks are loaded.
    Drop,
    /// It waits, and the source with it: recordings.
    Wait,
}

/// Starts the two threads; what they see, or the error that ends them, arrives in order.
///
/// `open` runs on the capture thread, so a slow camera does not hold up the window and its failure
/// arrives like any other. `look` is made from `observer` on the detector thread, so that networks
/// load while the camera opens.
///
/// # Errors
///
/// [`Error::System`] where a thread cannot be started.
pub fn spawn<S, L>(
    open: impl FnOnce() -> Result<S, Error> + Send + 'static,
    observer: impl FnOnce() -> Result<L, Error> + Send + 'static,
    late: Late,
) -> Result<Receiver<Result<Observation, Error>>, Error>
where
    S: Iterator<Item = Result<Frame, Error>>,
    L: FnMut(Frame) -> Result<Observation, Error>,
{
    let (frames_tx, frames) = bounded(1);
    let (seen_tx, seen) = bounded(1);
    start("capture", frames_tx, move |frames| {
        capture(open, late, frames)
    })?;
    start("detector", seen_tx, move |seen| {
        detect(observer, late, &frames, seen)
    })?;
    Ok(seen)
}

/// Runs `work` on a thread of its own. A panic in it (cameras' drivers and networks are foreign code)
/// is told like any other error: a channel that just closes would read as the end of a recording.
fn start<T: Send + 'static>(
    name: &'static str,
    out: Sender<Result<T, Error>>,
    work: impl FnOnce(&Sender<Result<T, Error>>) + Send + 'static,
) -> Result<(), Error> {
    let guarded = move || {
        if catch_unwind(AssertUnwindSafe(|| work(&out))).is_err() {
            let told = out.send(Err(Error::Panic { thread: name }));
            // Nobody listens any more; the panic itself is on standard error.
            drop(told);
        }
    };
    thread::spawn(name, guarded).map(drop)
}

/// Pushes frames until the source ends, fails, or nobody listens.
fn capture<S>(
    open: impl FnOnce() -> Result<S, Error>,
    late: Late,
    frames: &Sender<Result<Frame, Error>>,
) where
    S: Iterator<Item = Result<Frame, Error>>,
{
    let source = match open() {
        Ok(source) => source,
        Err(error) => return drop(frames.send(Err(error))),
    };
    for frame in source {
        let failed = frame.is_err();
        // An error is never dropped: it is why the stream ends.
        let gone = if failed || late == Late::Wait {
            frames.send(frame).is_err()
        } else {
            matches!(frames.try_send(frame), Err(TrySendError::Disconnected(_)))
        };
        if gone || failed {
            return;
        }
    }
}

/// Looks at frames until they end, one fails, or nobody listens.
fn detect<L>(
    observer: impl FnOnce() -> Result<L, Error>,
    late: Late,
    frames: &Receiver<Result<Frame, Error>>,
    seen: &Sender<Result<Observation, Error>>,
) where
    L: FnMut(Frame) -> Result<Observation, Error>,
{
    let mut look = match observer() {
        Ok(look) => look,
        Err(error) => return drop(seen.send(Err(error))),
    };
    // What a camera saw while the networks loaded is past, and those who would wait for it would drop the next.
    let waited = match late {
        Late::Drop => frames.try_recv().ok().filter(Result::is_err),
        Late::Wait => None,
    };
    for frame in waited.into_iter().chain(frames) {
        let observation = frame.and_then(&mut look);
        let failed = observation.is_err();
        if seen.send(observation).is_err() || failed {
            return;
        }
    }
}
