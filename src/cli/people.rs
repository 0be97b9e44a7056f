//! Who is who: flags that the commands about identity share.
use std::path::PathBuf;

use clap::Args;
use liveness::{identity, templates::References};

use super::Common;

/// Most distant two embeddings are, nearly: beyond it everybody would be the same.
const MOST_DISTANT: f32 = 1.5;

/// When two faces are one person's.
#[derive(Args, Clone, Copy, Debug)]
pub struct Threshold {
    /// Take two faces nearer than DISTANCE for one person: less lets fewer strangers in and turns more
    /// people away (of LFW's strangers 0.54 lets in 0.13 %, 0.60 0.92 %).
    #[arg(long, value_name = "DISTANCE", default_value_t = identity::THRESHOLD, value_parser = distance)]
    pub threshold: f32,
}

/// Where templates lie.
#[derive(Args, Clone, Debug)]
pub struct Folder {
    /// Keep templates in DIR [default: $XDG_STATE_HOME/liveness/templates].
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
}

impl Folder {
    /// Reader of pictures and templates.
    pub fn references(&self, common: &Common) -> References {
        References::new(self.templates.clone(), common.models.clone())
    }
}

fn distance(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(distance) if distance > 0.0 && distance <= MOST_DISTANT => Ok(distance),
        _ => Err(format!(
            "write a number above 0, at most {MOST_DISTANT}, such as 0.58"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_lets_nobody_or_everybody_in_by_no_mistake() {
        assert_eq!(distance("0.6"), Ok(0.6));
        for text in ["0", "-1", "2", "60", "NaN", "near"] {
            assert!(
                distance(text).unwrap_err().contains("such as 0.58"),
                "{text}"
            );
        }
    }
}
