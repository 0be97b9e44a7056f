//! Stage 2: R-Net looks closer at each proposal and rejects most.
use std::path::Path;

use image::RgbImage;

use super::{
    Candidate, Params,
    closer::{BATCH, Closer, Limits, in_rounds},
    nms,
};
use crate::{
    error::Error,
    geometry::BBox,
    nn::{self, Kernel},
};

/// Side of R-Net's input in pixels.
const SIDE: usize = 24;

/// The second network.
pub struct RNet {
    closer: Closer,
}

impl RNet {
    pub fn load(models: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            closer: Closer::load(&nn::RNET, SIDE, Kernel::Hamming, models)?,
        })
    }

    pub fn warm_up(&mut self, image: &RgbImage) -> Result<(), Error> {
        self.closer.warm_up(image)
    }

    /// The squares that still look like a face, best first: calibrated and squared again.
    pub fn refine(
        &mut self,
        image: &RgbImage,
        squares: &[BBox],
        params: &Params,
    ) -> Result<Vec<BBox>, Error> {
        let limits = Limits {
            found: params.rnet_score,
            sure: params.rnet_sure,
        };
        let look = |some: &[BBox]| self.look(image, some);
        let found = in_rounds(squares, params, limits, look, |c| (c.calibrated(), c.score))?;
        let kept = nms(found, params.stage_iou, params.refined_most);
        Ok(kept.iter().map(|c| c.calibrated().square()).collect())
    }

    /// Each square with its score and offset, in their order.
    fn look(&mut self, image: &RgbImage, squares: &[BBox]) -> Result<Vec<Candidate>, Error> {
        let mut seen = vec![];
        for batch in squares.chunks(BATCH) {
            let outputs = self.closer.look(image, batch)?;
            let [prob, reg] = outputs.views();
            let rows = prob.data.chunks_exact(2).zip(reg.data.chunks_exact(4));
            for (&bbox, (prob, reg)) in batch.iter().zip(rows) {
                if let (&[_, score], &[a, b, c, d]) = (prob, reg) {
                    let offset = [a, b, c, d];
                    seen.push(Candidate {
                        bbox,
                        score,
                        offset,
                    });
                }
            }
        }
        Ok(seen)
    }
}
