//! Runs sessions side by side, one a core.
use std::{
    io,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use crossbeam_channel::{RecvTimeoutError, bounded};

use crate::error::Error;

use super::{outcome::Outcome, plan::Job};

/// How long to wait for an outcome before asking whether to go on.
const TICK: Duration = Duration::from_millis(100);

/// Runs `jobs` on so many threads. `work` gives an outcome, or `None` once it is told to stop; `done`
/// hears each outcome as it comes, is asked now and then without one, and says whether to go on. Outcomes come back in the jobs' order,
/// whichever was ready first.
///
/// # Errors
///
/// The first error of `work`, which ends the run; [`Error::System`] where no thread can be had.
pub fn run<W>(
    jobs: &[Job],
    threads: usize,
    work: W,
    mut done: impl FnMut(Option<&Outcome>) -> bool,
) -> Result<Vec<Outcome>, Error>
where
    W: Fn(&Job, &dyn Fn() -> bool) -> Result<Option<Outcome>, Error> + Sync,
{
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let go_on = || !stop.load(Ordering::Relaxed);
    let (tell, told) = bounded(1);
    let mut outcomes: Vec<Option<Outcome>> = vec![None; jobs.len()];
    let mut failure = None;
    thread::scope(|scope| {
        for i in 0..threads.max(1) {
            let (tell, work, next, go_on) = (tell.clone(), &work, &next, &go_on);
            let hand = move || {
                while go_on() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(index) else { break };
                    let outcome = work(job, go_on);
                    if tell.send((index, outcome)).is_err() {
                        break;
                    }
                }
            };
            let name = format!("bench {i}");
            if let Err(error) = thread::Builder::new().name(name).spawn_scoped(scope, hand) {
                failure = Some(no_thread(error));
                stop.store(true, Ordering::Relaxed);
            }
        }
        drop(tell);
        loop {
            let (index, outcome) = match told.recv_timeout(TICK) {
                Ok(told) => told,
                Err(RecvTimeoutError::Timeout) => {
                    if !done(None) {
                        stop.store(true, Ordering::Relaxed);
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            match outcome {
                Ok(Some(outcome)) => {
                    if !done(Some(&outcome)) {
                        stop.store(true, Ordering::Relaxed);
                    }
                    if let Some(place) = outcomes.get_mut(index) {
                        *place = Some(outcome);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    failure.get_or_insert(error);
                    stop.store(true, Ordering::Relaxed);
                }
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(outcomes.into_iter().flatten().collect()),
    }
}

fn no_thread(error: io::Error) -> Error {
    Error::System {
        what: "threads",
        source: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::padtest::{Plan, Shard};

    fn jobs(sessions: u32) -> Vec<Job> {
        let plan = Plan {
            kinds: vec![("frozen".to_owned(), sessions)],
            seed: 1,
            shard: Shard::default(),
            only: None,
        };
        plan.jobs()
    }

    fn outcome(job: &Job) -> Outcome {
        Outcome {
            kind: job.kind.clone(),
            number: job.number,
            seed: job.seed,
            recording: None,
            conditions: None,
            verdict: "failed".to_owned(),
            reason: None,
            steps: vec![],
            duration_ms: 0.0,
            frames: 0,
        }
    }

    #[test]
    fn outcomes_come_back_in_order_however_many_work() {
        for threads in [0, 1, 5] {
            let mut heard = 0;
            let work = |job: &Job, _: &dyn Fn() -> bool| Ok(Some(outcome(job)));
            let done = |outcome: Option<&Outcome>| {
                heard += u32::from(outcome.is_some());
                true
            };
            let outcomes = run(&jobs(40), threads, work, done).unwrap();
            assert!(outcomes.iter().map(|o| o.number).eq(0..40));
            assert_eq!(heard, 40);
        }
    }

    #[test]
    fn a_run_that_is_stopped_keeps_what_it_has() {
        let mut heard = 0;
        let work = |job: &Job, go_on: &dyn Fn() -> bool| Ok(go_on().then(|| outcome(job)));
        let outcomes = run(&jobs(1_000), 2, work, |_| {
            heard += 1;
            heard < 3
        });
        assert!((1..1_000).contains(&outcomes.unwrap().len()));
    }

    #[test]
    fn an_error_ends_the_run() {
        let work = |job: &Job, _: &dyn Fn() -> bool| match job.number {
            3 => Err(Error::source("3", "broken")),
            _ => Ok(Some(outcome(job))),
        };
        let error = run(&jobs(1_000), 2, work, |_| true).unwrap_err();
        assert!(error.to_string().contains("broken"));
    }
}
