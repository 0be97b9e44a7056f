//! `liveness preview`: show detections live.
use std::{collections::VecDeque, time::Duration};

use anyhow::Context as _;
use clap::Args;
use liveness::{
    capture::puppet::Behaviour,
    challenge::{Challenge, Guide, Rules, State},
    observation::Observation,
    reading::Reader,
    signal::Sample,
    step::Step,
    time::Timestamp,
    view::{Canvas, Key, Lang, Preview as Moment, PreviewScreen, Window},
};

use super::{
    Common,
    bench::Bench,
    challenge::camera_words,
    due::Due,
    exit::Exit,
    feed::{self, Feed, Next, Wish},
    input::Input,
    out::say,
    stop,
};

/// Show detections live.
///
/// Keys: m mesh, s signals, f full screen, ESC ends. A recording plays at its own pace.
#[derive(Args, Debug)]
pub struct Preview {
    #[command(flatten)]
    input: Input,
    /// Fill the display.
    #[arg(long)]
    fullscreen: bool,
    /// Language of the window: en or zh [default: the system's].
    #[arg(long, value_name = "LANG")]
    lang: Option<Lang>,
    /// End after SECONDS, or with the recording if that is earlier [default: stay until ESC is pressed].
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
    /// At the end, say how long each stage took: percentiles over all frames. `age` is from capture to
    /// the window, of live sources.
    #[arg(long)]
    bench: bool,
    /// Begin without the mesh.
    #[arg(long)]
    no_mesh: bool,
    /// Begin without the signals' plots.
    #[arg(long)]
    no_signals: bool,
}

impl Preview {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let mut window = Window::open("liveness preview", (960, 720), self.fullscreen)
            .context("a preview needs a display; `liveness analyze SOURCE` prints the same")?;
        let mut screen = PreviewScreen::new()?;
        let lang = self.lang.unwrap_or_else(Lang::from_system);
        // The first picture a window shows takes longest: no frame shall wait for that.
        let (width, height) = window.size();
        let mut canvas = Canvas::new(width, height);
        let (mut show_mesh, mut show_signals) = (!self.no_mesh, !self.no_signals);
        let blank = Moment {
            show_mesh,
            show_signals,
            ..Moment::blank(lang)
        };
        screen.draw(&mut canvas, &blank);
        window.show(&mut canvas)?;
        let mut feed = Feed::open(Wish {
            source: self.input.source.clone(),
            options: self.input.looking.options(),
            params: self.input.looking.params(),
            models: common.models.clone(),
            behaviour: Behaviour::Replay,
            seed: 0,
            watched: true,
            patient: true,
        })?;
        let stop = stop::signal()?;
        let mut now = Now::default();
        let (mut over, mut over_now) = (false, false);
        let mut failure = None;
        // A frame of a recording before its time.
        let (mut due, mut early) = (Due::default(), None);
        while window.is_open() && stop.is_empty() {
            let mut fresh = false;
            if over {
                // The last picture stays until somebody has seen enough.
                feed::pause(feed::TICK);
            } else {
                let next = match early.take() {
                    Some(seen) => Ok(Next::Seen(seen)),
                    None => feed.next(),
                };
                match next {
                    Ok(Next::Seen(seen)) => {
                        let wait = match self.input.source.is_live() {
                            true => Duration::ZERO,
                            false => due.wait(seen.frame.at, feed.now()),
                        };
                        feed::pause(wait.min(feed::TICK));
                        // Longer waits leave time to draw and to hear keys.
                        fresh = wait <= feed::TICK;
                        if fresh {
                            now.take(seen, feed.now());
                        } else {
                            early = Some(seen);
                        }
                    }
                    Ok(Next::Tick(_)) => {}
                    Ok(Next::Camera(news)) => {
                        now.stale |= news.breaks();
                        say(camera_words(news.state, &news.text));
                    }
                    Ok(Next::End) => over = true,
                    Err(error) => {
                        // Ctrl-C ends the decoder of a recording, too.
                        failure = stop.is_empty().then_some(error);
                        break;
                    }
                }
            }
            canvas.resize(window.size());
            let stages = now.stages();
            let samples: Vec<Sample> = now.reader.track().iter().copied().collect();
            let seen = now.seen.as_ref().filter(|_| !now.stale);
            let moment = Moment {
                frame: seen.map(|o| &*o.frame),
                faces: seen.map_or(&[], |o| &o.faces),
                mesh: seen.and_then(|o| o.subject.as_ref()).map(|s| &s.mesh),
                samples: &samples,
                stages: &stages,
                fps: now.fps(),
                dropped: now.dropped,
                guide: now.guide,
                fault: feed.faults().next().map(|news| news.fault),
                show_mesh,
                show_signals,
                lang,
            };
            let drawing = feed.now();
            screen.draw(&mut canvas, &moment);
            let drawn = feed.now();
            if let Err(error) = window.show(&mut canvas) {
                failure = Some(error);
                break;
            }
            if let (true, Some(seen)) = (fresh, &now.seen) {
                let shown = feed.now();
                now.bench.note("signals", drawing.since(now.taken));
                now.bench.note("draw", drawn.since(drawing));
                now.bench.note("show", shown.since(drawn));
                if self.input.source.is_live() {
                    now.bench.note("age", shown.since(seen.frame.at));
                }
            }
            for key in window.keys() {
                match key {
                    Key::Escape => over_now = true,
                    Key::M => show_mesh = !show_mesh,
                    Key::S => show_signals = !show_signals,
                    Key::F => {
                        let full = window.is_fullscreen();
                        window.set_fullscreen(!full)?;
                    }
                    Key::Space => {}
                }
            }
            let limit = self.seconds.map(Duration::from_secs);
            if over_now || limit.is_some_and(|limit| over || now.since_first() >= limit) {
                break;
            }
        }
        if self.bench {
            now.bench.report(now.dropped);
        }
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(Exit::Done),
        }
    }
}

