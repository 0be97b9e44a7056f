//! Which gestures does a track show?
//!
//! Each gesture has a detector that is fed every new sample of a track and remembers the little it
//! needs (a start, a peak); the track's ring buffer gives it the past. `STYLE` would have it keep
//! no state at all and search the buffer anew on every frame: that needs the same hysteresis
//! replayed over 8 s of samples thirty times a second, and cannot say *when* a gesture completed.
//!
//! Rules and starting thresholds: `SIGNALS`, "Recommendation". Durations are times, not counts of
//! frames; two samples stand for a moment only where that is said.
mod blink;
mod hysteresis;
mod mouth;
mod nod;
mod turn;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{signal::Sample, step::Step, time::Timestamp, track::Track};

/// Levels at which gestures begin and end at 25 frames a second and more, for whoever draws them.
#[derive(Clone, Copy, Debug)]
pub struct Levels {
    /// How far the eyes close in a blink, as a share of the open eye.
    pub eyes_closed: f32,
    /// How far back the open eye is taken from.
    pub eyes_memory: Duration,
    /// Mouth ratio at which a mouth is open.
    pub mouth_open: f32,
    /// Mouth ratio at which it is shut again.
    pub mouth_shut: f32,
    /// Yaw at which a head is turned, in degrees to either side.
    pub turned_deg: f32,
    /// How far the nose goes up or down in a nod, in eye-mouth distances.
    pub nod_swing: f32,
}

/// The levels in use.
pub const LEVELS: Levels = Levels {
    eyes_closed: blink::CLOSED,
    eyes_memory: blink::BASELINE,
    mouth_open: mouth::OPEN,
    mouth_shut: mouth::SHUT,
    turned_deg: turn::TURNED_DEG,
    nod_swing: nod::SWING,
};

/// A moment and the frame that shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// Which frame.
    pub seq: u64,
}

impl From<&Sample> for Moment {
    fn from(sample: &Sample) -> Self {
        Self {
            at: sample.at,
            seq: sample.seq,
        }
    }
}

/// A step, seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gesture {
    /// Which.
    pub step: Step,
    /// When it began.
    pub start: Moment,
    /// Its extreme.
    pub peak: Moment,
    /// When the face was (nearly) back.
    pub end: Moment,
}

/// Watches one track for every gesture.
#[derive(Default)]
pub struct Watcher {
    blink: blink::Blinks,
    mouth: mouth::Mouths,
    turn: turn::Turns,
    nod: nod::Nods,
}

impl Watcher {
    /// The gestures that the newest sample of `track` completes.
    pub fn see(&mut self, track: &Track) -> Vec<Gesture> {
        let Some(sample) = track.last() else {
            return vec![];
        };
        let mut seen = vec![];
        seen.extend(self.blink.see(track, sample));
        seen.extend(self.mouth.see(sample));
        seen.extend(self.turn.see(track, sample));
        seen.extend(self.nod.see(track, sample));
        seen
    }

