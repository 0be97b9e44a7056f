//! How long looking takes, one thread, on 640x480 frames of the simulated subject: medians in
//! milliseconds of the full cascade, and of a tracked frame whole and by part.
//!
//! `frame_time [FRAMES]`
use liveness::{
    capture::puppet::{Behaviour, Options, Pace, Puppet},
    face::Detect as _,
    mesh::Mesher,
    mtcnn::{Follow, Mtcnn, Params},
    observation::Observer,
    reading::Reader,
    signal::median_by,
    time::Clock,
};

fn main() -> anyhow::Result<()> {
    let count = std::env::args().nth(1).map_or(Ok(300), |n| n.parse())?;
    let (_say, cues) = crossbeam_channel::bounded(1);
    let options = Options {
        behaviour: Behaviour::Replay,
        ..Options::default()
    };
    let clock = Clock::start();
    let puppet = Puppet::new(options, Pace::Virtual, cues)?;
    let mut cascade = Mtcnn::load(Params::default(), None)?;
    let detector = Follow::load(Params::default(), None)?;
    let mut observer = Observer::new(detector, Mesher::load(None)?, clock);
    let mut reader = Reader::default();
    let (mut full, mut whole, mut follow, mut mesh, mut signals) =
        (vec![], vec![], vec![], vec![], vec![]);
    for frame in puppet.take(count) {
        let frame = frame?;
        let begun = clock.now();
        cascade.detect(&frame)?;
        full.push(clock.now().since(begun).as_secs_f64() * 1e3);
        let begun = clock.now();
        let seen = observer.look(frame)?;
        let looked = clock.now();
        reader.read(&seen);
        let read = clock.now();
        whole.push(read.since(begun).as_secs_f64() * 1e3);
        follow.push(f64::from(seen.times.detect_ms));
        mesh.push(f64::from(seen.times.mesh_ms));
        signals.push(read.since(looked).as_secs_f64() * 1e3);
    }
    for (name, times) in [
        ("full detection, min face 60", full),
        ("tracked frame", whole),
        ("  follow (O-Net)", follow),
        ("  mesh", mesh),
        ("  signals and gestures", signals),
    ] {
        let median = median_by(times, f64::total_cmp).unwrap_or_default();
        eprintln!("{name:<30} {median:7.2} ms");
    }
    Ok(())
}
