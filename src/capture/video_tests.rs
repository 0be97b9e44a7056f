//! Tests of `video.rs`. Those that make recordings need ffmpeg and fail without it.
use super::*;
use std::path::PathBuf;

fn ffmpeg(args: &str, to: &Path) {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(args.split_whitespace())
        .arg(to)
        .output()
        .expect("these tests need ffmpeg: `make deps` installs it");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ffmpeg {args}: {errors}");
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Half a second at 30/s, 64x48, the left half red and the right half blue.
    fn video(&self, name: &str, more: &str) -> PathBuf {
        let path = self.path(name);
        let halves = "-f lavfi -i color=red:size=32x48:rate=30:duration=0.5 \
                      -f lavfi -i color=blue:size=32x48:rate=30:duration=0.5 \
                      -filter_complex hstack";
        ffmpeg(&format!("{halves} {more}"), &path);
        path
    }
}

fn read(path: &Path) -> Vec<Result<Frame, Error>> {
    Video::open(path, 30).unwrap().collect()
}

fn micros(frames: Vec<Result<Frame, Error>>) -> Vec<u64> {
    frames
        .into_iter()
        .map(|f| f.unwrap().at.as_micros())
        .collect()
}

#[test]
fn a_video_gives_every_frame_with_its_colours() {
    let folder = Folder::new();
    let frames = read(&folder.video("-i a b.mp4", "-pix_fmt yuv444p"));
    assert_eq!(frames.len(), 15);
    for (seq, frame) in (0..).zip(frames) {
        let frame = frame.unwrap();
        assert_eq!((frame.seq, frame.image.dimensions()), (seq, (64, 48)));
        assert!(frame.at.as_micros().abs_diff(seq * 1_000_000 / 30) <= 1);
        let (left, right) = (
            frame.image.get_pixel(9, 9).0,
            frame.image.get_pixel(54, 9).0,
        );
        assert!(left[0] > 220 && left[2] < 40, "red: {left:?}");
        assert!(right[2] > 220 && right[0] < 40, "blue: {right:?}");
    }
}

#[test]
fn a_variable_frame_rate_keeps_its_times() {
    let folder = Folder::new();
    let path = folder.path("uneven.mkv");
    // Frame n at n² / 90 s, so some closer than 1/30 s, and a late begin; Matroska counts in milliseconds.
    let uneven = "-f lavfi -i testsrc=size=64x48:rate=30:duration=0.2 \
                  -vf settb=1/90,setpts=5+N*N -fps_mode passthrough -enc_time_base 1/90";
    ffmpeg(uneven, &path);
    let times = micros(read(&path));
    assert_eq!(times.len(), 6);
    for (n, at) in (0u64..).zip(times) {
        let want = n * n * 1_000_000 / 90;
        assert!(
            at.abs_diff(want) <= 1_000,
            "frame {n} at {at} µs, not {want}"
        );
    }
}

#[test]
fn a_recording_held_sideways_stands_upright() {
    let folder = Folder::new();
    let (flat, turned) = (
        folder.video("flat.mp4", "-pix_fmt yuv444p"),
        folder.path("turned.mp4"),
    );
    let display_matrix = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-display_rotation", "90", "-i"])
        .args([&flat, Path::new("-c"), Path::new("copy"), &turned])
        .output()
        .unwrap();
    if !display_matrix.status.success() {
        // Before ffmpeg 6 there was only the tag.
        let tag = format!("-i {} -c copy -metadata:s:v rotate=90", flat.display());
        ffmpeg(&tag, &turned);
    }
    let frames = read(&turned);
    assert_eq!(frames.len(), 15);
    assert_eq!(frames[0].as_ref().unwrap().image.dimensions(), (48, 64));
}

#[test]
fn a_recording_without_times_plays_at_the_pretended_rate() {
    let shown = Shown {
        ticks: None,
        seconds: None,
        size: (8, 8),
    };
    let mut times = Times::new(10);
    let got: Vec<_> = (0..3)
        .map(|_| times.next(shown, Some(0.1)).as_micros())
        .collect();
    assert_eq!(got, [0, 100_000, 200_000]);
}

