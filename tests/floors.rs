//! Keeps the tree in order: imports point down, each foreign crate and `unsafe` have one place,
//! no file grows past reading. Plain text search; the last tests show that it catches offenders.
#![allow(clippy::unwrap_used)]
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Lowest first. A module may name `crate::` modules of lower floors only, never a neighbour.
const FLOORS: &[&[&str]] = &[
    &["time", "geometry", "median", "error", "files", "step"],
    &["frame", "entropy", "thread"],
    &["face", "nn"],
    &["capture", "mtcnn", "mesh", "parallax", "passive"],
    &["signal", "observation", "identity"],
    &["track"],
    &["gesture"],
    &["reading"],
    &["challenge"],
    &["record", "pipeline"],
    &["session", "store", "templates"],
    &["view", "padtest"],
    &["cli"],
];

/// The one place of each foreign crate: a file, a folder, or (`*`) any one file.
const PLACES: &[(&str, &str)] = &[
    ("age", "cli/still.rs"),
    ("ed25519_dalek", "store/key/"),
    ("fast_image_resize", "mtcnn/resample.rs"),
    ("fontdue", "view/text.rs"),
    ("fs4", "cli/doctor/"),
    ("getrandom", "entropy.rs"),
    ("half", "nn/kernels/"),
    ("jiff", "*"),
    ("minifb", "view/window/pane.rs"),
    ("nix", "capture/worker.rs"),
    ("nokhwa", "capture/camera.rs"),
    ("plotters", "cli/plot/"),
    ("rusqlite", "store/sqlite/"),
    ("signal_hook", "capture/worker.rs"),
    ("statrs", "padtest/interval.rs"),
    ("tract_onnx", "nn/"),
    ("wide", "nn/kernels/vector/portable.rs"),
    ("x11_dl", "view/window/xlib.rs"),
    ("zune_jpeg", "capture/pixels.rs"),
];

/// The only places where `unsafe` may stand: the kernels, and one file of platform glue.
const UNSAFE_PLACES: [&str; 2] = ["nn/kernels/", "view/window/xlib.rs"];

/// A file that is longer holds two things.
const MAX_LINES: usize = 400;

/// A source file: its path below `src/`, and its text without comments.
struct File {
    path: String,
    code: String,
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        let code = text.lines().filter(|l| !l.trim_start().starts_with("//"));
        Self {
            path: path.to_owned(),
            code: code.collect::<Vec<_>>().join("\n"),
        }
    }

    /// The module at the crate's root that this file belongs to.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.trim_end_matches(".rs")
    }

    /// Whether `super` is the crate's root here (outside a nested `mod tests`).
    fn is_module_root(&self) -> bool {
        self.path == format!("{}.rs", self.module())
            || self.path == format!("{}/mod.rs", self.module())
    }
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|names| names.contains(&module))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn first_word(text: &str) -> &str {
    text.trim_start().split(|c| !is_word(c)).next().unwrap()
}

/// The modules named right behind `crate::`: one, or each one of a list in braces.
fn roots_named(path: &str) -> Vec<&str> {
    let Some(list) = path.strip_prefix('{') else {
        return vec![first_word(path)];
    };
    let mut names = vec![first_word(list)];
    let mut depth = 1;
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(first_word(&list[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The imports of `file` that do not point down.
fn wrong_imports(file: &File) -> Vec<String> {
    let module = file.module();
    let mut wrong = vec![];
    let parts = file.code.split("crate::").skip(1);
    for name in parts.flat_map(roots_named) {
        let down = name == module || floor(name).is_some_and(|f| Some(f) < floor(module));
        if !down {
            wrong.push(format!("{}: `{module}` may not use `{name}`", file.path));
        }
    }
    // Written from the crate's root instead, an import would pass by unseen.
    let by_super =
        |line: &str| line.starts_with("use super::") || line.starts_with("pub use super");
    let reaches_root = file.is_module_root() && file.code.lines().any(by_super);
    if reaches_root || file.code.contains("super::super::") {
        wrong.push(format!("{}: say `crate::`, not `super::`", file.path));
    }
    wrong
}

/// The files that name `foreign` outside its place.
fn misplaced<'a>(files: &'a [File], foreign: &str, place: &str) -> Vec<&'a str> {
    let path = format!("{foreign}::");
    let naming = files.iter().filter(|file| {
        let mut hits = file.code.match_indices(&path);
        hits.any(|(at, _)| !file.code[..at].ends_with(is_word))
    });
    let paths = naming.map(|file| file.path.as_str());
    if place == "*" {
        paths.skip(1).collect()
    } else {
        paths.filter(|path| !path.starts_with(place)).collect()
    }
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

fn paths_in(folder: &str) -> Vec<PathBuf> {
    let mut found = vec![];
    rust_files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        &mut found,
    );
    found
}

fn sources() -> Vec<File> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&src).unwrap().to_str().unwrap();
        File::new(
            &name.replace('\\', "/"),
            &fs::read_to_string(&path).unwrap(),
        )
    };
    paths_in("src").into_iter().map(read).collect()
}