/// What is known at this moment.
#[derive(Default)]
struct Now {
    seen: Option<Observation>,
    /// Whether that is from before a fault: it would look like a mirror that has stopped.
    stale: bool,
    reader: Reader,
    guide: Option<Guide>,
    first: Option<Timestamp>,
    /// Moments of the frames of the last second.
    recent: VecDeque<Timestamp>,
    /// Milliseconds of each stage, smoothed over about ten frames.
    detect_ms: f32,
    mesh_ms: f32,
    dropped: u64,
    bench: Bench,
    /// When the last observation came.
    taken: Timestamp,
}

impl Now {
    fn take(&mut self, seen: Observation, at: Timestamp) {
        self.taken = at;
        self.bench.note_ms("detect", seen.times.detect_ms);
        if seen.subject.is_some() {
            self.bench.note_ms("mesh", seen.times.mesh_ms);
        }
        let reading = self.reader.read(&seen);
        // What a challenge that waits would say to this face: a fresh one judges this frame alone.
        let mut challenge = Challenge::new(vec![Step::Blink], Rules::default(), reading.at);
        self.guide = match challenge.see(&reading) {
            State::Waiting { guide } => guide,
            State::Asking { .. } | State::Done(_) => None,
        };
        let smooth = |old: f32, new: f32| {
            if old > 0.0 {
                old * 0.9 + new * 0.1
            } else {
                new
            }
        };
        self.detect_ms = smooth(self.detect_ms, seen.times.detect_ms);
        self.mesh_ms = smooth(self.mesh_ms, seen.times.mesh_ms);
        let at = seen.frame.at;
        self.first.get_or_insert(at);
        self.recent.push_back(at);
        while self
            .recent
            .front()
            .is_some_and(|&old| at.since(old) > Duration::from_secs(1))
        {
            self.recent.pop_front();
        }
        let last = self.seen.as_ref().map(|o| o.frame.seq);
        self.dropped += seen.frame.dropped_since(last);
        (self.seen, self.stale) = (Some(seen), false);
    }

    fn stages(&self) -> [(&'static str, f32); 2] {
        [("detect", self.detect_ms), ("mesh", self.mesh_ms)]
    }

    fn fps(&self) -> f32 {
        match (self.recent.front(), self.recent.back()) {
            (Some(&first), Some(&last)) if last > first => {
                (self.recent.len() - 1) as f32 / last.since(first).as_secs_f32()
            }
            _ => 0.0,
        }
    }

    fn since_first(&self) -> Duration {
        match (self.first, &self.seen) {
            (Some(first), Some(seen)) => seen.frame.at.since(first),
            _ => Duration::ZERO,
        }
    }
}
