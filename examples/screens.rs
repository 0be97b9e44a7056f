//! Draws every screen to a PNG, the way to look at them without a camera or a window.
//!
//!     cargo run --release --example screens -- OUT_DIR [PICTURE]
//!
//! Without PICTURE a drawn face stands before the camera. Prints milliseconds per drawn screen.
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image::{Rgb, RgbImage};
use liveness::{
    capture::Fault,
    challenge::{Guide, Reason, State, Verdict},
    face::{Face, Landmarks5},
    frame::Frame,
    geometry::{BBox, Point},
    mesh::{Mesh, POINTS, Point3},
    signal::Sample,
    step::Step,
    time::{Clock, Timestamp},
    view::{Canvas, ChallengeScreen, Lang, Placement, Preview, PreviewScreen, Scene},
};

const SIZES: [(usize, usize); 5] = [
    (640, 480),
    (1920, 1080),
    (1280, 720),
    (480, 800),
    (320, 240),
];

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let out = arguments
        .next()
        .context("usage: screens OUT_DIR [PICTURE]")?;
    let image = match arguments.next() {
        Some(path) => image::open(&path)
            .with_context(|| format!("{path:?}"))?
            .to_rgb8(),
        None => drawn_face(640, 480),
    };
    let frame = Frame {
        at: Timestamp::default(),
        seq: 0,
        image,
    };
    for (width, height) in SIZES {
        let folder = out.join(format!("{width}x{height}"));
        std::fs::create_dir_all(&folder).with_context(|| format!("{folder:?}"))?;
        let mut canvas = Canvas::new(width, height);
        let placement = Placement::cover(frame.image.dimensions(), &canvas);
        let bare = timed(|| canvas.picture(&frame.image, &placement, 0));
        report("picture", &canvas, Lang::En, &[bare]);
        for lang in Lang::ALL {
            draw_challenge(&mut canvas, &frame, lang, &folder)?;
            draw_preview(&mut canvas, &frame, lang, &folder)?;
        }
    }
    Ok(())
}

fn save(canvas: &Canvas, folder: &Path, name: &str, lang: Lang) -> Result<()> {
    let (width, height) = (canvas.width() as u32, canvas.height() as u32);
    let rgb = canvas
        .pixels()
        .iter()
        .flat_map(|p| [16, 8, 0].map(|shift| (p >> shift) as u8));
    let image = RgbImage::from_raw(width, height, rgb.collect()).context("size")?;
    let path = folder.join(format!("{name}.{}.png", lang.code()));
    image.save(&path).with_context(|| format!("{path:?}"))
}

