//! What the subject does when: cues in, a stance for any moment out. No pixel, no clock.
use std::{ops::Add, time::Duration};

use crate::{step::Step, time::Timestamp};

use super::{
    Behaviour, Cue,
    dice::Dice,
    idle::Idle,
    pose::{Act, Stance},
};

/// How long a subject takes to read, understand and begin, in milliseconds.
const REACTION_MS: (f32, f32) = (300.0, 900.0);
/// The same for one who comes too late: past every step's limit of 6 s.
const LATE_MS: (f32, f32) = (8_400.0, 9_500.0);
/// From one movement's end to the next one's begin, at least.
const BREATHER: Duration = Duration::from_millis(200);
/// No spontaneous blink this long before and after a movement: they would run into one another.
const QUIET: Duration = Duration::from_millis(500);
/// A recording starts to move this long after it is seen.
const REPLAY_AFTER: Duration = Duration::from_secs(1);
/// Movements on a recording before it begins again.
const REPLAY_ACTS: usize = 8;

/// A moment range in which the subject does not blink of its own accord.
#[derive(Clone, Copy, Debug)]
struct Quiet {
    from: Timestamp,
    to: Timestamp,
}

/// One subject's behaviour in time. What it does at a moment follows from its seed and from the cues
/// it heard before.
#[derive(Clone, Debug)]
pub struct Performance {
    behaviour: Behaviour,
    idle: Idle,
    dice: Dice,
    acts: Vec<Act>,
    quiet: Vec<Quiet>,
    /// How long the subject takes over everything, 1 = as most people do.
    tempo: f32,
    /// Length of the recording, for [`Behaviour::Replay`].
    reel: Duration,
}

impl Performance {
    /// A subject at rest, at time zero.
    pub fn new(behaviour: Behaviour, seed: u64) -> Self {
        Self::paced(behaviour, seed, 1.0)
    }

    /// The same, who takes `tempo` times as long to react and to move.
    pub fn paced(behaviour: Behaviour, seed: u64, tempo: f32) -> Self {
        let mut performance = Self {
            behaviour,
            idle: Idle::new(seed),
            dice: Dice::new(seed, 3),
            acts: Vec::new(),
            quiet: Vec::new(),
            tempo,
            reel: Duration::ZERO,
        };
        if behaviour == Behaviour::Replay {
            performance.record();
        }
        performance
    }

    /// Tells the subject something at `at`.
    pub fn hear(&mut self, at: Timestamp, cue: Cue) {
        match (self.behaviour, cue) {
            (Behaviour::Still | Behaviour::Replay | Behaviour::Photo, _) => {}
            (Behaviour::Late, Cue::Rest) => {}
            (Behaviour::Obey | Behaviour::Wrong, Cue::Rest) => {
                self.acts.retain(|act| act.begin <= at);
                for quiet in &mut self.quiet {
                    quiet.to = quiet.to.min(at.after(QUIET));
                }
            }
            (Behaviour::Obey | Behaviour::Wrong | Behaviour::Late, Cue::Ask(asked)) => {
                self.plan(at, asked)
            }
        }
    }

    fn plan(&mut self, at: Timestamp, asked: Step) {
        let late = self.behaviour == Behaviour::Late;
        let delay = if late { LATE_MS } else { REACTION_MS };
        let heard = at.after(Duration::from_millis(
            (self.tempo * self.dice.between(delay.0, delay.1)) as u64,
        ));
        if !late {
            // What is asked now replaces what was asked before and not yet begun.
            self.acts.retain(|act| act.begin <= at);
        }
        let free = self.acts.last().map_or(at, |act| act.end().after(BREATHER));
        let step = match self.behaviour {
            Behaviour::Wrong => self.dice.pick(others(asked)).unwrap_or(asked),
            _ => asked,
        };
        let mut act = draw(&mut self.dice, step, heard.max(free));
        act.length = act.length.mul_f64(f64::from(self.tempo));
        self.quiet.push(Quiet {
            // Whoever means to do it does it once. The others live: their blinks answer for them.
            from: match self.behaviour {
                Behaviour::Obey => at,
                _ => act.begin.before(QUIET),
            },
            to: act.end().after(QUIET),
        });
        self.acts.push(act);
        // Long past: no frame asks for it again.
        let past = at.before(Duration::from_secs(60));
        self.acts.retain(|act| act.end() >= past);
        self.quiet.retain(|quiet| quiet.to >= past);
    }

