//! Everything that can go wrong in the library, one variant per thing the reader can do about it.
use std::path::PathBuf;

/// A foreign error, boxed so that no foreign type is part of our API.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Everything that can go wrong in the library.
///
/// Texts are lower case, without a full stop: what failed, which one, and the way out if known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The camera would not open, or stopped: check the cable, the number, other programs.
    #[error("camera {camera} failed: {source}")]
    Camera {
        /// Number or path, as given.
        camera: String,
        /// Why, and what to do.
        source: Cause,
    },
    /// A picture, folder or recording cannot be read: check the file.
    #[error("cannot read {what}: {source}")]
    Source {
        /// The file or folder, as given.
        what: String,
        /// Why, and what to do.
        source: Cause,
    },
    /// A picture or recording does not show one face that can be compared: take another.
    #[error("cannot tell who is in {what}: {source}")]
    Face {
        /// The picture or source, as given.
        what: String,
        /// Why, and what would do.
        source: Cause,
    },
    /// A network is missing, damaged, or not the one this version was built for.
    #[error("cannot use network {net} from {origin}: {source}")]
    Model {
        /// File name of the network.
        net: &'static str,
        /// Its path, or "the program itself".
        origin: String,
        /// Why.
        source: Cause,
    },
    /// The log cannot be written or read: choose another place or make room.
    #[error("log {path:?}: {source}")]
    Log {
        /// Which log.
        path: PathBuf,
        /// Why.
        source: Cause,
    },
    /// The log was changed, or does not fit the key: `liveness log verify` names what is wrong.
    #[error("log {path:?} is not what was written: {source}")]
    Integrity {
        /// Which log.
        path: PathBuf,
        /// What is wrong, and the way out.
        source: Cause,
    },
    /// The key that signs the log cannot be used: see to its file.
    #[error("key {path:?}: {source}")]
    Key {
        /// The key's file.
        path: PathBuf,
        /// Why, and the way out if known.
        source: Cause,
    },
    /// A template cannot be written, read or deleted, or there is none of that name.
    #[error("template {path:?}: {source}")]
    Templates {
        /// Which file or folder.
        path: PathBuf,
        /// Why, and the way out if known.
        source: Cause,
    },
    /// A template is damaged, or of another network: enroll the person again.
    #[error("template {name} cannot be used: {source}")]
    Template {
        /// Whose.
        name: String,
        /// Why.
        source: Cause,
    },
    /// No window can be shown: run with `--headless`, or give the program a display.
    #[error("cannot show a window: {source}")]
    Window {
        /// Why.
        source: Cause,
    },
    /// A thread of the program broke down; what it said is on standard error. A mistake of ours or of a
    /// driver: report it.
    #[error("the {thread} thread broke down: its last words are above; please report them")]
    Panic {
        /// Which thread.
        thread: &'static str,
    },
    /// The operating system refused something the program cannot do without.
    #[error("the operating system refused {what}: {source}")]
    System {
        /// What was asked of it.
        what: &'static str,
        /// Why.
        source: Cause,
    },
}

impl Error {
    /// An [`Error::Camera`].
    pub fn camera(camera: impl ToString, source: impl Into<Cause>) -> Self {
        Self::Camera {
            camera: camera.to_string(),
            source: source.into(),
        }
    }

    /// An [`Error::Source`].
    pub fn source(what: impl ToString, source: impl Into<Cause>) -> Self {
        Self::Source {
            what: what.to_string(),
            source: source.into(),
        }
    }
}
