//! `liveness analyze`: signals and gestures of a recording, frame by frame.
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use liveness::{
    capture::{Source, puppet::Behaviour},
    face::Landmarks5,
    geometry::BBox,
    gesture::Gesture,
    observation::Observation,
    parallax::Parallax,
    reading::{Reader, Reading},
    signal::Quality,
    step::Step,
    time::{Clock, Timestamp},
};
use serde::Serialize;

use super::{
    Common,
    bench::Bench,
    exit::Exit,
    feed::{Feed, Next, Wish},
    input::Looking,
    out::{print_json, print_line},
    plot::Plot,
    png, stop,
};

/// Print the signals and gestures of a recording.
///
/// A camera and the demo, which never end, are analysed until Ctrl-C or for --seconds.
#[derive(Args, Debug)]
pub struct Analyze {
    /// Analyze this video, folder of pictures, picture, camera (camera:N, camera:PATH), or demo.
    #[arg(value_name = "SOURCE", required_unless_present = "from")]
    source: Option<Source>,
    /// Name SOURCE as the other commands do.
    #[arg(long = "source", id = "from", value_name = "SOURCE")]
    from: Option<Source>,
    #[command(flatten)]
    looking: Looking,
    /// Print one JSON object a frame, and one a gesture when it completes.
    #[arg(long)]
    json: bool,
    /// Draw the signals over time, with the gestures marked, to a PNG.
    #[arg(long, value_name = "OUT.png")]
    plot: Option<PathBuf>,
    /// End after SECONDS of the recording [default: at its end].
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
    /// At the end, say how long each stage took: percentiles over all frames, on standard error.
    #[arg(long)]
    bench: bool,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Frame(FrameLine<'a>),
    Gesture(GestureLine),
}

#[derive(Serialize)]
struct FrameLine<'a> {
    frame: u64,
    t_ms: f64,
    faces: usize,
    #[serde(flatten)]
    subject: Option<SubjectPart<'a>>,
}

#[derive(Serialize)]
struct SubjectPart<'a> {
    bbox: BBox,
    score: f32,
    landmarks: &'a Landmarks5,
    signals: Signals,
    quality: Quality,
}

/// The signals of one frame; those of the mesh are `null` where it does not fit the face.
#[derive(Serialize)]
struct Signals {
    eyes: Option<f32>,
    mouth: Option<f32>,
    yaw_deg: Option<f32>,
    pitch_deg: Option<f32>,
    roll_deg: Option<f32>,
    nod: f32,
    presence: f32,
    parallax: Option<Parallax>,
    lids: Option<[f32; 2]>,
}

#[derive(Serialize)]
struct GestureLine {
    gesture: Step,
    start_frame: u64,
    peak_frame: u64,
    end_frame: u64,
    t_ms: f64,
}

impl From<&Gesture> for GestureLine {
    fn from(g: &Gesture) -> Self {
        Self {
            gesture: g.step,
            start_frame: g.start.seq,
            peak_frame: g.peak.seq,
            end_frame: g.end.seq,
            t_ms: g.end.at.as_millis_f64(),
        }
    }
}

fn frame_line<'a>(seen: &'a Observation, reading: &Reading) -> FrameLine<'a> {
    let subject = seen.subject.as_ref().zip(reading.sample);
    FrameLine {
        frame: seen.frame.seq,
        t_ms: seen.frame.at.as_millis_f64(),
        faces: seen.faces.len(),
        subject: subject.map(|(subject, s)| {
            let fits = |value: f32| s.is_readable().then_some(value);
            SubjectPart {
                bbox: subject.face.bbox,
                score: subject.face.score,
                landmarks: &subject.face.landmarks,
                signals: Signals {
                    eyes: fits(s.eyes),
                    mouth: fits(s.mouth),
                    yaw_deg: fits(s.yaw_deg),
                    pitch_deg: fits(s.pitch_deg),
                    roll_deg: fits(s.roll_deg),
                    nod: s.nod,
                    presence: s.presence,
                    parallax: s.parallax,
                    lids: s.is_readable().then_some(s.lids),
                },
                quality: s.quality,
            }
        }),
    }
}

/// What a person reads instead of JSON.
struct Report {
    show_frames: bool,
    frames: u64,
    with_face: u64,
    /// From the first frame to the last.
    length: Duration,
    gestures: BTreeMap<Step, usize>,
}

impl Report {
    fn new(common: &Common) -> Self {
        Self {
            show_frames: common.verbose > 0,
            frames: 0,
            with_face: 0,
            length: Duration::ZERO,
            gestures: BTreeMap::new(),
        }
    }

    /// The lines that one frame adds.
    fn lines(&mut self, seen: &Observation, reading: &Reading) -> Vec<String> {
        self.frames += 1;
        self.with_face += u64::from(seen.subject.is_some());
        let mut lines = vec![];
        if self.show_frames {
            lines.push(frame_text(seen, reading));
        }
        for gesture in &reading.gestures {
            *self.gestures.entry(gesture.step).or_default() += 1;
            lines.push(gesture_text(gesture));
        }
        lines
    }

    fn summary(&self, took_s: f64) -> String {
        let gestures = self.gestures.iter();
        let counts: Vec<_> = gestures.map(|(step, n)| format!("{n} {step}")).collect();
        let counts = match counts.len() {
            0 => "no gesture".into(),
            _ => counts.join(", "),
        };
        // Of one frame nothing is known of how many there could be.
        let pace = match self.pace(took_s) {
            Some(pace) => format!("; {pace:.0} frames a second"),
            None => String::new(),
        };
        let frames = match self.frames {
            1 => "1 frame".into(),
            n => format!("{n} frames"),
        };
        format!(
            "{counts}; {frames} in {:.1} s, a face in {:.0} % of them{pace}",
            self.length.as_secs_f64(),
            100.0 * self.with_face as f64 / self.frames.max(1) as f64,
        )
    }

