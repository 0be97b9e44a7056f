//! A network of the user's own that tells live faces from pictures of faces by looks alone.
//!
//! Such networks misfire while a head moves, in glare and in the dark (`FACTS`), so they are asked about
//! faces at rest only, and their word counts as little or as much as the user says.
use std::{
    fs,
    path::{Path, PathBuf},
};

use image::RgbImage;
use serde::Deserialize;

use crate::{
    error::{Cause, Error},
    geometry::{BBox, Point},
    nn::{Cutter, Kernel, Net, Spec, unscaled},
};

/// What stands in the TOML file beside the network, under the same name: `face.onnx`, `face.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manual {
    /// Height and width of the input in pixels; they must be equal.
    pub input: [usize; 2],
    /// Order of the colours.
    #[serde(default)]
    pub colours: Colours,
    /// The network's number for black.
    #[serde(default)]
    pub black: f32,
    /// The network's number for white.
    pub white: f32,
    /// Width and height of the crop, in those of the face's box; it is made smaller where it would leave the
    /// picture, and moved into it.
    pub crop: f32,
    /// Name of the output.
    pub output: String,
    /// How many numbers it gives.
    pub classes: usize,
    /// Which of them, from 0, says how likely the face is live.
    pub live: usize,
    /// From which value on a face passes for live.
    #[serde(default = "half")]
    pub threshold: f32,
    /// Whether the numbers are raw, and a softmax makes probabilities of them.
    #[serde(default)]
    pub softmax: bool,
}

fn half() -> f32 {
    0.5
}

/// In which order a network reads the colours of a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colours {
    /// Red first.
    #[default]
    Rgb,
    /// Blue first.
    Bgr,
}

/// The network, ready to look.
pub struct Passive {
    net: Net,
    manual: Manual,
    cutter: Cutter,
}

impl Passive {
    /// Where the TOML file of a network lies.
    pub fn manual(model: &Path) -> PathBuf {
        model.with_extension("toml")
    }

    /// Loads `model` and the TOML file beside it.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where either is missing or wrong.
    pub fn load(model: &Path) -> Result<Self, Error> {
        let beside = Self::manual(model);
        let (folder, file) = match (model.parent(), model.file_name().and_then(|n| n.to_str())) {
            (Some(folder), Some(file)) => (folder, file),
            _ => return Err(Error::source(model.display(), "this is no name of a file")),
        };
        let folder = if folder.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            folder.to_owned()
        };
        // Once a run of the program, and for all of it.
        let file: &'static str = file.to_owned().leak();
        let unusable = |source| Error::Model {
            net: file,
            origin: folder.display().to_string(),
            source,
        };
        // Before its TOML file is missed: that one is not there either where the name is mistyped.
        fs::metadata(model).map_err(|why| unusable(why.into()))?;
        let manual = read(&beside).map_err(unusable)?;
        let [side, width] = manual.input;
        let wrong = [
            (
                side != width || !(8..=1024).contains(&side),
                "`input` must be two equal sides of 8 to 1024 px",
            ),
            (
                manual.live >= manual.classes,
                "`live` must be below `classes`: it counts from 0",
            ),
            (
                !(0.5..=10.0).contains(&manual.crop),
                "`crop` must be 0.5 to 10 face boxes",
            ),
            (
                !manual.threshold.is_finite(),
                "`threshold` must be a number",
            ),
            (
                !(manual.white - manual.black).is_normal(),
                "`white` must be another number than `black`",
            ),
        ];
        if let Some((_, text)) = wrong.iter().find(|(wrong, _)| *wrong) {
            return Err(unusable(format!("{}: {text}", beside.display()).into()));
        }
        let outputs: &'static [(&'static str, usize)] =
            vec![(&*manual.output.clone().leak(), manual.classes)].leak();
        let spec: &'static Spec = Box::leak(Box::new(Spec {
            file,
            built_in: &[],
            input: [Some(1), Some(3), Some(side), Some(side)],
            outputs,
        }));
        Ok(Self {
            net: Net::load(spec, Some(&folder))?,
            cutter: Cutter::new(side, Kernel::Hamming),
            manual,
        })
    }

    /// From which value on a face passes for live.
    pub fn threshold(&self) -> f32 {
        self.manual.threshold
    }

    /// How likely the face under `bbox` is live, `0.0..=1.0`.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the network cannot run.
    pub fn look(&mut self, image: &RgbImage, bbox: &BBox) -> Result<f32, Error> {
        let crop = crop(bbox, self.manual.crop, image);
        let side = self.manual.input[0];
        let (black, white) = (self.manual.black, self.manual.white);
        let (cutter, bgr) = (&mut self.cutter, self.manual.colours == Colours::Bgr);
        let outputs = self.net.run([1, side, side, 3], |input| {
            cutter.cut(image, &crop, input);
            for pixel in input.chunks_exact_mut(3) {
                for number in &mut *pixel {
                    *number = black + unscaled(*number) * (white - black);
                }
                if bgr {
                    pixel.swap(0, 2);
                }
            }
        })?;
        let [scores] = outputs.views();
        let live = scores.data.get(self.manual.live).copied();
        Ok(match (live, self.manual.softmax) {
            (None, _) => 0.0,
            (Some(live), false) => live,
            (Some(live), true) => {
                let sum: f32 = scores.data.iter().map(|other| (other - live).exp()).sum();
                1.0 / sum
            }
        })
    }
}

fn read(path: &Path) -> Result<Manual, Cause> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|why| {
        format!("{name}: {why}; the network needs this file beside it: see --help of --passive")
    })?;
    Ok(toml::from_str(&text).map_err(|why| format!("{name}: {why}"))?)
}

/// The box `factor` times as large about its middle; smaller where the picture is, and moved into it.
fn crop(bbox: &BBox, factor: f32, image: &RgbImage) -> BBox {
    let (width, height) = (image.width() as f32, image.height() as f32);
    let most = (width / bbox.width().max(1.0)).min(height / bbox.height().max(1.0));
    let factor = factor.min(most);
    let (w, h) = (bbox.width() * factor, bbox.height() * factor);
    let Point { x, y } = bbox.centre();
    let x1 = (x - w / 2.0).clamp(0.0, (width - w).max(0.0));
    let y1 = (y - h / 2.0).clamp(0.0, (height - h).max(0.0));
    BBox {
        x1,
        y1,
        x2: x1 + w,
        y2: y1 + h,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_crop_lies_in_the_picture_and_keeps_its_shape(
            x in -50f32..700.0, y in -50f32..500.0, w in 2f32..400.0, h in 2f32..400.0, factor in 0.5f32..6.0
        ) {
            let image = RgbImage::new(640, 480);
            let bbox = BBox { x1: x, y1: y, x2: x + w, y2: y + h };
            let c = crop(&bbox, factor, &image);
            prop_assert!(c.x1 >= 0.0 && c.y1 >= 0.0 && c.x2 <= 640.1 && c.y2 <= 480.1, "{c:?}");
            prop_assert!((c.width() / c.height() - w / h).abs() < 0.02 * w / h, "{c:?}");
        }
    }
}