#[test]
fn times_begin_at_zero_and_never_run_back() {
    let mut times = Times::new(30);
    let mut at = |ticks| {
        let shown = Shown {
            ticks: Some(ticks),
            seconds: Some(99.0),
            size: (8, 8),
        };
        times.next(shown, Some(0.001)).as_micros()
    };
    assert_eq!(
        [at(-40), at(0), at(-10), at(60)],
        [0, 40_000, 40_000, 100_000]
    );
}

#[test]
fn long_recordings_keep_exact_times() {
    let mut times = Times::new(30);
    let mut at = |ticks: i64| {
        let shown = Shown {
            ticks: Some(ticks),
            seconds: Some(1000.03),
            size: (8, 8),
        };
        times.next(shown, Some(1.0 / 15_360.0)).as_micros()
    };
    assert_eq!(at(0), 0);
    assert_eq!(at(15_360 * 1000 + 512), 1_000_033_333);
}

fn last_words(mut frames: Vec<Result<Frame, Error>>) -> (usize, String) {
    let error = frames.pop().unwrap().unwrap_err().to_string();
    assert!(frames.iter().all(Result::is_ok), "the error comes last");
    (frames.len(), error)
}

#[test]
fn a_recording_cut_off_gives_what_it_has_and_then_says_so() {
    let folder = Folder::new();
    let whole = folder.video("whole.mp4", "-pix_fmt yuv444p -g 1 -movflags faststart");
    let bytes = std::fs::read(whole).unwrap();
    let cut = folder.path("cut.mp4");
    std::fs::write(&cut, &bytes[..bytes.len() * 3 / 4]).unwrap();
    let (frames, error) = last_words(read(&cut));
    assert!((1..15).contains(&frames), "{frames} frames");
    assert!(
        error.contains("cut.mp4") && error.contains("partial file"),
        "{error}"
    );
}

#[test]
fn a_recording_without_an_index_is_named_with_ffmpegs_words() {
    let folder = Folder::new();
    let bytes = std::fs::read(folder.video("whole.mp4", "-pix_fmt yuv444p -g 1")).unwrap();
    let cut = folder.path("cut.mp4");
    std::fs::write(&cut, &bytes[..bytes.len() / 3]).unwrap();
    let (frames, error) = last_words(read(&cut));
    assert_eq!(frames, 0);
    assert!(error.contains("moov atom not found"), "{error}");
}

#[test]
fn what_is_no_video_is_an_error() {
    let folder = Folder::new();
    let path = folder.path("noise.mp4");
    std::fs::write(&path, [0x17; 5000]).unwrap();
    assert_eq!(last_words(read(&path)).0, 0);
    let (frames, error) = last_words(read(&folder.path("gone.mp4")));
    assert_eq!(frames, 0);
    assert!(error.contains("No such file"), "{error}");
}

#[test]
fn without_ffmpeg_the_error_says_how_to_get_it() {
    let missing = Video::open_with(OsStr::new("no-such-ffmpeg"), Path::new("a.mp4"), 30);
    let error = missing.unwrap_err().to_string();
    assert!(error.starts_with("cannot read a.mp4: "), "{error}");
    for way in ["apt install", "brew install", "winget install"] {
        assert!(error.contains(way), "{error}");
    }
}

#[test]
fn a_recording_closed_early_takes_its_child_with_it() {
    let folder = Folder::new();
    let path = folder.path("long.mp4");
    ffmpeg(
        "-f lavfi -i testsrc=size=640x480:rate=30:duration=20 -preset ultrafast",
        &path,
    );
    let mut video = Video::open(&path, 30).unwrap();
    assert!(video.next().unwrap().is_ok());
    let id = video.child.0.id();
    drop(video);
    if cfg!(target_os = "linux") {
        assert!(
            !Path::new(&format!("/proc/{id}")).exists(),
            "ffmpeg is still there"
        );
    }
}