#[test]
fn imports_point_down() {
    let files = sources();
    assert!(files.len() > 40, "found only {} files", files.len());
    let modules = files
        .iter()
        .filter(|f| !["lib", "main"].contains(&f.module()));
    let mut wrong = vec![];
    for file in modules {
        assert!(
            floor(file.module()).is_some(),
            "put `{}` on a floor",
            file.module()
        );
        wrong.extend(wrong_imports(file));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_foreign_crate_has_one_place() {
    let files = sources();
    for (foreign, place) in PLACES {
        let wrong = misplaced(&files, foreign, place);
        assert!(
            wrong.is_empty(),
            "`{foreign}` belongs to {place}, not to {wrong:?}"
        );
    }
}

#[test]
fn unsafe_has_its_places() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|f| f.code.contains("unsafe"))
        .filter(|f| !UNSAFE_PLACES.iter().any(|place| f.path.starts_with(place)))
        .map(|f| f.path)
        .collect();
    assert!(
        wrong.is_empty(),
        "no unsafe code outside {UNSAFE_PLACES:?}: {wrong:?}"
    );
}

#[test]
fn files_are_short() {
    let folders = ["src", "tests", "benches", "examples"];
    for path in folders.into_iter().flat_map(paths_in) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= MAX_LINES, "{}: {lines} lines", path.display());
    }
}

fn wrong(path: &str, text: &str) -> usize {
    wrong_imports(&File::new(path, text)).len()
}

#[test]
fn an_import_that_points_up_is_caught() {
    assert_eq!(wrong("track.rs", "use crate::session::Session;"), 1);
    assert_eq!(
        wrong(
            "challenge/mod.rs",
            "use crate::{\n    step::Step,\n    view,\n};"
        ),
        1
    );
    assert_eq!(
        wrong("challenge/guide.rs", "let s = crate::session::open();"),
        1
    );
    assert_eq!(
        wrong("mtcnn/onet.rs", "use crate::mesh::Mesh;"),
        1,
        "a neighbour"
    );
    assert_eq!(
        wrong("mtcnn/onet.rs", "use crate::nowhere::Thing;"),
        1,
        "on no floor"
    );
    assert_eq!(wrong("signal.rs", "use super::session::Session;"), 1);
    assert_eq!(
        wrong("mtcnn/onet.rs", "use super::super::session::Session;"),
        1
    );
}

#[test]
fn an_import_that_points_down_is_fine() {
    let down = "use crate::{error::{Cause, Error}, geometry::BBox};\nuse super::candidate::nms;";
    assert_eq!(wrong("mtcnn/onet.rs", down), 0);
    assert_eq!(
        wrong(
            "track.rs",
            "/// See [`crate::session`].\nuse crate::track::Track;"
        ),
        0
    );
    assert_eq!(wrong("track.rs", "mod tests {\n    use super::*;\n}"), 0);
}

#[test]
fn a_foreign_crate_out_of_place_is_caught() {
    let files = [
        File::new("view/window.rs", "use minifb::Window;"),
        File::new("cli/demo.rs", "fn f(key: minifb::Key) {}"),
        File::new("cli/log.rs", "// minifb::Key\nuse no_minifb::Key;"),
    ];
    assert_eq!(
        misplaced(&files, "minifb", "view/window.rs"),
        ["cli/demo.rs"]
    );
    assert_eq!(misplaced(&files, "minifb", "view/"), ["cli/demo.rs"]);
    assert_eq!(misplaced(&files, "minifb", "*").len(), 1);
}
