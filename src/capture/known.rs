//! By what a camera is known again: not by its number, which changes when it is plugged in anew.
use super::cameras::{CameraId, CameraInfo};

/// What stays of a camera when it is unplugged and comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    name: String,
    /// The serial number its maker gave it, where there is one.
    serial: Option<String>,
    /// Where it is plugged in, as in `1-3:1.0`.
    port: Option<String>,
    /// Which of the device files of one device: the second one of a webcam gives no pictures.
    node: Option<String>,
}

impl Known {
    /// A camera that its serial number alone tells from others.
    pub fn numbered(name: &str, serial: &str) -> Self {
        Self {
            name: name.to_owned(),
            serial: Some(serial.to_owned()),
            port: None,
            node: None,
        }
    }

    /// What the system knows of a camera that is there.
    pub fn of(camera: &CameraInfo) -> Self {
        Self {
            name: camera.name.clone(),
            serial: system::serial(camera.index),
            port: system::port(camera.index),
            node: system::node(camera.index),
        }
    }

    /// The camera again among those that are there.
    ///
    /// The one with the same serial number; without one, the one in the same place; else the only
    /// one of that name: it may have been plugged in elsewhere.
    pub fn find(&self, present: &[(CameraId, Self)]) -> Option<CameraId> {
        let alike: Vec<_> = present
            .iter()
            .filter(|(_, other)| {
                (&other.name, &other.node, &other.serial) == (&self.name, &self.node, &self.serial)
            })
            .collect();
        let same_place = alike.iter().find(|(_, other)| other.port == self.port);
        let found = match (same_place, &alike[..]) {
            (Some(found), _) => found,
            (None, [only]) => only,
            (None, _) => return None,
        };
        Some(found.0.clone())
    }
}

/// The cameras that are there now. Cheap: nothing is opened.
pub fn present() -> Vec<(CameraId, Known)> {
    system::present()
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    use super::{CameraId, Known};

    const CLASS: &str = "/sys/class/video4linux";

    fn line(path: &str) -> Option<String> {
        let text = fs::read_to_string(path).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub fn serial(number: u32) -> Option<String> {
        line(&format!("{CLASS}/video{number}/device/../serial"))
    }

    pub fn node(number: u32) -> Option<String> {
        line(&format!("{CLASS}/video{number}/index"))
    }

    pub fn port(number: u32) -> Option<String> {
        let link = fs::read_link(format!("{CLASS}/video{number}/device")).ok()?;
        Some(link.file_name()?.to_str()?.to_owned())
    }

    pub fn present() -> Vec<(CameraId, Known)> {
        let files = fs::read_dir("/dev").into_iter().flatten().flatten();
        let numbers = files.filter_map(|file| {
            let name = file.file_name();
            name.to_str()?.strip_prefix("video")?.parse::<u32>().ok()
        });
        numbers
            .filter_map(|number| {
                let known = Known {
                    name: line(&format!("{CLASS}/video{number}/name"))?,
                    serial: serial(number),
                    port: port(number),
                    node: node(number),
                };
                Some((CameraId::Index(number), known))
            })
            .collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{CameraId, Known};

    // What the system tells of a camera besides its name is what it calls its path: unique on macOS and
    // on Windows, and the same after it comes back.
    pub fn serial(_: u32) -> Option<String> {
        None
    }

    pub fn node(_: u32) -> Option<String> {
        None
    }

    pub fn port(_: u32) -> Option<String> {
        None
    }

    pub fn present() -> Vec<(CameraId, Known)> {
        let cameras = crate::capture::camera::present().unwrap_or_default();
        let known = |camera: &_| Known::of(camera);
        let id = |index| CameraId::Index(index);
        cameras.iter().map(|c| (id(c.index), known(c))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(name: &str, serial: &str, port: &str) -> Known {
        let text = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        Known {
            name: name.to_owned(),
            serial: text(serial),
            port: text(port),
            node: text("0"),
        }
    }

    fn found(known: &Known, present: &[Known]) -> Option<u32> {
        let numbered = (0..).map(CameraId::Index).zip(present.iter().cloned());
        match known.find(&numbered.collect::<Vec<_>>())? {
            CameraId::Index(number) => Some(number),
            CameraId::Path(_) => None,
        }
    }

    #[test]
    fn it_is_known_by_its_serial_number_wherever_it_is_plugged_in() {
        let ours = camera("Cam", "A1", "1-1:1.0");
        let other = camera("Cam", "B2", "1-1:1.0");
        let moved = camera("Cam", "A1", "2-4:1.0");
        assert_eq!(found(&ours, &[other.clone(), moved]), Some(1));
        assert_eq!(found(&ours, &[other]), None);
    }

    #[test]
    fn without_a_serial_number_its_place_decides_between_two() {
        let ours = camera("Cam", "", "1-1:1.0");
        let twin = camera("Cam", "", "1-2:1.0");
        assert_eq!(found(&ours, &[twin.clone(), ours.clone()]), Some(1));
        // Plugged in elsewhere, it is the only one of its name.
        assert_eq!(found(&ours, std::slice::from_ref(&twin)), Some(0));
        let third = camera("Cam", "", "1-3:1.0");
        assert_eq!(found(&ours, &[twin, third]), None, "either could be it");
        assert_eq!(found(&ours, &[camera("Else", "", "1-1:1.0")]), None);
        assert_eq!(found(&ours, &[]), None);
    }
}
