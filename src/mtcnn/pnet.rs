//! Stage 1: P-Net sweeps the pyramid and proposes boxes.
use std::path::Path;

use image::RgbImage;

use super::{
    Candidate, Params, nms,
    pyramid::{CELL, Level, levels},
    resample::{Picture, Shrinker},
};
use crate::{
    error::Error,
    geometry::BBox,
    nn::{self, Net, View},
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

/// Square boxes that may hold a face, best first: calibrated, without doubles across levels, as many at most
/// as go on.
pub fn squares(swept: &[Swept], params: &Params) -> Vec<BBox> {
    let all = swept.iter().flat_map(|s| s.candidates.iter().copied());
    let kept = nms(all.collect(), params.stage_iou, params.proposed_most);
    kept.iter().map(|c| c.calibrated().square()).collect()
}

/// The first network.
pub struct PNet {
    net: Net,
    shrinker: Shrinker,
    /// The level that is swept, and the one before it, from which it is made: interleaved RGB.
    rgb: Vec<u8>,
    larger: Vec<u8>,
}

impl PNet {
    pub fn load(models: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            net: Net::load(&nn::PNET, models)?,
            shrinker: Shrinker::new(),
            rgb: vec![],
            larger: vec![],
        })
    }

    /// What may hold a face on each level, best first, without doubles within the level.
    ///
    /// Each level is made from the one before where that was small enough to be swept as a whole:
    /// faster than from the picture, and no worse (AP on WIDER .777 against .771).
    pub fn propose(&mut self, image: &RgbImage, params: &Params) -> Result<Vec<Swept>, Error> {
        let mut all = vec![];
        let mut larger = None;
        let (width, height) = image.dimensions();
        for level in levels(width, height, params.min_face_px, params.factor) {
            let mut found = vec![];
            let scale = (
                level.width as f32 / width as f32,
                level.height as f32 / height as f32,
            );
            for tile in tiles_of(level) {
                match larger {
                    Some(larger) => {
                        let larger = Picture::level(larger, &self.larger);
                        let whole = larger.whole();
                        self.shrinker.shrink(larger, &whole, level, &mut self.rgb);
                    }
                    None => {
                        let image = Picture::from(image);
                        let area = tile.on_source(scale, image.whole());
                        self.shrinker.shrink(image, &area, tile.size, &mut self.rgb);
                    }
                }
                let shape = [1, tile.size.height as usize, tile.size.width as usize, 3];
                let rgb = &self.rgb;
                let outputs = self.net.run(shape, |input| nn::signed(rgb, input))?;
                let [prob, reg] = outputs.views();
                let sweep = Sweep {
                    origin: (tile.left as f32, tile.top as f32),
                    scale,
                };
                decode(prob, reg, &sweep, params.pnet_score, &mut found);
                if tile.size == level {
                    larger = Some(level);
                    std::mem::swap(&mut self.larger, &mut self.rgb);
                }
            }
            let candidates = nms(found, params.level_iou, params.proposed_most);
            all.push(Swept { level, candidates });
        }
        Ok(all)
    }
}

/// Part of a level that is swept at once, in pixels of the level.
#[derive(Clone, Copy, Debug)]
struct Tile {
    left: u32,
    top: u32,
    size: Level,
}

impl Tile {
    /// Where it lies on the source frame, of which `whole` is all; `scale` as in [`Sweep`].
    fn on_source(&self, scale: (f32, f32), whole: BBox) -> BBox {
        let right = (self.left + self.size.width) as f32 / scale.0;
        let bottom = (self.top + self.size.height) as f32 / scale.1;
        BBox {
            x1: self.left as f32 / scale.0,
            y1: self.top as f32 / scale.1,
            // Rounding must not reach beyond the picture.
            x2: right.min(whole.x2),
            y2: bottom.min(whole.y2),
        }
    }
}

fn tiles_of(level: Level) -> impl Iterator<Item = Tile> {
    let places =
        tiles(level.height).flat_map(move |top| tiles(level.width).map(move |left| (left, top)));
    places.map(move |(left, top)| Tile {
        left,
        top,
        size: Level {
            width: TILE.min(level.width - left),
            height: TILE.min(level.height - top),
        },
    })
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
