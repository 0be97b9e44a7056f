//! Frame in, faces out: the three-stage cascade of Zhang et al. 2016.
//!
//! P-Net sweeps a pyramid of the picture and proposes many boxes, R-Net looks closer and rejects
//! most, O-Net decides and adds five landmarks. Each stage ends in non-maximum suppression.
mod candidate;
mod closer;
mod follow;
mod onet;
mod pnet;
mod pyramid;
mod resample;
mod rnet;

use std::path::Path;

use image::RgbImage;

pub use candidate::{Candidate, nms, nms_by};
pub use follow::Follow;
pub use pnet::Swept;
pub use pyramid::Level;

use crate::{
    error::Error,
    face::{Detect, Face},
    frame::Frame,
    geometry::BBox,
};

/// Every threshold of the cascade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// Side of the smallest face to find, in source-frame pixels. 60 px is a face 15 cm wide at
    /// 80 cm and more before a 78 degree lens in VGA (`FACTS`); the cost grows with its inverse
    /// square.
    pub min_face_px: f32,
    /// Step between pyramid levels. 0.709 is about the square root of 1/2: every level has half
    /// the pixels of the one before (the authors' own choice). Above 0.95 it counts as that.
    pub factor: f32,
    /// Lowest P-Net score that goes on to R-Net. The authors' 0.6 with their 0.5 for `level_iou` finds
    /// no more on WIDER (AP .767 against .770) and hands on half as many boxes again.
    pub pnet_score: f32,
    /// Lowest R-Net score that goes on to O-Net (the authors' 0.7).
    pub rnet_score: f32,
    /// Lowest O-Net score of a face (the authors' 0.7).
    pub onet_score: f32,
    /// Highest IoU of two P-Net boxes kept from one level.
    pub level_iou: f32,
    /// Highest IoU of two boxes kept across levels, and after R-Net.
    pub stage_iou: f32,
    /// IoU above which two boxes may show one face: the worse one waits for what the next network says
    /// of the better one.
    pub apart_iou: f32,
    /// IoU of such a box with a sure find above which it is not looked at. That saves a third of the
    /// time; AP on WIDER stays as it is. To leave out what lies within a sure find (`final_io_min`) saves another
    /// tenth on a portrait, but on LFW the face then comes from a worse box (landmark error .0457 for .0454).
    pub same_iou: f32,
    /// R-Net or O-Net score below which there is nothing in a box.
    pub empty_score: f32,
    /// IoU of a box with one in which there is nothing above which it is not looked at.
    pub empty_iou: f32,
    /// Score below which there is not even part of a face in a box, or one of another size.
    pub void_score: f32,
    /// The same as `empty_iou` for such a box. With these four R-Net looks at 24 % fewer boxes on WIDER at 20 px,
    /// O-Net at 20 %; AP is .774 with and without (.766 with 0.5 for `empty_iou`, .769 with 0.05 for `void_score`).
    pub void_iou: f32,
    /// R-Net score of a sure find.
    pub rnet_sure: f32,
    /// O-Net score of a sure find.
    pub onet_sure: f32,
    /// Most boxes that go on to R-Net, the best, and most that are kept of one level: a bound on the time
    /// that a wall of leaves can take. With this and the next one AP on WIDER is .771, without .770; with half
    /// of both it is .763.
    pub proposed_most: usize,
    /// Most boxes that go on to O-Net, the best.
    pub refined_most: usize,
    /// Highest intersection over the smaller box of two faces: a box inside another goes.
    pub final_io_min: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            min_face_px: 60.0,
            factor: 0.709,
            pnet_score: 0.7,
            rnet_score: 0.7,
            onet_score: 0.7,
            level_iou: 0.7,
            stage_iou: 0.7,
            apart_iou: 0.3,
            same_iou: 0.5,
            empty_score: 0.2,
            empty_iou: 0.6,
            void_score: 0.02,
            void_iou: 0.5,
            rnet_sure: 0.999,
            onet_sure: 0.99,
            proposed_most: 1000,
            refined_most: 300,
            final_io_min: 0.7,
        }
    }
}

/// What each stage of the cascade saw in one picture, for those who tune it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stages {
    /// The pyramid, largest level first, with P-Net's windows on each.
    pub pyramid: Vec<Swept>,
    /// P-Net's proposals: what R-Net looks at, best first.
    pub proposed: Vec<BBox>,
    /// What R-Net left over: what O-Net looks at, best first.
    pub refined: Vec<BBox>,
    /// What O-Net made of it: the faces, best first.
    pub faces: Vec<Face>,
}

/// The cascade with its three networks.
pub struct Mtcnn {
    params: Params,
    pnet: pnet::PNet,
    rnet: rnet::RNet,
    onet: onet::ONet,
}

impl Mtcnn {
    /// Loads the three networks: those compiled in, or those in `models`.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where one is missing, damaged or of another shape.
    pub fn load(params: Params, models: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            params,
            pnet: pnet::PNet::load(models)?,
            rnet: rnet::RNet::load(models)?,
            onet: onet::ONet::load(models)?,
        })
    }

    /// The faces in `image`, best first.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where a network cannot run.
    pub fn find(&mut self, image: &RgbImage) -> Result<Vec<Face>, Error> {
        Ok(self.find_stages(image)?.faces)
    }

    /// The faces in `image`, and how the cascade came to them.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where a network cannot run.
    pub fn find_stages(&mut self, image: &RgbImage) -> Result<Stages, Error> {
        let pyramid = self.pnet.propose(image, &self.params)?;
        let proposed = pnet::squares(&pyramid, &self.params);
        let refined = self.rnet.refine(image, &proposed, &self.params)?;
        let faces = self.confirm(image, &refined)?;
        Ok(Stages {
            pyramid,
            proposed,
            refined,
            faces,
        })
    }

    /// O-Net alone: the faces in these square boxes, best first.
    fn confirm(&mut self, image: &RgbImage, squares: &[BBox]) -> Result<Vec<Face>, Error> {
        let faces = self.onet.confirm(image, squares, &self.params)?;
        Ok(nms_by(
            faces,
            |face| (face.bbox, face.score),
            BBox::io_min,
            self.params.final_io_min,
            self.params.refined_most,
        ))
    }
}

impl Detect for Mtcnn {
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Face>, Error> {
        self.find(&frame.image)
    }

    fn warm_up(&mut self, frame: &Frame) -> Result<(), Error> {
        self.rnet.warm_up(&frame.image)?;
        self.onet.warm_up(&frame.image)?;
        self.detect(frame).map(drop)
    }
}
