//! Which camera is it, and is it one at all? What the system tells of it, without opening it.
use std::{
    fs,
    path::{Path, PathBuf},
};

use super::CameraId;

/// Where Linux describes its cameras.
const SYSTEM: &str = "/sys/class/video4linux";
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
    look_up_in(Path::new(SYSTEM), camera)
}

fn look_up_in(system: &Path, camera: &CameraId) -> Option<Identity> {
    let node = match camera {
        CameraId::Index(number) => format!("video{number}"),
        CameraId::Path(path) => {
            let device = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
            device.file_name()?.to_str()?.to_owned()
        }
    };
    let entry = system.join(node);
    let name = fs::read_to_string(entry.join("name")).ok()?;
    let name = name.trim();
    // The device that the camera belongs to; one of software alone has none, or a made-up one.
    let device = fs::canonicalize(entry.join("device")).ok();
    let place = device.as_deref().and_then(Path::file_name);
    let driver = device
        .as_deref()
        .and_then(|device| fs::canonicalize(device.join("driver")).ok());
    let driver = driver.as_deref().and_then(Path::file_name);
    let of_software = |driver: &std::ffi::OsStr| DRIVERS.iter().any(|known| driver == *known);
    let lower = name.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let is_virtual = match fs::canonicalize(&entry) {
        Ok(real) => real.components().any(|part| part.as_os_str() == "virtual"),
        Err(_) => false,
    };
    Some(Identity {
        name: match place {
            Some(place) => format!("{name} ({})", place.display()),
            None => name.to_owned(),
        },
        is_virtual: is_virtual
            || driver.is_some_and(of_software)
            || words.any(|word| NAMES.contains(&word)),
    })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

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
        let look = |number| look_up_in(&root.join("class"), &CameraId::Index(number));
        let flags = [0, 1, 2, 3, 4].map(|n| look(n).unwrap().is_virtual);
        assert_eq!(flags, [false, true, true, true, false]);
        assert_eq!(look(0).unwrap().name, "Integrated Camera (1-4:1.0)");
        assert_eq!(look(9), None);
        let path = CameraId::Path("/dev/video4".to_owned());
        let tiny = look_up_in(&root.join("class"), &path).unwrap();
        assert_eq!(tiny.name, "OBSBOT Tiny (1-6:1.0)");
    }
}