    /// Fills the reel of a recording: steps in an order of its own, with natural pauses.
    fn record(&mut self) {
        let mut end = Timestamp::default();
        for _ in 0..REPLAY_ACTS {
            let begin = end.after(Duration::from_millis(
                self.dice.between(900.0, 2_600.0) as u64
            ));
            let step = self.dice.pick(&Step::MOVES).unwrap_or(Step::Blink);
            let mut act = draw(&mut self.dice, step, begin);
            act.length = act.length.mul_f64(f64::from(self.tempo));
            end = act.end();
            self.quiet.push(Quiet {
                from: begin.before(QUIET),
                to: end.after(QUIET),
            });
            self.acts.push(act);
        }
        let cut = end.after(Duration::from_millis(800));
        // No blink is under way where the recording begins again.
        self.quiet.push(Quiet { from: end, to: cut });
        self.reel = cut.since(Timestamp::default());
    }

    /// What stands before the camera at `at`.
    pub fn stance(&self, at: Timestamp) -> Stance {
        if self.behaviour == Behaviour::Photo {
            return Stance::Print(self.idle.hold(at));
        }
        let stage = self.stage_time(at);
        let acting = self.acts.iter().map(|act| act.pose(stage));
        let pose = acting.fold(self.idle.sway(at), Add::add);
        let blink = self.blink(stage).map(|blink| blink.pose(stage));
        Stance::Head(pose + blink.unwrap_or_default())
    }

    /// The steps under way at `at`: spontaneous blinks are not steps.
    pub fn performing(&self, at: Timestamp) -> impl Iterator<Item = Step> {
        let stage = self.stage_time(at);
        let now = move |act: &&Act| act.begin < stage && stage < act.end();
        self.acts.iter().filter(now).map(|act| act.step)
    }

    /// The moment on the reel of a recording; for all others, the moment itself.
    fn stage_time(&self, at: Timestamp) -> Timestamp {
        if self.reel.is_zero() {
            return at;
        }
        let played = at
            .since(Timestamp::default().after(REPLAY_AFTER))
            .as_micros()
            % self.reel.as_micros();
        Timestamp::from_micros(u64::try_from(played).unwrap_or(0))
    }

    /// The subject's own blink about `at`, if it blinks of its own accord then.
    fn blink(&self, at: Timestamp) -> Option<Act> {
        let blink = self.idle.blink(at);
        let hushed = |q: &Quiet| q.from <= blink.begin && blink.begin < q.to;
        (!self.quiet.iter().any(hushed)).then_some(blink)
    }
}

/// Steps which neither are `asked` nor hold it nor are held by it: a shake holds both turns.
fn others(asked: Step) -> &'static [Step] {
    use Step::{Blink, BlinkTwice, HoldStill, Nod, OpenMouth, Shake, TurnLeft, TurnRight};
    match asked {
        HoldStill => &[OpenMouth, TurnLeft, TurnRight, Nod],
        Blink | BlinkTwice => &[OpenMouth, TurnLeft, TurnRight],
        OpenMouth => &[Blink, TurnLeft, TurnRight, Nod, Shake],
        TurnLeft => &[Blink, OpenMouth, TurnRight, Nod],
        TurnRight => &[Blink, OpenMouth, TurnLeft, Nod],
        Nod => &[Blink, OpenMouth, TurnLeft, TurnRight, Shake],
        Shake => &[Blink, OpenMouth, Nod],
    }
}

/// One performance of `step`, as long and as large as people do it.
fn draw(dice: &mut Dice, step: Step, begin: Timestamp) -> Act {
    let (shortest, longest) = match step {
        Step::Blink => (220.0, 300.0),
        Step::OpenMouth => (850.0, 1_200.0),
        Step::TurnLeft | Step::TurnRight => (1_250.0, 1_800.0),
        Step::Nod => (1_000.0, 1_250.0),
        Step::Shake => (1_500.0, 1_800.0),
        Step::BlinkTwice => (750.0, 950.0),
        Step::HoldStill => (100.0, 200.0),
    };
    Act {
        step,
        begin,
        length: Duration::from_millis(dice.between(shortest, longest) as u64),
        size: dice.between(0.93, 1.07),
        manner: dice.sign() * dice.between(0.2, 1.0),
    }
}

#[cfg(test)]
mod tests;
