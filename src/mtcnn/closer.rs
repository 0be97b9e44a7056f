//! What R-Net and O-Net have in common: a network that looks at square crops of one size.
use std::path::Path;

use image::RgbImage;

use super::resample::{Kernel, Resampler};
use crate::{
    error::Error,
    geometry::BBox,
    nn::{self, Net, Outputs, Spec},
};

/// Most crops a network looks at in one run.
pub const BATCH: usize = 16;

/// A network for crops of `side` x `side` pixels.
pub struct Closer {
    net: Net,
    side: u32,
    resampler: Resampler,
}

impl Closer {
    /// Loads the network of `spec`, see [`Net::load`]; its crops are weighed by `kernel`.
    pub fn load(
        spec: &'static Spec,
        side: u32,
        kernel: Kernel,
        models: Option<&Path>,
    ) -> Result<Self, Error> {
        Ok(Self {
            net: Net::load(spec, models)?,
            side,
            resampler: Resampler::new(kernel),
        })
    }

    /// Runs the network on the crops under `boxes`, RGB in -1..1; its outputs have a row for each.
    pub fn look(&mut self, image: &RgbImage, boxes: &[BBox]) -> Result<Outputs, Error> {
        let side = self.side as usize;
        self.net.run([boxes.len(), side, side, 3], |input| {
            for (bbox, input) in boxes.iter().zip(input.chunks_exact_mut(side * side * 3)) {
                let rgb = self.resampler.crop(image, bbox, self.side, self.side);
                nn::signed(rgb, input);
            }
        })
    }
}
