//! What a session asks and where its result goes: flags that `challenge`, `demo` and `soak` share.
use std::{fmt, path::PathBuf, time::Duration};

use anyhow::ensure;
use clap::Args;
use liveness::{
    capture::puppet::Behaviour,
    challenge::{self, Odds, Rules, ScriptError, Strength},
    entropy::{self, Repeatable},
    step::Step,
    view::Lang,
};
use serde::Serialize;

use super::{looker::Looks, proof::Proof};

/// What a session asks, how it is shown, where its result goes.
#[derive(Args, Clone, Debug)]
pub struct Ask {
    #[command(flatten)]
    pub terms: Terms,
    /// Say how many scripts there are and how likely a recording meets one, and end.
    #[arg(long)]
    pub explain: bool,
    /// Open no window; say what is asked on standard error.
    #[arg(long)]
    pub headless: bool,
    /// Fill the display.
    #[arg(long)]
    pub fullscreen: bool,
    /// Language of the window: en or zh [default: the system's].
    #[arg(long, value_name = "LANG")]
    lang: Option<Lang>,
    /// How the simulated subject behaves: obey, still, wrong, late, replay or photo [default: obey].
    /// All but the photo blink now and then, as people do: a script of blinks alone is met by chance.
    #[arg(long, value_name = "HOW")]
    behaviour: Option<Behaviour>,
    /// Repeat one rehearsal of the simulated subject: its script and every movement; without a
    /// window every frame as well.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// What a session asks, and where its result goes.
#[derive(Args, Clone, Debug)]
pub struct Terms {
    /// How much is asked: low (2 steps), standard (3, and to hold still once) or high (5, and to hold
    /// still twice; no wrong answer is forgiven).
    #[arg(long, value_name = "HOW", default_value_t)]
    strength: Strength,
    /// Ask N random steps, 1 to 10; answers that are slow or wrong add up to four more [default: as the strength
    /// says].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=10))]
    steps: Option<u8>,
    /// Draw steps out of these gestures alone [default: all; at standard and high blink_twice in place of
    /// blink]. One alone makes a script that is known beforehand: the record says rehearsal.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    allow: Vec<Step>,
    /// Ask exactly these steps, as in blink,turn_left,nod. A known script proves nothing: the
    /// record says rehearsal. A recording then need not begin with a face that holds still. Goes
    /// before --steps and --allow.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    script: Option<Vec<Step>>,
    /// Give up when nobody was ready for SECONDS, 5 to 600; and so long after the first question.
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(5..=600))]
    timeout: u64,
    /// Print one JSON object an event; the last one is the result.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub proof: Proof,
    /// Keep what was read from each frame, numbers and no picture, in DIR/SESSION.jsonl: for `liveness
    /// replay`. They measure a face; guard them as you would a picture.
    #[arg(long, value_name = "DIR")]
    pub tape: Option<PathBuf>,
    #[command(flatten)]
    pub looks: Looks,
}

/// A session's steps, and those in reserve.
pub type Drawn = (Vec<Step>, Vec<Step>);

impl Ask {
    /// Refuses flags that do not fit the subject; `demo` says whether it is simulated.
    ///
    /// # Errors
    ///
    /// Where somebody who is not simulated is told how to behave, or to hold still is to be a gesture.
    pub fn check(&self, demo: bool) -> anyhow::Result<()> {
        ensure!(
            demo || (self.behaviour.is_none() && self.seed.is_none()),
            "--behaviour and --seed move the simulated subject alone: leave them out, or use `liveness demo`"
        );
        // A photograph does it, too.
        ensure!(
            !self.terms.allow.contains(&Step::HoldStill),
            "--allow takes gestures: hold_still is asked at random places besides (--strength standard or high)"
        );
        Ok(())
    }

    /// What the next session asks. A seed, which only a simulated subject has, repeats it.
    ///
    /// # Errors
    ///
    /// As [`Terms::draw`].
    pub fn draw(&self) -> anyhow::Result<Drawn> {
        self.terms.draw(self.seed.map(Repeatable::new).as_mut())
    }

