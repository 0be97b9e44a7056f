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

/// Looks at `squares`, best first, in rounds: of boxes that may show one face the best goes first, and
/// where the network is sure of it (`sure` gives where it lies) those about it are spared.
pub fn in_rounds<T>(
    squares: &[BBox],
    params: &Params,
    mut look: impl FnMut(&[BBox]) -> Result<Vec<T>, Error>,
    sure: impl Fn(&T) -> Option<BBox>,
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
        let new = look(&now)?;
        later.retain(|bbox| {
            let mut sure = new.iter().filter_map(&sure);
            !sure.any(|found| found.iou(bbox) > params.same_iou)
        });
        found.extend(new);
        open = later;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;

    /// What is looked at in each round, by number, when everything is found where it is and `sure`.
    fn rounds(places: &[f32], is_sure: bool) -> Vec<Vec<f32>> {
        let square = |x: f32| BBox::around(Point { x, y: 50.0 }, 40.0);
        let squares: Vec<BBox> = places.iter().map(|&x| square(x)).collect();
        let mut rounds = vec![];
        let look = |some: &[BBox]| {
            rounds.push(some.iter().map(|b| b.centre().x).collect::<Vec<_>>());
            Ok(some.to_vec())
        };
        let sure = |found: &BBox| is_sure.then_some(*found);
        let found = in_rounds(&squares, &Params::default(), look, sure).unwrap();
        assert_eq!(found.len(), rounds.concat().len());
        rounds
    }

    #[test]
    fn a_sure_find_spares_those_about_it_and_no_others() {
        // 105 and 110 crowd about 100; 118 is beside it.
        let places = [100.0, 300.0, 105.0, 110.0, 118.0];
        assert_eq!(rounds(&places, true), [vec![100.0, 300.0], vec![118.0]]);
        let doubtful = rounds(&places, false);
        assert_eq!(doubtful[0], [100.0, 300.0]);
        assert_eq!(doubtful.concat().len(), places.len());
        assert_eq!(rounds(&[], true), [[0.0; 0]; 0]);
    }
}
