//! What one observation says about the subject: the whole input of a decision, without a pixel.
use serde::{Deserialize, Serialize};

use crate::{
    gesture::{Gesture, Watcher},
    observation::Observation,
    parallax::{Depth, Parallax},
    signal::{self, Sample},
    time::Timestamp,
    track::{Track, TrackId, Tracker},
};

/// Score from which a face counts as a person: the cascade's own 0.7 lets a shirt pattern pass now
/// and then, and a second "person" ends a session.
const PERSON_SCORE: f32 = 0.9;

/// How small a second face may be against the subject's and still count: people walking past far
/// behind the kiosk are no second person.
const PERSON_SIZE: f32 = 0.4;

/// One moment of one session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// When the frame was captured.
    pub at: Timestamp,
    /// Width and height of the frame in pixels.
    pub size: (u32, u32),
    /// The frame's fingerprint: the same twice is the same picture twice.
    #[serde(default)]
    pub picture: u64,
    /// How many people are in view.
    pub people: usize,
    /// Whose samples these are; `None` while no face is in view.
    pub track: Option<TrackId>,
    /// The subject's signals; `None` while no face is in view.
    pub sample: Option<Sample>,
    /// The gestures that this frame completes.
    pub gestures: Vec<Gesture>,
    /// How likely the face is live, where a network of the user's own was asked; `0.0..=1.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passive: Option<f32>,
    /// Distance of a face at rest from the face at the beginning, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<f32>,
    /// Distance of a face that makes a gesture, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<f32>,
    /// Distance from the expected face, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<f32>,
    /// Mean luma of the whole picture where no face is in view, `0.0..=255.0`.
    pub luma: Option<f32>,
}

/// Reads observations, one after the other.
#[derive(Default)]
pub struct Reader {
    tracker: Tracker,
    watcher: Watcher,
    depth: Depth,
}

impl Reader {
    /// Reads the next observation.
    pub fn read(&mut self, seen: &Observation) -> Reading {
        let frame = &seen.frame;
        let size = frame.image.dimensions();
        let picture = frame.fingerprint();
        let Some(subject) = &seen.subject else {
            return Reading {
                at: frame.at,
                size,
                picture,
                luma: Some(signal::luma_of(&frame.image)),
                ..Reading::default()
            };
        };
        let mut sample = signal::measure(frame, &subject.face, &subject.mesh);
        if self.tracker.continues(&sample) {
            sample.parallax = self.parallax(&sample);
        } else {
            self.watcher = Watcher::default();
            self.depth = Depth::default();
        }
        self.tracker.push(sample);
        let smallest = PERSON_SIZE * subject.face.bbox.width();
        let others = seen.faces.iter().filter(|face| {
            **face != subject.face && face.score >= PERSON_SCORE && face.bbox.width() >= smallest
        });
        Reading {
            at: frame.at,
            size,
            picture,
            people: 1 + others.count(),
            track: Some(self.track().id()),
            sample: Some(sample),
            gestures: self.watcher.see(self.tracker.track()),
            ..Reading::default()
        }
    }

    fn parallax(&mut self, sample: &Sample) -> Option<Parallax> {
        if !sample.is_readable() {
            return None;
        }
        (self.depth).measure(sample.at, sample.yaw_deg, &sample.marks)
    }

    /// Tells that the subject has been seen at rest, and how; see [`Watcher::rest_at`].
    pub fn rest_at(&mut self, yaw_deg: f32, mouth: f32) {
        self.watcher.rest_at(yaw_deg, mouth);
        self.depth.settle(yaw_deg);
    }

    /// The subject's track.
    pub fn track(&self) -> &Track {
        self.tracker.track()
    }
}
