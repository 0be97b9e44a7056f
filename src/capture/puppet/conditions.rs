//! The conditions of one presentation: who, how near, in what light, through what camera.
use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, from_value, to_value};

use super::{dice::Dice, kind::Kind, portrait::Sitter};

/// Where the light comes from, and how much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// From the front, as much as the camera likes.
    Even,
    /// A dim room.
    Dark,
    /// More than the camera can take.
    Bright,
    /// From one side: the other half of the face is in shade.
    Side,
}

/// Glasses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Glasses {
    /// None.
    Without,
    /// Wire rims.
    Thin,
    /// Dark plastic rims, with a light mirrored in the lenses.
    Thick,
}

/// The conditions of one presentation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// Whose face.
    pub sitter: Sitter,
    /// Width of the face in pixels, ear to ear.
    pub face_px: f32,
    /// The light.
    pub light: Light,
    /// How much of it, 1 = as in the photograph.
    pub gain: f32,
    /// What is worn.
    pub glasses: Glasses,
    /// Frames a second.
    pub fps: f32,
    /// How far a frame may come early or late, as a part of the time between two.
    pub jitter: f32,
    /// How often the lens blurs the picture beyond its usual softness.
    pub blur: u8,
    /// The part of the last frame that still shows in this one: how long the shutter is open.
    pub smear: f32,
    /// How long the person takes over everything, 1 = as most people do.
    pub tempo: f32,
}

/// A condition that is given instead of drawn, written `name=value`: `face_px=60`, `light=dark`.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Which one.
    pub name: String,
    value: Value,
}

/// The text gives no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no condition; write NAME=VALUE, such as face_px=60, fps=15, light=dark or glasses=thick ({1})"
)]
pub struct BadCondition(String, String);

/// Between what numbers each condition lies that is one: what can be drawn, and what can be met.
const LIMITS: [(&str, RangeInclusive<f64>); 7] = [
    ("face_px", 20.0..=450.0),
    ("gain", 0.05..=4.0),
    ("fps", 1.0..=240.0),
    ("jitter", 0.0..=0.9),
    ("blur", 0.0..=8.0),
    ("smear", 0.0..=0.9),
    ("tempo", 0.2..=5.0),
];

impl FromStr for Given {
    type Err = BadCondition;

    fn from_str(text: &str) -> Result<Self, BadCondition> {
        let bad = |why: &dyn fmt::Display| BadCondition(text.to_owned(), why.to_string());
        let (name, value) = text.split_once('=').ok_or_else(|| bad(&"no value"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        let given = Self {
            name: name.trim().to_owned(),
            value,
        };
        let any = Conditions::draw(Kind::BonaFide, &mut Dice::new(0, 7));
        any.with(std::slice::from_ref(&given))
            .map_err(|why| bad(&why))?;
        let limits = LIMITS.iter().find(|(name, _)| *name == given.name);
        if let Some((name, limits)) = limits
            && !given.value.as_f64().is_some_and(|v| limits.contains(&v))
        {
            let (least, most) = (limits.start(), limits.end());
            return Err(bad(&format_args!("{name} is between {least} and {most}")));
        }
        Ok(given)
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::String(word) => write!(f, "{}={word}", self.name),
            value => write!(f, "{}={value}", self.name),
        }
    }
}

/// Frame rates that webcams have.
const RATES: [f32; 4] = [15.0, 24.0, 30.0, 60.0];

impl Conditions {
    /// Conditions for one presentation of `kind`. A person takes what comes; an attacker sees to it
    /// that the picture is good.
    pub(super) fn draw(kind: Kind, dice: &mut Dice) -> Self {
        let sitter = dice.pick(&Sitter::ALL).unwrap_or_default();
        if kind != Kind::BonaFide {
            return Self {
                sitter,
                face_px: dice.between(110.0, 190.0),
                light: Light::Even,
                gain: dice.between(0.85, 1.15),
                glasses: Glasses::Without,
                fps: 30.0,
                jitter: 0.05,
                blur: 0,
                smear: 0.22,
                tempo: dice.between(0.9, 1.1),
            };
        }
        let lights = [
            Light::Even,
            Light::Even,
            Light::Dark,
            Light::Bright,
            Light::Side,
        ];
        let light = dice.pick(&lights).unwrap_or(Light::Even);
        let gain = match light {
            Light::Even | Light::Side => dice.between(0.85, 1.15),
            Light::Dark => dice.between(0.35, 0.6),
            Light::Bright => dice.between(1.3, 1.7),
        };
        let worn = [
            Glasses::Without,
            Glasses::Without,
            Glasses::Thin,
            Glasses::Thick,
        ];
        let tempo = [(0.6, 0.75), (0.9, 1.1), (0.9, 1.1), (1.35, 1.7)];
        let (fastest, slowest) = dice.pick(&tempo).unwrap_or((1.0, 1.0));
        Self {
            sitter,
            // As many near as far: sizes are felt as ratios.
            face_px: 60.0 * 5f32.powf(dice.between(0.0, 1.0)),
            light,
            gain,
            glasses: dice.pick(&worn).unwrap_or(Glasses::Without),
            fps: dice.pick(&RATES).unwrap_or(30.0),
            jitter: dice.between(0.0, 0.35),
            blur: dice.pick(&[0, 0, 1, 2]).unwrap_or(0),
            smear: dice.between(0.1, 0.4),
            tempo: dice.between(fastest, slowest),
        }
    }

