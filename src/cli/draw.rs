//! Draws what was found on a copy of the picture.
use std::path::Path;

use anyhow::{Context as _, ensure};
use fontdue::{Font, FontSettings};
use image::{ImageFormat, RgbImage};
use liveness::{
    face::Face,
    geometry::{BBox, Point},
};
use tiny_skia::{
    Color, FillRule, Paint, Path as Outline, PathBuilder, Pixmap, PremultipliedColorU8, Rect,
    Stroke, Transform,
};

/// The font of our own pictures.
pub const FONT: &[u8] = include_bytes!("../../assets/fonts/NotoSansCJKsc-subset.otf");

/// An sRGB colour.
pub type Rgb = [u8; 3];
/// A face.
pub const FACE: Rgb = [61, 220, 151];
/// What may be one.
pub const MAYBE: Rgb = [255, 184, 77];
/// The points of a face.
const MARK: Rgb = [255, 255, 255];
/// Around everything, so that it shows on any picture.
const EDGE: Rgb = [11, 17, 24];

/// A picture to draw on.
pub struct Canvas {
    pixmap: Pixmap,
    font: Font,
    /// Width of a line in pixels.
    line: f32,
}

impl Canvas {
    /// A copy of the picture.
    pub fn new(image: &RgbImage) -> anyhow::Result<Self> {
        let (width, height) = image.dimensions();
        let mut pixmap = Pixmap::new(width, height).context("the picture is too large to draw")?;
        for (to, from) in pixmap.pixels_mut().iter_mut().zip(image.pixels()) {
            let [r, g, b] = from.0;
            if let Some(pixel) = PremultipliedColorU8::from_rgba(r, g, b, 255) {
                *to = pixel;
            }
        }
        let font = Font::from_bytes(FONT, FontSettings::default());
        Ok(Self {
            pixmap,
            font: font.map_err(anyhow::Error::msg)?,
            line: (width.max(height) as f32 / 400.0).clamp(1.0, 12.0),
        })
    }

    /// Draws a box, `weight` times the usual line.
    pub fn bbox(&mut self, bbox: &BBox, colour: Rgb, weight: f32) {
        // An inverted or endless box has no outline.
        let Some(rect) = Rect::from_ltrb(bbox.x1, bbox.y1, bbox.x2, bbox.y2) else {
            return;
        };
        let outline = PathBuilder::from_rect(rect);
        let width = self.line * weight;
        if weight >= 1.0 {
            self.stroke(&outline, EDGE, 0.55, width * 2.0);
        }
        self.stroke(&outline, colour, 1.0, width);
    }

    /// Draws a face: box, landmarks, score.
    pub fn face(&mut self, face: &Face) {
        self.bbox(&face.bbox, FACE, 1.5);
        let radius = (face.bbox.width() / 45.0).max(self.line * 1.2);
        for point in face.landmarks.points() {
            self.dot(point, radius + self.line * 0.8, EDGE);
            self.dot(point, radius, MARK);
        }
        // Letters are as wide as suits the face, but never too small to read.
        let px = (face.bbox.width() / 7.0).clamp(14.0, 18.0 * self.line.max(1.0));
        let corner = (face.bbox.x1, face.bbox.y1);
        self.label(&format!("{:.3}", face.score), corner, px, FACE);
    }

    fn dot(&mut self, at: Point, radius: f32, colour: Rgb) {
        if let Some(circle) = PathBuilder::from_circle(at.x, at.y, radius) {
            self.fill(&circle, colour);
        }
    }

    /// Writes text on a ground of `colour`, its lower left corner at `corner`, inside the picture.
    pub fn label(&mut self, text: &str, (x, y): (f32, f32), px: f32, colour: Rgb) {
        let advance = |c| self.font.metrics(c, px).advance_width;
        let width = text.chars().map(advance).sum::<f32>() + px * 0.5;
        let height = px * 1.15;
        let x = x.min(self.pixmap.width() as f32 - width).max(0.0).round();
        let top = (y - height - self.line)
            .min(self.pixmap.height() as f32 - height)
            .max(0.0)
            .round();
        if let Some(rect) = Rect::from_xywh(x, top, width, height) {
            self.fill(&PathBuilder::from_rect(rect), colour);
        }
        let mut pen = x + px * 0.25;
        let baseline = top + px * 0.94;
        for c in text.chars() {
            let (metrics, coverage) = self.font.rasterize(c, px);
            let left = (pen + metrics.xmin as f32).round() as i32;
            let above = metrics.ymin + metrics.height as i32;
            let top = baseline.round() as i32 - above;
            self.stamp(&coverage, metrics.width, (left, top));
            pen += metrics.advance_width;
        }
    }

