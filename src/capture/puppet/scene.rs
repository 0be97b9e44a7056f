//! What the camera sees: the room, and the head or the print in it.
use image::{RgbImage, imageops};

use crate::error::Error;

use super::{
    anatomy::smooth,
    conditions::Glasses,
    lens::Lens,
    portrait::{Portrait, Sitter},
    pose::{Pose, Sheet, Stance},
    render::{Canvas, Corner, Triangle, draw},
    rig::Rig,
    sheet::Print,
    texture::Texture,
};

/// Side of the picture of the wall behind a print: so blurred that few pixels hold it.
const WALL: u32 = 64;
/// The face's middle, from the frame's upper edge, as a part of its height.
const FACE_AT: f32 = 0.44;

/// Towards the photograph's edge the room goes out of focus within so many of its pixels.
const SEAM_PX: f32 = 50.0;

/// How a face is put in the frame, and what is done to its photograph.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framing {
    /// Width and height of the frame.
    pub(super) size: (u32, u32),
    /// Width of the face in pixels, ear to ear.
    pub(super) face_px: f32,
    /// The face's middle, as parts of the frame's width and height.
    pub(super) at: [f32; 2],
    /// Whether the room beyond the photograph is out of focus. Else it is the photograph mirrored,
    /// which shows the same face again where the frame is much larger.
    pub(super) alone: bool,
    /// What the face wears.
    pub(super) glasses: Glasses,
    /// What a printer leaves of the contrast, 1 = all.
    pub(super) contrast: f32,
    /// What it adds to every value.
    pub(super) brightness: f32,
}

impl Framing {
    /// The face in the middle, with nothing done to it.
    pub(super) fn new(size: (u32, u32), face_px: f32) -> Self {
        Self {
            size,
            face_px,
            at: [0.5, FACE_AT],
            alone: false,
            glasses: Glasses::Without,
            contrast: 1.0,
            brightness: 0.0,
        }
    }
}

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
    lens: Lens,
    corners: Vec<Corner>,
    order: Vec<(f32, usize)>,
}

impl Scene {
    /// A scene of `width` x `height` pixels with `sitter`'s face about `face_px` wide.
    pub(super) fn new(sitter: Sitter, size: (u32, u32), face_px: f32) -> Result<Self, Error> {
        Self::framed(sitter, &Framing::new(size, face_px))
    }

    /// A scene as `framing` has it.
    pub(super) fn framed(sitter: Sitter, framing: &Framing) -> Result<Self, Error> {
        let Framing {
            size: (width, height),
            face_px,
            ..
        } = *framing;
        let mut portrait = Portrait::of(sitter)?;
        print_out(&mut portrait.picture, framing.contrast, framing.brightness);
        let sides = [portrait.picture.width(), portrait.picture.height()].map(|v| v as f32);
        let haze = Haze::new(&portrait.picture);
        if framing.alone {
            haze.creep_in(&mut portrait.picture);
        }
        let mut rig = Rig::new(&portrait);
        rig.put_on(framing.glasses);
        let scale = face_px / rig.width();
        let texel_scale = if scale < 0.75 { scale } else { 1.0 };
        let texture = Texture::new(&shrunk(&portrait.picture, texel_scale));
        let [x, y] = rig.centre().map(|v| v * scale);
        let [right, down] = framing.at;
        let offset = [x - width as f32 * right, y - height as f32 * down];
        let (width, height) = (width as usize, height as usize);
        let wall = Texture::new(&wall(&portrait.picture));
        let cell = |v: f32, side: usize| v * WALL as f32 / side as f32;
        let print_room = paint(width, height, |x, y| {
            wall.mirrored(cell(x, width), cell(y, height))
        });
        let portrait_room = paint(width, height, |x, y| {
            let at = [(x + offset[0]) / scale, (y + offset[1]) / scale];
            let is_in = |axis: usize| (0.0..sides[axis]).contains(&at[axis]);
            if framing.alone && !(is_in(0) && is_in(1)) {
                haze.beyond(at)
            } else {
                texture.mirrored(at[0] * texel_scale, at[1] * texel_scale)
            }
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
            lens: Lens::default(),
            corners: Vec::new(),
            order: Vec::new(),
        })
    }

