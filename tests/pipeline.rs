//! The threads: dropping, keeping order, closing, failing. Nothing sleeps: both ends of the
//! pipeline wait for this test where it matters.
#![allow(clippy::unwrap_used, clippy::panic)]

use crossbeam_channel::{Receiver, Sender, bounded};
use image::RgbImage;
use liveness::{
    error::Error,
    frame::Frame,
    observation::Observation,
    pipeline::{Late, spawn},
    time::Timestamp,
};

fn frame(seq: u64) -> Frame {
    Frame {
        at: Timestamp::from_millis(33 * seq),
        seq,
        image: RgbImage::new(1, 1),
    }
}

fn frames(count: u64) -> impl Iterator<Item = Result<Frame, Error>> + Send {
    (0..count).map(|seq| Ok(frame(seq)))
}

fn look(frame: Frame) -> Result<Observation, Error> {
    Ok(Observation::unseen(frame))
}

/// The numbers of the frames that arrive, and the error that ends them.
fn arrivals(seen: &Receiver<Result<Observation, Error>>) -> (Vec<u64>, Option<String>) {
    let (mut numbers, mut error) = (vec![], None);
    for item in seen {
        match item {
            Ok(observation) => numbers.push(observation.frame.seq),
            Err(why) => error = Some(why.to_string()),
        }
    }
    (numbers, error)
}

#[test]
fn a_recording_drops_nothing_and_keeps_its_order() {
    let seen = spawn(|| Ok(frames(200)), || Ok(look), Late::Wait).unwrap();
    assert_eq!(arrivals(&seen), ((0..200).collect(), None));
}

#[test]
fn a_slow_detector_drops_frames_and_keeps_their_order() {
    // The first frame taken is looked at until the source has offered 49 more: one of them waits, the rest go.
    let (offered, all_offered) = bounded::<()>(0);
    let (taken, has_taken) = bounded::<()>(1);
    let mut last = None;
    let source = (0..10_000_000).map_while(move |seq| {
        if last.is_none() && has_taken.try_recv().is_ok() {
            last = Some(seq + 49);
        }
        if Some(seq) == last {
            offered.send(()).unwrap();
        }
        last.is_none_or(|last| seq <= last).then(|| Ok(frame(seq)))
    });
    let mut first = true;
    let slow = move |frame: Frame| {
        if std::mem::take(&mut first) {
            taken.send(()).unwrap();
            all_offered.recv().unwrap();
        }
        look(frame)
    };
    let seen = spawn(move || Ok(source), move || Ok(slow), Late::Drop).unwrap();
    let (numbers, error) = arrivals(&seen);
    // The last comes after the detector is let go: it may find the place taken or free.
    assert!((2..=3).contains(&numbers.len()), "{numbers:?}");
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    // The one that waited is the first that came, not the one before the last.
    let waited = numbers.get(2).is_none_or(|last| last - numbers[1] >= 49);
    assert!(waited, "{numbers:?}");
    assert_eq!(error, None);
}

#[test]
fn what_a_camera_saw_while_the_networks_loaded_is_past() {
    let (offered, has_offered) = bounded::<()>(0);
    let source = (0..).map(move |seq| {
        if seq == 5 {
            offered.send(()).unwrap();
        }
        Ok(frame(seq))
    });
    let load = move || {
        has_offered.recv().unwrap();
        Ok(look)
    };
    let seen = spawn(move || Ok(source), load, Late::Drop).unwrap();
    assert!(seen.recv().unwrap().unwrap().frame.seq >= 5);
}

/// Tells when it is dropped.
struct Bell(Option<Sender<()>>);

impl Drop for Bell {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

#[test]
fn both_threads_end_when_nobody_listens() {
    for late in [Late::Drop, Late::Wait] {
        let (capture, capture_ended) = bounded::<()>(0);
        let (detector, detector_ended) = bounded::<()>(0);
        let (capture, detector) = (Bell(Some(capture)), Bell(Some(detector)));
        let endless = (0..).map(move |seq| {
            let _ = &capture;
            Ok(frame(seq))
        });
        let looks = move |frame| {
            let _ = &detector;
            look(frame)
        };
        let seen = spawn(move || Ok(endless), move || Ok(looks), late).unwrap();
        assert!(seen.recv().unwrap().is_ok());
        drop(seen);
        // A bell that is gone closes its channel; a thread that stays would hang this test.
        assert!(capture_ended.recv().is_err());
        assert!(detector_ended.recv().is_err());
    }
}

#[test]
fn a_source_that_does_not_open_is_told() {
    let open = || -> Result<std::vec::IntoIter<_>, _> { Err(Error::camera(3, "busy")) };
    let seen = spawn(open, || Ok(look), Late::Drop).unwrap();
    let (numbers, error) = arrivals(&seen);
    assert_eq!(numbers, [0; 0]);
    assert_eq!(error.unwrap(), "camera 3 failed: busy");
}

#[test]
fn a_detector_that_does_not_load_is_told() {
    let load = || -> Result<fn(Frame) -> _, _> { Err(Error::source("net", "damaged")) };
    let seen = spawn(|| Ok(frames(9)), load, Late::Wait).unwrap();
    let (numbers, error) = arrivals(&seen);
    assert_eq!(numbers, [0; 0]);
    assert!(error.unwrap().contains("damaged"));
}

#[test]
fn a_source_that_fails_midway_ends_behind_its_frames() {
    let broken = || {
        let failure = std::iter::once(Err(Error::camera(0, "unplugged")));
        Ok(frames(5).chain(failure).chain(frames(5)))
    };
    let seen = spawn(broken, || Ok(look), Late::Wait).unwrap();
    let (numbers, error) = arrivals(&seen);
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    assert_eq!(error.unwrap(), "camera 0 failed: unplugged");
}

#[test]
fn a_failure_of_a_live_source_is_never_dropped() {
    for _ in 0..50 {
        let broken = || Ok(frames(20).chain(std::iter::once(Err(Error::camera(0, "gone")))));
        let seen = spawn(broken, || Ok(look), Late::Drop).unwrap();
        assert_eq!(arrivals(&seen).1.unwrap(), "camera 0 failed: gone");
    }
}

#[test]
fn a_detector_that_fails_ends_the_stream() {
    let fails = |frame: Frame| match frame.seq {
        3 => Err(Error::source("frame 3", "odd")),
        _ => look(frame),
    };
    let seen = spawn(|| Ok(frames(100)), move || Ok(fails), Late::Wait).unwrap();
    let (numbers, error) = arrivals(&seen);
    assert_eq!(numbers, [0, 1, 2]);
    assert!(error.unwrap().contains("odd"));
}

#[test]
fn a_thread_that_breaks_down_is_an_error_and_no_end() {
    let breaks = |frame: Frame| match frame.seq {
        3 => panic!("a test breaks this down"),
        _ => look(frame),
    };
    let seen = spawn(|| Ok(frames(100)), move || Ok(breaks), Late::Wait).unwrap();
    let (numbers, error) = arrivals(&seen);
    assert_eq!(numbers, [0, 1, 2]);
    assert!(error.unwrap().contains("detector thread broke down"));

    let source = frames(100).inspect(|frame| {
        let frame = frame.as_ref().unwrap();
        assert!(frame.seq < 5, "a test breaks this down");
    });
    let seen = spawn(move || Ok(source), || Ok(look), Late::Wait).unwrap();
    let (numbers, error) = arrivals(&seen);
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    assert!(error.unwrap().contains("capture thread broke down"));
}
