//! Stage 1: P-Net sweeps the pyramid and proposes boxes.
use std::path::Path;

use image::RgbImage;

use super::{
    Candidate, Params, nms,
    pyramid::{CELL, Level, levels},
    resample::{Kernel, Resampler},
};
use crate::{
    error::Error,
    geometry::BBox,
    nn::{self, Net, Outputs, View},
};

/// Pixels between neighbouring cells of the output map: P-Net pools once, by 2.
const STRIDE: f32 = 2.0;

/// Longest side of what P-Net sees at once, in pixels. Larger levels are swept in tiles, so that
/// an 8000 px wide picture needs no more memory than a small one. Even, so that tiles pool alike.
const TILE: u32 = 512;

/// Pixels by which neighbouring tiles overlap: a tile of side `t` gives `t / 2 - 5` cells, 2 px
/// apart, so the next one begins `t - 10` further on.
const OVERLAP: u32 = 10;

/// One level of the pyramid and what P-Net found on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// Size of the scaled picture.
    pub level: Level,
    /// Windows that may hold a face, best first, not calibrated yet.
    pub candidates: Vec<Candidate>,
}

/// Square boxes that may hold a face, best first: calibrated, without doubles across levels.
pub fn squares(swept: &[Swept], params: &Params) -> Vec<BBox> {
    let all = swept.iter().flat_map(|s| s.candidates.iter().copied());
    let kept = nms(all.collect(), params.stage_iou);
    kept.iter().map(|c| c.calibrated().square()).collect()
}

/// The first network.
pub struct PNet {
    net: Net,
    resampler: Resampler,
}

impl PNet {
    pub fn load(models: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            net: Net::load(&nn::PNET, models)?,
            resampler: Resampler::new(Kernel::Triangle),
        })
    }

    /// What may hold a face on each level, best first, without doubles within the level.
    pub fn propose(&mut self, image: &RgbImage, params: &Params) -> Result<Vec<Swept>, Error> {
        let mut all = vec![];
        for level in levels(
            image.width(),
            image.height(),
            params.min_face_px,
            params.factor,
        ) {
            let mut found = vec![];
            for top in tiles(level.height) {
                for left in tiles(level.width) {
                    let area = [
                        left,
                        top,
                        level.width.min(left + TILE),
                        level.height.min(top + TILE),
                    ];
                    let sweep = Sweep {
                        origin: (left as f32, top as f32),
                        scale: (
                            level.width as f32 / image.width() as f32,
                            level.height as f32 / image.height() as f32,
                        ),
                    };
                    let outputs = self.sweep(image, &sweep, area)?;
                    let [prob, reg] = outputs.views();
                    decode(prob, reg, &sweep, params.pnet_score, &mut found);
                }
            }
            let candidates = nms(found, params.level_iou);
            all.push(Swept { level, candidates });
        }
        Ok(all)
    }

    /// Runs the network on one tile (`[x1, y1, x2, y2]` in pixels of the level).
    fn sweep(
        &mut self,
        image: &RgbImage,
        sweep: &Sweep,
        [x1, y1, x2, y2]: [u32; 4],
    ) -> Result<Outputs, Error> {
        let source = BBox {
            x1: x1 as f32 / sweep.scale.0,
            y1: y1 as f32 / sweep.scale.1,
            // Rounding must not reach beyond the picture, or its last pixels would turn black.
            x2: (x2 as f32 / sweep.scale.0).min(image.width() as f32),
            y2: (y2 as f32 / sweep.scale.1).min(image.height() as f32),
        };
        let (width, height) = (x2 - x1, y2 - y1);
        let rgb = self.resampler.crop(image, &source, width, height);
        let shape = [1, height as usize, width as usize, 3];
        self.net.run(shape, |input| nn::signed(rgb, input))
    }
}

/// Where tiles begin along a level's side.
fn tiles(side: u32) -> impl Iterator<Item = u32> {
    let step = (TILE - OVERLAP) as usize;
    // A tile that would begin within the overlap of the last one adds no cell.
    (0..side.saturating_sub(OVERLAP).max(1)).step_by(step)
}

/// How one output map lies on the source frame.
struct Sweep {
    /// Left and top of the tile, in pixels of the level.
    origin: (f32, f32),
    /// Scaled pixels per source pixel, across and down.
    scale: (f32, f32),
}

/// Turns one output map into candidates, in source-frame pixels.
///
/// `prob` is `[1, 2, h, w]` (channel 1 the face), `reg` `[1, 4, h, w]`. The window of cell (x, y)
/// begins at `STRIDE` times it and is [`CELL`] wide; dividing by the scale returns to the frame.
///
/// Source: Zhang et al. 2016, III-A; constants as in `det1.prototxt`. Their "+1" conventions are
/// left out: boxes are half open.
fn decode(
    prob: View<'_>,
    reg: View<'_>,
    sweep: &Sweep,
    threshold: f32,
    found: &mut Vec<Candidate>,
) {
    let &[_, _, height, width] = prob.shape else {
        return;
    };
    let cells = width * height;
    let Some(faces) = prob.data.get(cells..2 * cells) else {
        return;
    };
    for (i, &score) in faces.iter().enumerate() {
        if score < threshold {
            continue;
        }
        let edge = |k: usize| reg.data.get(k * cells + i).copied().unwrap_or(0.0);
        let x = sweep.origin.0 + (i % width) as f32 * STRIDE;
        let y = sweep.origin.1 + (i / width) as f32 * STRIDE;
        found.push(Candidate {
            bbox: BBox {
                x1: x / sweep.scale.0,
                y1: y / sweep.scale.1,
                x2: (x + CELL) / sweep.scale.0,
                y2: (y + CELL) / sweep.scale.1,
            },
            score,
            offset: std::array::from_fn(edge),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_becomes_its_window_in_the_source_frame() {
        let prob = View {
            shape: &[1, 2, 2, 3],
            data: &[[0.1; 6], [0.0, 0.0, 0.0, 0.0, 0.0, 0.9]].concat(),
        };
        let offsets: Vec<f32> = (0..24).map(|i| i as f32).collect();
        let reg = View {
            shape: &[1, 4, 2, 3],
            data: &offsets,
        };
        let sweep = Sweep {
            origin: (0.0, 10.0),
            scale: (0.5, 0.25),
        };
        let mut found = vec![];
        decode(prob, reg, &sweep, 0.6, &mut found);
        let wanted = Candidate {
            bbox: BBox {
                x1: 8.0,
                y1: 48.0,
                x2: 32.0,
                y2: 96.0,
            },
            score: 0.9,
            offset: [5.0, 11.0, 17.0, 23.0],
        };
        assert_eq!(found, [wanted]);
    }

    #[test]
    fn tiles_cover_a_side_cell_by_cell() {
        for side in [12u32, 511, 512, 513, 521, 522, 523, 524, 1300, 5000] {
            let mut cells: Vec<u32> = vec![];
            for left in tiles(side) {
                let t = side.min(left + TILE) - left;
                // Cells of one tile: convolution 3, pool 2 (rounded up), two convolutions 3.
                let n = (t - 2).div_ceil(2).saturating_sub(4);
                cells.extend((0..n).map(|i| left / 2 + i));
            }
            let wanted: Vec<u32> = (0..(side - 2).div_ceil(2) - 4).collect();
            assert_eq!(cells, wanted, "side {side}");
        }
    }
}
