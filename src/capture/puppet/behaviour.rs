//! How a simulated subject behaves.
use std::{fmt, str::FromStr};

/// How the subject answers what it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Behaviour {
    /// Does what is asked, after a human reaction time.
    #[default]
    Obey,
    /// Lives (sways, breathes, blinks) and does nothing that is asked.
    Still,
    /// Does another step than the one asked.
    Wrong,
    /// Does what is asked, when it is too late.
    Late,
    /// A recording of somebody alive: its own steps in its own order, whatever is asked.
    Replay,
    /// A printed photograph, held in a hand.
    Photo,
}

impl Behaviour {
    /// Every behaviour, in the order help texts list them.
    pub const ALL: [Self; 6] = [
        Self::Obey,
        Self::Still,
        Self::Wrong,
        Self::Late,
        Self::Replay,
        Self::Photo,
    ];

    /// The name used on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Obey => "obey",
            Self::Still => "still",
            Self::Wrong => "wrong",
            Self::Late => "late",
            Self::Replay => "replay",
            Self::Photo => "photo",
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the name of a behaviour; says which names there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown behaviour {0:?}; behaviours are obey, still, wrong, late, replay, photo")]
pub struct UnknownBehaviour(String);

impl FromStr for Behaviour {
    type Err = UnknownBehaviour;

    fn from_str(text: &str) -> Result<Self, UnknownBehaviour> {
        let found = Self::ALL
            .into_iter()
            .find(|behaviour| behaviour.name() == text);
        found.ok_or_else(|| UnknownBehaviour(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        let unknown = "sleep".parse::<Behaviour>().unwrap_err().to_string();
        for behaviour in Behaviour::ALL {
            assert_eq!(behaviour.to_string().parse(), Ok(behaviour));
            assert!(unknown.contains(behaviour.name()), "{unknown}");
        }
    }
}
