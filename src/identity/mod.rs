//! Who is it? A face as 128 numbers, of which two of one person lie near each other.
//!
//! [`Recognizer`] makes them from a face that was found, [`Portraits`] from a picture of one person.
//! Meant for faces at rest: a face that turns or opens its mouth lies farther from itself.
mod chip;
mod portrait;
mod watch;

use std::path::Path;

use image::RgbImage;
use serde::{Deserialize, Serialize};

pub use portrait::{Crowd, Portrait, Portraits, Unfit};
pub use watch::{LOOKS, Likeness, Posture, SAME_MOVING, SAME_SESSION, Watch};

use crate::{
    error::Error,
    face::Landmarks5,
    nn::{self, Net},
};
use chip::{Chip, SIDE};

/// Numbers in an embedding.
const LENGTH: usize = 128;

/// Distance below which two embeddings are taken for one person's.
///
/// The network was trained for 0.6 and one look at a face (dlib-models, README). Here the face and its
/// mirror image are looked at, which brings all distances 0.02 nearer: of 324,290 pairs of strangers from LFW
/// 0.58 takes 0.50 % for one person, one look at 0.6 took 0.64 %.
///
/// It is for pictures taken anywhere, such as an ID card's, and not the same for everybody: East Asian
/// strangers may be as near as 0.43 (README, Measured). Means of five frames at rest before one camera are
/// within 0.26 of each other in eight of nine recordings, within 0.42 in all.
pub const THRESHOLD: f32 = 0.58;

/// Narrowest face that can be compared, in pixels. Shrunk to 46 px LFW's fold 1 still gives 7 errors of
/// 600, to 37 px 9, to 28 px 13; the rest is for cameras, whose pixels are worse.
pub const MIN_FACE_PX: f32 = 50.0;

/// A face as the network sees it. It says little by itself: compare two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f32>", into = "Vec<f32>")]
pub struct Embedding(Box<[f32; LENGTH]>);

impl Embedding {
    /// How far another face is: about 0.4 for one person, 0.8 for two, on average.
    pub fn distance(&self, other: &Self) -> f32 {
        let pairs = self.0.iter().zip(other.0.iter());
        let sum: f32 = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
        sum.sqrt()
    }

    /// Compares with another face at `threshold`.
    pub fn compare(&self, other: &Self, threshold: f32) -> Comparison {
        let distance = self.distance(other);
        Comparison {
            // What is no number is nobody's.
            same: distance < threshold,
            distance,
            threshold,
        }
    }

    /// The embedding in the middle of several of one person, and how far two of them are apart at most.
    ///
    /// # Errors
    ///
    /// Where two of them are not one person's at `threshold`: the two that are farthest apart.
    pub fn of_one(of: &[Self], threshold: f32) -> Result<(Self, f32), Disagreement> {
        let pairs = (0..of.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let apart = |(a, b): (usize, usize)| Disagreement {
            a,
            b,
            distance: of[a].distance(&of[b]),
        };
        let farthest = pairs
            .map(apart)
            .max_by(|x, y| x.distance.total_cmp(&y.distance));
        let farthest = farthest.unwrap_or_default();
        match Self::mean(of) {
            Some(mean) if farthest.distance < threshold => Ok((mean, farthest.distance)),
            _ => Err(farthest),
        }
    }

    /// The embedding in the middle of several; `None` of none.
    pub fn mean(of: &[Self]) -> Option<Self> {
        let share = 1.0 / of.len() as f32;
        let mean = |i: usize| of.iter().map(|e| e.0[i]).sum::<f32>() * share;
        (!of.is_empty()).then(|| Self(Box::new(std::array::from_fn(mean))))
    }
}

impl TryFrom<Vec<f32>> for Embedding {
    type Error = String;

    fn try_from(numbers: Vec<f32>) -> Result<Self, String> {
        if !numbers.iter().all(|n| n.is_finite()) {
            return Err("an embedding has finite numbers only".to_owned());
        }
        let numbers = <Box<[f32; LENGTH]>>::try_from(numbers.into_boxed_slice());
        let wrong = |n: Box<[f32]>| format!("an embedding has {LENGTH} numbers, not {}", n.len());
        numbers.map(Self).map_err(wrong)
    }
}

impl From<Embedding> for Vec<f32> {
    fn from(embedding: Embedding) -> Self {
        embedding.0.to_vec()
    }
}

/// Two of several faces that are not one person's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Disagreement {
    /// Number of the one.
    pub a: usize,
    /// Number of the other.
    pub b: usize,
    /// How far they are apart.
    pub distance: f32,
}

/// Whether two faces are one person's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The verdict: the distance is below the threshold.
    pub same: bool,
    /// Distance of the two.
    pub distance: f32,
    /// What it was held against.
    pub threshold: f32,
}

