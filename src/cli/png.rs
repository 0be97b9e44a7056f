//! Pictures of our own, written as PNG.
use std::path::Path;

use anyhow::{Context as _, ensure};
use image::{ImageFormat, RgbImage};

/// Writes a PNG.
pub fn save(image: &RgbImage, path: &Path) -> anyhow::Result<()> {
    (image.save_with_format(path, ImageFormat::Png))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Checks, before the long work, that a PNG can be written to `path` in the end.
pub fn check_writable(path: &Path) -> anyhow::Result<()> {
    let is_png = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("png"));
    ensure!(
        is_png,
        "{}: pictures are written as PNG; name it .png",
        path.display()
    );
    let is_new = !path.exists();
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    if is_new {
        // An empty file would pass for a result should the work fail.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_cannot_be_written_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fine = folder.path().join("a.png");
        check_writable(&fine).unwrap();
        assert!(!fine.exists());
        for name in ["a.jpg", "gone/a.png"] {
            let error = check_writable(&folder.path().join(name)).unwrap_err();
            assert!(format!("{error:#}").contains(name), "{error:#}");
        }
    }
}
