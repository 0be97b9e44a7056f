//! Letters: the embedded font, a cache of its glyphs, lines that fit.
use std::collections::HashMap;

use fontdue::{Font, FontSettings};

use super::{canvas::Canvas, colour::Colour};
use crate::error::Error;

/// Noto Sans CJK SC, cut down to what the string table needs; `assets/fonts/subset.sh` makes it.
pub const FONT: &[u8] = include_bytes!("../../assets/fonts/NotoSansCJKsc-subset.otf");
/// Height of a capital, as a share of the font size (the font's own `sCapHeight`).
pub(super) const CAP: f32 = 0.733;
/// Distance of baselines, as a share of the font size.
pub(super) const LEADING: f32 = 1.24;
/// Glyphs kept. A window holds some 200; one that is being resized would collect them for ever.
const CACHED: usize = 2_000;

struct Glyph {
    coverage: Vec<u8>,
    width: usize,
    left: i32,
    /// Pixels from the baseline up to the glyph's top row.
    rise: i32,
}

/// The font with its glyphs drawn so far.
pub(super) struct Type {
    font: Font,
    glyphs: HashMap<(char, u32), Glyph>,
}

/// Lines that fit a width, all in one size.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub(super) lines: Vec<String>,
    /// Font size in canvas pixels.
    pub(super) px: f32,
    /// Width of the longest line.
    pub(super) width: f32,
}

impl Block {
    /// From the top of the first line's capitals to the last baseline.
    pub(super) fn height(&self) -> f32 {
        self.px * (CAP + LEADING * self.lines.len().saturating_sub(1) as f32)
    }
}

/// Where the given x lies in a line of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

impl Type {
    /// Loads the embedded font.
    pub(super) fn new() -> Result<Self, Error> {
        let font = Font::from_bytes(FONT, FontSettings::default());
        Ok(Self {
            font: font.map_err(|why| Error::Window { source: why.into() })?,
            glyphs: HashMap::new(),
        })
    }

    /// Width of one line.
    pub(super) fn width(&self, text: &str, px: f32) -> f32 {
        text.chars()
            .map(|c| self.font.metrics(c, px).advance_width)
            .sum()
    }

    /// Draws one line on a baseline.
    pub(super) fn line(
        &mut self,
        canvas: &mut Canvas,
        text: &str,
        align: Align,
        (x, baseline): (f32, f32),
        px: f32,
        colour: Colour,
    ) {
        let mut x = match align {
            Align::Left => x,
            Align::Centre => x - self.width(text, px) / 2.0,
            Align::Right => x - self.width(text, px),
        };
        if self.glyphs.len() > CACHED {
            self.glyphs.clear();
        }
        for c in text.chars() {
            let font = &self.font;
            let glyph = self.glyphs.entry((c, px.to_bits())).or_insert_with(|| {
                let (metrics, coverage) = font.rasterize(c, px);
                Glyph {
                    coverage,
                    width: metrics.width,
                    left: metrics.xmin,
                    rise: metrics.ymin + metrics.height as i32,
                }
            });
            let at = (
                x.round() as i32 + glyph.left,
                baseline.round() as i32 - glyph.rise,
            );
            canvas.stamp(&glyph.coverage, glyph.width, at, colour);
            x += font.metrics(c, px).advance_width;
        }
    }

    /// Draws lines, the top of the first line's capitals at `top`.
    pub(super) fn block(
        &mut self,
        canvas: &mut Canvas,
        block: &Block,
        align: Align,
        (x, top): (f32, f32),
        colour: Colour,
    ) {
        let mut baseline = top + block.px * CAP;
        for line in &block.lines {
            self.line(canvas, line, align, (x, baseline), block.px, colour);
            baseline += block.px * LEADING;
        }
    }

