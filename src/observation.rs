//! What was seen in one frame: its faces, and the subject's face in detail.
use std::{sync::Arc, time::Duration};

use image::RgbImage;

use crate::{
    error::Error,
    face::{Detect, Face, Landmarks5, SAME_IOU},
    frame::Frame,
    geometry::{BBox, Point},
    mesh::{Mesh, Mesher},
    time::{Clock, Timestamp},
};

/// How long each stage of looking took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StageTimes {
    /// Finding or following the faces, in milliseconds.
    pub detect_ms: f32,
    /// Dense landmarks of the subject, in milliseconds; zero where there was no face.
    pub mesh_ms: f32,
}

/// The face that is being checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The face.
    pub face: Face,
    /// Its dense landmarks.
    pub mesh: Mesh,
}

/// A frame and what was seen in it.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The very frame the faces were found in, so overlays never lag.
    pub frame: Arc<Frame>,
    /// Every face, best first.
    pub faces: Vec<Face>,
    /// The one that is followed.
    pub subject: Option<Subject>,
    /// What it cost.
    pub times: StageTimes,
}

/// Looks at frames: finds faces, picks the subject, fits its mesh.
pub struct Observer<D> {
    detector: D,
    mesher: Mesher,
    /// Where the subject was last seen, and when.
    last: Option<(BBox, Timestamp)>,
    clock: Clock,
}

impl<D: Detect> Observer<D> {
    /// An observer that finds faces with `detector` and details with `mesher`; `clock` only
    /// measures what that costs.
    pub fn new(detector: D, mesher: Mesher, clock: Clock) -> Self {
        Self {
            detector,
            mesher,
            last: None,
            clock,
        }
    }

    /// Looks at nothing once, so that the first frames of a camera, `size` pixels wide and high, find
    /// the plans for their size made and the memory of searching and of the mesh touched: else the
    /// first one takes 100 ms, and the next ones are dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where a network cannot run.
    pub fn warm_up(&mut self, size: (u32, u32)) -> Result<(), Error> {
        let frame = Frame {
            at: Timestamp::default(),
            seq: 0,
            image: RgbImage::new(size.0, size.1),
        };
        self.detector.detect(&frame)?;
        let middle = Point {
            x: size.0 as f32 / 2.0,
            y: size.1 as f32 / 2.0,
        };
        let face = Face {
            bbox: BBox::around(middle, middle.y),
            score: 0.0,
            landmarks: Landmarks5::from([middle; 5]),
        };
        self.mesher.fit(&frame.image, &face)?;
        Ok(())
    }

    /// Looks at one frame.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where a network cannot run.
    pub fn look(&mut self, frame: Frame) -> Result<Observation, Error> {
        let begun = self.clock.now();
        let faces = self.detector.detect(&frame)?;
        let detected = self.clock.now();
        let recent = |(_, at): &(BBox, Timestamp)| frame.at.since(*at) <= MEMORY;
        self.last = self.last.filter(recent);
        let face = choose(&faces, self.last.as_ref().map(|(bbox, _)| bbox));
        self.last = face.map(|f| (f.bbox, frame.at)).or(self.last);
        let subject = match face {
            Some(face) => Some(Subject {
                face,
                mesh: self.mesher.fit(&frame.image, &face)?,
            }),
            None => None,
        };
        let times = StageTimes {
            detect_ms: detected.since(begun).as_secs_f32() * 1e3,
            mesh_ms: self.clock.now().since(detected).as_secs_f32() * 1e3,
        };
        Ok(Observation {
            frame: Arc::new(frame),
            faces,
            subject,
            times,
        })
    }
}

/// How long the place of a face that is not seen is remembered.
const MEMORY: Duration = Duration::from_millis(500);

/// Part of a face's size below which a box inside it is part of that face: a nose and a mouth far to the
/// side can look like a small face.
const PART: f32 = 0.35;

/// The face where the last one was, else the largest: who stands nearest is being checked.
fn choose(faces: &[Face], last: Option<&BBox>) -> Option<Face> {
    let same = last.and_then(|last| {
        let near = faces.iter().max_by(|a, b| {
            let overlap = |f: &Face| f.bbox.iou(last);
            overlap(a).total_cmp(&overlap(b))
        })?;
        (near.bbox.iou(last) >= SAME_IOU).then_some(near)
    });
    let is_part = |f: &&Face| {
        last.is_some_and(|last| f.bbox.io_min(last) > 0.9 && f.bbox.area() < PART * last.area())
    };
    let largest = || {
        let area = |f: &Face| f.bbox.area();
        let whole = faces.iter().filter(|f| !is_part(f));
        whole.max_by(|a, b| area(a).total_cmp(&area(b)))
    };
    same.or_else(largest).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    fn face(x: f32, side: f32) -> Face {
        Face {
            bbox: BBox::around(Point { x, y: 100.0 }, side),
            score: 0.9,
            landmarks: Landmarks5::default(),
        }
    }

    #[test]
    fn the_subject_stays_while_somebody_larger_comes() {
        let (small, large) = (face(100.0, 50.0), face(300.0, 90.0));
        let faces = [small, large];
        assert_eq!(choose(&faces, None), Some(large));
        assert_eq!(choose(&faces, Some(&face(105.0, 52.0).bbox)), Some(small));
        assert_eq!(choose(&faces, Some(&face(600.0, 50.0).bbox)), Some(large));
        assert_eq!(choose(&[], Some(&small.bbox)), None);
    }

    #[test]
    fn a_small_face_inside_the_last_one_is_a_part_of_it() {
        let (whole, nose) = (face(200.0, 200.0), face(210.0, 60.0));
        assert_eq!(choose(&[nose], Some(&whole.bbox)), None);
        assert_eq!(choose(&[nose], None), Some(nose));
        let beside = face(450.0, 60.0);
        assert_eq!(choose(&[nose, beside], Some(&whole.bbox)), Some(beside));
        let turned = face(215.0, 150.0);
        assert_eq!(choose(&[turned], Some(&whole.bbox)), Some(turned));
    }
}
