//! A watched camera that fails in every way, and comes back: the real camera code against a false V4L2
//! camera (see tests/camera.rs).
//!
//! A hundred times: `cargo test --release --test faults -- --ignored a_hundred_times --nocapture`
//! Gone for long: `cargo test --release --test faults -- --ignored twelve_seconds --nocapture`
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::fs;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use liveness::capture::{self, CameraId, Change, Options, Watch};
use liveness::frame::Frame;
use liveness::time::Clock;

mod v4l2shim;
use v4l2shim::Machine;

/// A fault is recognised within this.
const RECOGNISED: Duration = Duration::from_millis(2_500);

/// Frames come again within this after the device has come back.
const BACK: Duration = Duration::from_secs(3);

/// The camera under test, and the file that moves it.
struct Bench {
    clock: Clock,
    frames: Receiver<Frame>,
    watch: Watch,
    control: String,
}

impl Bench {
    fn set(&self, state: &str) {
        // In one step, for it is read every 5 ms.
        let new = format!("{}.new", self.control);
        fs::write(&new, format!("{state}\n")).unwrap();
        fs::rename(new, &self.control).unwrap();
    }

    /// Takes frames until one of them, or none, is the last one wanted; milliseconds that took.
    fn until(
        &self,
        what: &str,
        patience: Duration,
        mut done: impl FnMut(Option<Frame>) -> bool,
    ) -> u128 {
        let from = self.clock.now();
        loop {
            let frame = match self.frames.recv_timeout(Duration::from_millis(5)) {
                Ok(frame) => Some(frame),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => panic!("the camera ended: {what}"),
            };
            let took = self.clock.now().since(from);
            if done(frame) {
                return took.as_millis();
            }
            assert!(took < patience, "{what}: not within {patience:?}");
        }
    }

    fn until_told(&self, state: Change, fault: &str, patience: Duration) -> u128 {
        self.until(fault, patience, |_| {
            std::iter::from_fn(|| self.watch.news())
                .any(|news| news.state == state && news.fault.name() == fault)
        })
    }
}

/// What the system holds for this process: threads, descriptors, resident kilobytes.
fn held() -> (usize, usize, u64) {
    let count = |folder| fs::read_dir(folder).unwrap().count();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = rss.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
    (count("/proc/self/task"), count("/proc/self/fd"), kilobytes)
}

/// What the other tests run under the shim: `TIMES state=fault state=fault…`, round by round. `state@12`
/// lasts for 12 s, a `+` before it begins in the state before it.
#[test]
#[ignore = "runs under the shim; the other tests start it"]
fn probe() {
    env_logger::init();
    println!();
    let probe = std::env::var("PROBE").unwrap();
    let (times, faults) = probe.split_once(' ').unwrap();
    let times: usize = times.parse().unwrap();
    let clock = Clock::start();
    let which: CameraId = "42".parse().unwrap();
    let (watched, watch) = capture::watch(&which, Options::default(), clock);
    let (tx, frames) = sync_channel(1);
    let thread = std::thread::spawn(move || {
        for frame in watched {
            if tx.send(frame.unwrap()).is_err() {
                return;
            }
        }
    });
    let control = std::env::var("SHIM_CTL").unwrap();
    let bench = Bench {
        clock,
        frames,
        watch,
        control,
    };
    let mut before = None;
    for round in 0..times {
        for pair in faults.split(' ') {
            let (state, fault) = pair.split_once('=').unwrap();
            if !state.starts_with('+') {
                // A quarter of a minute is the patience of a camera that opens.
                let mut count = 0;
                bench.until("frames", Duration::from_secs(10), |frame| {
                    count += usize::from(frame.is_some());
                    count >= 4
                });
            }
            let (state, lasts) = match state.split_once('@') {
                Some((state, seconds)) => (state, seconds.parse().unwrap()),
                None => (state, 0),
            };
            bench.set(state.trim_start_matches('+'));
            let recognised = bench.until_told(Change::Fault, fault, RECOGNISED);
            if faults.contains(&format!("{pair} +")) {
                println!("probe: {fault} {recognised}");
                continue;
            }
            let lasts = Duration::from_secs(lasts);
            let over = bench.clock.now().after(lasts);
            bench.until("its end", 2 * lasts + BACK, |_| bench.clock.now() >= over);
            bench.set("ok");
            let from = bench.clock.now();
            let (mut told, mut flows) = (false, false);
            let back = bench.until("back", BACK, |frame| {
                told |= std::iter::from_fn(|| bench.watch.news())
                    .any(|news| news.state == Change::Back && news.fault.name() == fault);
                flows |= frame.is_some_and(|frame| frame.at > from);
                told && flows
            });
            println!("probe: {fault} {recognised} {back}");
        }
        if round + 1 == times.min(3) {
            before = Some(held());
        }
    }
    let (before, after) = (before.unwrap(), held());
    println!("probe: held {before:?} {after:?}");
    assert_eq!((before.0, before.1), (after.0, after.1));
    assert!(after.2 < before.2 + 1_024, "{before:?} {after:?}");
    // Closed in the midst of the last fault.
    let last = faults.split(' ').next_back().unwrap().replace("@12", "");
    let (state, fault) = last.split_once('=').unwrap();
    bench.set(state.trim_start_matches('+'));
    if !state.starts_with('+') {
        bench.until_told(Change::Fault, fault, RECOGNISED);
    }
    let Bench { frames, watch, .. } = bench;
    let from = clock.now();
    drop((watch, frames));
    thread.join().unwrap();
    let closed = clock.now().since(from);
    println!("probe: closed {}", closed.as_millis());
    assert!(closed < Duration::from_secs(1), "{closed:?}");
}

