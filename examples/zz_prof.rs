use image::{RgbImage, imageops::FilterType};
use liveness::mtcnn::{Mtcnn, Params};
fn main() {
    let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let mf: f32 = std::env::args().nth(2).unwrap().parse().unwrap();
    let mut picture = RgbImage::new(640, 480);
    let portrait = image::open("assets/portraits/astronaut.jpg")
        .unwrap()
        .resize(640, 480, FilterType::Triangle)
        .to_rgb8();
    let left = i64::from(640 - portrait.width()) / 2;
    image::imageops::overlay(&mut picture, &portrait, left, 0);
    let mut m = Mtcnn::load(
        Params {
            min_face_px: mf,
            ..Params::default()
        },
        None,
    )
    .unwrap();
    let s = m.find_stages(&picture).unwrap();
    eprintln!(
        "proposed {} refined {} faces {:?}",
        s.proposed.len(),
        s.refined.len(),
        s.faces
    );
    let mut best = f64::MAX;
    let mut all = vec![];
    for _ in 0..n {
        let t = std::time::Instant::now();
        std::hint::black_box(m.find(&picture).unwrap());
        let d = t.elapsed().as_secs_f64() * 1e3;
        all.push(d);
        if d < best {
            best = d
        }
    }
    all.sort_by(f64::total_cmp);
    eprintln!("best {best:.3} median {:.3}", all[n / 2]);
}
