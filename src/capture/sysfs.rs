//! What Linux tells of a camera in `/sys`, without opening it. The only file that reads there; elsewhere
//! there is no such folder, and nothing is told.
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where Linux describes its cameras.
const CLASS: &str = "/sys/class/video4linux";

/// The folder that describes one device file.
#[derive(Debug)]
pub struct Entry(PathBuf);

impl Entry {
    /// Of `/dev/videoN`.
    pub fn of(number: u32) -> Self {
        Self::at(Path::new(CLASS), &format!("video{number}"))
    }

    /// Of the device file of this name.
    pub fn named(file: &str) -> Self {
        Self::at(Path::new(CLASS), file)
    }

    /// The same below another folder than [`CLASS`].
    pub fn at(class: &Path, file: &str) -> Self {
        Self(class.join(file))
    }

    fn line(&self, file: &str) -> Option<String> {
        let text = fs::read_to_string(self.0.join(file)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// The name it gives itself; `None` where there is no such camera.
    pub fn name(&self) -> Option<String> {
        self.line("name")
    }

    /// The serial number its maker gave it.
    pub fn serial(&self) -> Option<String> {
        self.line("device/../serial")
    }

    /// Which of the device files of one device it is.
    pub fn node(&self) -> Option<String> {
        self.line("index")
    }

    /// Where the device is plugged in, as in `1-3:1.0`; one of software alone is so nowhere, or somewhere
    /// made up.
    pub fn port(&self) -> Option<String> {
        let link = fs::read_link(self.0.join("device")).ok()?;
        Some(link.file_name()?.to_str()?.to_owned())
    }

    /// The name of its driver.
    pub fn driver(&self) -> Option<String> {
        let driver = fs::canonicalize(self.0.join("device/driver")).ok()?;
        Some(driver.file_name()?.to_str()?.to_owned())
    }

    /// Whether the system itself keeps it among what is not plugged in anywhere.
    pub fn is_among_virtual(&self) -> bool {
        let real = fs::canonicalize(&self.0).unwrap_or_default();
        real.components().any(|part| part.as_os_str() == "virtual")
    }
}
