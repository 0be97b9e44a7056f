//! What was seen in one frame: its faces, and the subject's face in detail.
use std::{path::Path, sync::Arc, thread, time::Duration};

use image::RgbImage;

use crate::{
    error::Error,
    face::{Detect, Face, Landmarks5, SAME_IOU},
    frame::Frame,
    geometry::{BBox, Point},
    mesh::{Mesh, Mesher},
    mtcnn::{Follow, Params},
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

impl Observation {
    /// A frame in which nobody looked for a face.
    pub fn unseen(frame: impl Into<Arc<Frame>>) -> Self {
        Self {
            frame: frame.into(),
            faces: vec![],
            subject: None,
            times: StageTimes::default(),
        }
    }
}

/// Looks at frames: finds faces, picks the subject, fits its mesh.
pub struct Observer<D> {
    detector: D,
    mesher: Mesher,
    /// The subject as it was last seen, and when its face was last found.
    last: Option<(Subject, Timestamp)>,
    clock: Clock,
}

impl Observer<Follow> {
    /// An observer with the networks of the program, or of the folder `models`: cascade and mesh side by
    /// side, as each takes as long to load as a camera from one frame to the next.
    ///
    /// With a size it looks at nothing once, so that the first frames so wide and high find all
    /// memory touched: else the first takes 100 ms, and a camera's next ones are dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where a network cannot be read or run, [`Error::Panic`] where that of the mesh
    /// panics.
    pub fn load(
        params: Params,
        models: Option<&Path>,
        clock: Clock,
        size: Option<(u32, u32)>,
    ) -> Result<Self, Error> {
        let blank = size.map(|(width, height)| Frame {
            at: Timestamp::default(),
            seq: 0,
            image: RgbImage::new(width, height),
        });
        thread::scope(|scope| {
            let mesher = scope.spawn(|| {
                let mut mesher = Mesher::load(models)?;
                let warmed = blank.as_ref().map(|blank| mesher.warm_up(&blank.image));
                warmed.transpose().map(|_| mesher)
            });
            let detector = Follow::load(params, models).and_then(|mut detector| {
                let warmed = blank.as_ref().map(|blank| detector.warm_up(blank));
                warmed.transpose().map(|_| detector)
            });
            // Joined before anything is given up: else a panic in it would be one of the scope.
            let mesher = mesher.join();
            let mesher = mesher.unwrap_or(Err(Error::Panic { thread: "mesh" }));
            Ok(Self::new(detector?, mesher?, clock))
        })
    }
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

    /// Looks at one frame.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where a network cannot run.
    pub fn look(&mut self, frame: Frame) -> Result<Observation, Error> {
        let begun = self.clock.now();
        let mut faces = self.detector.detect(&frame)?;
        let detected = self.clock.now();
        let subject = self.subject(&frame, &mut faces)?;
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

    /// Picks the subject out of `faces`: who was it before, else who stands nearest. A face that the
    /// mesh still holds, though the cascade has lost it, is added to them, with a score of zero.
    fn subject(&mut self, frame: &Frame, faces: &mut Vec<Face>) -> Result<Option<Subject>, Error> {
        let recent = |(_, found): &(Subject, Timestamp)| frame.at.since(*found) <= MEMORY;
        let last = self.last.take().filter(recent);
        let place = last.as_ref().map(|(last, _)| &last.face.bbox);
        let mut face = place.and_then(|place| near(faces, place));
        if let (None, Some((last, found))) = (face, &last)
            && let Some(held) = self.hold(frame, last)?
        {
            faces.retain(|face| !is_part(face, &held.face.bbox));
            faces.push(held.face);
            self.last = Some((held.clone(), *found));
            return Ok(Some(held));
        }
        face = face.or_else(|| match &last {
            // The subject may be back in a moment: who stands behind it does not take its place.
            Some((last, found)) if frame.at.since(*found) < SETTLED => None,
            Some((last, _)) => largest(faces, Some(&last.face.bbox)).filter(|f| is_next(f, last)),
            None => largest(faces, None),
        });
        let Some(face) = face else {
            self.last = last;
            return Ok(None);
        };
        let mesh = self.mesher.fit(&frame.image, &face)?;
        let subject = Subject { face, mesh };
        self.last = Some((subject.clone(), frame.at));
        Ok(Some(subject))
    }

    /// The last subject where the mesh finds it now; `None` where it finds no face.
    fn hold(&mut self, frame: &Frame, last: &Subject) -> Result<Option<Subject>, Error> {
        if last.mesh.presence < HELD {
            return Ok(None);
        }
        let mesh = self.mesher.fit(&frame.image, &last.face)?;
        Ok((mesh.presence >= HELD).then(|| carried(last, mesh)))
    }
}

/// How long the place of a face that is not found is remembered. A head that looks down or aside behind
/// thick rims is lost for half a second.
const MEMORY: Duration = Duration::from_secs(1);

/// Who is not found for so short a time is still expected.
const SETTLED: Duration = Duration::from_millis(300);

/// Part of the subject's width, and score, below which a face is nobody who could take its place while it is
/// remembered: somebody far behind it, a pattern on a shirt.
const NEXT: (f32, f32) = (0.4, 0.9);

/// Probability, by the mesh, from which it holds a face that the cascade has lost. On faces it is above 0.9, but for
/// those half outside of the crop; on what was behind a face that has gone it is 0.
const HELD: f32 = 0.9;

/// Part of a face's size below which a box inside it is part of that face: a nose and a mouth far to the
/// side can look like a small face.
const PART: f32 = 0.35;

/// The face where the last one was.
fn near(faces: &[Face], last: &BBox) -> Option<Face> {
    let overlap = |f: &Face| f.bbox.iou(last);
    let near = (faces.iter()).max_by(|a, b| overlap(a).total_cmp(&overlap(b)))?;
    (overlap(near) >= SAME_IOU).then_some(*near)
}

/// The largest face that is no part of the last one: who stands nearest is being checked.
fn largest(faces: &[Face], last: Option<&BBox>) -> Option<Face> {
    let whole = (faces.iter()).filter(|face| last.is_none_or(|last| !is_part(face, last)));
    let area = |face: &Face| face.bbox.area();
    whole.max_by(|a, b| area(a).total_cmp(&area(b))).copied()
}

fn is_next(face: &Face, last: &Subject) -> bool {
    face.bbox.width() >= NEXT.0 * last.face.bbox.width() && face.score >= NEXT.1
}

fn is_part(face: &Face, whole: &BBox) -> bool {
    let Point { x, y } = face.bbox.centre();
    let inside = whole.x1 <= x && x < whole.x2 && whole.y1 <= y && y < whole.y2;
    inside && face.bbox.area() < PART * whole.area()
}

/// `last` carried along as its mesh has moved to `mesh`.
fn carried(last: &Subject, mesh: Mesh) -> Subject {
    let (old, new) = (last.mesh.span(), mesh.span());
    let (from, to) = (old.centre(), new.centre());
    let grown = (new.area() / old.area().max(1.0)).sqrt();
    let BBox { x1, y1, x2, y2 } = last.face.bbox;
    let x = |x: f32| (x - from.x).mul_add(grown, to.x);
    let y = |y: f32| (y - from.y).mul_add(grown, to.y);
    let (before, now) = (last.mesh.marks().points(), mesh.marks().points());
    let points = last.face.landmarks.points();
    let landmarks = std::array::from_fn(|i| Point {
        x: points[i].x + now[i].x - before[i].x,
        y: points[i].y + now[i].y - before[i].y,
    });
    Subject {
        face: Face {
            bbox: BBox {
                x1: x(x1),
                y1: y(y1),
                x2: x(x2),
                y2: y(y2),
            },
            score: 0.0,
            landmarks: Landmarks5::from(landmarks),
        },
        mesh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{capture::stills::read_picture, mtcnn::Mtcnn};

    fn face(x: f32, side: f32) -> Face {
        Face {
            bbox: BBox::around(Point { x, y: 100.0 }, side),
            score: 0.9,
            landmarks: Landmarks5::default(),
        }
    }

    /// As the observer picks it, where the mesh holds nothing.
    fn choose(faces: &[Face], last: Option<&BBox>) -> Option<Face> {
        last.and_then(|last| near(faces, last))
            .or_else(|| largest(faces, last))
    }

    /// Finds the portrait's face in the first picture, and what it is told to in the others.
    struct Once {
        cascade: Mtcnn,
        then: Vec<Face>,
    }

    impl Detect for Once {
        fn detect(&mut self, frame: &Frame) -> Result<Vec<Face>, Error> {
            match frame.seq {
                0 => self.cascade.detect(frame),
                _ => Ok(self.then.clone()),
            }
        }
    }

    /// The portrait, moved to the right by `by` pixels; nothing where it has left.
    fn frame(seq: u64, by: u32) -> Frame {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/assets/portraits/astronaut.jpg"
        );
        let portrait = read_picture(path).unwrap();
        let mut image = RgbImage::new(portrait.width(), portrait.height());
        image::imageops::replace(&mut image, &portrait, by.into(), 0);
        Frame {
            at: Timestamp::from_millis(100 * seq),
            seq,
            image,
        }
    }

    fn observer(then: Vec<Face>) -> Observer<Once> {
        let cascade = Mtcnn::load(Params::default(), None).unwrap();
        let once = Once { cascade, then };
        Observer::new(once, Mesher::load(None).unwrap(), Clock::start())
    }

    #[test]
    fn the_mesh_holds_a_face_that_the_cascade_loses_for_a_second() {
        let mut observer = observer(vec![]);
        let first = observer.look(frame(0, 0)).unwrap().subject.unwrap();
        for seq in 1..=10 {
            let by = 3 * u32::try_from(seq).unwrap();
            let seen = observer.look(frame(seq, by)).unwrap();
            let held = seen.subject.unwrap();
            assert_eq!(seen.faces, [held.face]);
            assert!(held.face.score.abs() < 1e-6 && held.mesh.presence >= HELD);
            let (from, to) = (first.face.landmarks.points(), held.face.landmarks.points());
            for (from, to) in from.iter().zip(&to) {
                let off = (to.x - from.x - by as f32).hypot(to.y - from.y);
                assert!(off < 0.06 * first.face.bbox.width(), "{off} px");
            }
            let wider = held.face.bbox.width() / first.face.bbox.width();
            assert!((0.9..1.1).contains(&wider), "{wider}");
        }
        let late = observer.look(frame(11, 33)).unwrap();
        assert!(late.subject.is_none() && late.faces.is_empty());
    }

    #[test]
    fn the_mesh_holds_nothing_where_the_face_has_left() {
        let mut observer = observer(vec![]);
        observer.look(frame(0, 0)).unwrap();
        let gone = observer.look(frame(1, 4_000)).unwrap();
        assert!(gone.subject.is_none() && gone.faces.is_empty());
    }

    #[test]
    fn a_nose_taken_for_a_face_does_not_end_the_hold_and_another_face_is_a_second_one() {
        let whole = observer(vec![]).look(frame(0, 0)).unwrap().faces[0];
        let (middle, side) = (whole.bbox.centre(), whole.bbox.width());
        let nose = Face {
            bbox: BBox::around(middle, 0.3 * side),
            ..whole
        };
        let mut seen = observer(vec![nose]);
        seen.look(frame(0, 0)).unwrap();
        let held = seen.look(frame(1, 0)).unwrap();
        assert_eq!(held.faces, [held.subject.unwrap().face]);
        let other = face(middle.x + 3.0 * side, side);
        let mut seen = observer(vec![other]);
        seen.look(frame(0, 0)).unwrap();
        let both = seen.look(frame(1, 0)).unwrap();
        assert_eq!(both.faces.len(), 2);
        assert!(both.subject.unwrap().face.bbox.iou(&whole.bbox) > 0.5);
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

    /// A small face behind the subject once ended a session in the frame in which the subject was lost.
    #[test]
    fn who_stands_behind_does_not_take_the_place_of_a_face_that_is_lost() {
        let whole = observer(vec![]).look(frame(0, 0)).unwrap().faces[0];
        let (middle, side) = (whole.bbox.centre(), whole.bbox.width());
        let beside = |part: f32| {
            let side_face = face(middle.x + 3.0 * side, part * side);
            let mut seen = observer(vec![side_face]);
            seen.look(frame(0, 0)).unwrap();
            // The portrait has left: its mesh holds nothing.
            [2, 4, 9, 11].map(|seq| seen.look(frame(seq, 4_000)).unwrap().subject.is_some())
        };
        assert_eq!(beside(0.3), [false, false, false, true]);
        assert_eq!(beside(0.9), [false, true, true, true]);
    }
}
