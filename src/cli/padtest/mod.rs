//! `liveness padtest`: attack the program, and count who is let in.
mod files;
mod tables;

use std::{collections::BTreeSet, path::PathBuf, thread};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use liveness::{
    capture::puppet::{Given, Kind},
    challenge::{Rules, Strength},
    padtest::{self, Job, Outcome, Plan, Report, Shard, Subject, Trial},
    time::Clock,
};
use serde::{Deserialize, Serialize};

use super::{
    Common,
    exit::Exit,
    input::Looking,
    out::{print_json, print_line, print_text, say},
    plot::rates,
    png, stop,
};
use files::{Recordings, merge};

/// Attack the program, and count who is let in.
///
/// Sessions run on the real chain in virtual time, on every core. Attacks and people are made from the
/// built-in portraits, so the figures tell how the program stands against these, and no more; give
/// --recordings for real ones. APCER is the share of attacks let in, told for each kind; BPCER the
/// share of people turned away; sessions without a decision are counted apart. Bounds are exact ones
/// at 95 % (Clopper and Pearson).
///
/// 20 sessions of every kind take about ten minutes on two cores. Ctrl-C ends a run early and tells
/// what it has. Every wrong decision is named in the end, with the flags that run it again alone.
#[derive(Args, Debug)]
pub struct Padtest {
    /// Run N sessions of each kind; of each recording, N with random scripts [default: 20, and 3].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    sessions: Option<u32>,
    /// Run these kinds alone [default: all].
    #[arg(long, value_name = "LIST", value_delimiter = ',', long_help = kinds())]
    kinds: Vec<String>,
    /// Repeat a run exactly.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Ask as much as `challenge` does at this strength: low, standard or high.
    #[arg(long, value_name = "HOW", default_value_t)]
    strength: Strength,
    /// Ask N random steps, as `challenge` does [default: as the strength says].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=10))]
    steps: Option<u8>,
    /// Fix conditions that are drawn for each session otherwise, such as face_px=60,fps=15: sitter,
    /// face_px, light, gain, glasses, fps, jitter, blur, smear, tempo.
    #[arg(
        long,
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        conflicts_with = "recordings"
    )]
    under: Vec<Given>,
    /// Keep what was read in each session that was decided wrongly in DIR/KIND-NUMBER.jsonl, for `liveness
    /// replay`.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Run only session number I of each kind, as a wrong decision is named.
    #[arg(long, value_name = "I")]
    only: Option<u32>,
    /// Run the K-th of N equal parts; --merge puts what they print together.
    #[arg(long, value_name = "K/N", default_value_t)]
    shard: Shard,
    /// Run nothing: put together what runs with --json have printed to these files.
    #[arg(long, value_name = "FILES", num_args = 1..,
          conflicts_with_all = ["sessions", "kinds", "seed", "strength", "steps", "keep", "only", "shard", "recordings", "under"])]
    merge: Vec<PathBuf>,
    /// Attack with recordings instead: a folder a kind, holding videos or folders of pictures; the
    /// one named bona_fide holds people. A recording hears no question: it meets a
    /// random script by luck alone, and one that is over before the session is counts as no decision.
    #[arg(long, value_name = "DIR")]
    recordings: Option<PathBuf>,
    /// Print one JSON object a session; the last one is the result.
    #[arg(long)]
    json: bool,
    /// Draw the rates with their bounds to a PNG.
    #[arg(long, value_name = "OUT.png")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    looking: Looking,
}

/// What --help says of --kinds.
fn kinds() -> String {
    format!(
        "Run these kinds alone, with commas between them [default: all]: {}; with --recordings, its folders by their \
         names",
        Kind::names()
    )
}

/// What a run was to be: the first line of `--json`. Only runs that agree in this can be merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Facts {
    strength: String,
    seed: u64,
    steps: u8,
    recordings: bool,
    /// Conditions that are fixed, as they were typed.
    #[serde(default)]
    under: Vec<String>,
}

/// One line of `padtest --json`.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Plan {
        #[serde(flatten)]
        facts: Facts,
        shard: String,
        sessions: usize,
    },
    Session(Outcome),
}

/// The last line of `padtest --json`.
#[derive(Serialize)]
struct ResultLine<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    facts: &'a Facts,
    /// Whether the run was broken off, or is one part of several.
    partial: bool,
    #[serde(flatten)]
    report: &'a Report,
}

/// What sessions are run on.
enum Material {
    Staged,
    Recordings(Recordings),
}

