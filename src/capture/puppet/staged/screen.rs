//! A screen that shows a recording: its own light, its grid of pixels, what is mirrored in it.
use image::RgbImage;

use crate::{
    capture::puppet::{
        Cue, Kind, Sitter,
        conditions::Conditions,
        dice::Dice,
        render::{Canvas, Corner, draw},
        sheet::Print,
        texture::Texture,
    },
    error::Error,
    step::Step,
    time::Timestamp,
};

use super::{
    film::{FACE_PX, Film, SIZE},
    hold::Hold,
};

/// The recording's middle, and the part of it that the screen shows.
const CENTRE: [f32; 2] = [SIZE.0 as f32 / 2.0, SIZE.1 as f32 / 2.0];
const SHOWN: f32 = 0.98;
/// What the darkest pixel still glows, red to blue, of 255.
const GLOW: [f32; 3] = [10.0, 12.0, 18.0];

/// A screen, the hand or stand that holds it, and what it shows.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    film: Film,
    hold: Hold,
    glass: Glass,
    panel: Print,
    texture: Texture,
    wall: Canvas,
    canvas: Canvas,
    scale: f32,
    corners: Vec<Corner>,
    order: Vec<(f32, usize)>,
}

impl Screen {
    pub(super) fn new(
        kind: Kind,
        conditions: &Conditions,
        wall: Canvas,
        seed: u64,
        script: &[Step],
    ) -> Result<Self, Error> {
        let sitter: Sitter = conditions.sitter;
        let half = CENTRE.map(|v| SHOWN * v / FACE_PX);
        Ok(Self {
            film: Film::new(kind, sitter, conditions, seed, script)?,
            hold: Hold::new(kind, seed),
            glass: Glass::new(seed),
            panel: Print::screen(CENTRE, FACE_PX, half),
            texture: Texture::new(&RgbImage::new(2, 2)),
            canvas: wall.clone(),
            wall,
            scale: conditions.face_px / FACE_PX,
            corners: Vec::new(),
            order: Vec::new(),
        })
    }

    pub(super) fn hear(&mut self, at: Timestamp, cue: Cue) {
        self.film.hear(at, cue);
        self.hold.hear(at, cue);
    }

    /// The screen at `at`, as it is.
    pub(super) fn set(&mut self, at: Timestamp) -> &mut Canvas {
        if let Some(shown) = self.film.play(at) {
            self.texture = Texture::new(&self.glass.glow(shown));
        }
        let sheet = self.hold.sheet(at);
        self.panel.shape(&sheet, &mut self.corners);
        let middle = [
            self.canvas.width as f32 / 2.0,
            self.canvas.height as f32 / 2.0,
        ];
        for c in &mut self.corners {
            c.x = (c.x - CENTRE[0]) * self.scale + middle[0];
            c.y = (c.y - CENTRE[1]) * self.scale + middle[1];
        }
        self.canvas.pixels.copy_from_slice(&self.wall.pixels);
        draw(
            &mut self.canvas,
            &self.texture,
            &self.corners,
            self.panel.triangles(),
            &mut self.order,
        );
        &mut self.canvas
    }
}

/// What a screen does to the picture it shows.
#[derive(Clone, Debug)]
struct Glass {
    /// By channel: what it makes of each value.
    curve: [[u8; 256]; 3],
    /// How much darker the gaps between its pixels are, of 256.
    gap: u16,
    /// What is mirrored: middle and radius as parts of the picture, and how bright.
    glare: ([f32; 2], f32, f32),
}

impl Glass {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 11);
        let gamma = dice.between(0.85, 1.25);
        let blue = dice.between(0.98, 1.08);
        let tint = [2.0 - blue, 1.0, blue];
        let curve = std::array::from_fn(|channel| {
            std::array::from_fn(|v| {
                let lit = (v as f32 / 255.0).powf(gamma) * tint[channel];
                (GLOW[channel] + lit * (250.0 - GLOW[channel])) as u8
            })
        });
        Self {
            curve,
            gap: dice.between(6.0, 22.0) as u16,
            glare: (
                [dice.between(0.1, 0.9), dice.between(0.05, 0.5)],
                dice.between(0.12, 0.35),
                dice.between(0.0, 60.0),
            ),
        }
    }

    fn glow(&self, shown: &Canvas) -> RgbImage {
        let (width, height) = (shown.width as u32, shown.height as u32);
        let (middle, radius, bright) = self.glare;
        let mirrored = |x: usize, y: usize| {
            let [dx, dy] = [
                x as f32 / width as f32 - middle[0],
                y as f32 / height as f32 - middle[1],
            ];
            let near = 1.0 - (dx * dx + 2.0 * dy * dy) / (radius * radius);
            if near > 0.0 {
                (bright * near) as u16
            } else {
                0
            }
        };
        let mut pixels = shown.pixels.clone();
        for (y, row) in pixels.chunks_mut(3 * shown.width.max(1)).enumerate() {
            for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                // Every third line of pixels is a gap: where the camera's own grid falls across it,
                // the two beat against one another.
                let lit = 256 - self.gap * u16::from(x % 3 == 2) - self.gap * u16::from(y % 3 == 2);
                let more = mirrored(x, y);
                for (value, curve) in pixel.iter_mut().zip(&self.curve) {
                    let shown = (u32::from(curve[usize::from(*value)]) * u32::from(lit)) >> 8;
                    *value = (shown as u16 + more).min(255) as u8;
                }
            }
        }
        RgbImage::from_raw(width, height, pixels).unwrap_or_default()
    }
}