    /// How the simulated subject behaves.
    pub fn behaviour(&self) -> Behaviour {
        self.behaviour.unwrap_or(Behaviour::Obey)
    }

    /// The language of the window.
    pub fn lang(&self) -> Lang {
        self.lang.unwrap_or_else(Lang::from_system)
    }
}

impl Terms {
    /// What the next session asks: by the system's secure generator, unless something repeatable is given.
    ///
    /// # Errors
    ///
    /// Where no script can be drawn from what is allowed.
    pub fn draw(&self, mut random: Option<&mut Repeatable>) -> anyhow::Result<Drawn> {
        if let Some(script) = &self.script {
            ensure!(!script.is_empty(), ScriptError::Empty);
            return Ok((script.clone(), vec![]));
        }
        let words = self.words();
        let len = self.len();
        // One word alone makes no script of two.
        let extra = if words.len() > 1 {
            Rules::default().extra
        } else {
            0
        };
        let bits = || match &mut random {
            Some(random) => Ok::<u64, anyhow::Error>(random.bits()),
            None => Ok(entropy::bits()?),
        };
        challenge::script(&words, len, extra.into(), self.strength.catches(), bits)
    }

    /// How many gestures are asked.
    fn len(&self) -> usize {
        self.steps.map_or(self.strength.steps(), usize::from)
    }

    /// What they are drawn from, each word once.
    fn words(&self) -> Vec<Step> {
        let mut words = match self.allow.as_slice() {
            [] => self.strength.words().to_vec(),
            allow => allow.to_vec(),
        };
        words.sort();
        words.dedup();
        words
    }

    /// What the scripts these flags ask for are worth against recordings.
    pub fn odds(&self) -> Explanation {
        let (words, steps) = (self.words(), self.len());
        let catches = self.strength.catches();
        Explanation {
            r#type: "explain",
            strength: self.strength,
            odds: Odds::of(&words, steps, catches, self.strength.strikes()),
            words,
            steps,
            hold_still: catches,
        }
    }

    /// Whether the script was known beforehand.
    pub fn is_rehearsed(&self) -> bool {
        self.script.is_some() || self.words().len() == 1
    }

    /// The limits of a session; `live` where frames come as they happen.
    pub fn rules(&self, live: bool) -> Rules {
        let mut rules = Rules {
            session: Duration::from_secs(self.timeout),
            ..Rules::of(self.strength)
        };
        if !live && self.is_rehearsed() {
            // Somebody cut the recording to the gestures; only the resting values are needed.
            rules.stand.still = Duration::from_millis(200);
        }
        rules
    }
}

/// What a kind of script is worth: the line of `--explain --json`.
#[derive(Debug, Serialize)]
pub struct Explanation {
    r#type: &'static str,
    strength: Strength,
    words: Vec<Step>,
    steps: usize,
    hold_still: usize,
    #[serde(flatten)]
    odds: Odds,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.words.iter().map(|step| step.name()).collect();
        let mixed = challenge::must_turn(&self.words, self.steps)
            && !self.words.iter().all(|step| step.is_turn());
        writeln!(
            f,
            "strength {}: {} steps out of {}, none twice in a row{}, and to hold still {} times among them",
            self.strength,
            self.steps,
            words.join(", "),
            if mixed {
                ", not all without a turn"
            } else {
                ""
            },
            self.hold_still
        )?;
        writeln!(
            f,
            "  {:.0} scripts, each as likely as any other",
            self.odds.scripts
        )?;
        writeln!(
            f,
            "  {:.3} % of recordings of somebody who obeyed another session show the right one",
            100.0 * self.odds.same_script
        )?;
        write!(
            f,
            "  {:.3} % of recordings with gestures at random meet one, if every question finds one just begun (and a single blink always)",
            100.0 * self.odds.random_gestures
        )
    }
}
