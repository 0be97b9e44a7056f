//! `liveness analyze`: signals and gestures of a recording, frame by frame.
use std::path::PathBuf;

use clap::Args;
use liveness::{
    capture,
    face::Landmarks5,
    geometry::BBox,
    gesture::Gesture,
    mesh::Mesher,
    mtcnn::Follow,
    observation::{Observation, Observer},
    reading::{Reader, Reading},
    signal::Quality,
    step::Step,
    time::Clock,
};
use serde::Serialize;

use super::{Common, exit::Exit, input::Input, print_json};

/// Print the signals and gestures of a recording.
#[derive(Args, Debug)]
pub struct Analyze {
    #[command(flatten)]
    input: Input,
    /// Print one JSON object a frame, and one a gesture when it completes.
    #[arg(long)]
    json: bool,
    /// Draw the signals over time, with the gestures marked, to a PNG.
    #[arg(long, value_name = "OUT.png")]
    plot: Option<PathBuf>,
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
                },
                quality: s.quality,
            }
        }),
    }
}

impl Analyze {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let clock = Clock::start();
        let models = common.models.as_deref();
        let detector = Follow::load(self.input.params(), models)?;
        let mut observer = Observer::new(detector, Mesher::load(models)?, clock);
        let mut reader = Reader::default();
        let frames = capture::open(&self.input.source, &self.input.options(), clock)?;
        for frame in frames {
            let seen = observer.look(frame?)?;
            let reading = reader.read(&seen);
            print_json(&Line::Frame(frame_line(&seen, &reading)))?;
            for gesture in &reading.gestures {
                print_json(&Line::Gesture(gesture.into()))?;
            }
        }
        Ok(Exit::Done)
    }
}
