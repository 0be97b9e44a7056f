//! Where frames come from, and how faces are looked for: flags that several commands share.
use std::{fmt, str::FromStr};

use clap::Args;
use liveness::{
    capture::{Options, Source},
    mtcnn::Params,
};

/// Side of P-Net's window in pixels: no smaller face can be found.
const LEAST_FACE_PX: f32 = 12.0;
/// Sides that a camera's picture can have, in pixels.
const SIDES_PX: std::ops::RangeInclusive<u32> = 16..=8192;

/// A source that is a camera unless something else is named.
#[derive(Args, Clone, Debug)]
pub struct Input {
    /// Take frames from camera:N, camera:PATH, a picture, a folder of pictures, a video, or demo.
    #[arg(long, value_name = "SOURCE", default_value = "camera:0")]
    pub source: Source,
    #[command(flatten)]
    pub looking: Looking,
}

/// How frames are taken and faces looked for.
#[derive(Args, Clone, Debug)]
pub struct Looking {
    /// Wish for pictures of this size; a recording has its own.
    #[arg(long, value_name = "WxH", default_value_t = Size(Options::default().size))]
    size: Size,
    /// Wish for N frames a second from a camera; pretend them for a folder or an MJPEG stream.
    #[arg(long, value_name = "N", default_value_t = Options::default().fps,
          value_parser = clap::value_parser!(u32).range(1..=240))]
    fps: u32,
    #[command(flatten)]
    smallest: MinFace,
}

impl Looking {
    /// What to ask the source for.
    pub fn options(&self) -> Options {
        Options {
            size: self.size.0,
            fps: self.fps,
        }
    }

    /// How faces are looked for.
    pub fn params(&self) -> Params {
        self.smallest.params()
    }

    /// How the face in a session is looked for.
    pub fn session_params(&self) -> Params {
        self.smallest.session_params()
    }
}

/// Of faces 60 px wide at 15 frames a second 17 in 150 people were turned away when the search ended at 60
/// px, 10 with this. The search of the whole picture takes twice as long, once in ten frames.
const SESSION_SHARE: f32 = 0.7;

/// The smallest face of interest.
#[derive(Args, Clone, Copy, Debug)]
pub struct MinFace {
    /// Look for faces at least PX pixels wide (12 or more); half of it takes four times as long. A
    /// session looks down to 0.7 of it, so that nobody is lost by leaning back.
    #[arg(long, value_name = "PX", default_value_t = Params::default().min_face_px,
          value_parser = min_face)]
    min_face: f32,
}

impl MinFace {
    /// The cascade's thresholds, with this smallest face.
    pub fn params(&self) -> Params {
        Params {
            min_face_px: self.min_face,
            ..Params::default()
        }
    }

    /// The same for the face in a session: down to less than the smallest of interest, so that one
    /// who is let in at the limit is not lost by leaning back, and a nod not seen for it.
    pub fn session_params(&self) -> Params {
        let wide = self.params();
        Params {
            min_face_px: (SESSION_SHARE * wide.min_face_px).max(LEAST_FACE_PX),
            ..wide
        }
    }
}

fn min_face(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(px) if px.is_finite() && px >= LEAST_FACE_PX => Ok(px),
        Ok(px) if px.is_finite() => Err(format!(
            "faces under {LEAST_FACE_PX} pixels cannot be found; write 12 or more"
        )),
        _ => Err("write a number of pixels, such as 60".into()),
    }
}

/// A score from 0 to 1.
pub fn score(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(score),
        _ => Err("write a number from 0 to 1, such as 0.7".into()),
    }
}

/// Width and height in pixels, written 640x480.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub (u32, u32));

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.0.0, self.0.1)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (width, height) = text
            .split_once(['x', 'X', '×'])
            .ok_or("write width and height in pixels, such as 640x480")?;
        let side = |text: &str| match text.trim().parse() {
            Ok(px) if SIDES_PX.contains(&px) => Ok(px),
            Ok(px) => Err(format!(
                "{px} is out of range; sides have {} to {} pixels",
                SIDES_PX.start(),
                SIDES_PX.end()
            )),
            Err(_) => Err(format!("{text:?} is no number of pixels; write 640x480")),
        };
        Ok(Self((side(width)?, side(height)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_as_it_is_shown() {
        let size: Size = "1280x720".parse().unwrap();
        assert_eq!(
            (size, size.to_string().as_str()),
            (Size((1280, 720)), "1280x720")
        );
        assert_eq!("640×480".parse(), Ok(Size((640, 480))));
        for (text, why) in [
            ("640", "such as 640x480"),
            ("640x", "no number of pixels"),
            ("-640x480", "no number of pixels"),
            ("15x480", "15 is out of range"),
            ("640x8193", "16 to 8192"),
        ] {
            let error = text.parse::<Size>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn numbers_out_of_range_say_what_would_do() {
        assert_eq!(min_face("12"), Ok(12.0));
        assert!(min_face("11.9").unwrap_err().contains("12 or more"));
        assert!(min_face("inf").unwrap_err().contains("such as 60"));
        assert_eq!(score("0.7"), Ok(0.7));
        for text in ["1.1", "-0.1", "NaN", "high"] {
            assert!(score(text).unwrap_err().contains("from 0 to 1"), "{text}");
        }
    }
}
