//! The recording that a screen shows: somebody who once obeyed another session.
use std::time::Duration;

use crate::{
    capture::puppet::{
        Behaviour, Cue, Kind, Performance, Sitter, Stance,
        conditions::Conditions,
        dice::Dice,
        lens::Lens,
        render::Canvas,
        scene::{Framing, Scene},
    },
    error::Error,
    step::Step,
    time::Timestamp,
};

/// Width and height of the recording.
pub(super) const SIZE: (u32, u32) = (640, 480);
/// Width of the face in it, in pixels.
pub(super) const FACE_PX: f32 = 200.0;
/// From one question to the next in the recorded session, in milliseconds: to read, to do, to be seen.
const STEP_MS: (f32, f32) = (2_400.0, 3_600.0);
/// From the begin of a recording to its first question, in milliseconds: how long people take to
/// stand still.
const LEAD_MS: (f32, f32) = (2_000.0, 3_500.0);
/// A pause on the reel before a gesture that is played by chance, and from one to the next.
const PAUSE_MS: (f32, f32) = (0.0, 400.0);
const NEXT_MS: (f32, f32) = (2_800.0, 5_000.0);

/// What makes the recorded person move.
#[derive(Clone, Debug)]
enum Reel {
    /// Questions of another session, in their order; `held` until the first question of this one.
    Script { steps: Vec<Step>, held: bool },
    /// A gesture by chance whenever one is asked.
    Chance,
    /// The reel goes round by itself.
    Loop,
}

/// A recording while it is played.
#[derive(Clone, Debug)]
pub(super) struct Film {
    scene: Scene,
    lens: Lens,
    performance: Performance,
    reel: Reel,
    dice: Dice,
    /// What the recorded person hears when; soonest first.
    cues: Vec<(Timestamp, Cue)>,
    /// The next gesture by chance, where something is asked.
    next: Option<Timestamp>,
    /// The frame that is shown, by number: recordings have 30 a second.
    shown: Option<u64>,
}

impl Film {
    /// A recording of `sitter` for an attack of `kind` on a session that asks for `script`.
    pub(super) fn new(
        kind: Kind,
        sitter: Sitter,
        conditions: &Conditions,
        seed: u64,
        script: &[Step],
    ) -> Result<Self, Error> {
        let mut dice = Dice::new(seed, 10);
        let (reel, behaviour) = match kind {
            Kind::ReplayRandom => (Reel::Chance, Behaviour::Obey),
            Kind::ReplayLooped => (Reel::Loop, Behaviour::Replay),
            _ => {
                let steps = another(script, &mut dice);
                let held = dice.next() >> 63 == 1;
                (Reel::Script { steps, held }, Behaviour::Obey)
            }
        };
        let framing = Framing {
            alone: true,
            ..Framing::new(SIZE, FACE_PX)
        };
        let mut film = Self {
            scene: Scene::framed(sitter, &framing)?,
            lens: Lens::default(),
            performance: Performance::paced(behaviour, seed, conditions.tempo),
            reel,
            dice,
            cues: Vec::new(),
            next: None,
            shown: None,
        };
        if let Reel::Script { held: false, .. } = film.reel {
            film.start(Timestamp::default(), LEAD_MS);
        }
        Ok(film)
    }

    fn millis(&mut self, (low, high): (f32, f32)) -> Duration {
        Duration::from_millis(self.dice.between(low, high) as u64)
    }

    /// Plays the script from `from`.
    fn start(&mut self, from: Timestamp, lead_ms: (f32, f32)) {
        let Reel::Script { steps, .. } = &self.reel else {
            return;
        };
        let mut at = from.after(Duration::from_millis(
            self.dice.between(lead_ms.0, lead_ms.1) as u64,
        ));
        let mut cues = Vec::new();
        for &step in steps {
            cues.push((at, Cue::Ask(step)));
            let pause = self.dice.between(STEP_MS.0, STEP_MS.1);
            at = at.after(Duration::from_millis(pause as u64));
        }
        self.cues = cues;
    }

    /// What this session asks: whoever holds the screen hears it, the recorded person does not.
    pub(super) fn hear(&mut self, at: Timestamp, cue: Cue) {
        match (&mut self.reel, cue) {
            (Reel::Script { held, .. }, Cue::Ask(_)) if *held => {
                *held = false;
                self.start(at, PAUSE_MS);
            }
            (Reel::Chance, Cue::Ask(_)) => {
                let pause = self.millis(PAUSE_MS);
                self.next = Some(at.after(pause));
            }
            (Reel::Chance, Cue::Rest) => {
                self.next = None;
                self.performance.hear(at, Cue::Rest);
            }
            (Reel::Script { .. } | Reel::Loop, _) => {}
        }
    }

    /// The recording at `at`; `None` where it shows what it showed before. Moments must not go back.
    pub(super) fn play(&mut self, at: Timestamp) -> Option<&Canvas> {
        let number = at.as_micros() * 30 / 1_000_000;
        if self.shown == Some(number) {
            return None;
        }
        self.shown = Some(number);
        while let Some(&(due, cue)) = self.cues.first()
            && due <= at
        {
            self.performance.hear(due, cue);
            self.cues.remove(0);
        }
        if let Some(due) = self.next
            && due <= at
        {
            let step = self.dice.pick(&Step::ALL).unwrap_or(Step::Blink);
            self.performance.hear(due, Cue::Ask(step));
            let pause = self.millis(NEXT_MS);
            self.next = Some(due.after(pause));
        }
        let stance = match self.performance.stance(at) {
            Stance::Print(_) => Stance::Head(Default::default()),
            head => head,
        };
        let canvas = self.scene.set(&stance);
        self.lens.expose(canvas);
        Some(canvas)
    }
}

/// A script as long as `script` and not the same; none of its steps comes twice in a row.
fn another(script: &[Step], dice: &mut Dice) -> Vec<Step> {
    loop {
        let mut steps: Vec<Step> = Vec::with_capacity(script.len());
        while steps.len() < script.len().max(1) {
            let step = dice.pick(&Step::ALL);
            steps.extend(step.filter(|step| steps.last() != Some(step)));
        }
        if steps != script {
            return steps;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_script_is_as_long_and_never_the_same() {
        for seed in 0..200 {
            for script in [&[Step::Nod][..], &[Step::Blink, Step::Nod]] {
                let other = another(script, &mut Dice::new(seed, 1));
                assert_eq!(other.len(), script.len());
                assert_ne!(other, script);
            }
        }
    }
}
