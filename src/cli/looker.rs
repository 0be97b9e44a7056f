//! Close looks at a face at rest: a network of the user's own that tells pictures of faces from faces.
use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use liveness::{
    challenge::Look, observation::Observation, passive::Passive, reading::Reading,
    session::Session, time::Timestamp,
};

/// Flags of close looks.
#[derive(Args, Clone, Debug)]
pub struct Looks {
    /// Ask this network too whether the face is live, while it is at rest. Beside MODEL.onnx lies MODEL.toml:
    /// input = [80, 80], colours = "bgr" or "rgb", black = 0.0, white = 255.0 (its numbers for them),
    /// crop = 2.7 (sides of the face's box), output = "NAME", classes = 3, live = 1 (which of them),
    /// threshold = 0.5, softmax = false.
    #[arg(long, value_name = "MODEL.onnx")]
    passive: Option<PathBuf>,
    /// What the word of that network is worth: advisory is noted in the record, deny fails the session.
    #[arg(long, value_name = "ROLE", default_value = "advisory")]
    passive_role: Role,
}

/// What the word of a network is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Role {
    Advisory,
    Deny,
}

/// Time from one close look to the next.
const PAUSE: Duration = Duration::from_millis(200);

/// Looks closely at a face at rest.
pub struct Looker {
    passive: Option<Passive>,
    denies: bool,
    last: Option<Timestamp>,
}

impl Looks {
    /// Loads what the flags name.
    pub fn load(&self) -> anyhow::Result<Looker> {
        Ok(Looker {
            passive: self.passive.as_deref().map(Passive::load).transpose()?,
            denies: self.passive_role == Role::Deny,
            last: None,
        })
    }
}

impl Looker {
    /// What the rules ask of it.
    pub fn rules(&self) -> Look {
        Look {
            passive: self.passive.as_ref().map(Passive::threshold),
            passive_denies: self.denies,
            ..Look::default()
        }
    }

    /// Begins a session.
    pub fn begin(&mut self) {
        self.last = None;
    }

    /// Adds to `reading` what a close look at the face gives, if it is at rest and the time has come.
    pub fn look(
        &mut self,
        seen: &Observation,
        session: &Session,
        reading: &mut Reading,
    ) -> anyhow::Result<()> {
        let (Some(passive), Some(subject)) = (&mut self.passive, &seen.subject) else {
            return Ok(());
        };
        let due = self.last.is_none_or(|last| reading.at.since(last) >= PAUSE);
        if due && session.is_at_rest(reading) {
            self.last = Some(reading.at);
            reading.passive = Some(passive.look(&seen.frame.image, &subject.face.bbox)?);
        }
        Ok(())
    }
}
