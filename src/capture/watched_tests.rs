use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use crossbeam_channel::Receiver;
use image::RgbImage;

use super::cameras::CameraId;
use super::device::Device;
use super::fault::{Fault, News, Trouble};
use super::format::{Encoding, Format};
use super::known::Known;
use super::watched::{Moment, Watch, Watched, watch_through};
use super::worker::Word;
use super::{Change, Options};
use crate::frame::Frame;
use crate::time::Timestamp;

/// A camera that says what stands in a list, each at its moment, from when it is opened on.
struct Listed {
    now: Timestamp,
    words: VecDeque<(u64, Word)>,
    open: bool,
}

impl Device for Listed {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn present(&self) -> Vec<(CameraId, Known)> {
        vec![(CameraId::Index(0), Known::numbered("Listed", "1"))]
    }

    fn open(&mut self, _: CameraId, _: Options) -> Result<(), Trouble> {
        self.open = true;
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.open
    }

    fn wait(&mut self, _: &Receiver<Infallible>, patience: Duration) -> Option<Word> {
        let until = self.now.after(patience);
        let due = |(ms, _): &(u64, Word)| Timestamp::from_millis(*ms) <= until;
        if self.words.front().is_some_and(due)
            && let Some((ms, word)) = self.words.pop_front()
        {
            self.now = self.now.max(Timestamp::from_millis(ms));
            return Some(word);
        }
        self.now = until;
        Some(Word::Nothing)
    }

    fn close(&mut self) {
        self.open = false;
    }
}

fn opened(ms: u64) -> (u64, Word) {
    let format = Format {
        encoding: Encoding::Yuyv,
        size: (8, 8),
        fps: 30,
    };
    let known = Known::numbered("Listed", "1");
    (ms, Word::Opened(known, format))
}

fn bad(ms: u64, fault: Fault) -> (u64, Word) {
    (ms, Word::Shot(Err(fault.into())))
}

fn good(ms: u64) -> (u64, Word) {
    let frame = Frame {
        at: Timestamp::from_millis(ms),
        seq: 0,
        image: RgbImage::from_pixel(8, 8, image::Rgb([ms as u8 | 64, 99, 99])),
    };
    (ms, Word::Shot(Ok(frame)))
}

/// Watches it until this moment or its end: what was told, with its moment in ms, and the error.
fn told(words: Vec<(u64, Word)>, until: u64) -> (Vec<(u64, Change, Fault)>, Option<String>) {
    let device = Listed {
        now: Timestamp::default(),
        words: words.into(),
        open: false,
    };
    let (mut watched, watch): (Watched<Listed>, Watch) =
        watch_through(device, &CameraId::Index(0), Options::default());
    let mut told = vec![];
    let mut error = None;
    while let Some(moment) = watched.wait() {
        let news = std::iter::from_fn(|| watch.news());
        told.extend(news.map(|n: News| (n.at.as_micros() / 1_000, n.state, n.fault)));
        match moment {
            Ok(Moment::Frame(Frame { at, .. }) | Moment::Silence(at)) => {
                if at >= Timestamp::from_millis(until) {
                    break;
                }
            }
            Err(why) => error = Some(why.to_string()),
        }
    }
    (told, error)
}

#[test]
fn before_the_first_frame_one_fault_stands_until_the_camera_is_well_or_given_up() {
    let flips = || {
        let bad = |n: u64| match n % 2 {
            0 => bad(100 + 33 * n, Fault::WrongSize),
            _ => bad(100 + 33 * n, Fault::Damaged),
        };
        (0..60).map(bad)
    };
    let words = [opened(80)].into_iter().chain(flips());
    let (news, error) = told(words.chain([good(2_500)]).collect(), 2_600);
    let [(begun, Change::Fault, first), (2_500, Change::Back, last)] = news[..] else {
        unreachable!("{news:?}");
    };
    assert!((1_080..1_200).contains(&begun) && first == last, "{news:?}");
    assert_eq!(error, None);

    let words = [opened(80)].into_iter().chain(flips());
    let (news, error) = told(words.collect(), 20_000);
    assert!(error.is_some_and(|why| why.starts_with("camera 0 failed: ")));
    let faults = news.iter().filter(|(_, state, _)| *state == Change::Fault);
    assert!(faults.count() <= 2, "{news:?}");
}

#[test]
fn a_camera_that_is_late_is_told_and_may_yet_begin() {
    // While it opens, and after that.
    for opens in [80, 3_000] {
        let (news, error) = told(vec![opened(opens), good(3_500)], 3_600);
        let stalled =
            |state| move |(_, s, fault): &&(u64, _, _)| *s == state && *fault == Fault::Stalled;
        let begun = news.iter().find(stalled(Change::Fault));
        let over = news.iter().find(stalled(Change::Back));
        assert!(
            begun.is_some_and(|(ms, ..)| (2_000..=2_200).contains(ms)),
            "{news:?}"
        );
        assert_eq!((over.map(|(ms, ..)| *ms), news.len()), (Some(3_500), 2));
        assert_eq!(error, None);
    }
}

#[test]
fn one_that_refuses_at_once_is_told_and_given_up() {
    let (news, error) = told(vec![(30, Word::Failed(Fault::Busy.into()))], 1_000);
    assert_eq!(news, [(30, Change::Fault, Fault::Busy)]);
    let why = "camera 0 failed: busy; is another program using it?";
    assert_eq!(error.as_deref(), Some(why));
}
