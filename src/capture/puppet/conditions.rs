//! The conditions of one presentation: who, how near, in what light, through what camera.
use serde::{Deserialize, Serialize};

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
