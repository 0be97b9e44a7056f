//! A picture with what was found drawn on it, to be saved: nothing is mirrored, one pixel is one
//! pixel.
use image::RgbImage;
use tiny_skia::{PathBuilder, Rect};

use super::{
    canvas::{Area, Canvas},
    colour::{ATTENTION, Colour, GOOD, INK, WHITE},
    text::{Align, CAP, Type},
};
use crate::{error::Error, face::Face, geometry::BBox};

/// How sure a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A face.
    Face,
    /// What may be one.
    Maybe,
}

impl Mark {
    const fn colour(self) -> Colour {
        match self {
            Self::Face => GOOD,
            Self::Maybe => ATTENTION,
        }
    }
}

/// A picture to draw on.
pub struct Marked {
    canvas: Canvas,
    letters: Type,
    /// Width of a line in pixels.
    line: f32,
}

impl Marked {
    /// A copy of the picture.
    ///
    /// # Errors
    ///
    /// [`Error::Window`] when the embedded font is damaged.
    pub fn new(image: &RgbImage) -> Result<Self, Error> {
        let (width, height) = image.dimensions();
        let mut canvas = Canvas::new(width as usize, height as usize);
        for (to, from) in canvas.pixels_mut().iter_mut().zip(image.pixels()) {
            let [r, g, b] = from.0;
            *to = u32::from_be_bytes([0, r, g, b]);
        }
        Ok(Self {
            canvas,
            letters: Type::new()?,
            line: (width.max(height) as f32 / 400.0).clamp(1.0, 12.0),
        })
    }

    /// Draws a box.
    pub fn bbox(&mut self, bbox: &BBox, mark: Mark) {
        self.outline(bbox, self.line, mark.colour());
    }

    /// Draws a face: box, landmarks, score.
    pub fn face(&mut self, face: &Face) {
        let b = &face.bbox;
        // The dark edge shows it on a picture of any colour.
        self.outline(b, self.line * 3.0, INK.fade(0.55));
        self.outline(b, self.line * 1.5, GOOD);
        let radius = (b.width() / 45.0).max(self.line * 1.2);
        let points = face.landmarks.points().map(|p| (p.x, p.y));
        self.canvas.dots(points, radius + self.line * 0.8, INK);
        self.canvas.dots(points, radius, WHITE);
        self.score(face.score, b);
    }

    fn outline(&mut self, b: &BBox, width: f32, colour: Colour) {
        // An inverted or endless box has no outline.
        if let Some(rect) = Rect::from_ltrb(b.x1, b.y1, b.x2, b.y2) {
            self.canvas
                .stroke(&PathBuilder::from_rect(rect), width, colour);
        }
    }

    /// Writes a score above the box, or as near to that as the picture's edges let it.
    fn score(&mut self, score: f32, b: &BBox) {
        if Rect::from_ltrb(b.x1, b.y1, b.x2, b.y2).is_none() {
            return;
        }
        let text = format!("{score:.3}");
        // Letters are as wide as suits the face, but never too small to read.
        let px = (b.width() / 7.0).clamp(14.0, 18.0 * self.line.max(1.0));
        let (w, h) = (self.letters.width(&text, px) + px * 0.5, px * 1.15);
        let (width, height) = self.canvas.size();
        let area = Area {
            x: b.x1.min(width - w).max(0.0),
            y: (b.y1 - h - self.line).min(height - h).max(0.0),
            w,
            h,
        };
        self.canvas.panel(area, 0.0, GOOD);
        let at = (area.x + px * 0.25, area.y + (h + px * CAP) / 2.0);
        self.letters
            .line(&mut self.canvas, &text, Align::Left, at, px, INK);
    }

    /// The picture with all that was drawn.
    pub fn into_image(self) -> RgbImage {
        let (width, height) = (self.canvas.width() as u32, self.canvas.height() as u32);
        let mut pixels = self.canvas.pixels().iter();
        RgbImage::from_fn(width, height, |_, _| {
            let [_, r, g, b] = pixels.next().copied().unwrap_or_default().to_be_bytes();
            [r, g, b].into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;

    #[test]
    fn boxes_and_letters_stay_inside_any_picture() {
        for (width, height) in [(1, 1), (8, 200), (300, 20)] {
            let mut marked = Marked::new(&RgbImage::new(width, height)).unwrap();
            for side in [-5.0, 3.0, 1e4, f32::NAN] {
                let bbox = BBox::around(Point { x: -2.0, y: 4.0 }, side);
                marked.bbox(&bbox, Mark::Maybe);
                marked.score(0.999, &bbox);
            }
            assert_eq!(marked.into_image().dimensions(), (width, height));
        }
    }

    #[test]
    fn what_is_not_drawn_on_stays_as_it_was() {
        let image = RgbImage::from_fn(40, 30, |x, y| [x as u8, y as u8, 9].into());
        assert_eq!(Marked::new(&image).unwrap().into_image(), image);
    }

    #[test]
    fn a_box_leaves_its_colour_on_its_outline() {
        let mut marked = Marked::new(&RgbImage::new(60, 60)).unwrap();
        let bbox = BBox::around(Point { x: 30.0, y: 30.0 }, 30.0);
        marked.bbox(&bbox, Mark::Face);
        let image = marked.into_image();
        assert!(image.get_pixel(15, 30).0[1] > 60, "on the left side");
        assert_eq!(image.get_pixel(30, 30).0, [0; 3], "not within");
    }
}
