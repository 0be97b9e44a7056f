//! `--audit`: one still a session, encrypted. The only file that names age.
use std::{
    fs,
    io::{Cursor, Write as _},
    path::{Path, PathBuf},
    str::FromStr,
};

use age::{Encryptor, Recipient, x25519};
use anyhow::{Context as _, anyhow};
use clap::Args;
use liveness::{
    files,
    frame::Frame,
    record::{WallTime, wall_time},
    store,
};

use super::out::{explain, say};

/// Ending of a still's name.
const ENDING: &str = ".jpg.age";

/// Flags of what is kept for whoever looks into a session afterwards.
#[derive(Args, Clone, Debug)]
pub struct Audit {
    /// Keep one picture of each session, of the face at rest, in DIR/SESSION.jpg.age, encrypted. Without
    /// this flag no picture is kept anywhere.
    #[arg(long, value_name = "DIR", requires = "key")]
    audit: Option<PathBuf>,
    /// Encrypt pictures to this public key, as `age-keygen` prints it: whoever holds the other half, which
    /// need not be on this machine, reads them with `age --decrypt`.
    #[arg(
        id = "key",
        long = "audit-key",
        value_name = "age1...",
        requires = "audit"
    )]
    key: Option<AuditKey>,
    /// Delete pictures in DIR that are older than DAYS, before and after each session [default: keep all].
    #[arg(long, value_name = "DAYS", requires = "audit",
          value_parser = clap::value_parser!(u32).range(1..=36_500))]
    keep: Option<u32>,
}

/// To whom stills are encrypted.
#[derive(Clone)]
struct AuditKey(x25519::Recipient);

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for AuditKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let key = text.parse().map(Self);
        key.map_err(|why| {
            format!("{why}; write the public key that `age-keygen` prints, age1 and 58 letters")
        })
    }
}

impl Audit {
    /// Whether a still is wanted.
    pub fn is_wanted(&self) -> bool {
        self.audit.is_some()
    }

    /// Makes the folder, proves that it can be written, and deletes what is too old.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn prepare(&self) -> anyhow::Result<()> {
        let Some(folder) = &self.audit else {
            return Ok(());
        };
        let probe = folder.join(".probe");
        files::make_private_folder(folder)
            .and_then(|()| files::write_whole(&probe, b""))
            .and_then(|()| fs::remove_file(&probe))
            .with_context(|| {
                let name = folder.display();
                format!("pictures cannot be kept in {name}; name another folder with --audit DIR")
            })?;
        self.tidy(folder);
        Ok(())
    }

    /// Keeps a still of a session; gives sha256 of what was kept, and `None` where there is none. A still
    /// that cannot be kept is said, and costs nobody a verdict.
    pub fn keep(&self, session: &str, still: Option<&Frame>) -> Option<String> {
        let (folder, key) = (self.audit.as_ref()?, self.key.as_ref()?);
        let path = folder.join(format!("{session}{ENDING}"));
        let kept = still.map(|frame| {
            let bytes = encrypted(frame, key)?;
            files::write_whole(&path, &bytes)?;
            anyhow::Ok(store::sha256(&bytes))
        });
        self.tidy(folder);
        match kept? {
            Ok(sum) => Some(sum),
            Err(error) => {
                let name = path.display();
                say(format_args!(
                    "error: the picture {name} was not kept: {}",
                    explain(&error)
                ));
                None
            }
        }
    }

    /// Deletes the still of a session that is not on record.
    pub fn forget(&self, session: &str) {
        if let Some(folder) = &self.audit {
            let _ = fs::remove_file(folder.join(format!("{session}{ENDING}")));
        }
    }

    /// Deletes what is too old, as far as the files themselves say how old they are.
    fn tidy(&self, folder: &Path) {
        let Some(days) = self.keep else { return };
        let limit = i64::from(days) * 86_400;
        let now = wall_time();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let ours = entry.file_name().to_string_lossy().ends_with(ENDING);
            let made = entry.metadata().and_then(|data| data.modified()).ok();
            let made = made.and_then(|made| WallTime::try_from(made).ok());
            let old = made.is_some_and(|made| now.duration_since(made).as_secs() > limit);
            if ours
                && old
                && let Err(error) = fs::remove_file(entry.path())
            {
                let name = entry.path();
                say(format_args!(
                    "error: {} is old and was not deleted: {error}",
                    name.display()
                ));
            }
        }
    }
}

/// A frame as a JPEG that only the key's owner can read.
fn encrypted(frame: &Frame, key: &AuditKey) -> anyhow::Result<Vec<u8>> {
    let mut jpeg = Cursor::new(vec![]);
    frame.image.write_to(&mut jpeg, image::ImageFormat::Jpeg)?;
    let to: &dyn Recipient = &key.0;
    let encryptor = Encryptor::with_recipients(std::iter::once(to)).map_err(|e| anyhow!("{e}"))?;
    let mut bytes = vec![];
    let mut writer = encryptor.wrap_output(&mut bytes)?;
    writer.write_all(jpeg.get_ref())?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Read as _, sync::Arc, time::Duration};

    use liveness::time::Timestamp;

    fn audit(folder: &Path, keep: Option<u32>) -> (Audit, x25519::Identity) {
        let identity = x25519::Identity::generate();
        let audit = Audit {
            audit: Some(folder.to_owned()),
            key: Some(identity.to_public().to_string().parse().unwrap()),
            keep,
        };
        (audit, identity)
    }

    fn frame() -> Arc<Frame> {
        Arc::new(Frame {
            at: Timestamp::default(),
            seq: 0,
            image: image::RgbImage::from_pixel(64, 48, image::Rgb([200, 10, 10])),
        })
    }

    #[test]
    fn only_the_owner_of_the_key_sees_the_still() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("deep/audit");
        let (audit, identity) = audit(&folder, None);
        audit.prepare().unwrap();
        let sum = audit.keep("abc", Some(&frame())).unwrap();
        let bytes = fs::read(folder.join("abc.jpg.age")).unwrap();
        assert_eq!(sum, store::sha256(&bytes));
        assert!(
            !bytes.windows(3).any(|w| w == [0xFF, 0xD8, 0xFF]),
            "no JPEG to be seen"
        );
        let decrypt = |identity: &x25519::Identity| {
            let decryptor = age::Decryptor::new(&bytes[..]).unwrap();
            let mut jpeg = vec![];
            let identity: &dyn age::Identity = identity;
            let mut reader = decryptor.decrypt(std::iter::once(identity)).ok()?;
            reader.read_to_end(&mut jpeg).unwrap();
            Some(jpeg)
        };
        let jpeg = decrypt(&identity).unwrap();
        assert_eq!(image::load_from_memory(&jpeg).unwrap().width(), 64);
        assert!(decrypt(&x25519::Identity::generate()).is_none());
        assert_eq!(audit.keep("none", None), None);
        audit.forget("abc");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[test]
    fn old_stills_are_deleted_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let (audit, _) = audit(dir.path(), Some(2));
        let now = u64::try_from(wall_time().as_second()).unwrap();
        let now = std::time::UNIX_EPOCH + Duration::from_secs(now);
        for (name, days) in [("old.jpg.age", 3), ("new.jpg.age", 1), ("other.txt", 9)] {
            let file = fs::File::create(dir.path().join(name)).unwrap();
            file.set_modified(now - Duration::from_secs(days * 86_400))
                .unwrap();
        }
        audit.prepare().unwrap();
        let mut left: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["new.jpg.age", "other.txt"]);
    }
}