    /// These, but for what is given.
    pub(super) fn with(self, given: &[Given]) -> Result<Self, serde_json::Error> {
        let mut all: Map<String, Value> = from_value(to_value(self)?)?;
        for Given { name, value } in given {
            let known = all.get_mut(name);
            *known.ok_or_else(|| serde::de::Error::custom("no such name"))? = value.clone();
        }
        from_value(all.into())
    }

    /// The group this presentation is in, under each heading of a table.
    pub fn groups(&self) -> [(&'static str, &'static str); 7] {
        let sitter = match self.sitter {
            Sitter::Astronaut => "astronaut",
            Sitter::Obama => "obama",
            Sitter::Biden => "biden",
        };
        let face = match self.face_px {
            px if px < 80.0 => "60-80 px",
            px if px < 130.0 => "80-130 px",
            px if px < 200.0 => "130-200 px",
            _ => "200-300 px",
        };
        let light = match self.light {
            Light::Even => "even",
            Light::Dark => "dark",
            Light::Bright => "bright",
            Light::Side => "from a side",
        };
        let glasses = match self.glasses {
            Glasses::Without => "none",
            Glasses::Thin => "thin rims",
            Glasses::Thick => "thick rims",
        };
        let fps = match self.fps {
            fps if fps < 20.0 => "15",
            fps if fps < 27.0 => "24",
            fps if fps < 45.0 => "30",
            _ => "60",
        };
        let blur = match self.blur {
            0 => "sharp",
            1 => "soft",
            _ => "blurred",
        };
        let tempo = match self.tempo {
            tempo if tempo < 0.8 => "fast",
            tempo if tempo < 1.2 => "usual",
            _ => "slow",
        };
        [
            ("portrait", sitter),
            ("face", face),
            ("light", light),
            ("glasses", glasses),
            ("frames a second", fps),
            ("focus", blur),
            ("person", tempo),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_given_is_not_drawn() {
        let drawn = Conditions::draw(Kind::BonaFide, &mut Dice::new(3, 7));
        let given = [
            "face_px=60",
            "fps=15",
            "light=dark",
            "sitter=obama",
            "blur=2",
        ];
        let given = given.map(|text| text.parse::<Given>().unwrap());
        let wanted = Conditions {
            face_px: 60.0,
            fps: 15.0,
            light: Light::Dark,
            sitter: Sitter::Obama,
            blur: 2,
            ..drawn
        };
        assert_eq!(drawn.with(&given).unwrap(), wanted);
        assert_eq!(given[2].to_string(), "light=dark");
        for bad in [
            "",
            "fps",
            "fps=",
            "fps=0",
            "fps=x",
            "size=3",
            "light=blue",
            "blur=1.5",
            "face_px=1e9",
        ] {
            assert!(bad.parse::<Given>().is_err(), "{bad}");
        }
    }

    #[test]
    fn people_come_in_every_condition_and_attacks_in_good_ones() {
        let mut groups = BTreeSet::new();
        for seed in 0..400 {
            let person = Conditions::draw(Kind::BonaFide, &mut Dice::new(seed, 7));
            assert!((60.0..300.0).contains(&person.face_px));
            groups.extend(person.groups());
            let attack = Conditions::draw(Kind::PrintHeld, &mut Dice::new(seed, 7));
            assert!((110.0..190.0).contains(&attack.face_px));
            assert_eq!(attack.light, Light::Even);
        }
        assert_eq!(groups.len(), 3 + 4 + 4 + 3 + 4 + 3 + 3, "{groups:?}");
    }
}
