//! Which camera is it, and is it one at all? What the system tells of it, without opening it.
use std::{fs, path::PathBuf};

use super::CameraId;
use super::sysfs::Entry;

/// Drivers of cameras that are made of software, and words in the names that they give themselves.
const DRIVERS: [&str; 6] = [
    "v4l2loopback",
    "vivid",
    "vimc",
    "vim2m",
    "akvcam",
    "dummy_hcd",
];
const NAMES: [&str; 10] = [
    "virtual",
    "loopback",
    "v4l2loopback",
    "obs",
    "vivid",
    "dummy",
    "akvcam",
    "droidcam",
    "manycam",
    "iriun",
];

/// What the system tells of a camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name, and where it is plugged in where the system says so.
    pub name: String,
    /// Whether it is made of software: its pictures come from a program. A camera that hides this from the
    /// system is not found out.
    pub is_virtual: bool,
}

/// Looks up a camera; `None` where the system tells nothing of it: there is no such camera, or this is not
/// Linux.
pub fn look_up(camera: &CameraId) -> Option<Identity> {
    let entry = match camera {
        CameraId::Index(number) => Entry::of(*number),
        CameraId::Path(path) => Entry::named(&file_of(path)?),
    };
    identify(&entry)
}

/// The device file that a path means, which may be a link to one.
fn file_of(path: &str) -> Option<String> {
    let device = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    Some(device.file_name()?.to_str()?.to_owned())
}

fn identify(entry: &Entry) -> Option<Identity> {
    let name = entry.name()?;
    let lower = name.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let of_software = |driver: String| DRIVERS.contains(&driver.as_str());
    let is_virtual = entry.is_among_virtual()
        || entry.driver().is_some_and(of_software)
        || words.any(|word| NAMES.contains(&word));
    let name = match entry.port() {
        Some(port) => format!("{name} ({port})"),
        None => name,
    };
    Some(Identity { name, is_virtual })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    /// A camera as Linux describes it: in `/sys/devices/PLACE/video4linux/videoN`, and a link to it.
    fn camera(root: &Path, number: u32, place: &str, driver: Option<&str>, name: &str) {
        let device = root.join("devices").join(place);
        let node = device.join("video4linux").join(format!("video{number}"));
        fs::create_dir_all(&node).unwrap();
        fs::write(node.join("name"), format!("{name}\n")).unwrap();
        if let Some(driver) = driver {
            let drivers = root.join("drivers").join(driver);
            fs::create_dir_all(&drivers).unwrap();
            let _ = symlink(drivers, device.join("driver"));
            symlink(&device, node.join("device")).unwrap();
        }
        let class = root.join("class");
        fs::create_dir_all(&class).unwrap();
        symlink(&node, class.join(format!("video{number}"))).unwrap();
    }

    #[test]
    fn cameras_of_software_are_told_from_others() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        camera(
            root,
            0,
            "pci0/usb1/1-4:1.0",
            Some("uvcvideo"),
            "Integrated Camera",
        );
        camera(root, 1, "virtual", None, "Screen capture");
        camera(root, 2, "platform/vivid.0", Some("vivid"), "cap-000-vid");
        camera(
            root,
            3,
            "pci0/usb1/1-5:1.0",
            Some("uvcvideo"),
            "OBS Virtual Camera",
        );
        camera(
            root,
            4,
            "pci0/usb1/1-6:1.0",
            Some("uvcvideo"),
            "OBSBOT Tiny",
        );
        let class = root.join("class");
        let look = |number| identify(&Entry::at(&class, &format!("video{number}")));
        let flags = [0, 1, 2, 3, 4].map(|n| look(n).unwrap().is_virtual);
        assert_eq!(flags, [false, true, true, true, false]);
        assert_eq!(look(0).unwrap().name, "Integrated Camera (1-4:1.0)");
        assert_eq!(look(9), None);
        assert_eq!(look(1).unwrap().name, "Screen capture");
        let file = file_of("/dev/video4").unwrap();
        let tiny = identify(&Entry::at(&class, &file)).unwrap();
        assert_eq!(tiny.name, "OBSBOT Tiny (1-6:1.0)");
    }
}
