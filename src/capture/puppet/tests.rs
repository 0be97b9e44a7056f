use super::*;

fn puppet(options: Options) -> Puppet {
    let (_, cues) = crossbeam_channel::bounded(1);
    Puppet::new(options, Pace::Virtual, cues).unwrap()
}

fn small(behaviour: Behaviour, seed: u64) -> Options {
    Options {
        behaviour,
        seed,
        size: (80, 60),
        ..Options::default()
    }
}

fn frames(puppet: Puppet, count: usize) -> Vec<Frame> {
    puppet.take(count).map(Result::unwrap).collect()
}

#[test]
fn one_seed_is_one_film_and_seeds_differ() {
    for behaviour in Behaviour::ALL {
        let film = |seed| {
            frames(puppet(small(behaviour, seed)), 5)
                .into_iter()
                .map(|f| f.image)
                .collect::<Vec<_>>()
        };
        assert_eq!(film(1), film(1), "{behaviour}");
        assert_ne!(film(1), film(2), "{behaviour}");
    }
}

#[test]
fn virtual_frames_come_exactly_on_time() {
    let options = Options {
        fps: 30.0,
        ..small(Behaviour::Obey, 1)
    };
    for (n, frame) in (0u64..).zip(frames(puppet(options), 40)) {
        assert_eq!(frame.seq, n);
        assert_eq!(frame.at.as_micros(), n * 1_000_000 / 30);
    }
}

#[test]
fn a_cue_is_heard_by_the_next_frame() {
    let (say, cues) = crossbeam_channel::bounded(2);
    let mut puppet = Puppet::new(small(Behaviour::Obey, 1), Pace::Virtual, cues).unwrap();
    puppet.next();
    say.send(Cue::Ask(Step::Nod)).unwrap();
    puppet.next();
    let nods = |t: u64| {
        puppet
            .performance
            .performing(Timestamp::from_millis(t))
            .any(|step| step == Step::Nod)
    };
    assert!((333..940).any(nods));
}

#[test]
fn live_frames_wait_for_their_moment_and_outlive_the_speaker() {
    let clock = Clock::start();
    let (say, cues) = crossbeam_channel::bounded(2);
    let options = Options {
        fps: 100.0,
        ..small(Behaviour::Obey, 1)
    };
    let mut puppet = Puppet::new(options, Pace::Live(clock), cues).unwrap();
    let first = puppet.next().unwrap().unwrap();
    say.send(Cue::Ask(Step::Blink)).unwrap();
    drop(say);
    for _ in 0..5 {
        let frame = puppet.next().unwrap().unwrap();
        assert!(frame.seq > first.seq && frame.at >= first.at);
        assert!(frame.at.as_micros() >= frame.seq * 10_000);
    }
    assert!(clock.now().as_millis_f64() >= 50.0);
}

#[test]
fn what_cannot_be_drawn_is_an_error() {
    let good = small(Behaviour::Obey, 1);
    for bad in [
        Options {
            size: (0, 60),
            ..good
        },
        Options {
            size: (80, 100_000),
            ..good
        },
        Options { fps: 0.0, ..good },
        Options {
            fps: f32::NAN,
            ..good
        },
        Options {
            face_px: Some(f32::INFINITY),
            ..good
        },
    ] {
        let (_, cues) = crossbeam_channel::bounded(1);
        assert!(Puppet::new(bad, Pace::Virtual, cues).is_err(), "{bad:?}");
    }
}

#[test]
fn a_puppet_may_move_to_another_thread() {
    fn moves<T: Send + Iterator>(_: &T) {}
    moves(&puppet(small(Behaviour::Photo, 1)));
}
