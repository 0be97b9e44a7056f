//! The built-in portrait: a photograph and the mesh of the face in it.
use image::{ImageFormat, RgbImage};
use serde::Deserialize;

use crate::error::{Cause, Error};

const PICTURE: &[u8] = include_bytes!("../../../assets/portraits/astronaut.jpg");
const MESH: &[u8] = include_bytes!("../../../assets/portraits/astronaut.mesh.json");

/// Points of the face that the triangles join; the mesh's last ten are irises, which do not move.
pub(super) const FACE_POINTS: usize = 468;

/// A photograph and the mesh of its face.
#[derive(Clone, Debug)]
pub(super) struct Portrait {
    pub(super) picture: RgbImage,
    /// [`FACE_POINTS`] points `[x, y, z]` in picture pixels, smaller z nearer; MediaPipe's order.
    pub(super) points: Vec<[f32; 3]>,
    /// Triangles between them, without the mouth's opening.
    pub(super) triangles: Vec<[usize; 3]>,
}

#[derive(Deserialize)]
struct MeshFile {
    points: Vec<[f32; 3]>,
    triangles: Vec<[usize; 3]>,
}

impl Portrait {
    /// The portrait that is part of the program.
    pub(super) fn built_in() -> Result<Self, Error> {
        Self::read(PICTURE, MESH).map_err(|cause| Error::source("the built-in portrait", cause))
    }

    fn read(picture: &[u8], mesh: &[u8]) -> Result<Self, Cause> {
        let picture = image::load_from_memory_with_format(picture, ImageFormat::Jpeg)?.into_rgb8();
        let MeshFile {
            mut points,
            triangles,
        } = serde_json::from_slice(mesh)?;
        points.truncate(FACE_POINTS);
        if points.len() < FACE_POINTS || triangles.iter().flatten().any(|&v| v >= FACE_POINTS) {
            return Err("its mesh lacks points".into());
        }
        Ok(Self {
            picture,
            points,
            triangles,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_portrait_reads() {
        let portrait = Portrait::built_in().unwrap();
        assert_eq!(portrait.picture.dimensions(), (512, 512));
        // Tip of the nose, in the picture's upper half, nearest the camera.
        let nose = portrait.points[1];
        assert!(portrait.points.iter().all(|p| p[2] > nose[2] - 8.0));
    }

    #[test]
    fn a_short_mesh_is_an_error() {
        assert!(Portrait::read(PICTURE, br#"{"points":[],"triangles":[]}"#).is_err());
    }
}
