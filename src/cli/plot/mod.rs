//! The signals of a recording over time, with its gestures; the rates of a bench. The only folder that names plotters.
mod ink;
mod panel;
pub mod rates;
mod tag;

use anyhow::Context as _;
use image::{RgbImage, imageops};
use liveness::{gesture::Gesture, reading::Reading, signal::Sample, time::Timestamp};
use plotters::{
    coord::types::RangedCoordf64,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use ink::{
    AXIS_PX, Area, GRID, INK, LEFT_PX, LETTERS_PX, LEVEL, OVERSIZE, PANEL_PX, PX_PER_S, RIGHT_PX,
    ROW_PX, SOFT, TITLE_PX, WIDTHS_PX, colour_of, load_font, shorten, style, width_of,
};
use panel::{Panel, panels, pieces};
use tag::{Tag, tags};

type Chart<'a, 'b> =
    ChartContext<'a, BitMapBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// What is drawn, collected frame by frame.
pub struct Plot {
    title: String,
    moments: Vec<(f64, Option<Sample>)>,
    gestures: Vec<Gesture>,
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
        let tags = tags(&self.gestures, end, width);
        let rows = tags.iter().map(|tag| tag.row + 1).max().unwrap_or(1);
        let panels = panels(&self.moments);
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

fn seconds(at: Timestamp) -> f64 {
    at.as_millis_f64() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use liveness::{gesture::Moment, step::Step, time::Timestamp};

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
}
