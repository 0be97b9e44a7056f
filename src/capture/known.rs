//! By what a camera is known again: not by its number, which changes when it is plugged in anew.
use super::cameras::{CameraId, CameraInfo};
use super::sysfs::Entry;

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

    /// One that its place alone tells from others of its kind.
    #[cfg(test)]
    pub fn placed(name: &str, port: &str) -> Self {
        Self {
            name: name.to_owned(),
            serial: None,
            port: Some(port.to_owned()),
            node: None,
        }
    }

    /// What the system knows of a camera that is there.
    ///
    /// Besides its name it knows what it calls its path on macOS and on Windows: unique, and the same after
    /// it comes back.
    pub fn of(camera: &CameraInfo) -> Self {
        Self::named(camera.name.clone(), &Entry::of(camera.index))
    }

    fn named(name: String, entry: &Entry) -> Self {
        Self {
            name,
            serial: entry.serial(),
            port: entry.port(),
            node: entry.node(),
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

    /// Whether it is another device file of one of these devices, as the one for metadata that every webcam
    /// has on Linux.
    pub fn is_beside(&self, others: &[Self]) -> bool {
        let device = |known: &Self| (known.port.clone(), known.serial.clone());
        self.port.is_some() && others.iter().any(|other| device(other) == device(self))
    }
}

/// The cameras that are there now. Cheap: nothing is opened.
#[cfg(target_os = "linux")]
pub fn present() -> Vec<(CameraId, Known)> {
    let files = std::fs::read_dir("/dev").into_iter().flatten().flatten();
    let numbers = files.filter_map(|file| {
        let name = file.file_name();
        name.to_str()?.strip_prefix("video")?.parse::<u32>().ok()
    });
    let known = numbers.filter_map(|number| {
        let entry = Entry::of(number);
        let known = Known::named(entry.name()?, &entry);
        Some((CameraId::Index(number), known))
    });
    known.collect()
}

/// The cameras that are there now. Cheap: nothing is opened.
#[cfg(not(target_os = "linux"))]
pub fn present() -> Vec<(CameraId, Known)> {
    let cameras = super::camera::present().unwrap_or_default();
    let known = cameras.iter().map(|camera| {
        let id = CameraId::Index(camera.index);
        (id, Known::of(camera))
    });
    known.collect()
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
    fn device_files_of_one_device_are_told_from_devices() {
        let webcam = camera("Cam", "A1", "1-1:1.0");
        let metadata = Known {
            node: Some("1".to_owned()),
            ..webcam.clone()
        };
        assert!(metadata.is_beside(std::slice::from_ref(&webcam)));
        let twin = camera("Cam", "A1", "1-2:1.0");
        assert!(!twin.is_beside(std::slice::from_ref(&webcam)));
        // Where the system tells nothing, every device file is a camera.
        let nowhere = camera("Cam", "", "");
        assert!(!nowhere.is_beside(std::slice::from_ref(&nowhere)));
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
