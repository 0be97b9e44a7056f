//! Before the first step: is there one face that can be judged, and how does it look at rest?
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Guide, Look};
use crate::{
    geometry::Point,
    median::median_by,
    reading::Reading,
    signal::Sample,
    time::{Timestamp, millis},
    track::TrackId,
};

/// What a face must be like before a challenge begins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
// A record of an earlier version has fewer.
#[serde(default)]
pub struct Stand {
    /// Narrowest face in pixels: 15 cm at 80 cm before a 78 degree lens in VGA is 74; gestures are seen as well
    /// at 60 (`SIGNALS`).
    pub min_face_px: f32,
    /// Widest face, as a share of the picture's width; it must not leave the picture in a turn.
    pub max_face_share: f32,
    /// How far the face's middle may be off the picture's, as a share of width and height.
    pub max_off_centre: f32,
    /// Mean luma of the face between which lids and lips can be told.
    pub luma: (f32, f32),
    /// Largest share of the face that may be clipped to black or white.
    pub max_clipped: f32,
    /// Least variance of the Laplacian on the face (see [`crate::signal::Quality`]).
    pub min_sharpness: f32,
    /// Least probability, by O-Net and by the mesh, that the whole face is seen.
    pub min_score: f32,
    /// Largest yaw, pitch and roll of a face that looks ahead, in degrees. Pitch is generous: a
    /// camera above or below a kiosk's screen sees every head tilted.
    pub max_deg: (f32, f32, f32),
    /// Least eye ratio of an open eye; below it the eyes cannot be read.
    pub min_eyes: f32,
    /// Largest mouth ratio of a mouth that rests, a broad smile included. A wider one has no room
    /// left to open.
    pub max_mouth: f32,
    /// How far the face may move while it holds still, in face widths.
    pub max_drift: f32,
    /// Longest time between two frames of it: whoever is not watched does not hold still. Fewer than
    /// four frames a second are too few for any gesture.
    #[serde(with = "millis", rename = "gap_ms")]
    pub gap: Duration,
    /// How long it must hold still.
    #[serde(with = "millis", rename = "still_ms")]
    pub still: Duration,
}

impl Default for Stand {
    fn default() -> Self {
        Self {
            min_face_px: 52.0,
            max_face_share: 0.85,
            max_off_centre: 0.25,
            luma: (40.0, 230.0),
            max_clipped: 0.3,
            min_sharpness: 12.0,
            min_score: 0.8,
            max_deg: (15.0, 30.0, 25.0),
            min_eyes: 0.08,
            max_mouth: 0.24,
            max_drift: 0.08,
            gap: Duration::from_millis(250),
            still: Duration::from_millis(700),
        }
    }
}

/// The subject's resting values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rest {
    /// Eye ratio of open eyes.
    pub eyes: f32,
    /// Yaw in degrees when looking ahead.
    pub yaw_deg: f32,
    /// Mouth ratio of a mouth that is shut as far as it is.
    pub mouth: f32,
    /// O-Net's nose ratio when looking ahead.
    pub nod: f32,
    /// Pitch in degrees when looking ahead.
    pub pitch_deg: f32,
}

/// A face that is ready.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ready {
    /// Whose.
    pub track: TrackId,
    /// How it looks at rest.
    pub rest: Rest,
}

/// Shortest time between two changes of the hint: a hint that flickers cannot be read.
pub const HINT_HOLD: Duration = Duration::from_millis(600);

/// Watches for a face that can be judged.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Good samples in a row, of one track.
    still: Vec<Sample>,
    track: Option<TrackId>,
    /// Whether looks at the face agree whose it is.
    known: bool,
    hint: Option<(Option<Guide>, Timestamp)>,
    /// Whether anybody was there at all.
    pub somebody: bool,
}

impl Waiting {
    /// The hint to show now; `None` while a good face is being measured.
    pub fn hint(&self) -> Option<Guide> {
        self.hint.map_or(Some(Guide::NoFace), |(hint, _)| hint)
    }

    /// Feeds one reading; gives the face once it has held still for long enough, and is known, where it can
    /// be.
    pub fn see(&mut self, reading: &Reading, stand: &Stand, look: &Look) -> Option<Ready> {
        self.somebody |= reading.people > 0;
        let good = good_face(reading, stand);
        if reading.same.is_some() && look.same.is_some() {
            self.known = look.is_near(reading);
            if !self.known {
                // Somebody else than a moment ago.
                self.still.clear();
            }
        }
        let hint = match &good {
            Err(guide) => {
                self.still.clear();
                Some(*guide)
            }
            Ok(sample) => self
                .hold(sample, reading.track, stand)
                .then_some(Guide::HoldStill),
        };
        self.show(hint, reading.at);
        let (first, last) = (self.still.first()?, self.still.last()?);
        let track = self.track?;
        let known = self.known || look.same.is_none();
        (known && last.at.since(first.at) >= stand.still).then(|| Ready {
            track,
            rest: rest(&self.still),
        })
    }

