//! What the camera sees: the room, and the head or the print in it.
use image::{RgbImage, imageops};

use crate::error::Error;

use super::{
    portrait::{Portrait, Sitter},
    pose::{Pose, Sheet, Stance},
    render::{Canvas, Corner, Triangle, draw},
    rig::Rig,
    sheet::Print,
    texture::Texture,
};

/// The part of the last frame that still shows in this one, of 256: what a face moves while the
/// shutter is open.
const SMEAR: u16 = 56;
/// Side of the picture of the wall behind a print: so blurred that few pixels hold it.
const WALL: u32 = 64;
/// The face's middle, from the frame's upper edge, as a part of its height.
const FACE_AT: f32 = 0.44;

/// A photograph, its puppet and its print, at the frame's scale.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    rig: Rig,
    print: Print,
    texture: Texture,
    /// Frame pixels per picture pixel.
    scale: f32,
    /// Texels per picture pixel: less than 1 where the frame shows the photograph smaller than it is.
    texel_scale: f32,
    /// Frame pixels from the picture's corner to the frame's.
    offset: [f32; 2],
    /// The photograph as it is behind a resting head; drawn into only where the head moves.
    portrait_room: Canvas,
    /// What is behind a print.
    print_room: Canvas,
    canvas: Canvas,
    last: Vec<u8>,
    scratch: Vec<u8>,
    corners: Vec<Corner>,
    order: Vec<(f32, usize)>,
}

impl Scene {
    /// A scene of `width` x `height` pixels with `sitter`'s face about `face_px` wide.
    pub(super) fn new(
        sitter: Sitter,
        (width, height): (u32, u32),
        face_px: f32,
    ) -> Result<Self, Error> {
        let portrait = Portrait::of(sitter)?;
        let rig = Rig::new(&portrait);
        let scale = face_px / rig.width();
        let texel_scale = if scale < 0.75 { scale } else { 1.0 };
        let texture = Texture::new(&shrunk(&portrait.picture, texel_scale));
        let [x, y] = rig.centre().map(|v| v * scale);
        let offset = [x - width as f32 / 2.0, y - height as f32 * FACE_AT];
        let (width, height) = (width as usize, height as usize);
        let portrait_room = paint(width, height, |x, y| {
            let texel = |v: f32, offset: f32| (v + offset) / scale * texel_scale;
            texture.mirrored(texel(x, offset[0]), texel(y, offset[1]))
        });
        let wall = Texture::new(&wall(&portrait.picture));
        let cell = |v: f32, side: usize| v * WALL as f32 / side as f32;
        let print_room = paint(width, height, |x, y| {
            wall.mirrored(cell(x, width), cell(y, height))
        });
        Ok(Self {
            print: Print::new(rig.centre(), rig.width()),
            rig,
            texture,
            scale,
            texel_scale,
            offset,
            canvas: portrait_room.clone(),
            portrait_room,
            print_room,
            last: Vec::new(),
            scratch: Vec::new(),
            corners: Vec::new(),
            order: Vec::new(),
        })
    }

    /// Bytes in a row.
    pub(super) fn row(&self) -> usize {
        3 * self.canvas.width
    }

    /// The scene at one moment, RGB; what moved since the last call is smeared.
    pub(super) fn show(&mut self, stance: &Stance) -> &[u8] {
        match stance {
            Stance::Head(pose) => self.show_head(pose),
            Stance::Print(sheet) => self.show_print(sheet),
        }
        self.defocus();
        self.smear();
        &self.canvas.pixels
    }

    fn show_head(&mut self, pose: &Pose) {
        self.canvas
            .pixels
            .copy_from_slice(&self.portrait_room.pixels);
        self.rig.shape(pose, &mut self.corners);
        self.place_in_frame();
        let triangles: &[Triangle] = self.rig.triangles();
        draw(
            &mut self.canvas,
            &self.texture,
            &self.corners,
            triangles,
            &mut self.order,
        );
    }

    fn show_print(&mut self, sheet: &Sheet) {
        self.canvas.pixels.copy_from_slice(&self.print_room.pixels);
        self.print.shape(sheet, &mut self.corners);
        self.place_in_frame();
        let triangles = self.print.triangles();
        draw(
            &mut self.canvas,
            &self.texture,
            &self.corners,
            triangles,
            &mut self.order,
        );
    }

    fn place_in_frame(&mut self) {
        for c in &mut self.corners {
            c.x = c.x * self.scale - self.offset[0];
            c.y = c.y * self.scale - self.offset[1];
            c.u *= self.texel_scale;
            c.v *= self.texel_scale;
        }
    }

