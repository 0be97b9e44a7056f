//! One panel of a plot: a signal over time and the levels at which it means something.
use liveness::{gesture::LEVELS, median::median_by, signal::Sample, step::Step};
use plotters::style::RGBColor;

/// One signal over time; `None` breaks the line.
pub(super) struct Panel {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) colour: RGBColor,
    pub(super) values: Vec<(f64, Option<f64>)>,
    /// Thresholds over time, each with what it means.
    pub(super) levels: Vec<(&'static str, Vec<(f64, f64)>)>,
    /// What the panel shows at least.
    pub(super) range: (f64, f64),
    /// Whose gestures are shaded here.
    pub(super) steps: &'static [Step],
}

impl Panel {
    /// The panel's range with a little air, wide enough for its values.
    pub(super) fn span(&self) -> (f64, f64) {
        let (mut low, mut high) = self.range;
        for value in self.values.iter().filter_map(|(_, v)| *v) {
            (low, high) = (low.min(value), high.max(value));
        }
        let air = 0.06 * (high - low);
        // Air above only where zero is the floor.
        let below = if low.abs() < 1e-9 { 0.0 } else { air };
        // Room for the panel's name.
        (low - below, high + 4.0 * air)
    }

    pub(super) fn at(&self, t: f64) -> Option<f64> {
        let near = |a: f64| (a - t).abs();
        let nearest = self
            .values
            .iter()
            .min_by(|a, b| near(a.0).total_cmp(&near(b.0)));
        nearest.and_then(|(_, value)| *value)
    }
}

/// The four signals of a recording: what was read at each second.
pub(super) fn panels(moments: &[(f64, Option<Sample>)]) -> [Panel; 4] {
    let series = |of: fn(&Sample) -> f32, needs_mesh: bool| {
        let value = move |s: &Sample| (s.is_readable() || !needs_mesh).then(|| f64::from(of(s)));
        moments
            .iter()
            .map(|(t, s)| (*t, s.as_ref().and_then(value)))
            .collect::<Vec<_>>()
    };
    let end = moments.last().map_or(0.0, |(t, _)| *t).max(0.5);
    let flat = |level: f32| vec![(0.0, f64::from(level)), (end, f64::from(level))];
    let eyes = series(|s| s.eyes, true);
    let shut = 1.0 - f64::from(LEVELS.eyes_closed);
    let open = running_median(&eyes, LEVELS.eyes_memory.as_secs_f64());
    let shut = open.iter().map(|(t, eye)| (*t, eye * shut)).collect();
    let nod = series(|s| s.nod, false);
    let rest = median(nod.iter().filter_map(|(_, v)| *v).collect()).unwrap_or(0.5) as f32;
    let turned = LEVELS.turned_deg;
    [
        Panel {
            name: "eyes",
            unit: "lid gap over eye width",
            colour: RGBColor(37, 99, 235),
            values: eyes,
            levels: vec![("blink below", shut)],
            range: (0.0, 0.4),
            steps: &[Step::Blink],
        },
        Panel {
            name: "mouth",
            unit: "lip gap over mouth width",
            colour: RGBColor(190, 24, 93),
            values: series(|s| s.mouth, true),
            levels: vec![
                ("open above", flat(LEVELS.mouth_open)),
                ("shut below", flat(LEVELS.mouth_shut)),
            ],
            range: (0.0, 0.4),
            steps: &[Step::OpenMouth],
        },
        Panel {
            name: "yaw",
            unit: "degrees, left of the subject is up",
            colour: RGBColor(5, 122, 85),
            values: series(|s| s.yaw_deg, true),
            levels: vec![
                ("turned left above", flat(turned)),
                ("turned right below", flat(-turned)),
            ],
            range: (-30.0, 30.0),
            steps: &[Step::TurnLeft, Step::TurnRight, Step::Shake],
        },
        Panel {
            name: "nod",
            unit: "nose from eyes (0) to mouth (1)",
            colour: RGBColor(126, 58, 180),
            values: nod,
            levels: vec![
                (
                    "a nod's swing about the median",
                    flat(rest + LEVELS.nod_swing),
                ),
                ("", flat(rest - LEVELS.nod_swing)),
            ],
            range: (0.3, 0.7),
            steps: &[Step::Nod],
        },
    ]
}

/// The line between its breaks.
pub(super) fn pieces(values: &[(f64, Option<f64>)]) -> impl Iterator<Item = Vec<(f64, f64)>> {
    values
        .split(|(_, value)| value.is_none())
        .map(|piece| {
            piece
                .iter()
                .filter_map(|(t, v)| Some((*t, (*v)?)))
                .collect()
        })
        .filter(|piece: &Vec<_>| !piece.is_empty())
}

/// At each value, the median of those in the `memory` seconds before it.
fn running_median(values: &[(f64, Option<f64>)], memory: f64) -> Vec<(f64, f64)> {
    let mut first = 0;
    let mut medians = vec![];
    for (i, (t, _)) in values.iter().enumerate() {
        while values.get(first).is_some_and(|(old, _)| *old < t - memory) {
            first += 1;
        }
        let recent = values.get(first..=i).unwrap_or_default();
        let recent = recent.iter().filter_map(|(_, v)| *v).collect();
        medians.extend(median(recent).map(|m| (*t, m)));
    }
    medians
}

fn median(values: Vec<f64>) -> Option<f64> {
    median_by(values, f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_where_nothing_was_seen() {
        let values = [(0.0, Some(1.0)), (1.0, None), (2.0, None), (3.0, Some(2.0))];
        let pieces: Vec<_> = pieces(&values).collect();
        assert_eq!(pieces, [vec![(0.0, 1.0)], vec![(3.0, 2.0)]]);
    }

    #[test]
    fn the_open_eye_is_that_of_the_last_seconds() {
        let values: Vec<_> = (0..10)
            .map(|i| (f64::from(i), Some(f64::from(i))))
            .collect();
        let medians = running_median(&values, 2.0);
        assert_eq!(medians.last(), Some(&(9.0, 8.0)));
    }
}
