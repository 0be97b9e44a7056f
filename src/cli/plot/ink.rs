//! Colours, letters and sizes of a plot.
use std::sync::Once;

use liveness::{step::Step, view::FONT};
use plotters::{coord::Shift, prelude::*};

pub(super) type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

pub(super) const FAMILY: &str = "sans-serif";
pub(super) const INK: RGBColor = RGBColor(31, 41, 55);
pub(super) const SOFT: RGBColor = RGBColor(107, 114, 128);
pub(super) const GRID: RGBColor = RGBColor(229, 231, 235);
pub(super) const LEVEL: RGBColor = RGBColor(190, 60, 60);

/// All sizes are those of a drawing twice as large: shrunk in the end, lines and letters are smooth.
pub(super) const OVERSIZE: u32 = 2;
/// Width of the drawing: it grows with the recording, so that a blink stays visible.
pub(super) const PX_PER_S: f64 = 96.0;
pub(super) const WIDTHS_PX: (f64, f64) = (2800.0, 12_000.0);
pub(super) const TITLE_PX: i32 = 124;
pub(super) const ROW_PX: i32 = 68;
pub(super) const PANEL_PX: i32 = 420;
pub(super) const AXIS_PX: i32 = 112;
/// Left of the panels, for their numbers; right of them.
pub(super) const LEFT_PX: i32 = 156;
pub(super) const RIGHT_PX: i32 = 56;
pub(super) const LETTERS_PX: i32 = 38;

pub(super) fn colour_of(step: Step) -> RGBColor {
    match step {
        Step::Blink | Step::BlinkTwice => RGBColor(37, 99, 235),
        Step::OpenMouth => RGBColor(190, 24, 93),
        Step::TurnLeft => RGBColor(5, 122, 85),
        Step::TurnRight => RGBColor(13, 116, 144),
        Step::Nod => RGBColor(126, 58, 180),
        Step::Shake => RGBColor(180, 83, 9),
        Step::HoldStill => RGBColor(71, 85, 105),
    }
}

pub(super) fn style(px: i32, colour: RGBColor) -> TextStyle<'static> {
    (FAMILY, px).into_font().color(&colour)
}

/// Width of a text in pixels.
pub(super) fn width_of(text: &str, px: i32) -> i32 {
    let size = (FAMILY, px).into_font().box_size(text);
    size.map_or(0, |(width, _)| width as i32)
}

/// The end of a long name, which tells more than its beginning.
pub(super) fn shorten(text: &str, width: i32) -> String {
    let mut shown = text.to_owned();
    while width_of(&shown, LETTERS_PX + 14) > width && shown.chars().count() > 2 {
        shown = std::iter::once('…').chain(shown.chars().skip(2)).collect();
    }
    shown
}

/// Makes the built-in font known to plotters, once.
pub(super) fn load_font() -> anyhow::Result<()> {
    static LOADED: Once = Once::new();
    let mut done = Ok(());
    LOADED.call_once(|| done = plotters::style::register_font(FAMILY, FontStyle::Normal, FONT));
    done.map_err(|_| anyhow::anyhow!("the built-in font is damaged"))
}
