//! Draws a contact sheet of presentations: `staged OUT.png SEED [KIND [WIDTH]]`.
//!
//! One row a kind, or ten rows of one kind: a frame every third of a second, while every step is asked
//! in turn. WIDTH is that of a frame on the sheet.
use image::{RgbImage, imageops};
use liveness::{
    capture::puppet::{Cue, Kind, Staged},
    step::Step,
};

const COLUMNS: u32 = 16;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |i: usize| args.get(i).map_or("", String::as_str);
    let seed: u64 = arg(1).parse()?;
    let width: u32 = arg(3).parse().unwrap_or(200);
    let cell = (width, width * 3 / 4);
    let rows: Vec<(Kind, u64)> = match arg(2) {
        "" => Kind::ALL.into_iter().map(|kind| (kind, seed)).collect(),
        kind => {
            let kind = kind.parse()?;
            (seed..seed + 10).map(|seed| (kind, seed)).collect()
        }
    };
    let mut sheet = RgbImage::new(COLUMNS * cell.0, rows.len() as u32 * cell.1);
    for (row, (kind, seed)) in rows.into_iter().enumerate() {
        let mut staged = Staged::new(kind, seed, &[Step::Nod])?;
        eprintln!("{kind} {seed}: {:?}", staged.conditions());
        let fps = staged.conditions().fps;
        let mut asked = 0;
        for column in 0..COLUMNS {
            let until = (column + 1) as f32 * fps / 3.0;
            let mut frame = staged.next_frame()?;
            while (frame.seq as f32) < until {
                frame = staged.next_frame()?;
            }
            // Six frames a step, the first after two.
            if column % 3 == 1
                && let Some(&step) = Step::ALL.get(asked)
            {
                staged.hear(Cue::Ask(step));
                asked += 1;
            }
            let small = imageops::thumbnail(&frame.image, cell.0, cell.1);
            let (x, y) = (i64::from(column * cell.0), row as i64 * i64::from(cell.1));
            imageops::replace(&mut sheet, &small, x, y);
        }
    }
    sheet.save(arg(0))?;
    Ok(())
}