/// Lets a camera fail and come back; prints what was measured, worst of each.
fn fails(files: &[&str], times: usize, faults: &str) {
    let folder = tempfile::tempdir().unwrap();
    let control = folder.path().join("state");
    fs::write(&control, "ok\n").unwrap();
    let machine = Machine::with(files)
        .set("SHIM_CTL", control.to_str().unwrap())
        .set("SHIM_SERIAL", "A1")
        .set("SHIM_RENUMBER", "7");
    let long = faults.matches('@').count();
    let patience = Duration::from_secs(60 + (8 + 15 * long) as u64 * times as u64);
    let lines = machine
        .run_for(&format!("{times} {faults}"), patience)
        .lines;
    let mut worst = std::collections::BTreeMap::<&str, Vec<u64>>::new();
    for line in &lines {
        let mut words = line.split(' ');
        let name = words.next().unwrap();
        let Some(numbers) = words.map(|w| w.parse().ok()).collect::<Option<Vec<u64>>>() else {
            println!("{line}");
            continue;
        };
        let all = worst.entry(name).or_insert_with(|| vec![0; numbers.len()]);
        for (most, number) in all.iter_mut().zip(numbers) {
            *most = number.max(*most);
        }
    }
    println!("worst ms, recognised and back: {worst:?}");
}

#[test]
fn a_stall_and_an_unplugged_cable_are_recognised_and_recovered_from() {
    fails(&["640x480.yuyv"], 5, "stall=stalled unplug=unplugged");
}

#[test]
#[ignore = "seven minutes"]
fn a_hundred_times() {
    fails(&["640x480.yuyv"], 100, "stall=stalled unplug=unplugged");
}

#[test]
#[ignore = "a minute and a half"]
fn a_camera_that_is_gone_for_twelve_seconds_is_back_as_soon() {
    let faults = "unplug@12=unplugged stall@12=stalled eio@12=io_error frozen@12=frozen \
                  unplug=unplugged +busy@12=busy unplug=unplugged +refuse@12=format_refused";
    fails(&["640x480.yuyv"], 1, faults);
}

#[test]
fn every_other_fault_is_recognised_and_recovered_from() {
    let faults = "eio=io_error black=black frozen=frozen half=slow truncate=damaged panic=crashed";
    fails(&["640x480.yuyv"], 1, faults);
    let faults = "unplug=unplugged +busy=busy unplug=unplugged +refuse=format_refused unplug=unplugged +denied=denied";
    fails(&["640x480.yuyv"], 1, faults);
    let faults = "corrupt=damaged truncate=damaged black=damaged resize=wrong_size";
    fails(&["640x480.mjpg", "800x600.mjpg"], 1, faults);
}
