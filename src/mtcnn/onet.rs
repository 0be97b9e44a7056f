//! Stage 3: O-Net gives the final box and the five landmarks.
use std::path::Path;

use image::RgbImage;

use super::{
    Candidate, Params,
    closer::{BATCH, Closer, Limits, in_rounds},
};
use crate::{
    error::Error,
    face::{Face, Landmarks5},
    geometry::{BBox, Point},
    nn::{self, Kernel},
};

/// Side of O-Net's input in pixels.
const SIDE: usize = 48;

/// The third network.
pub struct ONet {
    closer: Closer,
}

impl ONet {
    pub fn load(models: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            closer: Closer::load(&nn::ONET, SIDE, Kernel::CatmullRom, models)?,
        })
    }

    pub fn warm_up(&mut self, image: &RgbImage) -> Result<(), Error> {
        self.closer.warm_up(image)
    }

    /// The faces in these squares, which come best first; some faces more than once.
    pub fn confirm(
        &mut self,
        image: &RgbImage,
        squares: &[BBox],
        params: &Params,
    ) -> Result<Vec<Face>, Error> {
        let limits = Limits {
            found: params.onet_score,
            sure: params.onet_sure,
        };
        let look = |some: &[BBox]| self.look(image, some);
        in_rounds(squares, params, limits, look, |face| {
            (face.bbox, face.score)
        })
    }

    /// What each square holds if it is a face, in the squares' order.
    fn look(&mut self, image: &RgbImage, squares: &[BBox]) -> Result<Vec<Face>, Error> {
        let mut faces = vec![];
        for batch in squares.chunks(BATCH) {
            let outputs = self.closer.look(image, batch)?;
            let [prob, reg, marks] = outputs.views();
            let rows = (prob.data.chunks_exact(2))
                .zip(reg.data.chunks_exact(4))
                .zip(marks.data.chunks_exact(10));
            for (square, ((prob, reg), marks)) in batch.iter().zip(rows) {
                if let (&[_, score], &[a, b, c, d]) = (prob, reg) {
                    let candidate = Candidate {
                        bbox: *square,
                        score,
                        offset: [a, b, c, d],
                    };
                    faces.push(Face {
                        bbox: candidate.calibrated(),
                        score,
                        landmarks: landmarks(square, marks),
                    });
                }
            }
        }
        Ok(faces)
    }
}

/// `marks` is x1..x5, y1..y5 as fractions of the square's side.
fn landmarks(square: &BBox, marks: &[f32]) -> Landmarks5 {
    let at = |i: usize| marks.get(i).copied().unwrap_or(0.5);
    let point = |i: usize| Point {
        x: square.x1 + at(i) * square.width(),
        y: square.y1 + at(i + 5) * square.height(),
    };
    Landmarks5::from(std::array::from_fn(point))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn landmarks_are_fractions_of_the_square() {
        let square = BBox {
            x1: 100.0,
            y1: 50.0,
            x2: 200.0,
            y2: 150.0,
        };
        let marks = [0.3, 0.7, 0.5, 0.35, 0.65, 0.4, 0.4, 0.6, 0.8, 0.8];
        let got = landmarks(&square, &marks);
        assert_eq!(got.eye_l, Point { x: 130.0, y: 90.0 });
        assert_eq!(got.mouth_r, Point { x: 165.0, y: 130.0 });
    }
}
