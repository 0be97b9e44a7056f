//! What lies between the scene and the sensor: light that falls in, a lens, a shutter.
use super::{
    conditions::{Conditions, Light},
    render::Canvas,
};

/// The part of the last frame that still shows in this one, of 256: what a face moves while the
/// shutter is open.
const SMEAR: u16 = 56;
/// Light on the shaded and on the lit side, where it comes from one side.
const SHADE: (f32, f32) = (0.35, 1.2);

/// Light, lens and shutter.
#[derive(Clone, Debug)]
pub(super) struct Lens {
    /// What is left of the light in each column, in 256ths; empty where it is all of it.
    light: Vec<u16>,
    passes: u8,
    smear: u16,
    last: Vec<u8>,
    scratch: Vec<u8>,
}

impl Default for Lens {
    /// An indoor webcam's.
    fn default() -> Self {
        Self {
            light: Vec::new(),
            passes: 1,
            smear: SMEAR,
            last: Vec::new(),
            scratch: Vec::new(),
        }
    }
}

impl Lens {
    /// The lens for these conditions, before frames `width` wide; `from_left` says where side light
    /// comes from.
    pub(super) fn new(conditions: &Conditions, width: usize, from_left: bool) -> Self {
        let column = |x: usize| {
            // All of the change lies within a face's width, about the middle.
            let way = (x as f32 - width as f32 / 2.0) / conditions.face_px;
            let lit = (0.5 + if from_left { -way } else { way }).clamp(0.0, 1.0);
            let side = match conditions.light {
                Light::Side => SHADE.0 + (SHADE.1 - SHADE.0) * lit,
                Light::Even | Light::Dark | Light::Bright => 1.0,
            };
            (conditions.gain * side * 256.0) as u16
        };
        Self {
            light: (0..width).map(column).collect(),
            passes: 1 + 2 * conditions.blur,
            smear: (conditions.smear * 256.0) as u16,
            ..Self::default()
        }
    }

    /// Takes the scene in; what moved since the last call is smeared.
    pub(super) fn expose(&mut self, canvas: &mut Canvas) {
        self.shine(canvas);
        for _ in 0..self.passes {
            self.defocus(canvas);
        }
        self.smear(canvas);
    }

    fn shine(&self, canvas: &mut Canvas) {
        for row in canvas.pixels.chunks_mut(3 * canvas.width.max(1)) {
            for (pixel, &light) in row.as_chunks_mut::<3>().0.iter_mut().zip(&self.light) {
                *pixel = pixel.map(|v| ((u32::from(v) * u32::from(light)) >> 8).min(255) as u8);
            }
        }
    }

    /// A lens is never quite sharp: each pixel a little of its neighbours, 1 2 1, across and down. It
    /// also rounds off the stairs where one part of the face hides another.
    pub(super) fn defocus(&mut self, canvas: &mut Canvas) {
        let row = 3 * canvas.width;
        self.scratch.clone_from(&canvas.pixels);
        blend_neighbours(&canvas.pixels, &mut self.scratch, 3);
        blend_neighbours(&self.scratch, &mut canvas.pixels, row);
    }

    /// Mixes the last scene into this one. A shutter would mix in what lay between them; at a face's
    /// speed this looks the same and costs nothing.
    fn smear(&mut self, canvas: &mut Canvas) {
        if self.last.len() != canvas.pixels.len() {
            self.last.clone_from(&canvas.pixels);
            return;
        }
        let smear = self.smear.min(256);
        for (now, last) in canvas.pixels.iter_mut().zip(&mut self.last) {
            let fresh = *now;
            *now = ((u16::from(fresh) * (256 - smear) + u16::from(*last) * smear + 128) >> 8) as u8;
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