    /// Puts a glyph in [`EDGE`]'s colour at `left`, `top`.
    fn stamp(&mut self, coverage: &[u8], width: usize, (left, top): (i32, i32)) {
        let across = self.pixmap.width() as usize;
        let pixels = self.pixmap.pixels_mut();
        for (row, line) in (0..).zip(coverage.chunks(width.max(1))) {
            for (column, &alpha) in (0..).zip(line) {
                let (Ok(x), Ok(y)) = (usize::try_from(left + column), usize::try_from(top + row))
                else {
                    continue;
                };
                let Some(pixel) = pixels.get_mut(y * across + x).filter(|_| x < across) else {
                    continue;
                };
                let mix = |under: u8, over: u8| {
                    let (under, over, alpha) =
                        (u16::from(under), u16::from(over), u16::from(alpha));
                    ((under * (255 - alpha) + over * alpha) / 255) as u8
                };
                let [r, g, b] = EDGE;
                let (r, g, b) = (
                    mix(pixel.red(), r),
                    mix(pixel.green(), g),
                    mix(pixel.blue(), b),
                );
                if let Some(mixed) = PremultipliedColorU8::from_rgba(r, g, b, 255) {
                    *pixel = mixed;
                }
            }
        }
    }

    fn stroke(&mut self, outline: &Outline, colour: Rgb, opacity: f32, width: f32) {
        let stroke = Stroke {
            width,
            ..Stroke::default()
        };
        let paint = paint(colour, opacity);
        self.pixmap
            .stroke_path(outline, &paint, &stroke, Transform::identity(), None);
    }

    fn fill(&mut self, outline: &Outline, colour: Rgb) {
        let paint = paint(colour, 1.0);
        self.pixmap.fill_path(
            outline,
            &paint,
            FillRule::Winding,
            Transform::identity(),
            None,
        );
    }

    /// The picture with all that was drawn.
    pub fn into_image(self) -> RgbImage {
        let (width, height) = (self.pixmap.width(), self.pixmap.height());
        let mut pixels = self.pixmap.pixels().iter();
        RgbImage::from_fn(width, height, |_, _| {
            let pixel = pixels.next().copied();
            pixel
                .map_or([0; 3], |p| [p.red(), p.green(), p.blue()])
                .into()
        })
    }
}

fn paint(colour: Rgb, opacity: f32) -> Paint<'static> {
    let [r, g, b] = colour;
    let mut paint = Paint::default();
    let mut colour = Color::from_rgba8(r, g, b, 255);
    colour.apply_opacity(opacity);
    paint.set_color(colour);
    paint
}

/// Writes a PNG.
pub fn save(image: &RgbImage, path: &Path) -> anyhow::Result<()> {
    (image.save_with_format(path, ImageFormat::Png))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Checks, before the long work, that a PNG can be written to `path` in the end.
pub fn check_writable(path: &Path) -> anyhow::Result<()> {
    let is_png = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("png"));
    ensure!(
        is_png,
        "{}: pictures are written as PNG; name it .png",
        path.display()
    );
    let is_new = !path.exists();
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    if is_new {
        // An empty file would pass for a result should the work fail.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_and_letters_stay_inside_any_picture() {
        for (width, height) in [(1, 1), (8, 200), (300, 20)] {
            let mut canvas = Canvas::new(&RgbImage::new(width, height)).unwrap();
            for side in [-5.0, 3.0, 1e4, f32::NAN] {
                let bbox = BBox::around(Point { x: -2.0, y: 4.0 }, side);
                canvas.bbox(&bbox, FACE, 1.0);
                canvas.label("0.999", (side, side), 20.0, FACE);
            }
            assert_eq!(canvas.into_image().dimensions(), (width, height));
        }
    }

    #[test]
    fn what_is_not_drawn_on_stays_as_it_was() {
        let image = RgbImage::from_fn(40, 30, |x, y| [x as u8, y as u8, 9].into());
        let canvas = Canvas::new(&image).unwrap();
        assert_eq!(canvas.into_image(), image);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fine = folder.path().join("a.png");
        check_writable(&fine).unwrap();
        assert!(!fine.exists());
        for name in ["a.jpg", "gone/a.png"] {
            let error = check_writable(&folder.path().join(name)).unwrap_err();
            assert!(format!("{error:#}").contains(name), "{error:#}");
        }
    }
}