    /// The room behind a print.
    pub(super) fn wall(&self) -> &Canvas {
        &self.print_room
    }

    /// Where a point of the mesh is at rest, in frame pixels.
    pub(super) fn at_rest(&mut self, points: &[usize]) -> Vec<[f32; 2]> {
        self.rig.shape(&Pose::default(), &mut self.corners);
        self.place_in_frame();
        let corner = |&i: &usize| self.corners.get(i).map(|c| [c.x, c.y]);
        points.iter().filter_map(corner).collect()
    }

    /// Where a point of the print is that shows what is at `at` with the head at rest, both in frame
    /// pixels.
    pub(super) fn on_print(&self, sheet: &Sheet, at: [f32; 2]) -> [f32; 2] {
        let skin = [0, 1].map(|axis| (at[axis] + self.offset[axis]) / self.scale);
        let [x, y] = self.print.find(sheet, skin);
        [
            x * self.scale - self.offset[0],
            y * self.scale - self.offset[1],
        ]
    }

    /// Bytes in a row.
    pub(super) fn row(&self) -> usize {
        3 * self.canvas.width
    }

    /// The scene at one moment as a usual camera sees it, RGB; what moved since the last call is
    /// smeared.
    pub(super) fn show(&mut self, stance: &Stance) -> &[u8] {
        self.set(stance);
        self.lens.expose(&mut self.canvas);
        &self.canvas.pixels
    }

    /// The scene at one moment, as it is.
    pub(super) fn set(&mut self, stance: &Stance) -> &mut Canvas {
        match stance {
            Stance::Head(pose) => self.show_head(pose),
            Stance::Print(sheet) => self.show_print(sheet),
        }
        &mut self.canvas
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

/// What a printer makes of a picture.
fn print_out(picture: &mut RgbImage, contrast: f32, brightness: f32) {
    let ink: [u8; 256] =
        std::array::from_fn(|v| (128.0 + (v as f32 - 128.0) * contrast + brightness) as u8);
    for value in picture.iter_mut() {
        *value = ink[usize::from(*value)];
    }
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

/// The photograph so far out of focus that no face is left in it, for the room beyond its edge.
struct Haze {
    texture: Texture,
    sides: [f32; 2],
}

impl Haze {
    fn new(picture: &RgbImage) -> Self {
        let patches = imageops::thumbnail(picture, 12, 12);
        let blurred = imageops::resize(&patches, WALL, WALL, imageops::FilterType::CatmullRom);
        Self {
            texture: Texture::new(&blurred),
            sides: [picture.width(), picture.height()].map(|v| v as f32),
        }
    }

    /// Its colour at a place given in picture pixels.
    fn beyond(&self, at: [f32; 2]) -> [u8; 3] {
        let [x, y] = [0, 1].map(|axis| at[axis] * WALL as f32 / self.sides[axis]);
        self.texture.mirrored(x, y)
    }

    /// Lets it take over towards the edges of the picture.
    fn creep_in(&self, picture: &mut RgbImage) {
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            let at = [x as f32 + 0.5, y as f32 + 0.5];
            let inwards = |axis: usize| at[axis].min(self.sides[axis] - at[axis]);
            let part = 1.0 - smooth(inwards(0).min(inwards(1)) / SEAM_PX);
            for (value, far) in pixel.0.iter_mut().zip(self.beyond(at)) {
                *value = (f32::from(*value) * (1.0 - part) + f32::from(far) * part) as u8;
            }
        }
    }
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
        Lens::default().defocus(&mut room.canvas);
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
