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

/// What a network's scores say of a box. What is no find is not sure either.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Lowest score of a find.
    pub found: f32,
    /// Lowest score of a sure find.
    pub sure: f32,
}

/// Looks at `squares`, best first, in rounds: of boxes that may show one face the best goes first, and
/// where the network is sure of it those about it are spared, as are those that cover most of one in which it
/// saw nothing, or half of one in which there cannot be anything. `look` gives what each square holds, in their
/// order; `key` tells where that lies, and its score.
pub fn in_rounds<T>(
    squares: &[BBox],
    params: &Params,
    limits: Limits,
    mut look: impl FnMut(&[BBox]) -> Result<Vec<T>, Error>,
    key: impl Fn(&T) -> (BBox, f32),
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
        // Of an empty one with the IoU of what it spares.
        let (mut sure, mut empty): (Vec<BBox>, Vec<(BBox, f32)>) = (vec![], vec![]);
        for (square, there) in now.iter().zip(look(&now)?) {
            let (place, score) = key(&there);
            // Only a find speaks for what is about it, and none is empty, however the limits are set.
            if score >= limits.found {
                if score >= limits.sure {
                    sure.push(place.square());
                }
                found.push(there);
                continue;
            }
            if score < params.empty_score {
                empty.push((*square, params.empty_iou));
            }
            if score < params.void_score {
                empty.push((*square, params.void_iou));
            }
        }
        later.retain(|bbox| {
            !sure.iter().any(|find| find.iou(bbox) > params.same_iou)
                && !empty.iter().any(|(there, most)| there.iou(bbox) > *most)
        });
        open = later;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;

    const LIMITS: Limits = Limits {
        found: 0.7,
        sure: 0.9,
    };

    /// What is looked at in each round, by number: squares 40 wide, found 20 to the right of where they are.
    /// What is found is told by its place.
    fn rounds(
        places: &[f32],
        limits: Limits,
        score: impl Fn(f32) -> f32,
    ) -> (Vec<Vec<f32>>, Vec<f32>) {
        let square = |x: f32| BBox::around(Point { x, y: 50.0 }, 40.0);
        let squares: Vec<BBox> = places.iter().map(|&x| square(x)).collect();
        let mut rounds = vec![];
        let look = |some: &[BBox]| {
            let places: Vec<f32> = some.iter().map(|b| b.centre().x).collect();
            let seen = places.iter().map(|&x| (square(x + 20.0), score(x)));
            let seen = seen.collect();
            rounds.push(places);
            Ok(seen)
        };
        let found = in_rounds(&squares, &Params::default(), limits, look, |there| *there).unwrap();
        let found = found.iter().map(|(b, _)| b.centre().x - 20.0);
        (rounds, found.collect())
    }

    #[test]
    fn a_sure_find_spares_those_about_where_it_lies() {
        // What 100 holds lies at 120: so does 118, which is spared, and not 105.
        let places = [100.0, 300.0, 105.0, 118.0];
        let (seen, found) = rounds(&places, LIMITS, |_| 0.9);
        assert_eq!(seen, [vec![100.0, 300.0], vec![105.0]]);
        assert_eq!(found, seen.concat());
        // Neither sure nor empty, or no number: each is looked at.
        for doubtful in [0.89, 0.5, f32::NAN] {
            let (seen, found) = rounds(&places, LIMITS, |_| doubtful);
            assert_eq!(seen[0], [100.0, 300.0]);
            assert_eq!(seen.concat().len(), places.len());
            assert_eq!(found.len(), if doubtful > 0.7 { 4 } else { 0 });
        }
        assert_eq!(rounds(&[], LIMITS, |_| 0.9).0, [[0.0; 0]; 0]);
    }

    #[test]
    fn an_empty_square_spares_those_that_cover_much_of_it() {
        // IoU with 100: 105 .78, 112 .54, 85 .45. 300 is a find, and the square beside it is looked at.
        let places = [300.0, 100.0, 105.0, 112.0, 85.0, 305.0];
        for (nothing, spared) in [(0.15, vec![105.0]), (0.01, vec![105.0, 112.0])] {
            let score = |x: f32| if x < 200.0 { nothing } else { 0.8 };
            let (seen, found) = rounds(&places, LIMITS, score);
            assert_eq!(seen[0], [300.0, 100.0]);
            let seen = seen.concat();
            let rest = places.iter().filter(|x| !seen.contains(x));
            assert_eq!(rest.copied().collect::<Vec<_>>(), spared);
            assert_eq!(found, [300.0, 305.0]);
        }
    }

    #[test]
    fn however_the_limits_are_set_only_finds_spare_and_no_find_is_empty() {
        // 118 lies where 100 is sure to be, but that is no find; and it was lost.
        let strict = Limits {
            found: 0.995,
            ..LIMITS
        };
        let score = |x: f32| if x > 110.0 { 0.998 } else { 0.992 };
        assert_eq!(rounds(&[100.0, 118.0], strict, score).1, [118.0]);
        // 105 all but covers 100, which is a find by such a limit, and no empty square.
        let lax = Limits {
            found: 0.05,
            ..LIMITS
        };
        let score = |x: f32| if x > 104.0 { 0.5 } else { 0.07 };
        assert_eq!(rounds(&[100.0, 105.0], lax, score).1, [100.0, 105.0]);
    }
}
