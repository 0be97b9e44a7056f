//! What of a camera may be judged: nothing from before a fault, nothing while one lasts.
use std::collections::BTreeMap;

use liveness::{
    capture::{CameraId, Change, Fault, News},
    error::Error,
    observation::Observation,
    time::Timestamp,
};

use super::feed::Next;

/// The oldest news of a camera that was not heard yet.
pub type Heard = Box<dyn FnMut() -> Option<News>>;

/// A camera whose faults are heard of.
pub struct Guard {
    camera: CameraId,
    news: Heard,
    /// Whether its return is waited for; else its fault is an error.
    patient: bool,
    /// Whether a frame has come.
    begun: bool,
    /// What is wrong with it now.
    standing: BTreeMap<Fault, News>,
    /// Frames from before are not to be judged any more.
    stale: Timestamp,
    /// What was seen while news came, which goes first.
    held: Option<Observation>,
}

impl Guard {
    pub fn new(camera: CameraId, patient: bool, news: Heard) -> Self {
        Self {
            camera,
            news,
            patient,
            begun: false,
            standing: BTreeMap::new(),
            stale: Timestamp::default(),
            held: None,
        }
    }

    /// What comes next, of what `wait` gives: news go before what was seen meanwhile, and what was seen
    /// from before a fault until its end only lets time pass.
    pub fn next(&mut self, wait: impl FnOnce() -> Result<Next, Error>) -> Result<Next, Error> {
        if let Some(news) = self.hear() {
            return Ok(Next::Camera(news));
        }
        // A camera whose first frame is late may yet send it; one that never does ends its frames by itself.
        let may_begin = [Fault::Stalled, Fault::Damaged, Fault::WrongSize];
        if let Some(news) = self.broken()
            && !self.patient
            && (self.begun || !may_begin.contains(&news.fault))
        {
            return Err(news.error(&self.camera));
        }
        let seen = match self.held.take() {
            Some(seen) => seen,
            None => {
                let seen = match wait()? {
                    Next::Seen(seen) => seen,
                    other => return Ok(other),
                };
                self.begun = true;
                if let Some(news) = self.hear() {
                    self.held = Some(seen);
                    return Ok(Next::Camera(news));
                }
                seen
            }
        };
        // A camera that is black or frozen goes on sending.
        if seen.frame.at < self.stale || self.broken().is_some() {
            return Ok(Next::Tick(seen.frame.at));
        }
        Ok(Next::Seen(seen))
    }

    /// What there is to say of the camera.
    fn hear(&mut self) -> Option<News> {
        while let Some(news) = (self.news)() {
            match news.state {
                Change::Fault => {
                    self.standing.insert(news.fault, news.clone());
                }
                Change::Back => {
                    self.standing.remove(&news.fault);
                }
            }
            if news.fault.breaks() {
                // Its end, too: a frame from while it lasted may still be looked at.
                self.stale = self.stale.max(news.at);
            }
            if self.patient {
                return Some(news);
            }
        }
        None
    }

    /// What is wrong with it now, the gravest first.
    pub fn faults(&self) -> impl Iterator<Item = &News> {
        self.standing.values()
    }

    /// What keeps anything from being judged now.
    pub fn broken(&self) -> Option<&News> {
        self.faults().find(|news| news.breaks())
    }

    /// The same as an error.
    pub fn failure(&self) -> Option<Error> {
        Some(self.broken()?.error(&self.camera))
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};

    use image::RgbImage;
    use liveness::frame::Frame;

    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn seen(ms: u64) -> Next {
        let frame = Frame {
            at: at(ms),
            seq: ms,
            image: RgbImage::new(1, 1),
        };
        Next::Seen(Observation::unseen(frame))
    }

    fn fault(ms: u64, fault: Fault) -> News {
        News::fault(at(ms), &fault.into())
    }

    fn back(ms: u64, fault: Fault) -> News {
        News::back(at(ms), fault, Duration::from_secs(1))
    }

    /// A guard, and the queue from which it hears.
    struct Bench(Guard, Rc<RefCell<VecDeque<News>>>);

    impl Bench {
        fn new(patient: bool) -> Self {
            let queue = Rc::new(RefCell::new(VecDeque::new()));
            let heard = Rc::clone(&queue);
            let news = Box::new(move || heard.borrow_mut().pop_front());
            Self(Guard::new(CameraId::Index(0), patient, news), queue)
        }

        fn tell(&self, news: News) {
            self.1.borrow_mut().push_back(news);
        }

        /// What comes next when `wait` would give this, in a word.
        fn next(&mut self, wait: impl FnOnce() -> Next) -> String {
            match self.0.next(|| Ok(wait())) {
                Ok(Next::Seen(seen)) => format!("seen {}", seen.frame.seq),
                Ok(Next::Tick(_)) => "tick".to_owned(),
                Ok(Next::Camera(news)) => format!("{:?} {}", news.state, news.fault.name()),
                Ok(Next::End) => "end".to_owned(),
                Err(error) => error.to_string(),
            }
        }
    }

