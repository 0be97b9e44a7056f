//! One person from start to end: the face now against the face at the beginning.
use std::{collections::VecDeque, path::Path};

use image::RgbImage;

use super::{Embedding, Recognizer};
use crate::{error::Error, face::Landmarks5};

/// Distance from the face at the beginning at which it is another's. Means of a few frames at rest before one
/// camera are within 0.26 of each other in eight of nine recordings, within 0.42 in all; strangers are 0.8
/// apart on average, the nearest three of those recordings 0.43 to 0.57.
pub const SAME_SESSION: f32 = 0.5;

/// Looks that make the face at the beginning, and fewest of them.
const FIRST: usize = 5;
const FEWEST: usize = 3;

/// Looks that make the face now: one look alone is up to 0.52 off.
pub const LOOKS: usize = 3;

/// What a look at the face gives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Likeness {
    /// Distance from the face at the beginning; `None` while that is being looked at.
    pub same: Option<f32>,
    /// Distance from the expected face, where one is expected.
    pub expected: Option<f32>,
}

/// Watches whether the face stays the same, and is the expected one.
pub struct Watch {
    recognizer: Recognizer,
    expected: Option<Embedding>,
    first: Vec<Embedding>,
    recent: VecDeque<Embedding>,
}

impl Watch {
    /// A watch on any face, or on the `expected` one.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the network cannot be loaded.
    pub fn load(models: Option<&Path>, expected: Option<Embedding>) -> Result<Self, Error> {
        Ok(Self {
            recognizer: Recognizer::load(models)?,
            expected,
            first: vec![],
            recent: VecDeque::new(),
        })
    }

    /// Forgets the face: somebody else may come now.
    pub fn begin(&mut self) {
        self.first.clear();
        self.recent.clear();
    }

    /// Whether somebody is expected.
    pub fn expects(&self) -> bool {
        self.expected.is_some()
    }

    /// Looks at a face at rest; `beginning` while nothing has been asked yet, which is when the face at the
    /// beginning is looked at.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the network cannot run.
    pub fn look(
        &mut self,
        image: &RgbImage,
        landmarks: &Landmarks5,
        beginning: bool,
    ) -> Result<Likeness, Error> {
        let seen = self.recognizer.embed(image, landmarks)?;
        Ok(self.see(seen, beginning))
    }

    fn see(&mut self, seen: Embedding, beginning: bool) -> Likeness {
        let wanted = if beginning { FIRST } else { FEWEST };
        if self.first.len() < wanted {
            self.first.push(seen.clone());
        }
        if self.recent.len() == LOOKS {
            self.recent.pop_front();
        }
        self.recent.push_back(seen);
        let now = Embedding::mean(self.recent.make_contiguous());
        let from = |other: Option<Embedding>| Some(other?.distance(now.as_ref()?));
        let enough = self.first.len() >= FEWEST;
        Likeness {
            same: from(Embedding::mean(&self.first).filter(|_| enough)),
            expected: from(self.expected.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A face `at` along one way.
    fn face(at: f32) -> Embedding {
        let mut numbers = vec![0.0; 128];
        numbers[7] = at;
        Embedding::try_from(numbers).unwrap()
    }

    #[test]
    fn a_swap_shows_in_a_few_looks_and_one_odd_look_does_not() {
        let mut watch = Watch::load(None, Some(face(0.1))).unwrap();
        let mut same = |at: f32| watch.see(face(at), true).same;
        assert_eq!(same(0.0), None);
        same(0.1);
        let near = (0..8).filter_map(|i| same(if i == 5 { 0.6 } else { 0.05 }));
        assert!(near.into_iter().all(|d| d < SAME_SESSION));
        let swapped: Vec<f32> = (0..3).filter_map(|_| same(0.9)).collect();
        assert!(swapped[2] > SAME_SESSION, "{swapped:?}");
        let expected = watch.see(face(0.9), false).expected.unwrap();
        assert!((expected - 0.8).abs() < 1e-5, "{expected}");
        watch.begin();
        assert_eq!(watch.see(face(0.9), true).same, None);
    }
}
