//! Files that are there whole or not at all, and that nobody else reads.
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
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

/// Whether there is something, be it that nobody may look at it.
pub fn may_be_there(path: &Path) -> bool {
    !fs::symlink_metadata(path).is_err_and(|why| why.kind() == io::ErrorKind::NotFound)
}

/// Whether a file can be read to its end: a pipe, say, is waited for until somebody writes. A missing one may
/// be made.
///
/// # Errors
///
/// That it is a folder, or of another kind.
pub fn is_ordinary(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => {
            let text = "it is no ordinary file";
            Err(io::Error::new(io::ErrorKind::InvalidInput, text))
        }
        _ => Ok(()),
    }
}

/// How a file is opened that, if it is made, only its owner reads.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a file that only its owner reads and waits until the disk has it. It has no right name yet.
///
/// # Errors
///
/// The system's own; one is that there is such a file, whoever may have put it there.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A file that waits for its name, written and on the disk: what may still fail is the renaming. Dropped,
/// it is gone.
#[derive(Debug)]
pub struct Staged {
    new: PathBuf,
    path: PathBuf,
}

impl Staged {
    /// Writes what is to lie at `path`.
    ///
    /// # Errors
    ///
    /// The system's own.
    pub fn new(path: &Path, bytes: &[u8]) -> io::Result<Self> {
        // Hidden, and of this process alone.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let new = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
        // Of a process of the same number that was killed.
        let _ = fs::remove_file(&new);
        let path = path.to_owned();
        let staged = Self { new, path };
        write_private(&staged.new, bytes)?;
        staged.keep_owner();
        Ok(staged)
    }

    /// Gives it to whom the file belongs whose place it takes: an operator who purges as root must not lock
    /// the kiosk out. Who may not give files away owned the old one, as a rule.
    #[cfg(unix)]
    fn keep_owner(&self) {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let owner = |path| fs::metadata(path).map(|file| (file.uid(), file.gid()));
        if let (Ok(old), Ok(new)) = (owner(&self.path), owner(&self.new))
            && old != new
        {
            let _ = chown(&self.new, Some(old.0), Some(old.1));
        }
    }

    #[cfg(not(unix))]
    fn keep_owner(&self) {}

    /// Gives it its name: whoever reads meanwhile finds the old file or the new one, whole.
    ///
    /// # Errors
    ///
    /// The system's own; the old file is then still there.
    pub fn commit(self) -> io::Result<()> {
        fs::rename(&self.new, &self.path)?;
        sync_folder_of(&self.path);
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // It may hold a secret.
        let _ = fs::remove_file(&self.new);
    }
}

/// Replaces a file, or makes it: whoever reads meanwhile finds the old one or the new one, whole. On
/// Unix nobody but the owner reads it.
///
/// # Errors
///
/// The system's own; the old file is then still there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    Staged::new(path, bytes)?.commit()
}

/// Deletes what those have left who were killed while they replaced this file. For whoever knows that
/// nobody does so now.
pub fn sweep(path: &Path) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let begin = format!(".{name}.");
    for entry in fs::read_dir(folder_of(path))
        .into_iter()
        .flatten()
        .flatten()
    {
        let found = entry.file_name();
        let found = found.to_string_lossy();
        let number = found
            .strip_prefix(&begin)
            .and_then(|rest| rest.strip_suffix(".new"));
        if number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_hexdigit())) {
            let _ = fs::remove_file(entry.path());
        }
    }
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

/// The file that a path leads to: what is renamed to the name of a link takes the link's place.
///
/// # Errors
///
/// The system's own, as for links that lead to one another.
pub fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        if !path.is_symlink() {
            return Ok(path);
        }
        path = folder_of(&path).join(fs::read_link(&path)?);
    }
    Err(io::Error::other("its links lead to one another"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_staged_has_its_name_at_last_or_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        drop(Staged::new(&path, b"1").unwrap());
        assert_eq!(names(dir.path()), [""; 0]);
        Staged::new(&path, b"2").unwrap().commit().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt as _, chown};
            // Only root can try this.
            let given = chown(&path, Some(4711), Some(4712)).is_ok();
            Staged::new(&path, b"2").unwrap().commit().unwrap();
            let file = fs::metadata(&path).unwrap();
            assert!(!given || (file.uid(), file.gid()) == (4711, 4712));
            assert_eq!(file.mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read(&path).unwrap(), b"2");
        let staged = Staged::new(&path, b"3").unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(staged.commit().is_err());
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[test]
    fn only_what_was_left_of_this_file_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        let left = [".a.12.new", ".a.0f.new"];
        let others = [
            ".a.b.12.new",
            ".a..new",
            ".a.xy.new",
            ".b.12.new",
            "a",
            "a.12.new",
        ];
        for name in left.iter().chain(&others) {
            fs::write(dir.path().join(name), "").unwrap();
        }
        sweep(&dir.path().join("a"));
        let mut want = others.to_vec();
        want.sort_unstable();
        assert_eq!(names(dir.path()), want);
    }

    #[test]
    #[cfg(unix)]
    fn nothing_is_written_through_a_link_and_links_that_go_round_end() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let [target, link] = ["target", "link"].map(|name| dir.path().join(name));
        fs::write(&target, "mine").unwrap();
        symlink(&target, &link).unwrap();
        assert!(write_private(&link, b"theirs").is_err());
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        assert_eq!(behind_links(&link).unwrap(), target);
        symlink("round", dir.path().join("round")).unwrap();
        assert!(behind_links(&dir.path().join("round")).is_err());
    }
}
