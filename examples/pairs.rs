//! How well faces are told apart, on pictures whose people are known: LFW, or any named like it.
//!
//! `cargo run --release --example pairs -- FOLDER PAIRS.csv`: the pairs of a table, which has a line
//! `a,b,same` for each: two names of pictures in FOLDER, and 1 for one person, 0 for two.
//!
//! `cargo run --release --example pairs -- FOLDER`: every picture with every other. NAME_0001.jpg and
//! NAME_0002.jpg show one person.
#![expect(clippy::print_stdout, reason = "it prints what it measured")]
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use liveness::{
    capture::pictures_in,
    identity::{Crowd, Embedding, Portraits, THRESHOLD},
};

/// Thresholds beside the one that is shipped.
const OTHERS: [f32; 5] = [0.5, 0.54, 0.56, 0.6, 0.62];

/// Distances of pairs of one person, and of two.
#[derive(Default)]
struct Distances {
    same: Vec<f32>,
    different: Vec<f32>,
}

impl Distances {
    fn push(&mut self, same: bool, a: &Embedding, b: &Embedding) {
        let of = match same {
            true => &mut self.same,
            false => &mut self.different,
        };
        of.push(a.distance(b));
    }

    fn print(&self, pictures: usize) {
        let (same, different) = (self.same.len(), self.different.len());
        println!("{pictures} pictures, {same} pairs of one person, {different} of two");
        println!("threshold  right     strangers let in   people turned away");
        let mut thresholds = OTHERS.to_vec();
        thresholds.push(THRESHOLD);
        thresholds.sort_by(f32::total_cmp);
        for threshold in thresholds {
            let let_in = self.different.iter().filter(|d| **d < threshold).count();
            let away = self.same.iter().filter(|d| **d >= threshold).count();
            let share = |part: usize, of: usize| 100.0 * part as f64 / of as f64;
            let all = same + different;
            println!(
                "{threshold:9.2}  {:6.2} %  {let_in:6} ({:6.3} %)  {away:6} ({:6.2} %){}",
                share(all - let_in - away, all),
                share(let_in, different),
                share(away, same),
                if threshold.to_bits() == THRESHOLD.to_bits() {
                    "  <- shipped"
                } else {
                    ""
                }
            );
        }
    }
}

fn main() -> anyhow::Result<()> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut portraits = Portraits::load(None)?;
    let mut look = |path: &Path| -> anyhow::Result<Embedding> {
        Ok(portraits.read(path, Crowd::Middle)?.embedding)
    };
    let mut distances = Distances::default();
    let mut known: HashMap<PathBuf, Embedding> = HashMap::new();
    match args.as_slice() {
        [folder] => {
            let pictures = pictures_in(folder)?;
            let faces: Vec<_> = pictures.iter().map(|p| look(p)).collect::<Result<_, _>>()?;
            for (i, a) in faces.iter().enumerate() {
                for (j, b) in faces.iter().enumerate().skip(i + 1) {
                    distances.push(person(&pictures[i]) == person(&pictures[j]), a, b);
                }
            }
            distances.print(faces.len());
        }
        [folder, table] => {
            let text = fs::read_to_string(table);
            let text = text.with_context(|| table.display().to_string())?;
            for line in text.lines().skip(1) {
                let fields: Vec<&str> = line.split(',').collect();
                let [a, b, same] = fields.as_slice() else {
                    bail!("{line:?} is no pair");
                };
                let (a, b) = (folder.join(a), folder.join(b));
                for path in [&a, &b] {
                    if !known.contains_key(path) {
                        known.insert(path.clone(), look(path)?);
                    }
                }
                distances.push(same.trim() == "1", &known[&a], &known[&b]);
            }
            distances.print(known.len());
        }
        _ => bail!("usage: pairs FOLDER [PAIRS.csv]"),
    }
    let both = !distances.same.is_empty() && !distances.different.is_empty();
    ensure!(both, "both kinds of pairs are needed");
    Ok(())
}

/// The name of a picture without its number.
fn person(path: &Path) -> Option<&str> {
    path.file_stem()?
        .to_str()?
        .rsplit_once('_')
        .map(|(name, _)| name)
}
