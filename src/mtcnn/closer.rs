//! What R-Net and O-Net have in common: a network that looks at square crops of one size.
use std::path::Path;

use image::RgbImage;

use super::Params;
use crate::{
    error::Error,
    geometry::BBox,
    nn::{Cutter, Kernel, Net, Outputs, Spec},
};

/// Most crops a network looks at in one run.
pub const BATCH: usize = 16;

/// A network for crops of `side` x `side` pixels.
pub struct Closer {
    net: Net,
    side: usize,
    cutter: Cutter,
}

impl Closer {
    /// Loads the network of `spec`, see [`Net::load`]; its crops are weighed by `kernel`.
    pub fn load(
        spec: &'static Spec,
        side: usize,
        kernel: Kernel,
        models: Option<&Path>,
    ) -> Result<Self, Error> {
        Ok(Self {
            net: Net::load(spec, models)?,
            side,
            cutter: Cutter::new(side, kernel),
        })
    }

    /// Runs the network on as many crops as there can be at once, so that no rare picture needs memory that
    /// was not there before; one that tract plans for each number of crops, on each.
    pub fn warm_up(&mut self, image: &RgbImage) -> Result<(), Error> {
        let whole = BBox {
            x1: 0.0,
            y1: 0.0,
            x2: image.width() as f32,
            y2: image.height() as f32,
        };
        // The largest crop takes all the room that there may be; to cut it so many times takes long.
        self.look(image, &[whole])?;
        let side = self.side as f32;
        let small = BBox {
            x2: whole.x2.min(side),
            y2: whole.y2.min(side),
            ..whole
        };
        let fewest = if self.net.is_fused() { BATCH } else { 2 };
        for crops in (fewest..=BATCH).rev() {
            self.look(image, &vec![small; crops])?;
        }
        Ok(())
    }

    /// Runs the network on the crops under `boxes`, RGB in -1..1; its outputs have a row for each.
    pub fn look(&mut self, image: &RgbImage, boxes: &[BBox]) -> Result<Outputs, Error> {
        let (side, cutter) = (self.side, &mut self.cutter);
        self.net.run([boxes.len(), side, side, 3], |input| {
            for (bbox, input) in boxes.iter().zip(input.chunks_exact_mut(side * side * 3)) {
                cutter.cut(image, bbox, input);
            }
        })
    }
}

/// What a network's scores say of a box.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Lowest score of a find.
    pub found: f32,
    /// Lowest score of a sure find.
    pub sure: f32,
}

/// Looks at `squares`, best first, in rounds: of boxes that may show one face the best goes first, and
/// where the network is sure of it (`place` gives where it lies) those about it are spared, as are those that
/// all but cover one in which it saw nothing. `look` gives each square's score and what is there.
pub fn in_rounds<T>(
    squares: &[BBox],
    params: &Params,
    limits: Limits,
    mut look: impl FnMut(&[BBox]) -> Result<Vec<(f32, T)>, Error>,
    place: impl Fn(&T) -> BBox,
) -> Result<Vec<T>, Error> {
    let mut open = squares.to_vec();
    let mut found = vec![];
    while !open.is_empty() {
        let (mut now, mut later): (Vec<BBox>, Vec<BBox>) = (vec![], vec![]);
        for bbox in open {
            let apart = now
                .iter()
                .all(|better| better.iou(&bbox) <= params.apart_iou);
            if apart { &mut now } else { &mut later }.push(bbox);
        }
        let (mut sure, mut empty): (Vec<BBox>, Vec<BBox>) = (vec![], vec![]);
        for (square, (score, there)) in now.iter().zip(look(&now)?) {
            if score >= limits.sure {
                sure.push(place(&there).square());
            } else if score < params.empty_score {
                empty.push(*square);
            }
            if score >= limits.found {
                found.push(there);
            }
        }
        let near = |bbox: &BBox, some: &[BBox], most: f32| some.iter().any(|b| b.iou(bbox) > most);
        later.retain(|bbox| {
            !near(bbox, &sure, params.same_iou) && !near(bbox, &empty, params.empty_iou)
        });
        open = later;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;

    /// What is looked at in each round, by number, when everything is found where it is, with `score`.
    fn rounds(places: &[f32], score: f32) -> Vec<Vec<f32>> {
        let square = |x: f32| BBox::around(Point { x, y: 50.0 }, 40.0);
        let squares: Vec<BBox> = places.iter().map(|&x| square(x)).collect();
        let mut rounds = vec![];
        let look = |some: &[BBox]| {
            rounds.push(some.iter().map(|b| b.centre().x).collect::<Vec<_>>());
            Ok(some.iter().map(|&bbox| (score, bbox)).collect())
        };
        let limits = Limits {
            found: 0.7,
            sure: 0.9,
        };
        let found = in_rounds(&squares, &Params::default(), limits, look, |b| *b).unwrap();
        let wanted = if score >= 0.7 {
            rounds.concat()
        } else {
            vec![]
        };
        let found: Vec<f32> = found.iter().map(|b| b.centre().x).collect();
        assert_eq!(found, wanted);
        rounds
    }

    #[test]
    fn a_sure_find_spares_those_about_it_and_no_others() {
        // 105 and 110 crowd about 100; 118 is beside it.
        let places = [100.0, 300.0, 105.0, 110.0, 118.0];
        assert_eq!(rounds(&places, 0.9), [vec![100.0, 300.0], vec![118.0]]);
        // Neither a find nor empty, or no number: each is looked at.
        for doubtful in [0.89, 0.5, f32::NAN] {
            let rounds = rounds(&places, doubtful);
            assert_eq!(rounds[0], [100.0, 300.0]);
            assert_eq!(rounds.concat().len(), places.len());
        }
        assert_eq!(rounds(&[], 0.9), [[0.0; 0]; 0]);
    }

    #[test]
    fn where_nothing_is_only_those_that_all_but_cover_it_are_spared() {
        // Of a square 40 wide 105 covers so much that the IoU is .78, 110 .6 and 115 .45.
        let places = [100.0, 105.0, 110.5, 115.0];
        assert_eq!(rounds(&places, 0.01), [vec![100.0], vec![110.5]]);
    }
}
