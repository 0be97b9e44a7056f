//! How long each stage takes, for `--bench`: percentiles over a whole run.
use std::time::Duration;

use hdrhistogram::Histogram;

use super::{out::say, table::table};

/// Digits that a time is kept to: enough for a table, and any run fits into a few kilobytes.
const DIGITS: u8 = 3;

/// Longest time that is told apart, in microseconds: a minute.
const LONGEST_US: u64 = 60_000_000;

/// The times of each stage, in the order in which they were first noted.
#[derive(Default)]
pub struct Bench {
    stages: Vec<(&'static str, Histogram<u64>)>,
}

impl Bench {
    /// Notes how long `stage` took once.
    pub fn note(&mut self, stage: &'static str, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        // These bounds are within what a histogram can do.
        if self.stages.iter().all(|(name, _)| *name != stage)
            && let Ok(new) = Histogram::new_with_bounds(1, LONGEST_US, DIGITS)
        {
            self.stages.push((stage, new));
        }
        if let Some((_, times)) = self.stages.iter_mut().find(|(name, _)| *name == stage) {
            times.saturating_record(micros.max(1));
        }
    }

    /// As [`Bench::note`], in milliseconds.
    pub fn note_ms(&mut self, stage: &'static str, ms: f32) {
        self.note(stage, Duration::from_secs_f32(ms.max(0.0) / 1e3));
    }

    /// Prints the table to standard error, and what was dropped.
    pub fn report(&self, dropped: u64) {
        let mut table = table(["ms", "frames", "median", "p90", "p99", "most"]);
        for (name, times) in &self.stages {
            let ms = |micros: u64| format!("{:.2}", micros as f64 / 1e3);
            table.add_row([
                (*name).to_owned(),
                times.len().to_string(),
                ms(times.value_at_quantile(0.5)),
                ms(times.value_at_quantile(0.9)),
                ms(times.value_at_quantile(0.99)),
                ms(times.max()),
            ]);
        }
        say(table);
        say(format_args!("{dropped} frames dropped"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_by_hand() {
        let mut bench = Bench::default();
        for ms in 1..=100u16 {
            bench.note_ms("mesh", f32::from(ms));
        }
        let (name, times) = &bench.stages[0];
        assert_eq!((*name, times.len()), ("mesh", 100));
        let near =
            |quantile: f64, ms: u64| times.value_at_quantile(quantile).abs_diff(ms * 1000) < 200;
        assert!(near(0.5, 50) && near(0.99, 99));
    }
}
