//! `liveness soak`: a kiosk's day in virtual time, and whether all went as it must.
mod account;
mod memory;
mod report;
mod scratch;
mod tables;

use std::{collections::BTreeSet, time::Duration};

use anyhow::ensure;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use liveness::{
    capture::{
        Source,
        puppet::{Day, Mishaps, Visits},
    },
    challenge::{Reason, Verdict},
    entropy::Repeatable,
    session::Event,
    store,
    time::{Clock, Timestamp},
};

use super::{
    Common,
    ask::Terms,
    exit::Exit,
    feed::Feed,
    input::MinFace,
    out::{explain, print_json, print_line, print_text},
    sessions::{Ended, Sessions},
    stop,
};
use account::{Account, Pass};
use report::Report;
use scratch::Scratch;

/// What two flags of a challenge say here.
const LOG: &str = "Keep the day's results in this log [default: a temporary one]";
const JSON: &str = "Print one JSON object, in the end";

/// Play a kiosk's day in virtual time, as fast as the machine allows, and see that all goes as it must.
///
/// People and attacks, made from the built-in portraits, come and go before a camera that fails now and
/// then in every way that is known. Sessions follow each other without a pause, on the real chain: camera
/// watch, networks, challenge, log. The day fails, with exit code 1, where a session has no record or a
/// record no session, where the log does not verify, where a session passes while the camera fails, where a
/// fault of 3 s is not told by its name within 2.5 s, or told for more than 3 s after it is over, or told where
/// there is none, and where memory grows by 2 MB from frame 10,000 on (that is judged with MALLOC_MMAP_THRESHOLD_=131072 in the
/// environment, as `make soak` has it: else what it takes to draw people is not given back).
///
/// A whole day takes an hour or two of computing; Ctrl-C ends it early and tells what it has.
#[derive(Args, Debug)]
#[command(
    mut_arg("log", |log| log.help(LOG).long_help(None::<&str>)),
    mut_arg("json", |json| json.help(JSON).long_help(None::<&str>))
)]
pub struct Soak {
    /// Play so many hours.
    #[arg(long, value_name = "HOURS", default_value_t = 24.0, value_parser = hours)]
    hours: f64,
    /// End with the session in which the N-th frame is looked at, if that comes first [default: never].
    #[arg(long, value_name = "N")]
    frames: Option<u64>,
    /// Stage so many faults an hour, and half as many gaps that are too short for one.
    #[arg(long, value_name = "N", default_value_t = 2.0, value_parser = rate)]
    faults_per_hour: f32,
    /// Take so many frames a second; at 12 a day has a million.
    #[arg(long, value_name = "N", default_value_t = 12,
          value_parser = clap::value_parser!(u32).range(5..=60))]
    fps: u32,
    /// Repeat a day: who comes, what is asked, what fails when.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    smallest: MinFace,
    #[command(flatten)]
    terms: Terms,
}

fn hours(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(hours) if (0.001..=10_000.0).contains(&hours) => Ok(hours),
        _ => Err("write a number of hours, such as 24 or 0.5".to_owned()),
    }
}

fn rate(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(rate) if (0.0..=600.0).contains(&rate) => Ok(rate),
        _ => Err("write a number from 0 to 600, such as 2".to_owned()),
    }
}

/// What a day has come to so far.
struct Played {
    account: Account,
    report: Report,
    /// Whether the day was broken off.
    stopped: bool,
}