/// Median of some milliseconds a drawing takes.
fn timed(mut draw: impl FnMut()) -> f64 {
    let clock = Clock::start();
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let before = clock.now();
            draw();
            clock.now().since(before).as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn scenes() -> Vec<(String, State)> {
    let mut scenes = vec![("waiting_ready".to_owned(), State::Waiting { guide: None })];
    for guide in Guide::ALL {
        let name = format!("waiting_{guide:?}").to_lowercase();
        scenes.push((name, State::Waiting { guide: Some(guide) }));
    }
    let asking = |step, index, strikes, seen| State::Asking {
        step,
        index,
        since: Timestamp::from_millis(1_000),
        until: Timestamp::from_millis(6_000),
        strikes,
        seen,
        guide: None,
    };
    for step in Step::ALL {
        scenes.push((format!("ask_{step}"), asking(step, 1, 0, false)));
    }
    scenes.push(("strike".to_owned(), asking(Step::TurnRight, 1, 1, false)));
    scenes.push(("seen".to_owned(), asking(Step::TurnLeft, 1, 0, true)));
    scenes.push(("seen_mouth".to_owned(), asking(Step::OpenMouth, 2, 0, true)));
    for (name, verdict) in [
        ("passed", Verdict::Passed),
        ("failed", Verdict::Failed(Reason::WrongGesture)),
        ("inconclusive", Verdict::Inconclusive(Reason::NobodyCame)),
        ("cancelled", Verdict::Cancelled),
    ] {
        scenes.push((name.to_owned(), State::Done(verdict)));
    }
    scenes
}

fn draw_challenge(canvas: &mut Canvas, frame: &Frame, lang: Lang, folder: &Path) -> Result<()> {
    let mut times = Vec::new();
    for (name, state) in scenes() {
        let scene = Scene {
            state,
            fault: None,
            script_len: 4,
            now: Timestamp::from_millis(2_750),
            lang,
            again: true,
        };
        let mut screen = ChallengeScreen::new()?;
        times.push(timed(|| screen.draw(canvas, Some(frame), &scene)));
        // A fresh screen: what it remembers would let the word about a strike fade.
        ChallengeScreen::new()?.draw(canvas, Some(frame), &scene);
        save(canvas, folder, &name, lang)?;
        if state
            == (State::Waiting {
                guide: Some(Guide::NoFace),
            })
        {
            screen.draw(canvas, None, &scene);
            save(canvas, folder, "no_picture", lang)?;
        }
    }
    for fault in Fault::ALL {
        let scene = Scene {
            state: State::Waiting { guide: None },
            fault: Some(fault),
            script_len: 4,
            now: Timestamp::from_millis(2_750),
            lang,
            again: true,
        };
        ChallengeScreen::new()?.draw(canvas, None, &scene);
        save(canvas, folder, &format!("fault_{}", fault.name()), lang)?;
    }
    report("challenge", canvas, lang, &times);
    Ok(())
}

fn draw_preview(canvas: &mut Canvas, frame: &Frame, lang: Lang, folder: &Path) -> Result<()> {
    let (faces, mesh, samples) = subject(frame);
    let stages = [
        ("decode", 1.4),
        ("p-net", 6.3),
        ("r-net", 2.1),
        ("o-net", 1.9),
        ("mesh", 12.4),
    ];
    let full = Preview {
        frame: Some(frame),
        faces: &faces,
        mesh: Some(&mesh),
        samples: &samples,
        stages: &stages,
        fps: 29.7,
        dropped: 3,
        guide: None,
        fault: None,
        show_mesh: true,
        show_signals: true,
        lang,
    };
    let guide = Some(Guide::MoveCloser);
    let bare = Preview {
        show_mesh: false,
        show_signals: false,
        guide,
        ..full
    };
    let empty = Preview {
        faces: &[],
        mesh: None,
        samples: &[],
        guide: Some(Guide::NoFace),
        ..full
    };
    let mut screen = PreviewScreen::new()?;
    let mut times = Vec::new();
    for (name, preview) in [
        ("preview", full),
        ("preview_bare", bare),
        ("preview_empty", empty),
    ] {
        times.push(timed(|| screen.draw(canvas, &preview)));
        save(canvas, folder, name, lang)?;
    }
    report("preview", canvas, lang, &times);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example's report")]
fn report(what: &str, canvas: &Canvas, lang: Lang, times: &[f64]) {
    let worst = times.iter().copied().fold(0.0, f64::max);
    let mean = times.iter().sum::<f64>() / times.len().max(1) as f64;
    let (w, h, lang) = (canvas.width(), canvas.height(), lang.code());
    println!("{what:<10} {w:>4}x{h:<4} {lang}: {mean:5.2} ms a screen, slowest {worst:5.2}");
}

/// A face's outline in the frame: centre, half width, half height.
fn outline(w: f32, h: f32) -> (Point, f32, f32) {
    let centre = Point {
        x: w * 0.48,
        y: h * 0.48,
    };
    (centre, h * 0.165, h * 0.225)
}

/// A plain drawn person in a room, lit from one side so that mirroring shows.
fn drawn_face(width: u32, height: u32) -> RgbImage {
    let (w, h) = (width as f32, height as f32);
    let (c, rx, ry) = outline(w, h);
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32, y as f32);
        // How far inside an ellipse: above 0 is inside, the edge is soft.
        let inside = |cx: f32, cy: f32, rx: f32, ry: f32, soft: f32| {
            let d = ((x - cx) / rx).hypot((y - cy) / ry);
            ((1.0 - d) * soft + 0.5).clamp(0.0, 1.0)
        };
        let wall = 150.0 + 60.0 * (1.0 - x / w) - 40.0 * y / h;
        let mut rgb = [wall * 1.02, wall, wall * 0.94];
        let mut paint = |colour: [f32; 3], share: f32| {
            for (value, new) in rgb.iter_mut().zip(colour) {
                *value += (new - *value) * share;
            }
        };
        let window = (w * 0.08..w * 0.26).contains(&x) && (h * 0.08..h * 0.55).contains(&y);
        paint([225.0, 238.0, 250.0], if window { 1.0 } else { 0.0 });
        let light = 1.08 - 0.35 * ((x - c.x) / rx).clamp(-1.0, 1.0) * 0.6;
        let skin = [224.0, 176.0, 150.0].map(|v| v * light);
        paint(
            [58.0, 84.0, 122.0].map(|v| v * light),
            inside(c.x, h * 1.12, rx * 2.5, h * 0.42, 40.0),
        );
        paint(
            skin.map(|v| v * 0.82),
            inside(c.x, c.y + ry * 1.1, rx * 0.5, ry * 0.5, 12.0),
        );
        paint(
            [52.0, 38.0, 32.0],
            inside(c.x, c.y - ry * 0.22, rx * 1.12, ry * 1.08, 40.0),
        );
        paint(
            skin,
            inside(c.x, c.y + ry * 0.06, rx * 0.97, ry * 0.97, 40.0),
        );
        for side in [-1.0, 1.0] {
            let ex = c.x + side * rx * 0.40;
            paint(
                [60.0, 44.0, 38.0],
                inside(ex, c.y - ry * 0.30, rx * 0.24, ry * 0.05, 4.0),
            );
            paint(
                [245.0; 3],
                inside(ex, c.y - ry * 0.10, rx * 0.19, ry * 0.085, 10.0),
            );
            paint(
                [50.0, 36.0, 30.0],
                inside(ex, c.y - ry * 0.10, rx * 0.085, ry * 0.08, 8.0),
            );
        }
        paint(
            skin.map(|v| v * 0.85),
            inside(c.x + rx * 0.05, c.y + ry * 0.22, rx * 0.11, ry * 0.12, 3.0),
        );
        paint(
            [176.0, 92.0, 88.0],
            inside(c.x, c.y + ry * 0.55, rx * 0.34, ry * 0.07, 6.0),
        );
        Rgb(rgb.map(|v| v.clamp(0.0, 255.0) as u8))
    })
}

