//! The error rates of an attack bench with their bounds: a bar a kind, the worst on top.
use anyhow::Context as _;
use image::{RgbImage, imageops};
use liveness::padtest::{Interval, Report};
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::ink::{
    Area, GRID, INK, LETTERS_PX, LEVEL, OVERSIZE, ROW_PX, SOFT, TITLE_PX, load_font, style,
};

/// Width of the drawing, of the names at its left, of the counts at its right.
const WIDTH_PX: i32 = 2_400;
const NAMES_PX: i32 = 520;
const COUNTS_PX: i32 = 420;
/// People turned away: another colour than that of attacks.
const PEOPLE: RGBColor = RGBColor(37, 99, 235);

/// One line of the plot.
struct Row<'a> {
    name: &'a str,
    counts: String,
    rate: Interval,
    colour: RGBColor,
}

/// Draws the rates of `report`.
pub fn draw(title: &str, report: &Report) -> anyhow::Result<RgbImage> {
    load_font()?;
    let attacks = report.worst_first().into_iter().map(|(name, attack)| Row {
        name,
        counts: format!("{} of {} let in", attack.accepted, attack.sessions),
        rate: attack.apcer,
        colour: LEVEL,
    });
    let people = report.bpcer.iter().map(|people| Row {
        name: "bona_fide",
        counts: format!("{} of {} turned away", people.rejected, people.sessions),
        rate: people.bpcer,
        colour: PEOPLE,
    });
    let rows: Vec<Row<'_>> = attacks.chain(people).collect();
    let height = TITLE_PX + ROW_PX * (rows.len() as i32 + 1) + ROW_PX / 2;
    let size = (WIDTH_PX as u32, height as u32);
    let mut pixels = vec![0; size.0 as usize * size.1 as usize * 3];
    {
        let root = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        paint(&root, title, &rows).context("cannot draw the plot")?;
    }
    let large = RgbImage::from_raw(size.0, size.1, pixels).context("cannot draw the plot")?;
    let (width, height) = (size.0 / OVERSIZE, size.1 / OVERSIZE);
    Ok(imageops::resize(
        &large,
        width,
        height,
        imageops::FilterType::Triangle,
    ))
}

fn paint(root: &Area<'_>, title: &str, rows: &[Row<'_>]) -> anyhow::Result<()> {
    let anchor = |h| Pos::new(h, VPos::Center);
    root.fill(&WHITE)?;
    let large = style(LETTERS_PX + 14, INK).pos(anchor(HPos::Left));
    root.draw(&Text::new(title.to_owned(), (40, TITLE_PX / 2), large))?;
    let bottom = TITLE_PX + ROW_PX * rows.len() as i32;
    let span = WIDTH_PX - NAMES_PX - COUNTS_PX;
    let x = |share: f64| NAMES_PX + (share * f64::from(span)) as i32;
    for tenth in 0..=10 {
        let at = x(f64::from(tenth) / 10.0);
        root.draw(&PathElement::new(
            [(at, TITLE_PX), (at, bottom)],
            GRID.stroke_width(2),
        ))?;
        if tenth % 2 == 0 {
            let small = style(LETTERS_PX, SOFT).pos(anchor(HPos::Center));
            let text = format!("{} %", 10 * tenth);
            root.draw(&Text::new(text, (at, bottom + ROW_PX / 2), small))?;
        }
    }
    for (row, y) in rows
        .iter()
        .zip((TITLE_PX + ROW_PX / 2..).step_by(ROW_PX as usize))
    {
        let name = style(LETTERS_PX, INK).pos(anchor(HPos::Right));
        root.draw(&Text::new(row.name.to_owned(), (NAMES_PX - 30, y), name))?;
        let (low, high) = (x(row.rate.low), x(row.rate.high));
        let line = row.colour.stroke_width(6);
        root.draw(&PathElement::new([(low, y), (high, y)], line))?;
        for end in [low, high] {
            root.draw(&PathElement::new([(end, y - 12), (end, y + 12)], line))?;
        }
        root.draw(&Circle::new((x(row.rate.rate), y), 13, row.colour.filled()))?;
        let counts = style(LETTERS_PX, SOFT).pos(anchor(HPos::Left));
        let at = (WIDTH_PX - COUNTS_PX + 30, y);
        root.draw(&Text::new(row.counts.clone(), at, counts))?;
    }
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_nothing_is_drawn_too() {
        let image = draw("standard", &Report::new(&[])).unwrap();
        assert_eq!(image.width(), WIDTH_PX as u32 / OVERSIZE);
    }
}
