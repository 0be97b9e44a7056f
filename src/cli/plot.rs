//! The signals of a recording over time, with its gestures. The only file that names plotters.
use std::sync::Once;

use anyhow::Context as _;
use image::{RgbImage, imageops};
use liveness::{
    gesture::{Gesture, LEVELS},
    reading::Reading,
    signal::Sample,
    step::Step,
    time::Timestamp,
};
use plotters::{
    coord::{Shift, types::RangedCoordf64},
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use liveness::view::FONT;

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;
type Chart<'a, 'b> =
    ChartContext<'a, BitMapBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

const FAMILY: &str = "sans-serif";
const INK: RGBColor = RGBColor(31, 41, 55);
const SOFT: RGBColor = RGBColor(107, 114, 128);
const GRID: RGBColor = RGBColor(229, 231, 235);
const LEVEL: RGBColor = RGBColor(190, 60, 60);

/// All sizes are those of a drawing twice as large: shrunk in the end, lines and letters are smooth.
const OVERSIZE: u32 = 2;
/// Width of the drawing: it grows with the recording, so that a blink stays visible.
const PX_PER_S: f64 = 96.0;
const WIDTHS_PX: (f64, f64) = (2800.0, 12_000.0);
const TITLE_PX: i32 = 124;
const ROW_PX: i32 = 68;
const PANEL_PX: i32 = 420;
const AXIS_PX: i32 = 112;
/// Left of the panels, for their numbers; right of them.
const LEFT_PX: i32 = 156;
const RIGHT_PX: i32 = 56;
const LETTERS_PX: i32 = 38;

/// What is drawn, collected frame by frame.
pub struct Plot {
    title: String,
    moments: Vec<(f64, Option<Sample>)>,
    gestures: Vec<Gesture>,
}

/// One signal over time; `None` breaks the line.
struct Panel {
    name: &'static str,
    unit: &'static str,
    colour: RGBColor,
    values: Vec<(f64, Option<f64>)>,
    /// Thresholds over time, each with what it means.
    levels: Vec<(&'static str, Vec<(f64, f64)>)>,
    /// What the panel shows at least.
    range: (f64, f64),
    /// Whose gestures are shaded here.
    steps: &'static [Step],
}

impl Plot {
    pub fn new(title: String) -> Self {
        Self {
            title,
            moments: vec![],
            gestures: vec![],
        }
    }

    /// Adds the next frame.
    pub fn push(&mut self, reading: &Reading) {
        self.moments.push((seconds(reading.at), reading.sample));
        self.gestures.extend(&reading.gestures);
    }

    pub fn is_empty(&self) -> bool {
        self.moments.is_empty()
    }

    /// Draws it all.
    pub fn draw(&self) -> anyhow::Result<RgbImage> {
        load_font()?;
        let end = self.moments.last().map_or(0.0, |(t, _)| *t).max(0.5);
        let (least, most) = WIDTHS_PX;
        let width = (end * PX_PER_S).clamp(least, most) as i32;
        let tags = self.tags(end, width);
        let rows = tags.iter().map(|tag| tag.row + 1).max().unwrap_or(1);
        let panels = self.panels();
        let lane = ROW_PX * rows + 20;
        let height = TITLE_PX + lane + PANEL_PX * panels.len() as i32 + AXIS_PX;

        let mut pixels = vec![0; width as usize * height as usize * 3];
        let size = (width as u32, height as u32);
        self.paint(&mut pixels, size, lane, &tags, &panels, end)
            .context("cannot draw the plot")?;
        let large = RgbImage::from_raw(size.0, size.1, pixels).context("cannot draw the plot")?;
        let (width, height) = (size.0 / OVERSIZE, size.1 / OVERSIZE);
        let smooth = imageops::FilterType::Triangle;
        Ok(imageops::resize(&large, width, height, smooth))
    }

    fn paint(
        &self,
        pixels: &mut [u8],
        size: (u32, u32),
        lane: i32,
        tags: &[Tag],
        panels: &[Panel],
        end: f64,
    ) -> anyhow::Result<()> {
        let root = BitMapBackend::with_buffer(pixels, size).into_drawing_area();
        root.fill(&WHITE)?;
        self.head(&root, end)?;
        for tag in tags {
            tag.draw(&root, TITLE_PX)?;
        }
        let mut top = TITLE_PX + lane;
        for (i, panel) in panels.iter().enumerate() {
            let is_last = i + 1 == panels.len();
            let tall = PANEL_PX + if is_last { AXIS_PX } else { 0 };
            let area = root.clone().shrink((0, top), (size.0, tall as u32));
            self.panel(&area, panel, end, is_last)?;
            top += tall;
        }
        root.present()?;
        Ok(())
    }

    fn head(&self, root: &Area<'_>, end: f64) -> anyhow::Result<()> {
        let left = (LEFT_PX, TITLE_PX / 2);
        let at_left = Pos::new(HPos::Left, VPos::Center);
        let title = style(LETTERS_PX + 14, INK).pos(at_left);
        let (width, _) = root.dim_in_pixel();
        let space = width as i32 - LEFT_PX - 840;
        root.draw(&Text::new(shorten(&self.title, space), left, title))?;
        let seen = self.moments.iter().filter(|(_, s)| s.is_some()).count();
        let frames = self.moments.len();
        let facts = format!(
            "{frames} frames · {end:.1} s · face in {:.0} %",
            100.0 * seen as f64 / frames.max(1) as f64
        );
        let right = (width as i32 - RIGHT_PX, TITLE_PX / 2);
        let at_right = Pos::new(HPos::Right, VPos::Center);
        root.draw(&Text::new(
            facts,
            right,
            style(LETTERS_PX, SOFT).pos(at_right),
        ))?;
        Ok(())
    }

    fn panel(&self, area: &Area<'_>, panel: &Panel, end: f64, is_last: bool) -> anyhow::Result<()> {
        let (low, high) = panel.span();
        let mut chart = ChartBuilder::on(area)
            .margin_top(24)
            .margin_bottom(12)
            .margin_right(RIGHT_PX)
            .set_label_area_size(LabelAreaPosition::Left, LEFT_PX)
            .set_label_area_size(LabelAreaPosition::Bottom, if is_last { AXIS_PX } else { 0 })
            .build_cartesian_2d(0.0..end, low..high)?;
        // Shades below, then the grid, then the lines.
        for (from, to) in self.absences() {
            chart.draw_series([shade((from, to), (low, high), SOFT.mix(0.18))])?;
        }
        for gesture in &self.gestures {
            let (from, to) = (seconds(gesture.start.at), seconds(gesture.end.at));
            let strength = if panel.steps.contains(&gesture.step) {
                0.22
            } else {
                0.06
            };
            let colour = colour_of(gesture.step).mix(strength);
            chart.draw_series([shade((from, to), (low, high), colour)])?;
        }
        let ticks = (end * PX_PER_S).clamp(WIDTHS_PX.0, WIDTHS_PX.1) / 220.0;
        let mut mesh = chart.configure_mesh();
        mesh.x_labels(ticks as usize)
            .y_labels(5)
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID.stroke_width(2))
            .axis_style(SOFT.stroke_width(2))
            .label_style(style(LETTERS_PX - 6, SOFT))
            .y_label_formatter(&|value| {
                format!("{value:.2}")
                    .trim_end_matches("00")
                    .trim_end_matches('.')
                    .to_owned()
            });
        if is_last {
            mesh.x_label_formatter(&|t| format!("{t:.1}").trim_end_matches(".0").to_owned())
                .axis_desc_style(style(LETTERS_PX - 2, INK))
                .x_desc("seconds");
        }
        mesh.draw()?;
        draw_levels(&mut chart, panel, end)?;
        for line in pieces(&panel.values) {
            chart.draw_series(LineSeries::new(line, panel.colour.stroke_width(4)))?;
        }
        for gesture in self
            .gestures
            .iter()
            .filter(|g| panel.steps.contains(&g.step))
        {
            let peak = seconds(gesture.peak.at);
            if let Some(value) = panel.at(peak) {
                chart.draw_series([Circle::new(
                    (peak, value),
                    9,
                    colour_of(gesture.step).filled(),
                )])?;
            }
        }
        let name = style(LETTERS_PX, panel.colour).pos(Pos::new(HPos::Left, VPos::Top));
        let unit = style(LETTERS_PX - 6, SOFT).pos(Pos::new(HPos::Left, VPos::Top));
        area.draw(&Text::new(panel.name, (LEFT_PX + 20, 32), name))?;
        let beside = LEFT_PX + 44 + width_of(panel.name, LETTERS_PX);
        area.draw(&Text::new(panel.unit, (beside, 37), unit))?;
        Ok(())
    }

    fn panels(&self) -> [Panel; 4] {
        let series = |of: fn(&Sample) -> f32, needs_mesh: bool| {
            let value =
                move |s: &Sample| (s.is_readable() || !needs_mesh).then(|| f64::from(of(s)));
            let moments = self.moments.iter();
            moments
                .map(|(t, s)| (*t, s.as_ref().and_then(value)))
                .collect::<Vec<_>>()
        };
        let end = self.moments.last().map_or(0.0, |(t, _)| *t).max(0.5);
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

    /// Spans of time in which no face was seen.
    fn absences(&self) -> Vec<(f64, f64)> {
        let mut spans = vec![];
        let mut since = None;
        for (t, sample) in &self.moments {
            match (sample, since) {
                (None, None) => since = Some(*t),
                (Some(_), Some(from)) => {
                    spans.push((from, *t));
                    since = None;
                }
                (None, Some(_)) | (Some(_), None) => {}
            }
        }
        let end = self.moments.last().map(|(t, _)| *t);
        spans.extend(since.zip(end));
        spans
    }

    /// The gestures' names, in as many rows as it takes to keep them apart.
    fn tags(&self, end: f64, width: i32) -> Vec<Tag> {
        let scale = f64::from(width - LEFT_PX - RIGHT_PX) / end;
        let x = |at: Timestamp| LEFT_PX + (seconds(at) * scale) as i32;
        let mut gestures = self.gestures.clone();
        gestures.sort_by_key(|g| (g.start.at, g.end.at));
        let mut free: Vec<i32> = vec![];
        let mut tags = vec![];
        for gesture in &gestures {
            let text = width_of(gesture.step.name(), LETTERS_PX - 4) + 28;
            let (from, to) = (x(gesture.start.at), x(gesture.end.at));
            let wide = text.max(to - from);
            let left = ((from + to - wide) / 2)
                .min(width - RIGHT_PX - wide)
                .max(LEFT_PX);
            let row = free.iter().position(|f| *f <= left).unwrap_or(free.len());
            if row == free.len() {
                free.push(0);
            }
            if let Some(end) = free.get_mut(row) {
                *end = left + wide + 8;
            }
            tags.push(Tag {
                step: gesture.step,
                row: row as i32,
                left,
                right: left + wide,
            });
        }
        tags
    }
}

/// The name of one gesture above the panels.
struct Tag {
    step: Step,
    row: i32,
    left: i32,
    right: i32,
}

impl Tag {
    fn draw(&self, root: &Area<'_>, top: i32) -> anyhow::Result<()> {
        let top = top + self.row * ROW_PX;
        let corners = [(self.left, top), (self.right, top + ROW_PX - 12)];
        root.draw(&Rectangle::new(corners, colour_of(self.step).filled()))?;
        let middle = ((self.left + self.right) / 2, top + ROW_PX / 2 - 6);
        let centred = Pos::new(HPos::Center, VPos::Center);
        let name = style(LETTERS_PX - 4, WHITE).pos(centred);
        root.draw(&Text::new(self.step.name(), middle, name))?;
        Ok(())
    }
}

impl Panel {
    /// The panel's range with a little air, wide enough for its values.
    fn span(&self) -> (f64, f64) {
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

    fn at(&self, t: f64) -> Option<f64> {
        let near = |a: f64| (a - t).abs();
        let nearest = self
            .values
            .iter()
            .min_by(|a, b| near(a.0).total_cmp(&near(b.0)));
        nearest.and_then(|(_, value)| *value)
    }
}

fn draw_levels(chart: &mut Chart<'_, '_>, panel: &Panel, end: f64) -> anyhow::Result<()> {
    let at_right = Pos::new(HPos::Right, VPos::Bottom);
    for (name, line) in &panel.levels {
        let dashes =
            DashedLineSeries::new(line.iter().copied(), 10, 8, LEVEL.mix(0.7).stroke_width(2));
        chart.draw_series(dashes)?;
        if let Some((_, level)) = line.last() {
            let name = Text::new(
                *name,
                (end, *level),
                style(LETTERS_PX - 10, LEVEL).pos(at_right),
            );
            chart.draw_series([name])?;
        }
    }
    Ok(())
}

fn shade(
    (from, to): (f64, f64),
    (low, high): (f64, f64),
    colour: RGBAColor,
) -> Rectangle<(f64, f64)> {
    Rectangle::new([(from, low), (to, high)], colour.filled())
}

/// The line between its breaks.
fn pieces(values: &[(f64, Option<f64>)]) -> impl Iterator<Item = Vec<(f64, f64)>> {
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

fn median(mut values: Vec<f64>) -> Option<f64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

fn seconds(at: Timestamp) -> f64 {
    at.as_millis_f64() / 1e3
}

fn colour_of(step: Step) -> RGBColor {
    match step {
        Step::Blink => RGBColor(37, 99, 235),
        Step::OpenMouth => RGBColor(190, 24, 93),
        Step::TurnLeft => RGBColor(5, 122, 85),
        Step::TurnRight => RGBColor(13, 116, 144),
        Step::Nod => RGBColor(126, 58, 180),
        Step::Shake => RGBColor(180, 83, 9),
    }
}

fn style(px: i32, colour: RGBColor) -> TextStyle<'static> {
    (FAMILY, px).into_font().color(&colour)
}

/// Width of a text in pixels.
fn width_of(text: &str, px: i32) -> i32 {
    let size = (FAMILY, px).into_font().box_size(text);
    size.map_or(0, |(width, _)| width as i32)
}

/// The end of a long name, which tells more than its beginning.
fn shorten(text: &str, width: i32) -> String {
    let mut shown = text.to_owned();
    while width_of(&shown, LETTERS_PX + 14) > width && shown.chars().count() > 2 {
        shown = std::iter::once('…').chain(shown.chars().skip(2)).collect();
    }
    shown
}

fn load_font() -> anyhow::Result<()> {
    static LOADED: Once = Once::new();
    let mut done = Ok(());
    LOADED.call_once(|| done = plotters::style::register_font(FAMILY, FontStyle::Normal, FONT));
    done.map_err(|_| anyhow::anyhow!("the built-in font is damaged"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use liveness::gesture::Moment;

    fn moment(ms: u64) -> Moment {
        Moment {
            at: Timestamp::from_millis(ms),
            seq: ms / 33,
        }
    }

    fn reading(ms: u64, sample: Option<Sample>, gestures: Vec<Gesture>) -> Reading {
        Reading {
            at: Timestamp::from_millis(ms),
            sample,
            gestures,
            ..Reading::default()
        }
    }

    #[test]
    fn any_recording_can_be_drawn() {
        let mut plot = Plot::new("recording with a very long name ".repeat(20));
        plot.push(&reading(0, None, vec![]));
        plot.draw().unwrap();
        for i in 1..60 {
            let sample = (i % 20 > 5).then(|| Sample {
                presence: if i % 7 == 0 { 0.1 } else { 1.0 },
                eyes: 0.3,
                nod: 0.5,
                yaw_deg: 80.0,
                ..Sample::default()
            });
            let gestures = Step::ALL.map(|step| Gesture {
                step,
                start: moment(33 * i - 30),
                peak: moment(33 * i),
                end: moment(33 * i),
            });
            plot.push(&reading(33 * i, sample, gestures.to_vec()));
        }
        let image = plot.draw().unwrap();
        assert!(image.width() >= 1400 && image.height() > 900);
    }

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
