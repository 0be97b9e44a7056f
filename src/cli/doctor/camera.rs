//! Is the camera there, and does it send?
use std::{sync::Arc, time::Duration};

use crossbeam_channel::RecvTimeoutError;
use liveness::{
    capture::{self, CameraId, Options, Source},
    error::Error,
    frame::Frame,
    observation::Observation,
    pipeline::{self, Late},
    time::Clock,
};

use super::{super::cameras::lines, Check, State, check};

/// How long a camera's rate is measured.
const MEASURED: Duration = Duration::from_secs(2);

/// Measuring takes no longer than that from the first frame on, whatever does not come.
const PATIENCE: Duration = Duration::from_secs(5);

/// From one look for news to the next.
const TICK: Duration = Duration::from_millis(50);

/// Frames a second below which a blink may be missed.
const RATE: f32 = 20.0;

/// What was measured: the frames from the first to the last, and the last of them.
struct Measured {
    count: u64,
    took: Duration,
    last: Arc<Frame>,
}

/// What there is to say of a camera; the last frame of one that can be used.
pub fn checks(which: &CameraId) -> (Vec<Check>, Option<Arc<Frame>>) {
    let fail = |why: &dyn ToString| check("camera", State::Fail, why.to_string());
    let present = match capture::list_cameras() {
        Ok(present) => present,
        Err(why) => return (vec![fail(&why)], None),
    };
    if present.is_empty() {
        let text = "no camera found; plug in a USB webcam (`ls /dev/video*` shows it), or give this virtual machine or container one; `liveness demo` needs none";
        return (vec![fail(&text)], None);
    }
    let camera = match capture::find_camera(which, &present) {
        Ok(camera) => camera,
        Err(why) => return (vec![fail(&Error::camera(which, why))], None),
    };
    // Where they cannot be told, opening the camera says why.
    let offers = camera.formats.as_deref().unwrap_or_default();
    let formats =
        (!offers.is_empty()).then(|| check("formats", State::Ok, lines(offers).join("; ")));
    let measured = match measure(which) {
        Ok(measured) => measured,
        Err(why) => return ([fail(&why)].into_iter().chain(formats).collect(), None),
    };
    let source = Source::Camera(which.clone());
    let names = present.iter().map(|c| format!("{} ({})", c.index, c.name));
    let names = names.collect::<Vec<_>>().join(", ");
    let mut checks = vec![check(
        "camera",
        State::Ok,
        format_args!("{source} of {names}"),
    )];
    checks.extend(formats);
    checks.push(rate(measured.count, measured.took));
    (checks, Some(measured.last))
}

/// What is to say of so many frames in so long.
fn rate(count: u64, took: Duration) -> Check {
    let seconds = took.as_secs_f32();
    if took < MEASURED {
        // No fault was told, so what came was good; there was not enough of it.
        let text = format_args!(
            "{count} frames in {seconds:.1} s, and then no more; unplug the camera and plug it in again"
        );
        return check("rate", State::Fail, text);
    }
    let rate = count.saturating_sub(1) as f32 / seconds;
    if rate < RATE {
        let text = format_args!(
            "{rate:.1} frames/s; a blink may be missed: more light, or another USB port"
        );
        check("rate", State::Warn, text)
    } else {
        check("rate", State::Ok, format_args!("{rate:.1} frames/s"))
    }
}

/// Takes frames for as long as the rate is measured.
///
/// # Errors
///
/// What is wrong with the camera: it is not waited for to come back.
fn measure(which: &CameraId) -> Result<Measured, Error> {
    let clock = Clock::start();
    let (watched, watch) = capture::watch(which, Options::default(), clock);
    // A camera that is waited for holds whoever asks it for a frame: that is another thread. Nobody looks
    // for faces meanwhile, so that nothing but the camera is measured.
    let frames = pipeline::spawn(
        move || Ok(watched),
        || Ok(|frame| Ok(Observation::unseen(frame))),
        Late::Drop,
    )?;
    let mut first = None;
    let mut measured = None::<Measured>;
    loop {
        let seen = frames.recv_timeout(TICK);
        // One that is slow says so by its rate; one whose first frame is late may yet send it.
        while let Some(news) = watch.news() {
            if news.breaks() && first.is_some() {
                return Err(news.error(which));
            }
        }
        match seen {
            Ok(seen) => {
                let frame = seen?.frame;
                let (seq, at) = *first.get_or_insert((frame.seq, frame.at));
                measured = Some(Measured {
                    count: frame.seq - seq + 1,
                    took: frame.at.since(at),
                    last: frame,
                });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::camera(which, "it ended; plug it in anew"));
            }
        }
        let late = first.is_some_and(|(_, at)| clock.now().since(at) >= PATIENCE);
        if let Some(done) = measured.take_if(|done| late || done.took >= MEASURED) {
            return Ok(done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_told_and_what_to_do_about_a_low_one() {
        let told = |count, ms| {
            let Check { state, text, .. } = rate(count, Duration::from_millis(ms));
            (state, text)
        };
        assert_eq!(told(61, 2_000), (State::Ok, "30.0 frames/s".to_owned()));
        let (state, text) = told(31, 2_000);
        assert_eq!(state, State::Warn);
        assert!(
            text.starts_with("15.0 frames/s; a blink may be missed"),
            "{text}"
        );
        let (state, text) = told(5, 133);
        assert_eq!(state, State::Fail);
        assert!(
            text.starts_with("5 frames in 0.1 s, and then no more"),
            "{text}"
        );
    }
}
