//! A rise above one level and the fall below a lower one: what blink, mouth and turn share.
use super::Moment;

/// A value that rose.
#[derive(Clone, Copy, Debug)]
pub struct Rise {
    /// When it rose.
    pub start: Moment,
    /// When it was highest so far.
    pub peak: Moment,
    /// The highest value so far.
    pub height: f32,
}

/// Two levels, so that noise at one edge is not a gesture.
#[derive(Debug, Default)]
pub struct Hysteresis {
    rise: Option<Rise>,
}

impl Hysteresis {
    /// Feeds one value. It rises at `on` and falls below `off(height so far)`; gives the whole
    /// rise when it falls.
    pub fn feed(
        &mut self,
        value: f32,
        now: Moment,
        on: f32,
        off: impl Fn(f32) -> f32,
    ) -> Option<Rise> {
        match &mut self.rise {
            None if value > on => {
                self.rise = Some(Rise {
                    start: now,
                    peak: now,
                    height: value,
                });
                None
            }
            None => None,
            Some(rise) if value > rise.height => {
                rise.height = value;
                rise.peak = now;
                None
            }
            Some(rise) if value < off(rise.height) => self.rise.take(),
            Some(_) => None,
        }
    }

    /// The rise that has not fallen yet.
    pub fn risen(&self) -> Option<Rise> {
        self.rise
    }

    /// Forgets the rise that has not fallen yet.
    pub fn forget(&mut self) {
        self.rise = None;
    }
}
