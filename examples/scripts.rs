//! How often does a recording meet a random script? Reads each recording once, then decides it under many
//! scripts, as drawn for a camera.
//!
//! `cargo run --release --example scripts -- 1000 RECORDING...`
#![expect(clippy::print_stdout, reason = "an example prints")]
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use liveness::{
    capture::{self, Source},
    challenge::{self, End, Odds, Rules, ScriptError, Strength},
    entropy::Repeatable,
    error::Error,
    mesh::Mesher,
    mtcnn::{Follow, Params},
    observation::Observer,
    reading::Reading,
    record,
    session::{Plan, Session},
    step::Step,
    time::{Clock, Timestamp},
};

type Failure = Box<dyn std::error::Error>;

/// A session on a recording; it need not begin with a face that holds still for long.
fn session(script: Vec<Step>, reserve: Vec<Step>, strength: Strength) -> Session {
    let mut rules = Rules::of(strength);
    rules.stand.still = Duration::from_millis(200);
    let plan = Plan {
        session: "scripts".to_owned(),
        started: record::wall_time(),
        source: "recording".to_owned(),
        models: String::new(),
        rehearsal: true,
        script,
        reserve,
        rules,
    };
    Session::new(plan, Timestamp::default())
}

/// All that is read from a recording. The face at rest is the same whatever is asked afterwards.
fn read(path: PathBuf) -> Result<Vec<Reading>, Error> {
    let clock = Clock::start();
    let frames = capture::open(&Source::Path(path), &capture::Options::default(), clock)?;
    let detector = Follow::load(Params::default(), None)?;
    let mut observer = Observer::new(detector, Mesher::load(None)?, clock);
    let mut session = session(vec![Step::Nod], vec![], Strength::Low);
    let mut readings = vec![];
    for frame in frames {
        let seen = observer.look(frame?)?;
        let reading = session.read(&seen);
        session.take_frame(seen.frame.seq, &reading);
        readings.push(reading);
    }
    Ok(readings)
}

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let count: u64 = args.next().ok_or("how many scripts?")?.parse()?;
    let recordings: Vec<PathBuf> = args.map(PathBuf::from).collect();
    for strength in Strength::ALL {
        let words = strength.words();
        let odds = Odds::of(
            words,
            strength.steps(),
            strength.catches(),
            strength.strikes(),
        );
        println!(
            "{strength}: by arithmetic {:.2} % if every question finds a random gesture",
            100.0 * odds.random_gestures
        );
    }
    for path in recordings {
        let readings = read(path.clone())?;
        for strength in Strength::ALL {
            let mut ends: BTreeMap<String, u64> = BTreeMap::new();
            for seed in 0..count {
                let mut random = Repeatable::new(seed);
                let bits = || Ok::<u64, ScriptError>(random.bits());
                let (steps, extra) = (strength.steps(), Rules::default().extra.into());
                let (script, reserve) =
                    challenge::script(strength.words(), steps, extra, strength.catches(), bits)?;
                let mut session = session(script, reserve, strength);
                readings.iter().for_each(|reading| session.take(reading));
                session.end(End::SourceEnded);
                let record = session
                    .record()
                    .ok_or("a session that ended has a record")?;
                let end = record
                    .reason
                    .map_or(record.verdict.clone(), |r| r.to_string());
                *ends.entry(end).or_default() += 1;
            }
            println!("{} {strength}: {ends:?}", path.display());
        }
    }
    Ok(())
}
