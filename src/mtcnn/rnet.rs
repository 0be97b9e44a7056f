//! Stage 2: R-Net looks closer at each proposal and rejects most.
use std::path::Path;

use image::RgbImage;

use super::{
    Candidate, Params, nms,
    resample::{BATCH, Crops, Kernel},
};
use crate::{
    error::Error,
    geometry::BBox,
    nn::{self, Net},
};

/// Side of R-Net's input in pixels.
const SIDE: u32 = 24;

/// The second network.
pub struct RNet {
    net: Net,
    crops: Crops,
}

impl RNet {
    pub fn load(models: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            net: Net::load(&nn::RNET, models)?,
            crops: Crops::new(SIDE, Kernel::Hamming),
        })
    }

    /// The squares that still look like a face, best first: calibrated and squared again.
    pub fn refine(
        &mut self,
        image: &RgbImage,
        squares: &[BBox],
        params: &Params,
    ) -> Result<Vec<BBox>, Error> {
        let mut found = vec![];
        for batch in squares.chunks(BATCH) {
            let shape = [batch.len(), SIDE as usize, SIDE as usize, 3];
            let crops = &mut self.crops;
            let outputs = self
                .net
                .run(shape, |input| crops.cut(image, batch, input))?;
            let [prob, reg] = outputs.views();
            let rows = prob.data.chunks_exact(2).zip(reg.data.chunks_exact(4));
            for (&bbox, (prob, reg)) in batch.iter().zip(rows) {
                if let (&[_, score], &[a, b, c, d]) = (prob, reg)
                    && score >= params.rnet_score
                {
                    let offset = [a, b, c, d];
                    found.push(Candidate {
                        bbox,
                        score,
                        offset,
                    });
                }
            }
        }
        let kept = nms(found, params.stage_iou);
        Ok(kept.iter().map(|c| c.calibrated().square()).collect())
    }
}