impl Padtest {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        if let Some(out) = &self.plot {
            png::check_writable(out)?;
        }
        if !self.merge.is_empty() {
            let (facts, outcomes, whole) = merge(&self.merge)?;
            self.tell(&facts, &outcomes, !whole)?;
            return Ok(Exit::Done);
        }
        let material = match &self.recordings {
            Some(folder) => Material::Recordings(Recordings::in_folder(folder)?),
            None => Material::Staged,
        };
        let facts = Facts {
            strength: self.strength.to_string(),
            seed: self.seed,
            steps: self.steps(),
            recordings: self.recordings.is_some(),
            under: self.under.iter().map(Given::to_string).collect(),
        };
        let mut fixed = BTreeSet::new();
        if let Some(twice) = self.under.iter().find(|given| !fixed.insert(&given.name)) {
            bail!("--under gives {} twice: leave one out", twice.name);
        }
        let jobs = self.plan(&material)?.jobs();
        ensure!(
            !jobs.is_empty(),
            "nothing to run: there are fewer sessions than parts, and none is in part {}",
            self.shard
        );
        if self.json {
            print_json(&Line::Plan {
                facts: facts.clone(),
                shard: self.shard.to_string(),
                sessions: jobs.len(),
            })?;
        }
        let outcomes = self.play(&jobs, &material, common)?;
        let stopped = outcomes.len() < jobs.len();
        self.tell(&facts, &outcomes, stopped || self.shard.of > 1)?;
        if stopped {
            say(format_args!(
                "stopped after {} of {} sessions",
                outcomes.len(),
                jobs.len()
            ));
        }
        Ok(if stopped { Exit::Cancelled } else { Exit::Done })
    }

    fn steps(&self) -> u8 {
        let usual = u8::try_from(self.strength.steps()).unwrap_or(u8::MAX);
        self.steps.unwrap_or(usual)
    }

    fn plan(&self, material: &Material) -> anyhow::Result<Plan> {
        let all: Vec<(String, u32)> = match material {
            Material::Staged => {
                let sessions = self.sessions.unwrap_or(20);
                let names = Kind::ALL.iter().map(|kind| kind.name().to_owned());
                names.map(|name| (name, sessions)).collect()
            }
            Material::Recordings(recordings) => recordings.counts(self.sessions.unwrap_or(3)),
        };
        for kind in &self.kinds {
            let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
            ensure!(
                names.contains(&kind.as_str()),
                "unknown kind {kind:?}; kinds are {}",
                names.join(", ")
            );
        }
        let is_wanted = |name: &String| self.kinds.is_empty() || self.kinds.contains(name);
        Ok(Plan {
            kinds: all
                .into_iter()
                .filter(|(name, _)| is_wanted(name))
                .collect(),
            seed: self.seed,
            shard: self.shard,
            only: self.only,
        })
    }

    fn play(
        &self,
        jobs: &[Job],
        material: &Material,
        common: &Common,
    ) -> anyhow::Result<Vec<Outcome>> {
        let trial = Trial {
            rules: Rules::of(self.strength),
            steps: self.steps().into(),
            given: self.under.clone(),
            keep: self.keep.clone(),
            params: self.looking.session_params(),
            models: common.models.clone(),
            options: self.looking.options(),
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let stop = stop::signal()?;
        let clock = Clock::start();
        let bar = progress(jobs.len());
        let mut wrong = 0;
        let done = |outcome: Option<&Outcome>| {
            if let Some(outcome) = outcome {
                wrong += u32::from(outcome.is_wrong());
                bar.set_message(format!("{wrong} wrong"));
                bar.inc(1);
            } else {
                bar.tick();
            }
            stop.try_recv().is_err()
        };
        let work = |job: &Job, go_on: &dyn Fn() -> bool| {
            let subject = match material {
                Material::Staged => job.kind.parse().map(Subject::Staged).ok(),
                Material::Recordings(recordings) => recordings.of(job).map(Subject::Recording),
            };
            match subject {
                Some(subject) => trial.run(job, &subject, go_on),
                None => Ok(None),
            }
        };
        let outcomes = padtest::run(jobs, threads, work, done)?;
        bar.finish_and_clear();
        let seconds = clock.now().as_millis_f64() / 1e3;
        say(format_args!(
            "{} sessions in {seconds:.0} s on {threads} threads",
            outcomes.len()
        ));
        Ok(outcomes)
    }

    /// Says what a run came to.
    fn tell(&self, facts: &Facts, outcomes: &[Outcome], partial: bool) -> anyhow::Result<()> {
        let report = Report::new(outcomes);
        if let Some(out) = &self.plot {
            let title = tables::title(facts, partial);
            png::save(&rates::draw(&title, &report)?, out)?;
        }
        if !self.json {
            print_text(tables::text(facts, &report, partial).as_bytes())?;
            for wrong in &report.wrong {
                print_line(tables::wrong(facts, wrong))?;
            }
            return Ok(());
        }
        for outcome in outcomes {
            print_json(&Line::Session(outcome.clone()))?;
        }
        print_json(&ResultLine {
            r#type: "result",
            facts,
            partial,
            report: &report,
        })
        .context("the result was not printed")
    }
}

/// Sessions done, and how long the others will take, while a person watches.
fn progress(sessions: usize) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{bar:30} {human_pos} of {human_len} sessions, {msg}, {eta} left",
    );
    let bar = ProgressBar::new(sessions as u64).with_message("0 wrong");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
