//! Skips stages 1 and 2 while the last faces still answer, as MediaPipe's video graphs do.
use std::path::Path;

use super::{Mtcnn, Params};
use crate::{
    error::Error,
    face::{Detect, Face},
    frame::Frame,
    geometry::BBox,
};

/// Frames from one search of the whole picture to the next: a second face is seen within a third
/// of a second at 30 frames a second, at a tenth of a search's cost.
const SEARCH_EVERY: u32 = 10;

/// How much wider than the last face's square O-Net looks. O-Net's own box is a little tighter
/// than the squares R-Net hands it, and the face moves between frames.
const WIDEN: f32 = 1.05;

/// Faces followed at once, the largest: in a crowd the others are found by the next search of the
/// whole picture.
const FOLLOWED: usize = 4;

/// The cascade for video: searches now and then, follows in between.
pub struct Follow {
    cascade: Mtcnn,
    last: Vec<Face>,
    since_search: u32,
}

impl Follow {
    /// Loads the networks; see [`Mtcnn::load`].
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where one is missing, damaged or of another shape.
    pub fn load(params: Params, models: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            cascade: Mtcnn::load(params, models)?,
            last: vec![],
            since_search: 0,
        })
    }

    /// O-Net on where the last faces were; `None` when one of them no longer answers.
    fn follow(&mut self, frame: &Frame) -> Result<Option<Vec<Face>>, Error> {
        if self.last.is_empty() || self.since_search + 1 >= SEARCH_EVERY {
            return Ok(None);
        }
        let squares: Vec<BBox> = (self.last.iter())
            .map(|face| BBox::around(face.bbox.centre(), face.bbox.square().width() * WIDEN))
            .collect();
        let faces = self.cascade.confirm(&frame.image, &squares)?;
        Ok((faces.len() == self.last.len()).then_some(faces))
    }
}

impl Detect for Follow {
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Face>, Error> {
        let faces = match self.follow(frame)? {
            Some(faces) => {
                self.since_search += 1;
                faces
            }
            None => {
                self.since_search = 0;
                self.cascade.find(&frame.image)?
            }
        };
        self.last.clone_from(&faces);
        if faces.len() > FOLLOWED {
            let area = |face: &Face| face.bbox.area();
            self.last.sort_by(|a, b| area(b).total_cmp(&area(a)));
            self.last.truncate(FOLLOWED);
        }
        Ok(faces)
    }

    fn warm_up(&mut self, frame: &Frame) -> Result<(), Error> {
        self.cascade.warm_up(frame)
    }
}
