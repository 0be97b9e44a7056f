//! Which cameras there are, and which one is meant.
use std::fmt;
use std::str::FromStr;

use super::format::Format;
use crate::error::{Cause, Error};

/// Which camera: its number, or its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CameraId {
    /// Number, as the system counts: 0 is `/dev/video0` on Linux.
    Index(u32),
    /// Device file, or a link to one such as `/dev/v4l/by-id/…`; elsewhere the device's own name.
    Path(String),
}

impl FromStr for CameraId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            let number = text.parse().map(Self::Index);
            return number.map_err(|_| Error::camera(text, "there is no such number"));
        }
        match text {
            "" => Err(Error::camera(
                "",
                "name one: camera:0 or camera:/dev/video0",
            )),
            path => Ok(Self::Path(path.to_owned())),
        }
    }
}

impl fmt::Display for CameraId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(number) => number.fmt(f),
            Self::Path(path) => path.fmt(f),
        }
    }
}

/// One camera of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraInfo {
    /// Number, as [`CameraId::Index`] takes it.
    pub index: u32,
    /// Name given by the maker.
    pub name: String,
    /// Path, as [`CameraId::Path`] takes it.
    pub path: String,
    /// What it offers, or why that cannot be told: busy, no permission, not a camera after all.
    pub formats: Result<Vec<Format>, String>,
}

/// The camera that is meant.
pub fn find_camera<'a>(
    which: &CameraId,
    cameras: &'a [CameraInfo],
) -> Result<&'a CameraInfo, Cause> {
    if cameras.is_empty() {
        return Err("no camera found; plug one in (`liveness demo` needs none)".into());
    }
    let found = match which {
        CameraId::Index(index) => cameras.iter().find(|c| c.index == *index),
        CameraId::Path(path) => {
            let target = std::fs::canonicalize(path).ok();
            let target = target.as_deref().and_then(|t| t.to_str()).unwrap_or(path);
            cameras
                .iter()
                .find(|c| [c.path.as_str(), c.name.as_str()].contains(&target))
        }
    };
    found.ok_or_else(|| {
        let names = cameras.iter().map(|c| format!("{} ({})", c.index, c.name));
        let names = names.collect::<Vec<_>>().join(", ");
        format!("there is no such camera; there is {names}").into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> [CameraInfo; 2] {
        [(0, "Front"), (2, "Back")].map(|(index, name)| CameraInfo {
            index,
            name: name.into(),
            path: format!("/dev/video{index}"),
            formats: Ok(Vec::new()),
        })
    }

    fn found(which: &str) -> Result<u32, String> {
        find_camera(&which.parse().unwrap(), &two())
            .map(|camera| camera.index)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_camera_is_found_by_number_path_or_name() {
        assert_eq!(found("2"), Ok(2));
        assert_eq!(found("/dev/video2"), Ok(2));
        assert_eq!(found("Front"), Ok(0));
    }

    #[test]
    fn a_missing_camera_is_answered_with_those_there_are() {
        for which in ["9", "/dev/video9"] {
            let text = "there is no such camera; there is 0 (Front), 2 (Back)";
            assert_eq!(found(which), Err(text.into()));
        }
        let none = find_camera(&CameraId::Index(0), &[])
            .unwrap_err()
            .to_string();
        assert_eq!(
            none,
            "no camera found; plug one in (`liveness demo` needs none)"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stands_for_what_it_points_to() {
        let dir = tempfile::tempdir().unwrap();
        let (device, link) = (dir.path().join("video7"), dir.path().join("by-id"));
        std::fs::write(&device, "").unwrap();
        std::os::unix::fs::symlink(&device, &link).unwrap();
        let mut cameras = two();
        cameras[1].path = device.canonicalize().unwrap().display().to_string();
        let link = CameraId::Path(link.display().to_string());
        assert_eq!(find_camera(&link, &cameras).unwrap().index, 2);
    }
}