    /// A lens is never quite sharp: each pixel a little of its neighbours, 1 2 1, across and down. It
    /// also rounds off the stairs where one part of the face hides another.
    fn defocus(&mut self) {
        let row = self.row();
        self.scratch.clone_from(&self.canvas.pixels);
        blend_neighbours(&self.canvas.pixels, &mut self.scratch, 3);
        blend_neighbours(&self.scratch, &mut self.canvas.pixels, row);
    }

    /// Mixes the last scene into this one. A shutter would mix in what lay between them; at a face's
    /// speed this looks the same and costs nothing.
    fn smear(&mut self) {
        if self.last.len() != self.canvas.pixels.len() {
            self.last.clone_from(&self.canvas.pixels);
            return;
        }
        for (now, last) in self.canvas.pixels.iter_mut().zip(&mut self.last) {
            let fresh = *now;
            *now = ((u16::from(fresh) * (256 - SMEAR) + u16::from(*last) * SMEAR + 128) >> 8) as u8;
            *last = fresh;
        }
    }
}

/// Each byte of `to` from its own in `from` and those `stride` before and after it; the ends stay.
fn blend_neighbours(from: &[u8], to: &mut [u8], stride: usize) {
    let (Some(middle), Some(after)) = (from.get(stride..), from.get(2 * stride..)) else {
        return;
    };
    let to = to.get_mut(stride..).unwrap_or_default();
    for (((to, &a), &b), &c) in to.iter_mut().zip(from).zip(middle).zip(after) {
        *to = ((u16::from(a) + 2 * u16::from(b) + u16::from(c) + 2) >> 2) as u8;
    }
}

/// A canvas of the colours at the middles of its pixels.
fn paint(width: usize, height: usize, colour: impl Fn(f32, f32) -> [u8; 3]) -> Canvas {
    let mut pixels = Vec::with_capacity(3 * width * height);
    for y in 0..height {
        for x in 0..width {
            pixels.extend(colour(x as f32 + 0.5, y as f32 + 0.5));
        }
    }
    Canvas {
        pixels,
        width,
        height,
    }
}

/// The photograph at `scale`, each pixel the mean of those it stands for.
fn shrunk(picture: &RgbImage, scale: f32) -> RgbImage {
    let side = |v: u32| ((v as f32 * scale).round() as u32).clamp(2, v);
    imageops::thumbnail(picture, side(picture.width()), side(picture.height()))
}

/// A wall out of focus, for behind a print: the photograph's own colours, darker.
fn wall(picture: &RgbImage) -> RgbImage {
    let patches = imageops::thumbnail(picture, 5, 4);
    let mut wall = imageops::resize(&patches, WALL, WALL, imageops::FilterType::CatmullRom);
    for value in wall.iter_mut() {
        *value = 30 + *value / 2;
    }
    wall
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_has_the_size_asked_for() {
        for size in [(1, 1), (17, 9), (64, 48), (640, 480), (1920, 1080)] {
            let face_px = 150.0 * (size.0 as f32 / 640.0).min(size.1 as f32 / 480.0);
            let mut scene = Scene::new(Sitter::default(), size, face_px.max(4.0)).unwrap();
            let pose = Pose {
                yaw_deg: 25.0,
                jaw: 0.8,
                ..Pose::default()
            };
            for stance in [Stance::Head(pose), Stance::Print(Sheet::default())] {
                assert_eq!(scene.show(&stance).len(), (3 * size.0 * size.1) as usize);
            }
        }
    }

    #[test]
    fn a_resting_head_is_the_photograph_but_for_its_mouth() {
        let shown = shown(Pose::default());
        let mut room = Scene::new(Sitter::default(), (640, 480), 150.0).unwrap();
        room.defocus();
        let above = 3 * 640 * 200;
        let pairs = shown[..above].iter().zip(&room.canvas.pixels);
        let off: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(off < above as u64 / 4, "{off} in {above}");
        assert!(shown != room.canvas.pixels);
    }

    #[test]
    fn only_what_moves_changes() {
        let pose = Pose {
            yaw_deg: 28.0,
            pitch_deg: 10.0,
            jaw: 1.0,
            ..Pose::default()
        };
        let lowest = |pose| shown(pose)[3 * 640 * 470..].to_vec();
        assert!(lowest(pose) == lowest(Pose::default()));
    }

    fn shown(pose: Pose) -> Vec<u8> {
        let mut scene = Scene::new(Sitter::default(), (640, 480), 150.0).unwrap();
        scene.show(&Stance::Head(pose)).to_vec()
    }
}
