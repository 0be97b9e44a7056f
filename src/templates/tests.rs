//! Templates on disk.
use super::*;
use proptest::prelude::*;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn face(value: f32) -> Embedding {
    vec![value; 128].try_into().unwrap()
}

#[test]
fn what_is_saved_is_loaded_listed_and_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let templates = Templates::open(&dir.path().join("deep/er"), None).unwrap();
    assert_eq!(templates.names().unwrap(), []);
    templates.save(&name("li.wei"), face(0.1), 3).unwrap();
    templates.save(&name("ada"), face(0.2), 5).unwrap();
    templates.save(&name("ada"), face(0.3), 1).unwrap();
    let ada = templates.load(&name("ada")).unwrap();
    assert_eq!((ada.frames, ada.embedding), (1, face(0.3)));
    assert_eq!(templates.names().unwrap(), [name("ada"), name("li.wei")]);
    templates.forget(&name("ada")).unwrap();
    assert_eq!(templates.names().unwrap(), [name("li.wei")]);
    assert!(!templates.has(&name("ada")) && templates.has(&name("li.wei")));
    for error in [
        templates.load(&name("ada")).unwrap_err(),
        templates.forget(&name("ada")).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Templates { .. }));
        assert!(error.to_string().contains("none of that name"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_a_template() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("templates");
    let templates = Templates::open(&folder, None).unwrap();
    templates.save(&name("ada"), face(0.2), 5).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("ada.json")), 0o600);
    let left: Vec<_> = fs::read_dir(&folder).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing but the template is left: {left:?}");
}

#[test]
fn a_template_that_will_not_do_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let templates = Templates::open(dir.path(), None).unwrap();
    templates.save(&name("ada"), face(0.2), 5).unwrap();
    let path = dir.path().join("ada.json");
    let whole = fs::read_to_string(&path).unwrap();
    let swap = |from: &str, to: &str| whole.replacen(from, to, 1);
    for (text, why) in [
        (swap("sha256:", "sha256:00"), "another network made it"),
        (swap("\"version\":1", "\"version\":2"), "a newer liveness"),
        ("{\"version\":9}".to_owned(), "a newer liveness"),
        (whole[..whole.len() / 2].to_owned(), "EOF"),
        (swap("0.2,", ""), "128 numbers, not 127"),
        (String::new(), "EOF"),
    ] {
        fs::write(&path, text).unwrap();
        let error = templates.load(&name("ada")).unwrap_err();
        assert!(matches!(error, Error::Template { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("ada") && text.contains(why), "{text}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "x").unwrap();
    let templates = Templates::open(&dir.path().join("file"), None).unwrap();
    let error = templates.save(&name("ada"), face(0.2), 5).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
    assert!(templates.names().is_err());
}

#[test]
fn a_reference_is_a_picture_or_a_template() {
    let photo = |path: &str| Ok(Reference::Photo(path.into()));
    assert_eq!("id.jpg".parse(), photo("id.jpg"));
    assert_eq!("./template:x".parse(), photo("./template:x"));
    assert_eq!("template:ada".parse(), Ok(Reference::Template(name("ada"))));
    for wrong in ["", "template:", "template:../ada"] {
        assert!(wrong.parse::<Reference>().is_err(), "{wrong}");
    }
}

#[test]
fn names_are_no_paths() {
    for good in ["ada", "Ada_2", "li.wei", "李雷", "k-77", "7"] {
        assert_eq!(name(good).as_str(), good);
    }
    let long = "a".repeat(101);
    for bad in [
        "", ".", "..", ".ada", "-ada", "a/b", "a\\b", "../a", "a b", "a\0", "a\n", "C:", &long,
    ] {
        assert!(bad.parse::<Name>().is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn a_template_stays_in_its_folder(text in any::<String>()) {
        if let Ok(name) = text.parse::<Name>() {
            let folder = Path::new("templates");
            let templates = Templates { folder: folder.into(), model: String::new() };
            let path = templates.path(&name);
            prop_assert_eq!(path.parent(), Some(folder));
        }
    }
}