/// What the networks would say of the drawn face, and some seconds of made-up signals.
fn subject(frame: &Frame) -> (Vec<Face>, Mesh, Vec<Sample>) {
    let (w, h) = (frame.image.width() as f32, frame.image.height() as f32);
    let (c, rx, ry) = outline(w, h);
    let at = |x: f32, y: f32| Point {
        x: c.x + x * rx,
        y: c.y + y * ry,
    };
    let points = [
        at(-0.4, -0.1),
        at(0.4, -0.1),
        at(0.05, 0.25),
        at(-0.34, 0.55),
        at(0.34, 0.55),
    ];
    let face = Face {
        bbox: BBox {
            x1: c.x - rx,
            y1: c.y - ry * 0.8,
            x2: c.x + rx,
            y2: c.y + ry * 1.02,
        },
        score: 0.998,
        landmarks: Landmarks5::from(points),
    };
    let other = Face {
        bbox: BBox {
            x1: w * 0.8,
            y1: h * 0.3,
            x2: w * 0.9,
            y2: h * 0.46,
        },
        score: 0.713,
        landmarks: Landmarks5::from(
            [
                (0.83, 0.36),
                (0.87, 0.36),
                (0.85, 0.39),
                (0.83, 0.42),
                (0.87, 0.42),
            ]
            .map(|(x, y)| Point { x: x * w, y: y * h }),
        ),
    };
    // A sunflower covers the face evenly.
    let points = (0..POINTS).map(|i| {
        let (sin, cos) = (i as f32 * 2.399_963).sin_cos();
        let r = (i as f32 / POINTS as f32).sqrt() * 0.95;
        Point3 {
            x: c.x + rx * r * cos,
            y: c.y + ry * (0.06 + r * sin),
            z: 0.0,
        }
    });
    let mesh = Mesh {
        points: points.collect(),
        presence: 0.99,
    };
    let samples = (0..200u64).map(|i| {
        let t = i as f32 / 30.0;
        let bump = |at: f32, width: f32| (-((t - at) / width).powi(2)).exp();
        Sample {
            at: Timestamp::from_millis(i * 33),
            eyes: 0.31 - 0.26 * (bump(1.6, 0.08) + bump(4.9, 0.08)),
            mouth: 0.03 + 0.6 * bump(3.1, 0.35),
            yaw_deg: 24.0 * bump(5.6, 0.4) - 3.0 * (t * 1.3).sin(),
            pitch_deg: 4.0 * (t * 0.9).sin() + 14.0 * bump(2.3, 0.25),
            nod: 0.55 + 0.03 * (t * 2.0).sin() + 0.16 * bump(2.3, 0.25),
            ..Sample::default()
        }
    });
    (vec![face, other], mesh, samples.collect())
}
