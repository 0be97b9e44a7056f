//! Whether a camera's pictures are worth looking at: black, standing still, too few.
use std::collections::VecDeque;
use std::time::Duration;

use super::fault::Fault;
use crate::frame::Frame;
use crate::time::Timestamp;

/// Brightest colour of a pixel in a black picture, of 255. A dark room's pictures have grain beyond it.
const BLACK: u8 = 16;

/// From one pixel looked at to the next.
const STEP: usize = 8;

/// Black pictures for so long are a fault: longer than a hand that passes, shorter than a face may be gone.
const BLACK_FOR: Duration = Duration::from_millis(500);

/// The same picture for so long: a camera whose driver stumbles sends one twice or thrice.
const FROZEN_FOR: Duration = Duration::from_millis(1_500);

/// Over so long the rate is measured.
const WINDOW: Duration = Duration::from_secs(2);

/// Share of the agreed rate below which a camera is slow, and above which it is well again.
const SLOW: (f32, f32) = (0.6, 0.8);

/// Looks at pictures one by one.
#[derive(Debug, Default)]
pub struct Looks {
    black_since: Option<Timestamp>,
    /// The last picture's fingerprint, and since when it has been the same.
    same: Option<(u64, Timestamp)>,
    recent: VecDeque<Timestamp>,
    /// When the first picture came; the rate of a camera that has just begun is not known.
    begun: Option<Timestamp>,
    slow: bool,
}

impl Looks {
    /// Begins again with a camera that was opened anew; what stood still may still do so.
    pub fn resume(&mut self) {
        *self = Self {
            same: self.same,
            ..Self::default()
        };
    }

    /// What is wrong now with the pictures of a camera that promised `fps` of them a second.
    pub fn see(&mut self, frame: &Frame, fps: u32) -> Vec<Fault> {
        let at = frame.at;
        let lasts = |since: Option<Timestamp>, long| since.is_some_and(|s| at.since(s) >= long);
        self.black_since = is_black(frame).then(|| self.black_since.unwrap_or(at));
        let black = lasts(self.black_since, BLACK_FOR);
        let print = frame.fingerprint();
        let (_, since) = *(self.same.get_or_insert((print, at)));
        let same = self.same.is_some_and(|(old, _)| old == print);
        self.same = Some((print, if same { since } else { at }));
        // One that is black may well stand still.
        let frozen = self.black_since.is_none() && lasts(Some(since).filter(|_| same), FROZEN_FOR);
        self.recent.push_back(at);
        while self.recent.front().is_some_and(|f| at.since(*f) > WINDOW) {
            self.recent.pop_front();
        }
        // Of one gap alone nothing can be told.
        let long_enough = lasts(Some(*self.begun.get_or_insert(at)), WINDOW);
        if long_enough && self.recent.len() > 2 {
            let share = self.rate() / fps.max(1) as f32;
            self.slow = share < if self.slow { SLOW.1 } else { SLOW.0 };
        }
        let found = [
            (black, Fault::Black),
            (frozen, Fault::Frozen),
            (self.slow, Fault::Slow),
        ];
        let found = found.into_iter().filter(|(is, _)| *is);
        found.map(|(_, fault)| fault).collect()
    }

    /// Pictures a second, the longest wait for one left out: a camera that stumbles once is not slow.
    fn rate(&self) -> f32 {
        let later = self.recent.iter().skip(1);
        let gaps = (self.recent.iter().zip(later)).map(|(a, b)| b.since(*a).as_secs_f32());
        let (all, longest) = gaps.fold((0.0f32, 0.0f32), |(all, longest), gap| {
            (all + gap, longest.max(gap))
        });
        let rest = all - longest;
        if rest > 0.0 {
            self.recent.len().saturating_sub(2) as f32 / rest
        } else {
            0.0
        }
    }
}

fn is_black(frame: &Frame) -> bool {
    let row = frame.image.width() as usize * 3;
    let mut rows = frame.image.as_raw().chunks_exact(row.max(1)).step_by(STEP);
    rows.all(|row| row.iter().step_by(STEP).all(|&colour| colour <= BLACK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    /// What is found in pictures at these moments, when `colour` says how each looks: the first time each
    /// fault was found, in ms.
    fn found(moments: &[u64], colour: impl Fn(u64) -> [u8; 3]) -> Vec<(Fault, u64)> {
        let mut looks = Looks::default();
        let mut found: Vec<(Fault, u64)> = vec![];
        for (seq, &ms) in (0..).zip(moments) {
            let at = Timestamp::from_millis(ms);
            let image = RgbImage::from_pixel(32, 24, Rgb(colour(ms)));
            for fault in looks.see(&Frame { at, seq, image }, 30) {
                if found.iter().all(|(other, _)| *other != fault) {
                    found.push((fault, ms));
                }
            }
        }
        found
    }

    fn every(ms: u64, until: u64) -> Vec<u64> {
        (0..until / ms).map(|i| i * ms).collect()
    }

    #[test]
    fn ordinary_pictures_are_well() {
        assert_eq!(found(&every(33, 6_000), |ms| [90, (ms / 33) as u8, 7]), []);
        // 24 of 30: a dim room.
        assert_eq!(found(&every(42, 6_000), |ms| [90, (ms / 42) as u8, 7]), []);
    }

    #[test]
    fn black_pictures_are_found_before_a_face_is_missed() {
        let colour = |ms| {
            if ms < 990 {
                [40, ms as u8, 9]
            } else {
                [9, 3, 12]
            }
        };
        assert_eq!(found(&every(33, 3_000), colour), [(Fault::Black, 1_518)]);
    }

    #[test]
    fn a_picture_that_stands_still_is_found() {
        let colour = |ms: u64| [(ms.min(990) / 33) as u8 + 50, 40, 40];
        assert_eq!(found(&every(33, 3_000), colour), [(Fault::Frozen, 2_508)]);
    }

    #[test]
    fn a_camera_that_stumbles_once_is_not_slow() {
        let mut moments = every(33, 3_000);
        moments.extend((0..90).map(|i| 4_000 + i * 33));
        assert_eq!(found(&moments, |ms| [60, (ms % 200) as u8, 30]), []);
        let mut moments = every(33, 3_000);
        moments.extend((0..90).map(|i| 4_950 + i * 33));
        assert_eq!(found(&moments, |ms| [60, (ms % 200) as u8, 30]), []);
        // One picture a second is.
        let found = found(&every(1_000, 6_000), |ms| [60, (ms / 100) as u8, 30]);
        assert_eq!(found, [(Fault::Slow, 2_000)]);
    }

    #[test]
    fn half_the_rate_is_found_within_two_seconds() {
        let mut moments = every(33, 3_000);
        moments.extend((1..60).map(|i| 2_970 + i * 66));
        let (fault, ms) = found(&moments, |ms| [60, (ms % 200) as u8, 30])[0];
        assert_eq!(fault, Fault::Slow);
        assert!((4_000..5_000).contains(&ms), "{ms}");
    }
}