    /// Adds a good sample to the stillness, or begins it anew; `true` when it moved too far from where
    /// the stillness began.
    fn hold(&mut self, sample: &Sample, track: Option<TrackId>, stand: &Stand) -> bool {
        let moved = self.still.first().is_some_and(|first| {
            let drift = first.bbox.centre().distance(sample.bbox.centre());
            drift > stand.max_drift * sample.bbox.width()
        });
        let other = self.track != track;
        let last = self.still.last();
        let unwatched = last.is_some_and(|last| sample.at.since(last.at) > stand.gap);
        if moved || other || unwatched {
            self.still.clear();
        }
        self.known &= !other;
        self.track = track;
        self.still.push(*sample);
        moved
    }

    fn show(&mut self, hint: Option<Guide>, now: Timestamp) {
        let held = self
            .hint
            .is_some_and(|(old, since)| old != hint && now.since(since) < HINT_HOLD);
        let same = self.hint.is_some_and(|(old, _)| old == hint);
        if !held && !same {
            self.hint = Some((hint, now));
        }
    }
}

/// The sample of a face that can be judged, or the one thing to do about it.
///
/// # Errors
///
/// What to do.
pub fn good_face(reading: &Reading, stand: &Stand) -> Result<Sample, Guide> {
    let Some(s) = reading.sample else {
        return Err(bad_light(reading, stand).unwrap_or(Guide::NoFace));
    };
    let (width, height) = (reading.size.0.max(1) as f32, reading.size.1.max(1) as f32);
    let Point { x, y } = s.bbox.centre();
    let off = |at: f32, side: f32| (at / side - 0.5).abs() > stand.max_off_centre;
    let (yaw, pitch, roll) = stand.max_deg;
    let turned = s.yaw_deg.abs() > yaw || s.pitch_deg.abs() > pitch || s.roll_deg.abs() > roll;
    // In the order in which a person can do something about them.
    let checks = [
        (reading.people > 1, Guide::SeveralFaces),
        (s.quality.face_px < stand.min_face_px, Guide::MoveCloser),
        (
            s.bbox.width() > stand.max_face_share * width,
            Guide::MoveBack,
        ),
        (off(x, width) || off(y, height), Guide::CentreFace),
        (is_dark(&s, stand), Guide::TooDark),
        (is_bright(&s, stand), Guide::TooBright),
        (
            s.presence.min(s.score) < stand.min_score,
            Guide::FaceCovered,
        ),
        (turned, Guide::LookAhead),
        (s.mouth > stand.max_mouth, Guide::CloseMouth),
        (s.quality.sharpness < stand.min_sharpness, Guide::HoldStill),
        (s.eyes < stand.min_eyes, Guide::RemoveGlasses),
    ];
    match first(&checks) {
        Some(guide) => Err(guide),
        None => Ok(s),
    }
}

/// What is wrong with the light: on the face, or in the whole picture where no face is seen.
pub fn bad_light(reading: &Reading, stand: &Stand) -> Option<Guide> {
    let Some(s) = &reading.sample else {
        let dark = reading.luma.is_some_and(|luma| luma < stand.luma.0 / 2.0);
        return dark.then_some(Guide::TooDark);
    };
    first(&[
        (is_dark(s, stand), Guide::TooDark),
        (is_bright(s, stand), Guide::TooBright),
    ])
}

/// The first of these that is so.
fn first(checks: &[(bool, Guide)]) -> Option<Guide> {
    let wrong = checks.iter().find(|(wrong, _)| *wrong);
    wrong.map(|(_, guide)| *guide)
}

fn is_dark(s: &Sample, stand: &Stand) -> bool {
    let q = &s.quality;
    q.brightness < stand.luma.0 || (q.clipped > stand.max_clipped && q.brightness < 128.0)
}

fn is_bright(s: &Sample, stand: &Stand) -> bool {
    let q = &s.quality;
    q.brightness > stand.luma.1 || (q.clipped > stand.max_clipped && q.brightness >= 128.0)
}

/// A hundredth of leeway for a face that was let in at the limit would flicker; a fifth does not.
const LEEWAY: f32 = 0.8;

impl Stand {
    /// What a face must be like that was let in: whoever stands at a limit would else be stopped and let
    /// on by turns, and never hold still for long enough.
    fn eased(&self) -> Self {
        Self {
            min_face_px: LEEWAY * self.min_face_px,
            luma: (LEEWAY * self.luma.0, self.luma.1.midpoint(255.0)),
            max_clipped: self.max_clipped / LEEWAY.powi(2),
            min_score: LEEWAY * self.min_score,
            ..*self
        }
    }
}

/// What keeps a face from being judged while it answers: only what no gesture changes.
pub fn disturbance(s: &Sample, stand: &Stand) -> Option<Guide> {
    let stand = stand.eased();
    let checks = [
        (s.quality.face_px < stand.min_face_px, Guide::MoveCloser),
        (is_dark(s, &stand), Guide::TooDark),
        (is_bright(s, &stand), Guide::TooBright),
        (s.score < stand.min_score, Guide::FaceCovered),
    ];
    first(&checks)
}

fn rest(samples: &[Sample]) -> Rest {
    let median = |value: fn(&Sample) -> f32| {
        let values = samples.iter().map(value).collect();
        median_by(values, f32::total_cmp).unwrap_or_default()
    };
    Rest {
        eyes: median(|s| s.eyes),
        yaw_deg: median(|s| s.yaw_deg),
        mouth: median(|s| s.mouth),
        nod: median(|s| s.nod),
        pitch_deg: median(|s| s.pitch_deg),
    }
}

#[cfg(test)]
#[path = "ready_tests.rs"]
mod tests;
