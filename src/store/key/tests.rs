use super::*;

#[test]
fn a_key_is_made_once_and_only_its_owner_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/log.key");
    let first = Key::open(&path).unwrap().public();
    assert_eq!(Key::open(&path).unwrap().public(), first);
    assert_eq!(first.to_string().parse(), Ok(first));
    // With its lock.
    assert_eq!(fs::read_dir(dir.path().join("deep")).unwrap().count(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let text = Key::open(&path).unwrap_err().to_string();
        assert!(text.contains("chmod 600"), "{text}");
    }
}

#[test]
fn programs_that_start_at_once_have_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.key");
    let open = || Key::open(&path).unwrap().public();
    let keys = std::thread::scope(|scope| {
        let threads = [0; 8].map(|_| scope.spawn(open));
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(keys, [open(); 8]);
}

#[test]
fn a_key_hands_over_to_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.key");
    let mut key = Key::open(&path).unwrap();
    let old = key.public();
    key.rotate().unwrap();
    key.rotate().unwrap();
    let key = Key::read(&path).unwrap();
    let led = key.since(&old).unwrap();
    assert_eq!((led.len(), led[1].to), (2, key.public()));
    assert!(led.iter().all(Handover::is_signed));
    assert_eq!(key.since(&key.public()), Some(&[][..]));
    let forged = Handover {
        to: old,
        ..led[0].clone()
    };
    assert!(!forged.is_signed());
}

#[test]
fn a_signature_fits_its_bytes_its_purpose_and_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let key = Key::open(&dir.path().join("a")).unwrap();
    let other = Key::open(&dir.path().join("b")).unwrap();
    let signature = key.sign(About::Entry, b"x");
    assert!(key.public().signed(About::Entry, b"x", &signature));
    assert!(!key.public().signed(About::Entry, b"y", &signature));
    assert!(!key.public().signed(About::Head, b"x", &signature));
    assert!(!other.public().signed(About::Entry, b"x", &signature));
    assert!(
        !key.public()
            .signed(About::Entry, b"x", &signature.to_uppercase())
    );
}

#[test]
fn a_damaged_key_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.key");
    files::write_private(&path, b"{\"version\":1}").unwrap();
    let text = Key::open(&path).unwrap_err().to_string();
    assert!(text.contains("damaged"), "{text}");
    assert!("ed25519:00".parse::<PublicKey>().is_err());
}
