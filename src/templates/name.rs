//! What a template may be called.
use std::{fmt, str::FromStr};

use serde::Serialize;

/// Longest name in bytes, with room for the ending below what file systems allow (255).
const LONGEST: usize = 100;

/// The name of a template: letters and digits of any script, `-`, `_` and `.` between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Name(String);

impl Name {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        // No path, no hidden file, nothing that looks like a flag.
        let starts = text.starts_with(char::is_alphanumeric);
        match starts && text.chars().all(fits) && text.len() <= LONGEST {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "a name has letters and digits, with - _ . between them, {LONGEST} bytes at most"
            )),
        }
    }
}
