//! Lengths of time, as flags take them: 60s, 3m, 2h, 30d.
use std::{fmt, str::FromStr, time::Duration};

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no length of time; write 60s, 3m, 2h or 30d");
        let unit = text.chars().last().ok_or_else(wrong)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let number: u32 = (text.strip_suffix(unit).unwrap_or_default())
            .parse()
            .map_err(|_| wrong())?;
        Ok(Self(Duration::from_secs(u64::from(number) * seconds)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_a_number_and_a_unit() {
        let seconds = |text: &str| text.parse::<Span>().map(|span| span.0.as_secs());
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("3m"), Ok(180));
        assert_eq!(seconds("2h"), Ok(7_200));
        assert_eq!(seconds("30d"), Ok(2_592_000));
        for text in ["", "30", "d", "-1d", "1w", "1.5h", "60 s"] {
            assert!(seconds(text).unwrap_err().contains("60s"), "{text}");
        }
    }
}
