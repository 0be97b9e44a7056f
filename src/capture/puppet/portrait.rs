//! The built-in portraits: photographs, and the meshes of the faces in them.
use image::{ImageFormat, RgbImage};
use serde::{Deserialize, Serialize};

use crate::error::{Cause, Error};

/// Points of the face that the triangles join; the mesh's last ten are irises, which do not move.
pub(super) const FACE_POINTS: usize = 468;

/// Whose photograph a subject is made of. `assets/LICENCES.md` says where they are from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sitter {
    /// Eileen Collins; the one of the demo.
    #[default]
    Astronaut,
    /// Barack Obama.
    Obama,
    /// Joe Biden.
    Biden,
}

impl Sitter {
    /// Everybody there is.
    pub const ALL: [Self; 3] = [Self::Astronaut, Self::Obama, Self::Biden];

    /// The picture, a JPEG, and the mesh of its face, as JSON.
    const fn files(self) -> (&'static [u8], &'static [u8]) {
        macro_rules! portrait {
            ($name:literal) => {
                (
                    include_bytes!(concat!("../../../assets/portraits/", $name, ".jpg")),
                    include_bytes!(concat!("../../../assets/portraits/", $name, ".mesh.json")),
                )
            };
        }
        match self {
            Self::Astronaut => portrait!("astronaut"),
            Self::Obama => portrait!("obama"),
            Self::Biden => portrait!("biden"),
        }
    }
}

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
    /// A portrait that is part of the program.
    pub(super) fn of(sitter: Sitter) -> Result<Self, Error> {
        let (picture, mesh) = sitter.files();
        Self::read(picture, mesh).map_err(|cause| Error::source("the built-in portrait", cause))
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
    fn every_portrait_reads() {
        for sitter in Sitter::ALL {
            let portrait = Portrait::of(sitter).unwrap();
            assert_eq!(portrait.picture.dimensions(), (512, 512));
            // Tip of the nose, in the picture's upper half, nearest the camera.
            let nose = portrait.points[1];
            assert!(nose[1] < 256.0, "{sitter:?}");
            assert!(portrait.points.iter().all(|p| p[2] > nose[2] - 12.0));
        }
    }

    #[test]
    fn a_short_mesh_is_an_error() {
        let (picture, _) = Sitter::Astronaut.files();
        assert!(Portrait::read(picture, br#"{"points":[],"triangles":[]}"#).is_err());
    }
}
