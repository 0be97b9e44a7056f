//! Files that are there whole or not at all, and that nobody else reads.
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

/// Makes the folder where there is none, for its owner alone.
///
/// # Errors
///
/// The system's own.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Writes a file that only its owner reads and waits until the disk has it. It has no right name yet.
///
/// # Errors
///
/// The system's own.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Replaces a file, or makes it: whoever reads meanwhile finds the old one or the new one, whole. On
/// Unix nobody but the owner reads it.
///
/// # Errors
///
/// The system's own; the old file is then still there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Hidden, and of this process alone.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let done = write_private(&new, bytes).and_then(|()| fs::rename(&new, path));
    if done.is_err() {
        // It may hold a secret.
        let _ = fs::remove_file(&new);
    } else {
        sync_folder_of(path);
    }
    done
}

/// Makes a new or missing name in the folder durable. Not every system can open a folder, so a refusal
/// is no error.
pub fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// [`sync_folder`] of the folder that `path` lies in.
pub fn sync_folder_of(path: &Path) {
    sync_folder(folder_of(path));
}

/// The folder that `path` lies in.
pub fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}