impl Soak {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        ensure!(
            !self.terms.proof.locks(),
            "--lockout counts in wall time, which hardly passes on a virtual day: leave it out"
        );
        ensure!(
            !self.terms.proof.wants_a_camera(),
            "--no-virtual-camera refuses a virtual kiosk: leave it out"
        );
        let mut terms = self.terms.clone();
        // It is removed when it goes out of scope.
        let scratch = match terms.proof.named_log() {
            Some(_) => None,
            None => Some(Scratch::new()?),
        };
        if let Some(scratch) = &scratch {
            terms.proof.log_to(scratch.log());
        }
        let clock = Clock::start();
        let mut sessions = Sessions::prepare(&terms, Source::Demo, common)?;
        let before: BTreeSet<String> =
            (store::read(sessions.log.path())?.into_records().into_iter())
                .map(|record| record.session)
                .collect();
        let Played {
            mut account,
            mut report,
            stopped,
        } = self.play(&terms, &mut sessions, common)?;
        let path = sessions.log.path();
        let verified = store::verify(path, &sessions.log.key().line())?;
        let findings = verified.findings.iter();
        account.findings = findings
            .map(|f| format!("{}: {}", f.place, f.trouble))
            .collect();
        let records = store::read(path)?.into_records().into_iter();
        let ours = records.filter(|record| !before.contains(&record.session));
        account.logged = ours.map(|record| number(&record.session)).collect();
        report.conclude(&account, &verified, clock.now());
        let violations = report.violations.len();
        if terms.json {
            print_json(&report)?;
        } else {
            print_text(tables::text(&report).as_bytes())?;
            for violation in &report.violations {
                print_line(format_args!("violation: {violation}"))?;
            }
        }
        Ok(match (violations, stopped) {
            (0, false) => Exit::Done,
            (0, true) => Exit::Cancelled,
            _ => Exit::Failed,
        })
    }

    fn play(
        &self,
        terms: &Terms,
        sessions: &mut Sessions<'_>,
        common: &Common,
    ) -> anyhow::Result<Played> {
        let day = Day {
            seed: self.seed,
            fps: self.fps,
            length: Duration::from_secs_f64(3_600.0 * self.hours),
            faults_per_hour: self.faults_per_hour,
        };
        let params = self.smallest.session_params();
        let mut feed = Feed::kiosk(day, params, common.models.as_deref())?;
        let stop = stop::signal()?;
        let mut random = Repeatable::new(self.seed);
        let mut account = Account::default();
        let mut report = Report::new(&day);
        let bar = progress(day.length);
        let mut looks = memory::Looks::new(self.seed);
        let stopped = loop {
            if stop.try_recv().is_ok() {
                break true;
            }
            let begun = sessions.now;
            let mut hear = |event: &Event| {
                account.hear(event, begun);
                Ok(())
            };
            let drawn = terms.draw(Some(&mut random))?;
            let ended = sessions.play(drawn, &mut feed, None, &stop, &mut hear)?;
            let Some(ended) = ended else {
                account.broken.push("a session was not logged".to_owned());
                break true;
            };
            note(&mut account, &ended, begun, sessions.now);
            report.note(&ended.record);
            let (verdict, is_broken) = (ended.verdict, ended.failure.is_some());
            // Some sessions have a last frame and some have none: it is not to be counted.
            drop(ended);
            let resident = looks.look(sessions.now, report.frames);
            let kilobytes = resident.unwrap_or_default() / 1_024;
            let (frames, count) = (report.frames, account.played.len());
            log::info!("{frames} frames, {count} sessions, {kilobytes} kB");
            bar.set_position(sessions.now.since(Timestamp::default()).as_secs());
            bar.set_message(format!("{count} sessions, {kilobytes} kB"));
            match verdict {
                Verdict::Cancelled => break true,
                Verdict::Inconclusive(Reason::SourceEnded) => break false,
                _ if is_broken => break true,
                _ if self.frames.is_some_and(|most| frames >= most) => break false,
                _ => {}
            }
        };
        bar.finish_and_clear();
        account.memory = looks.memory();
        account.end = sessions.now;
        let mishaps = Mishaps::new(self.seed, self.faults_per_hour);
        account.mishaps = mishaps.take_while(|m| m.from < account.end).collect();
        let visits = Visits::new(self.seed);
        let visits = visits.take_while(|v| v.from < account.end);
        report.visits(visits, &account.passes, &account.asked);
        Ok(Played {
            account,
            report,
            stopped,
        })
    }
}

/// Takes a session to account.
fn note(account: &mut Account, ended: &Ended, begun: Timestamp, now: Timestamp) {
    let record = &ended.record;
    let session = number(&record.session);
    account.played.push(session);
    if let Some(error) = &ended.failure {
        let text = format!("session {session:016x} broke down: {}", explain(error));
        account.broken.push(text);
    }
    let Some(first) = record.steps.first() else {
        return;
    };
    let from = begun.after(Duration::from_secs_f64(first.asked_ms / 1e3));
    account.asked.push(from);
    if ended.verdict == Verdict::Passed {
        let to = now;
        account.passes.push(Pass { session, from, to });
    }
}

/// A session's name as the number it is: a day has thousands, and memory is counted.
fn number(session: &str) -> u64 {
    u64::from_str_radix(session, 16).unwrap_or_default()
}

/// Seconds played, and how long the others will take, while a person watches.
fn progress(length: Duration) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{bar:30} {human_pos} of {human_len} s, {msg}, {eta} left");
    let bar = ProgressBar::new(length.as_secs());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