    /// Breaks `text` into at most `most` lines of about equal length, `px` high or as much smaller as the
    /// width demands.
    pub(super) fn fit(&self, text: &str, px: f32, width: f32, most: usize) -> Block {
        let mut px = px;
        // 64 steps of 4 %: down to a fourteenth, which nobody reads but which ends.
        for _ in 0..64 {
            let lines = self.wrap(text, px, width);
            let longest = |lines: &[String]| {
                let widths = lines.iter().map(|line| self.width(line, px));
                widths.fold(0.0, f32::max)
            };
            if lines.len() <= most && longest(&lines) <= width {
                let mut best = lines;
                let mut narrow = width;
                while narrow > px * 2.0 {
                    narrow *= 0.95;
                    let tried = self.wrap(text, px, narrow);
                    if tried.len() > best.len() || longest(&tried) > narrow {
                        break;
                    }
                    best = tried;
                }
                let width = longest(&best);
                return Block {
                    lines: best,
                    px,
                    width,
                };
            }
            px *= 0.96;
        }
        Block {
            lines: vec![text.to_owned()],
            px,
            width: self.width(text, px),
        }
    }

    /// Greedy lines: a break at any space and between Chinese characters, never before a closing mark.
    fn wrap(&self, text: &str, px: f32, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for piece in pieces(text) {
            let Some(line) = lines.last_mut() else { break };
            let longer = format!("{line}{piece}");
            if line.is_empty() || self.width(longer.trim_end(), px) <= width {
                *line = longer;
            } else {
                lines.push(piece);
            }
        }
        for line in &mut lines {
            line.truncate(line.trim_end().len());
        }
        lines
    }
}

/// The parts of a text that stay together, spaces at their ends.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut together = false;
    for c in text.chars() {
        let wide = c >= '\u{2e80}';
        let closing = matches!(c, '，' | '。' | '！' | '？' | '：' | '；' | '、' | ' ');
        match pieces.last_mut() {
            Some(last) if closing || (together && !wide) => last.push(c),
            _ => pieces.push(c.to_string()),
        }
        together = !wide && c != ' ';
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{
        colour::WHITE,
        strings::{Lang, Text},
    };

    #[test]
    fn every_character_of_every_text_has_a_glyph() {
        let font = Type::new().unwrap().font;
        for text in Text::all() {
            for lang in Lang::ALL {
                for c in text.get(lang).chars() {
                    assert!(font.has_glyph(c), "{c:?}: run assets/fonts/subset.sh");
                }
            }
        }
        assert!((' '..='~').all(|c| font.has_glyph(c)));
    }

    #[test]
    fn words_and_characters_break_where_they_may() {
        assert_eq!(pieces("Nod your head"), ["Nod ", "your ", "head"]);
        assert_eq!(
            pieces("好，请按 ESC 键"),
            ["好，", "请", "按 ", "ESC ", "键"]
        );
    }

    #[test]
    fn two_lines_are_about_equal() {
        let letters = Type::new().unwrap();
        let text = "Turn your head to your left";
        let half = letters.width(text, 40.0) * 0.7;
        let block = letters.fit(text, 40.0, half, 2);
        assert_eq!(block.lines, ["Turn your head", "to your left"]);
        assert!(block.width <= half);
    }

    #[test]
    fn a_text_too_long_is_made_smaller() {
        let letters = Type::new().unwrap();
        let block = letters.fit("Wwwwwwwwwwwwww", 40.0, 100.0, 2);
        assert!(block.px < 40.0 && block.width <= 100.0);
    }

    #[test]
    fn capitals_are_as_high_as_promised() {
        let letters = Type::new().unwrap();
        let height = letters.font.metrics('H', 100.0).height as f32;
        assert!((height - 100.0 * CAP).abs() < 2.5, "{height}");
    }

    #[test]
    fn text_leaves_ink_on_the_canvas() {
        let mut letters = Type::new().unwrap();
        let mut canvas = Canvas::new(60, 30);
        letters.line(&mut canvas, "点头", Align::Left, (0.0, 24.0), 24.0, WHITE);
        assert!(canvas.pixels().iter().filter(|&&p| p == 0xff_ffff).count() > 60);
    }
}
