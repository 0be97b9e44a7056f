//! What networks say that look at the face itself: is it live, is it the same, is it the one expected?
//!
//! They are asked about faces at rest only, and not in every frame.
use serde::{Deserialize, Serialize};

use super::{Reason, Verdict};
use crate::{median::median_by, reading::Reading};

/// What their words are held against; nothing is asked of a network that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// Distance from the face at the beginning at which it is another's.
    pub same: Option<f32>,
    /// The same of a face that makes a gesture: turned, talking, with its eyes shut.
    pub moving: Option<f32>,
    /// Distance from the expected face at which it is another's.
    pub expected: Option<f32>,
    /// How likely a face must be live.
    pub passive: Option<f32>,
    /// Whether one that is less likely live is denied; else that is only noted.
    pub passive_denies: bool,
}

impl Look {
    /// Whether `reading` holds a look at the face, and it was the one of the beginning.
    pub fn is_near(&self, reading: &Reading) -> bool {
        let near = |distance: Option<f32>, most: Option<f32>| {
            distance
                .zip(most)
                .is_some_and(|(distance, most)| distance < most)
        };
        near(reading.same, self.same) || near(reading.moving, self.moving)
    }
}

/// How often a face must look like another's before it is.
const STRANGE: u32 = 2;

/// What networks said in a session, in its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Largest distance from the face at the beginning, of how many looks.
    pub same_most: Option<f32>,
    /// Median distance from the expected face.
    pub expected: Option<f32>,
    /// Median of how likely the face was live.
    pub passive: Option<f32>,
    /// How many frames were looked at by the network that says so, and by the ones that tell faces apart.
    pub looks: (u32, u32),
}

/// Collects what they say.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    same: Vec<f32>,
    expected: Vec<f32>,
    passive: Vec<f32>,
    /// How often in a row the face looked like another's.
    strange: u32,
}

impl Looks {
    /// Takes in a reading; gives what denies, if something does.
    pub fn see(&mut self, reading: &Reading, look: &Look) -> Option<Reason> {
        self.passive.extend(reading.passive);
        self.expected.extend(reading.expected);
        self.same.extend(reading.same);
        if let (Some(distance), Some(most)) = (reading.same, look.same) {
            // What is no number is nobody's.
            self.strange = if distance < most { 0 } else { self.strange + 1 };
        }
        (self.strange >= STRANGE).then_some(Reason::FaceChanged)
    }

    /// What keeps a challenge whose steps are all done from passing.
    pub fn objection(&self, look: &Look) -> Option<Verdict> {
        if self.strange > 0 {
            return Some(Verdict::Failed(Reason::FaceChanged));
        }
        // Whoever was never looked at is not let in for it.
        let unseen = Verdict::Inconclusive(Reason::PoorPicture);
        if look.same.is_some() && self.same.is_empty() {
            return Some(unseen);
        }
        let expected = look.expected.and_then(|most| match median(&self.expected) {
            None => Some(unseen),
            Some(distance) if distance < most => None,
            Some(_) => Some(Verdict::Failed(Reason::NoMatch)),
        });
        let live = look.passive.filter(|_| look.passive_denies);
        expected.or_else(|| match (live?, median(&self.passive)) {
            (_, None) => Some(unseen),
            (least, Some(live)) if live >= least => None,
            _ => Some(Verdict::Failed(Reason::NotLive)),
        })
    }

    /// For the record; `None` where nobody looked.
    pub fn said(&self) -> Option<Said> {
        let count = |values: &[f32]| u32::try_from(values.len()).unwrap_or(u32::MAX);
        let said = Said {
            same_most: self.same.iter().copied().max_by(f32::total_cmp),
            expected: median(&self.expected),
            passive: median(&self.passive),
            looks: (
                count(&self.passive),
                count(&self.same).max(count(&self.expected)),
            ),
        };
        (said != Said::default()).then_some(said)
    }
}

fn median(values: &[f32]) -> Option<f32> {
    median_by(values.to_vec(), f32::total_cmp)
}