/// The embedding network.
pub struct Recognizer {
    net: Net,
}

impl Recognizer {
    /// Loads the network: the one compiled in, or the one in `models`.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where it is missing, damaged or of another shape.
    pub fn load(models: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            net: Net::load(&nn::EMBEDDING, models)?,
        })
    }

    /// The embedding of the face in `image` that has these landmarks: the mean of its own and that of its
    /// mirror image. Where as many strangers are let in, 0.5 % of LFW's, this turns away 1.6 % of people, and
    /// one look 3.2 %.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the network cannot run.
    pub fn embed(&mut self, image: &RgbImage, landmarks: &Landmarks5) -> Result<Embedding, Error> {
        let chip = Chip::of(landmarks);
        let outputs = self.net.run([2, SIDE, SIDE, 3], |input| {
            let (face, mirrored) = input.split_at_mut(SIDE * SIDE * 3);
            chip.sample(image, face);
            mirror(face, mirrored);
        })?;
        let [found] = outputs.views();
        let (face, mirrored) = found.data.split_at(found.data.len() / 2);
        let mean = face.iter().zip(mirrored).map(|(a, b)| (a + b) / 2.0);
        let embedding = Embedding::try_from(mean.collect::<Vec<_>>());
        embedding.map_err(|why| self.net.error(why))
    }
}

/// Turns a chip left to right.
fn mirror(face: &[f32], mirrored: &mut [f32]) {
    let rows = face.chunks_exact(SIDE * 3);
    for (from, to) in rows.zip(mirrored.chunks_exact_mut(SIDE * 3)) {
        for (from, to) in from.chunks_exact(3).rev().zip(to.chunks_exact_mut(3)) {
            to.copy_from_slice(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn along(i: usize, length: f32) -> Embedding {
        let mut numbers = vec![0.0; LENGTH];
        numbers[i] = length;
        numbers.try_into().unwrap()
    }

    #[test]
    fn distances_by_hand() {
        let (a, b) = (along(0, 0.3), along(1, 0.4));
        assert!((a.distance(&b) - 0.5).abs() < 1e-6);
        assert!(a.compare(&b, 0.51).same && !a.compare(&b, 0.49).same);
        let middle = Embedding::mean(&[a.clone(), b]).unwrap();
        assert!((a.distance(&middle) - 0.25).abs() < 1e-6);
        assert_eq!(Embedding::mean(&[]), None);
    }

    #[test]
    fn faces_of_one_person_agree() {
        let faces = [along(0, 0.3), along(0, 0.5), along(1, 0.4)];
        let (one, spread) = Embedding::of_one(&faces[..2], 0.58).unwrap();
        assert!(one.distance(&along(0, 0.4)) < 1e-6 && (spread - 0.2).abs() < 1e-6);
        let (alone, _) = Embedding::of_one(&faces[..1], 0.58).unwrap();
        assert_eq!(alone, faces[0]);
        let apart = Embedding::of_one(&faces, 0.58).unwrap_err();
        assert_eq!((apart.a, apart.b), (1, 2));
        assert!(Embedding::of_one(&[], 0.58).is_err());
    }

    #[test]
    fn what_is_no_embedding_is_refused() {
        for (numbers, why) in [(vec![0.0; 127], "not 127"), (vec![f32::NAN; 128], "finite")] {
            let error = Embedding::try_from(numbers).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(serde_json::from_str::<Embedding>("[1, 2]").is_err());
    }

    #[test]
    fn mirrored_twice_it_is_itself() {
        let face: Vec<f32> = (0..SIDE * SIDE * 3).map(|i| i as f32).collect();
        let (mut once, mut twice) = (vec![0.0; face.len()], vec![0.0; face.len()]);
        mirror(&face, &mut once);
        mirror(&once, &mut twice);
        assert_eq!(once[..3], face[(SIDE - 1) * 3..SIDE * 3]);
        assert_eq!(face, twice);
    }

    proptest! {
        #[test]
        fn a_distance_is_one(a in prop::collection::vec(-1f32..1.0, LENGTH), b in prop::collection::vec(-1f32..1.0, LENGTH)) {
            let (a, b) = (Embedding::try_from(a).unwrap(), Embedding::try_from(b).unwrap());
            prop_assert_eq!(a.distance(&b).to_bits(), b.distance(&a).to_bits());
            prop_assert!(a.distance(&a) == 0.0 && a.distance(&b) > 0.0);
            let text = serde_json::to_string(&a).unwrap();
            prop_assert_eq!(serde_json::from_str::<Embedding>(&text).unwrap(), a);
        }
    }
}