    /// Tells how the subject rests: at which yaw in degrees, with which mouth ratio. Whoever looks at
    /// a screen beside the camera comes back to there, and turns far enough from there as well as from
    /// the camera; whoever smiles shuts the mouth as far as that.
    pub fn rest_at(&mut self, yaw_deg: f32, mouth: f32) {
        self.turn.rest_at(yaw_deg);
        self.mouth.rest_at(mouth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::PI;

    /// A resting face that is looked at `fps` times a second; `act` changes the sample at `t` s.
    fn watch(fps: u64, seconds: f32, act: impl Fn(f32, &mut Sample)) -> Vec<Gesture> {
        watch_with(Watcher::default(), fps, seconds, act)
    }

    fn watch_with(
        mut watcher: Watcher,
        fps: u64,
        seconds: f32,
        act: impl Fn(f32, &mut Sample),
    ) -> Vec<Gesture> {
        let mut track = Track::new(crate::track::TrackId(0));
        let mut seen = vec![];
        for seq in 0..(seconds * fps as f32) as u64 {
            let mut sample = Sample {
                at: Timestamp::from_micros(seq * 1_000_000 / fps),
                seq,
                score: 0.99,
                presence: 0.99,
                eyes: 0.30,
                mouth: 0.02,
                nod: 0.5,
                ..Sample::default()
            };
            act(seq as f32 / fps as f32, &mut sample);
            track.push(sample);
            seen.extend(watcher.see(&track));
        }
        seen
    }

    /// A bump of height 1 that begins at `from` and lasts `long`, both in seconds.
    fn bump(t: f32, from: f32, long: f32) -> f32 {
        let u = (t - from) / long;
        if (0.0..1.0).contains(&u) {
            (u * PI).sin()
        } else {
            0.0
        }
    }

    fn steps(seen: &[Gesture]) -> Vec<Step> {
        seen.iter().map(|g| g.step).collect()
    }

    const RATES: [u64; 4] = [15, 24, 30, 60];

    #[test]
    fn a_face_at_rest_shows_nothing() {
        for fps in RATES {
            let seen = watch(fps, 10.0, |t, s| {
                s.eyes += 0.02 * (t * 9.0).sin();
                s.yaw_deg = 4.0 * (t * 2.0).sin();
                s.nod += 0.03 * (t * 3.0).cos();
            });
            assert_eq!(seen, []);
        }
    }

    #[test]
    fn each_gesture_is_seen_once_at_every_rate() {
        for fps in RATES {
            let blink = watch(fps, 4.0, |t, s| s.eyes -= 0.28 * bump(t, 2.0, 0.3));
            assert_eq!(steps(&blink), [Step::Blink], "{fps}/s");
            let mouth = watch(fps, 4.0, |t, s| s.mouth += 0.6 * bump(t, 2.0, 0.9));
            assert_eq!(steps(&mouth), [Step::OpenMouth], "{fps}/s");
            let left = watch(fps, 5.0, |t, s| s.yaw_deg += 30.0 * bump(t, 2.0, 1.4));
            assert_eq!(steps(&left), [Step::TurnLeft], "{fps}/s");
            let right = watch(fps, 5.0, |t, s| s.yaw_deg -= 30.0 * bump(t, 2.0, 1.4));
            assert_eq!(steps(&right), [Step::TurnRight], "{fps}/s");
            for sign in [1.0, -1.0] {
                let nod = watch(fps, 5.0, |t, s| s.nod += sign * 0.3 * bump(t, 2.0, 0.8));
                assert_eq!(steps(&nod), [Step::Nod], "{fps}/s");
                // Far away and behind thick rims the nose stays where it is.
                let nod = watch(fps, 5.0, |t, s| {
                    s.pitch_deg += sign * 26.0 * bump(t, 2.0, 0.8)
                });
                assert_eq!(steps(&nod), [Step::Nod], "{fps}/s");
                let wandering = |t, s: &mut Sample| s.pitch_deg += sign * 16.0 * bump(t, 2.0, 0.8);
                assert_eq!(watch(fps, 5.0, wandering), [], "{fps}/s");
                let talking = |t, s: &mut Sample| {
                    s.mouth = 0.22;
                    s.pitch_deg += sign * 26.0 * bump(t, 2.0, 0.8);
                };
                assert_eq!(watch(fps, 5.0, talking), [], "{fps}/s");
            }
        }
    }

    #[test]
    fn two_turns_in_one_movement_are_a_shake_too() {
        for fps in RATES {
            let shake = watch(fps, 6.0, |t, s| {
                s.yaw_deg += 25.0 * (bump(t, 2.0, 0.6) - bump(t, 2.6, 0.6));
            });
            let wanted = [Step::TurnLeft, Step::TurnRight, Step::Shake];
            assert_eq!(steps(&shake), wanted, "{fps}/s");
            let apart = watch(fps, 8.0, |t, s| {
                s.yaw_deg += 25.0 * (bump(t, 2.0, 0.8) - bump(t, 4.5, 0.8));
            });
            assert_eq!(steps(&apart), [Step::TurnLeft, Step::TurnRight]);
        }
    }

    #[test]
    fn times_tell_when_it_began_and_ended() {
        let seen = watch(30, 5.0, |t, s| s.yaw_deg += 30.0 * bump(t, 2.0, 1.4));
        let ms = |m: Moment| m.at.as_millis_f64();
        assert!((2000.0..2200.0).contains(&ms(seen[0].start)), "{seen:?}");
        assert!((2600.0..2800.0).contains(&ms(seen[0].peak)), "{seen:?}");
        assert!((3250.0..3450.0).contains(&ms(seen[0].end)), "{seen:?}");
    }

    #[test]
    fn a_covered_eye_is_no_blink() {
        let seen = watch(30, 4.0, |t, s| {
            s.eyes -= 0.28 * bump(t, 2.0, 0.3);
            s.score -= 0.4 * bump(t, 1.9, 0.5);
        });
        assert_eq!(seen, []);
    }

    #[test]
    fn a_score_that_flickers_hides_no_blink_but_where_the_lids_are_down() {
        let blink = |is_low: fn(u64) -> bool| {
            let gestures = watch(15, 4.0, |t, s| {
                // Lowest in frame 33.
                s.eyes -= 0.28 * bump(t, 2.0, 0.4);
                if is_low(s.seq) {
                    s.score = 0.72;
                }
            });
            steps(&gestures)
        };
        // As of small faces at rest; as behind a hand, for long or for one picture.
        assert_eq!(blink(|seq| seq % 3 == 1), [Step::Blink]);
        assert_eq!(blink(|seq| seq % 3 != 0), []);
        assert_eq!(blink(|seq| seq == 33), []);
    }

    #[test]
    fn a_spoilt_blink_that_is_lost_from_sight_does_not_spoil_the_next() {
        let seen = watch(30, 6.0, |t, s| {
            s.eyes -= 0.28 * (bump(t, 2.0, 0.3) + bump(t, 3.0, 0.3));
            if (2.05..2.15).contains(&t) {
                s.score = 0.5;
            }
            if (2.15..2.6).contains(&t) {
                s.presence = 0.2;
            }
        });
        assert_eq!(steps(&seen), [Step::Blink]);
        assert!(seen[0].start.at > Timestamp::from_millis(2_900));
    }

    /// One who watches a subject that rests so.
    fn rested(yaw_deg: f32, mouth: f32) -> Watcher {
        let mut watcher = Watcher::default();
        watcher.rest_at(yaw_deg, mouth);
        watcher
    }

    #[test]
    fn a_turn_is_counted_from_where_the_head_rests() {
        // Beside the camera's axis by more than a turn falls back to.
        for rest in [-14.0, 10.0] {
            for (side, step) in [(1.0, Step::TurnLeft), (-1.0, Step::TurnRight)] {
                let seen = watch_with(rested(rest, 0.02), 30, 5.0, |t, s| {
                    s.yaw_deg = rest + side * 32.0 * bump(t, 2.0, 1.4);
                });
                assert_eq!(steps(&seen), [step], "{rest}");
            }
        }
    }

    #[test]
    fn a_swing_across_the_cameras_axis_is_no_turn() {
        let seen = watch_with(rested(-10.0, 0.02), 30, 5.0, |t, s| {
            s.yaw_deg = -10.0 + 22.0 * bump(t, 2.0, 1.4);
        });
        assert_eq!(seen, []);
    }

    #[test]
    fn a_mouth_that_rests_in_a_smile_opens_and_shuts_from_there() {
        for rest in [0.12, 0.18, 0.23] {
            let seen = watch_with(rested(0.0, rest), 30, 5.0, |t, s| {
                s.mouth = rest + 0.03 * (t * 9.0).sin() + 0.5 * bump(t, 2.0, 0.9);
            });
            assert_eq!(steps(&seen), [Step::OpenMouth], "{rest}");
        }
    }

    #[test]
    fn eyes_that_stay_shut_are_no_blink() {
        let seen = watch(30, 6.0, |t, s| {
            if t > 2.0 {
                s.eyes = 0.02;
            }
        });
        assert_eq!(seen, []);
    }

    #[test]
    fn a_mesh_that_does_not_fit_says_nothing() {
        let seen = watch(30, 5.0, |t, s| {
            s.presence = 0.2;
            s.eyes -= 0.28 * bump(t, 2.0, 0.3);
            s.mouth += 0.6 * bump(t, 2.0, 0.9);
            s.yaw_deg += 30.0 * bump(t, 2.0, 1.4);
        });
        assert_eq!(seen, []);
    }
}
