//! A picture of one person → embedding, or what is wrong with the picture.
use std::path::Path;

use image::RgbImage;

use super::{Embedding, MIN_FACE_PX, Recognizer};
use crate::{
    capture::read_picture,
    error::Error,
    face::Face,
    mtcnn::{Mtcnn, Params},
};

/// Faces are looked for from this width on: one that is a little too small is told from none.
const LOOK_PX: f32 = 40.0;

/// How wide a second face is at the least, as a share of the widest, to make a picture one of two people: a
/// face behind, or the small second print of a card's photograph, is none of them.
const RIVAL: f32 = 0.5;

/// What to do about a picture of several people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// Refuse it: who is meant must be sure.
    Refuse,
    /// Take the large face near the middle.
    Middle,
}

/// Why a picture cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// Nobody is seen.
    #[error("no face was found; the picture must show one face from the front")]
    NoFace,
    /// More than one person.
    #[error("{0} faces were found; the picture must show one person")]
    SeveralFaces(usize),
    /// A face of too few pixels.
    #[error("the face is {} pixels wide; {} are needed", .0.round(), MIN_FACE_PX)]
    TooSmall(f32),
}

/// The face of a picture, and its embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct Portrait {
    /// The person.
    pub embedding: Embedding,
    /// The face that was taken.
    pub face: Face,
    /// How many faces the picture shows: this one, and all that are not much smaller.
    pub faces: usize,
}

/// Reads pictures of people.
pub struct Portraits {
    cascade: Mtcnn,
    recognizer: Recognizer,
}

impl Portraits {
    /// Loads cascade and embedding network: those compiled in, or those in `models`.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where one is missing, damaged or of another shape.
    pub fn load(models: Option<&Path>) -> Result<Self, Error> {
        let params = Params {
            min_face_px: LOOK_PX,
            ..Params::default()
        };
        Ok(Self {
            cascade: Mtcnn::load(params, models)?,
            recognizer: Recognizer::load(models)?,
        })
    }

    /// The person in the picture at `path`.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] where it cannot be read, [`Error::Face`] where it shows nobody who can be
    /// compared, [`Error::Model`] where a network cannot run.
    pub fn read(&mut self, path: &Path, crowd: Crowd) -> Result<Portrait, Error> {
        let image = read_picture(path)?;
        self.look(&image, crowd)?.map_err(|why| Error::Face {
            what: path.display().to_string(),
            source: why.into(),
        })
    }

    /// The person in `image`, or why nobody in it can be compared.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where a network cannot run.
    pub fn look(
        &mut self,
        image: &RgbImage,
        crowd: Crowd,
    ) -> Result<Result<Portrait, Unfit>, Error> {
        let faces = self.cascade.find(image)?;
        let (width, height) = (image.width() as f32, image.height() as f32);
        let (face, faces) = match choose(&faces, (width, height), crowd) {
            Ok(chosen) => chosen,
            Err(why) => return Ok(Err(why)),
        };
        Ok(Ok(Portrait {
            embedding: self.recognizer.embed(image, &face.landmarks)?,
            face,
            faces,
        }))
    }
}

/// The face of a picture of this width and height that is meant, and how many might be.
fn choose(
    faces: &[Face],
    (width, height): (f32, f32),
    crowd: Crowd,
) -> Result<(Face, usize), Unfit> {
    let wide = |face: &Face| face.bbox.width();
    // The size of a face less how far it is from the middle, as those do who prepare training pictures
    // (facenet, `align_dataset_mtcnn.py`: area - 2 x distance squared).
    let meant = |face: &Face| {
        let centre = face.bbox.centre();
        let (x, y) = (centre.x - width / 2.0, centre.y - height / 2.0);
        face.bbox.area() - 2.0 * (x * x + y * y)
    };
    let best = faces.iter().max_by(|a, b| match crowd {
        Crowd::Refuse => wide(a).total_cmp(&wide(b)),
        Crowd::Middle => meant(a).total_cmp(&meant(b)),
    });
    let face = *best.ok_or(Unfit::NoFace)?;
    let rivals = faces.iter().filter(|f| wide(f) >= RIVAL * wide(&face));
    let count = rivals.count();
    match wide(&face) {
        _ if count > 1 && crowd == Crowd::Refuse => Err(Unfit::SeveralFaces(count)),
        px if px < MIN_FACE_PX => Err(Unfit::TooSmall(px)),
        _ => Ok((face, count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        face::Landmarks5,
        geometry::{BBox, Point},
    };

    fn face(x: f32, side: f32) -> Face {
        Face {
            bbox: BBox::around(Point { x, y: 150.0 }, side),
            score: 0.99,
            landmarks: Landmarks5::default(),
        }
    }

    fn chosen(faces: &[Face], crowd: Crowd) -> Result<(Face, usize), Unfit> {
        choose(faces, (400.0, 300.0), crowd)
    }

    #[test]
    fn one_face_is_taken_and_none_is_told() {
        for crowd in [Crowd::Refuse, Crowd::Middle] {
            let one = face(90.0, 80.0);
            assert_eq!(chosen(&[one], crowd), Ok((one, 1)));
            assert_eq!(chosen(&[], crowd), Err(Unfit::NoFace));
            let small = [face(200.0, 43.6)];
            let text = chosen(&small, crowd).unwrap_err().to_string();
            assert_eq!(text, "the face is 44 pixels wide; 50 are needed");
        }
    }

    #[test]
    fn of_two_people_neither_is_taken_unless_the_middle_is_meant() {
        let two = [face(200.0, 90.0), face(340.0, 100.0)];
        let refused = chosen(&two, Crowd::Refuse);
        assert_eq!(refused, Err(Unfit::SeveralFaces(2)));
        assert_eq!(chosen(&two, Crowd::Middle), Ok((two[0], 2)));
        let behind = [face(60.0, 45.0), face(200.0, 100.0)];
        assert_eq!(chosen(&behind, Crowd::Refuse), Ok((behind[1], 1)));
    }
}
