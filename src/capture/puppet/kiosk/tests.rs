use super::*;
use crate::capture::{Change, Moment, News};

const FROM: Timestamp = Timestamp::from_millis(4_000);
const TO: Timestamp = Timestamp::from_millis(9_000);

const DAY: Day = Day {
    seed: 1,
    fps: 10,
    length: Duration::from_secs(15),
    faults_per_hour: 0.0,
};

/// A kiosk with one mishap, watched for 15 seconds: its frames' moments, what was told, and which camera it was
/// in the end.
fn played(fault: Option<Fault>, to: Timestamp) -> (Vec<Timestamp>, Vec<News>, CameraId) {
    played_with(fault, to, |_| ())
}

fn played_with(
    fault: Option<Fault>,
    to: Timestamp,
    change: impl FnOnce(&mut Kiosk),
) -> (Vec<Timestamp>, Vec<News>, CameraId) {
    let (_ask, cues) = crossbeam_channel::bounded(1);
    let mut kiosk = Kiosk::new(DAY, cues).unwrap();
    change(&mut kiosk);
    kiosk.mishap = Some(Mishap {
        fault,
        from: FROM,
        to,
    });
    let wish = capture::Options {
        fps: 10,
        size: SIZE,
    };
    let (mut watched, watch) = watch_through(kiosk, &CameraId::Index(0), wish);
    let (mut frames, mut told) = (vec![], vec![]);
    while let Some(moment) = watched.wait() {
        if let Moment::Frame(frame) = moment.unwrap() {
            frames.push(frame.at);
        }
        told.extend(watch.news());
    }
    (frames, told, watch.camera())
}

#[test]
fn every_fault_is_told_by_its_name_and_is_over_when_it_is() {
    for fault in Fault::ALL {
        let (frames, told, camera) = played(Some(fault), TO);
        // Only what was plugged in anew has another number.
        let number = u32::from(fault == Fault::Unplugged);
        assert_eq!(camera, CameraId::Index(number), "{fault:?}");
        let of = |state| move |n: &&News| n.fault == fault && n.state == state;
        let (Some(begun), Some(over)) = (
            told.iter().find(of(Change::Fault)),
            told.iter().rev().find(of(Change::Back)),
        ) else {
            unreachable!("{fault:?} was not told, or is not over: {told:?}");
        };
        let took = begun.at.since(FROM);
        assert!(took <= Duration::from_millis(2_500), "{fault:?} {took:?}");
        let back = over.at.since(TO);
        assert!(back <= Duration::from_millis(3_000), "{fault:?} {back:?}");
        let count = |state| told.iter().filter(|n| n.state == state).count();
        assert_eq!(count(Change::Fault), count(Change::Back), "{told:?}");
        assert!(frames.is_sorted());
        assert!(frames.iter().any(|at| at.as_micros() > 14_800_000));
    }
}

#[test]
fn another_camera_of_its_kind_does_not_stand_for_one_that_is_gone() {
    // Without serial numbers; the one that is left is the only one of its name.
    let (frames, told, _) = played_with(Some(Fault::Unplugged), TO, |kiosk| {
        kiosk.ours = Known::placed("Kiosk Cam", "1-1:1.0");
        kiosk.theirs = Known::placed("Kiosk Cam", "1-2:1.0");
    });
    let [gone, back] = &told[..] else {
        unreachable!("{told:?}");
    };
    assert_eq!((gone.state, back.state), (Change::Fault, Change::Back));
    assert!(back.at >= TO, "{back:?}");
    let meanwhile = |at: &&Timestamp| (FROM.after(Duration::from_millis(200))..TO).contains(at);
    assert_eq!(frames.iter().find(meanwhile), None);
}

#[test]
fn a_gap_is_no_fault_that_breaks() {
    let (frames, told, _) = played(None, FROM.after(Duration::from_millis(1_800)));
    // Nor is a camera slow that stumbles once.
    assert!(told.is_empty(), "{told:?}");
    let gap = frames.windows(2).map(|pair| pair[1].since(pair[0])).max();
    assert_eq!(gap, Some(Duration::from_millis(1_900)));
    let (frames, told, _) = played(None, FROM);
    assert!(told.is_empty(), "{told:?}");
    assert!(frames.len() > 140, "{}", frames.len());
}

#[test]
fn whoever_drops_its_watch_ends_it() {
    let (_ask, cues) = crossbeam_channel::bounded(1);
    let (mut watched, watch) = kiosk(DAY, cues).unwrap();
    assert!(watched.wait().is_some());
    drop(watch);
    assert!(watched.wait().is_none());
}
