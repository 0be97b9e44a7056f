//! Small texts: templates, keys, and what flags take. First byte: which.
#![no_main]
mod scratch;

use std::{fs, path::PathBuf, str, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use liveness::{
    capture::{CameraId, Source, puppet},
    padtest,
    step::Step,
    store::{Key, PublicKey},
    templates::{Name, Reference, Templates},
};

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| scratch::folder("texts"));
static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::open(&FOLDER, None).unwrap());

fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else {
        return;
    };
    match which % 4 {
        0 => {
            fs::write(FOLDER.join("ada.json"), bytes).unwrap();
            if let Ok(template) = TEMPLATES.load(&"ada".parse().unwrap()) {
                let own = &template.embedding;
                assert!(own.distance(own) == 0.0, "a face is like itself");
            }
        }
        1 => {
            use std::os::unix::fs::PermissionsExt as _;
            let path = FOLDER.join("log.key");
            let _ = fs::remove_file(&path);
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let _ = Key::read(&path);
        }
        _ => {
            let Ok(text) = str::from_utf8(bytes) else {
                return;
            };
            if let Ok(source) = text.parse::<Source>() {
                assert_eq!(source.to_string().parse::<Source>().unwrap(), source);
            }
            let _ = text.parse::<CameraId>();
            if let Ok(name) = text.parse::<Name>() {
                assert!(!name.as_str().contains(['/', '\\']) && !name.as_str().starts_with('.'));
            }
            let _ = text.parse::<Reference>();
            let _ = text.parse::<PublicKey>();
            let _ = text.parse::<Step>();
            let _ = text.parse::<padtest::Shard>();
            let _ = text.parse::<puppet::Given>();
            let _ = text.parse::<puppet::Kind>();
        }
    }
});