    #[test]
    fn a_frame_from_before_a_fault_is_not_judged_after_it() {
        let mut bench = Bench::new(true);
        assert_eq!(bench.next(|| seen(100)), "seen 100");
        bench.tell(fault(2_000, Fault::Stalled));
        assert_eq!(
            bench.next(|| unreachable!("news go first")),
            "Fault stalled"
        );
        // It was still being looked at.
        assert_eq!(bench.next(|| seen(133)), "tick");
        bench.tell(back(5_000, Fault::Stalled));
        assert_eq!(bench.next(|| unreachable!("news go first")), "Back stalled");
        assert_eq!(bench.next(|| seen(1_990)), "tick");
        assert_eq!(bench.next(|| seen(5_000)), "seen 5000");
    }

    #[test]
    fn what_was_seen_while_news_came_waits_for_them_and_is_judged_by_them() {
        let mut bench = Bench::new(true);
        let queue = Rc::clone(&bench.1);
        let during = |news: News, ms| {
            move || {
                queue.borrow_mut().push_back(news);
                seen(ms)
            }
        };
        let first = during(fault(2_000, Fault::Unplugged), 1_999);
        assert_eq!(bench.next(first), "Fault unplugged");
        assert_eq!(bench.next(|| unreachable!("one is held")), "tick");
        // The frame that ends the fault comes with the news of it.
        bench.tell(fault(2_100, Fault::Slow));
        assert_eq!(bench.next(|| unreachable!("news go first")), "Fault slow");
        let queue = Rc::clone(&bench.1);
        let last = move || {
            queue.borrow_mut().push_back(back(6_000, Fault::Unplugged));
            queue.borrow_mut().push_back(back(6_000, Fault::Slow));
            seen(6_000)
        };
        assert_eq!(bench.next(last), "Back unplugged");
        assert_eq!(bench.next(|| unreachable!("news go first")), "Back slow");
        assert_eq!(bench.next(|| unreachable!("one is held")), "seen 6000");
        assert_eq!(bench.next(|| Next::End), "end");
    }

    #[test]
    fn frames_that_come_while_it_is_black_are_not_judged() {
        let mut bench = Bench::new(true);
        bench.tell(fault(500, Fault::Black));
        assert_eq!(bench.next(|| seen(500)), "Fault black");
        assert_eq!(bench.next(|| seen(533)), "tick");
        assert_eq!(bench.0.broken().map(|news| news.fault), Some(Fault::Black));
        bench.tell(back(900, Fault::Black));
        assert_eq!(bench.next(|| seen(900)), "Back black");
        // Older than its end, it is black.
        assert_eq!(bench.next(|| seen(866)), "tick");
        assert_eq!(bench.next(|| seen(900)), "seen 900");
        assert!(bench.0.failure().is_none());
    }

    #[test]
    fn a_slow_camera_is_told_and_judged() {
        let mut bench = Bench::new(true);
        bench.tell(fault(500, Fault::Slow));
        assert_eq!(bench.next(|| seen(450)), "Fault slow");
        assert_eq!(bench.next(|| seen(450)), "seen 450");
    }

    #[test]
    fn who_does_not_wait_gets_an_error_and_hears_of_nothing_less() {
        let mut bench = Bench::new(false);
        bench.tell(fault(500, Fault::Slow));
        assert_eq!(bench.next(|| seen(500)), "seen 500");
        bench.tell(fault(900, Fault::Stalled));
        let told = bench.next(|| seen(880));
        assert!(told.starts_with("camera 0 failed: no frame"), "{told}");
    }

    #[test]
    fn who_does_not_wait_waits_for_the_first_frame() {
        let mut bench = Bench::new(false);
        bench.tell(fault(2_000, Fault::Stalled));
        assert_eq!(bench.next(|| Next::Tick(at(2_050))), "tick");
        bench.tell(back(2_500, Fault::Stalled));
        assert_eq!(bench.next(|| seen(2_500)), "seen 2500");
        // It broke before its first frame was looked at.
        let mut bench = Bench::new(false);
        bench.tell(fault(2_600, Fault::Stalled));
        assert_eq!(bench.next(|| seen(500)), "tick");
        let told = bench.next(|| unreachable!("nothing more is waited for"));
        assert!(told.starts_with("camera 0 failed: no frame"), "{told}");
        // This one will send nothing.
        let mut bench = Bench::new(false);
        bench.tell(fault(600, Fault::Unplugged));
        let told = bench.next(|| unreachable!("nothing more is waited for"));
        let why = "camera 0 failed: it is not there";
        assert!(told.starts_with(why), "{told}");
    }
}
