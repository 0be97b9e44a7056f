//! How well faces are told apart, on pairs of pictures: LFW's View 2 and whatever is listed like it.
//!
//! `cargo run --release --example pairs -- FOLDER PAIRS.csv`
//!
//! The table has a line `a,b,same` for each pair: two names of pictures in FOLDER, and 1 for one person,
//! 0 for two.
#![expect(clippy::print_stdout, reason = "it prints what it measured")]
use std::{collections::HashMap, fs, path::Path};

use anyhow::{Context as _, ensure};
use liveness::identity::{Crowd, Embedding, Portraits, THRESHOLD};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, pairs] = args.as_slice() else {
        anyhow::bail!("usage: pairs FOLDER PAIRS.csv");
    };
    let text = fs::read_to_string(pairs).with_context(|| pairs.clone())?;
    let mut portraits = Portraits::load(None)?;
    let mut known: HashMap<String, Embedding> = HashMap::new();
    let (mut same, mut different) = (vec![], vec![]);
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [a, b, is_same] = fields.as_slice() else {
            anyhow::bail!("{line:?} is no pair");
        };
        for name in [a, b] {
            if !known.contains_key(*name) {
                let path = Path::new(folder).join(name);
                let portrait = portraits.read(&path, Crowd::Middle)?;
                known.insert((*name).to_owned(), portrait.embedding);
            }
        }
        let distance = known[*a].distance(&known[*b]);
        match is_same.trim() {
            "1" => same.push(distance),
            _ => different.push(distance),
        }
    }
    ensure!(
        !same.is_empty() && !different.is_empty(),
        "both kinds of pairs are needed"
    );
    println!(
        "{} pictures, {} pairs of one person, {} of two",
        known.len(),
        same.len(),
        different.len()
    );
    println!("threshold  accuracy  strangers let in  people turned away");
    let mut thresholds = vec![0.5, 0.54, 0.56, 0.6, 0.62];
    thresholds.push(THRESHOLD);
    thresholds.sort_by(f32::total_cmp);
    for threshold in thresholds {
        let in_ = different.iter().filter(|d| **d < threshold).count();
        let away = same.iter().filter(|d| **d >= threshold).count();
        let all = same.len() + different.len();
        let right = 100.0 * (all - in_ - away) as f32 / all as f32;
        let shipped = if threshold == THRESHOLD {
            "  <- shipped"
        } else {
            ""
        };
        println!("{threshold:9.2}  {right:6.2} %  {in_:16}  {away:18}{shipped}");
    }
    Ok(())
}