    /// Frames a second, `took_s` seconds after the first one was done.
    fn pace(&self, took_s: f64) -> Option<f64> {
        (self.frames > 1 && took_s > 0.0).then(|| (self.frames - 1) as f64 / took_s)
    }
}

/// The columns of a gesture's line.
const HEADER: &str = "    begins      ends  gesture       frames";

fn gesture_text(gesture: &Gesture) -> String {
    let seconds = |at: Timestamp| at.as_millis_f64() / 1e3;
    format!(
        "{:>8.2} s{:>8.2} s  {:<12}  {}-{}, most at {}",
        seconds(gesture.start.at),
        seconds(gesture.end.at),
        gesture.step,
        gesture.start.seq,
        gesture.end.seq,
        gesture.peak.seq,
    )
}

fn frame_text(seen: &Observation, reading: &Reading) -> String {
    let at = seen.frame.at.as_millis_f64() / 1e3;
    let start = format!("frame {:>5}{at:>8.2} s", seen.frame.seq);
    let Some((subject, s)) = seen.subject.as_ref().zip(reading.sample) else {
        return format!("{start}  no face");
    };
    let signals = if s.is_readable() {
        format!(
            "eyes {:.2}  mouth {:.2}  yaw {:+5.1}°  pitch {:+5.1}°  roll {:+5.1}°",
            s.eyes, s.mouth, s.yaw_deg, s.pitch_deg, s.roll_deg
        )
    } else {
        "the mesh does not fit".into()
    };
    format!(
        "{start}  {} face(s), {:.0} px, score {:.2}  {signals}  nod {:.2}",
        seen.faces.len(),
        subject.face.bbox.width(),
        subject.face.score,
        s.nod
    )
}

/// Frames done and frames a second, while a person watches.
fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {human_pos} frames, {msg} a second");
    let bar = ProgressBar::new_spinner();
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

impl Analyze {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let source = (self.source.as_ref().or(self.from.as_ref()))
            .context("name a SOURCE to analyze: a video, a folder of pictures, a camera")?;
        if let Some(out) = &self.plot {
            png::check_writable(out)?;
        }
        let feed = Feed::open(Wish {
            source: source.clone(),
            options: self.looking.options(),
            params: self.looking.params(),
            models: common.models.clone(),
            behaviour: Behaviour::Replay,
            seed: 0,
            watched: false,
            patient: false,
        })?;
        let mut plot = self.plot.as_ref().map(|_| Plot::new(source.to_string()));
        let read = self.read(common, source, feed, plot.as_mut());
        // What was read of a recording that then breaks off is drawn too.
        if let (Some(plot), Some(out)) = (&plot, &self.plot)
            && !plot.is_empty()
        {
            png::save(&plot.draw()?, out)?;
        }
        read.map(|()| Exit::Done)
    }

    fn read(
        &self,
        common: &Common,
        source: &Source,
        mut feed: Feed,
        mut plot: Option<&mut Plot>,
    ) -> anyhow::Result<()> {
        let stop = stop::signal()?;
        let limit = self.seconds.map(Duration::from_secs);
        let clock = Clock::start();
        let mut begun = clock.now();
        let mut reader = Reader::default();
        let mut report = Report::new(common);
        let bar = progress();
        let mut first = None;
        let (mut bench, mut dropped, mut last) = (Bench::default(), 0, None);
        let mut failure = None;
        while stop.is_empty() {
            let seen = match feed.next() {
                Ok(Next::Seen(seen)) => seen,
                Ok(Next::Tick(_) | Next::Camera(_)) => continue,
                Ok(Next::End) => break,
                Err(error) => {
                    // Ctrl-C ends the decoder of a recording, too.
                    failure = stop.is_empty().then_some(error);
                    break;
                }
            };
            if first.is_none() && !self.json {
                print_line(format_args!("{source}\n{HEADER}"))?;
            }
            let from = *first.get_or_insert_with(|| {
                begun = clock.now();
                seen.frame.at
            });
            let length = seen.frame.at.since(from);
            if limit.is_some_and(|limit| length >= limit) {
                break;
            }
            report.length = length;
            let seconds = clock.now().since(begun).as_secs_f64();
            let looked = clock.now();
            let reading = reader.read(&seen);
            bench.note_ms("detect", seen.times.detect_ms);
            if seen.subject.is_some() {
                bench.note_ms("mesh", seen.times.mesh_ms);
            }
            bench.note("signals", clock.now().since(looked));
            dropped += seen.frame.dropped_since(last);
            last = Some(seen.frame.seq);
            if let Some(plot) = plot.as_deref_mut() {
                plot.push(&reading);
            }
            let lines = report.lines(&seen, &reading);
            bar.inc(1);
            if let Some(pace) = report.pace(seconds) {
                bar.set_message(format!("{pace:.0}"));
            }
            if self.json {
                bar.suspend(|| print_objects(&seen, &reading))?;
            } else if !lines.is_empty() {
                bar.suspend(|| lines.iter().try_for_each(print_line))?;
            }
        }
        bar.finish_and_clear();
        if self.bench {
            bench.report(dropped);
        }
        if let Some(error) = failure {
            return Err(error.into());
        }
        if !self.json {
            print_line(report.summary(clock.now().since(begun).as_secs_f64()))?;
        }
        Ok(())
    }
}

fn print_objects(seen: &Observation, reading: &Reading) -> anyhow::Result<()> {
    print_json(&Line::Frame(frame_line(seen, reading)))?;
    let mut gestures = reading.gestures.iter();
    gestures.try_for_each(|gesture| print_json(&Line::Gesture(gesture.into())))
}
