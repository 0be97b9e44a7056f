//! Is there light enough, by what a session goes by?
use std::sync::Arc;

use liveness::{
    challenge::{Guide, Stand, bad_light},
    frame::Frame,
    mtcnn::Follow,
    observation::{Observation, Observer},
    reading::{Reader, Reading},
};

use super::{Check, State};

/// What is to say of the light in this frame. A session judges that on the face: without one, or without
/// the networks that find it, only the whole picture's can be told.
pub fn check(frame: Arc<Frame>, observer: Option<Observer<Follow>>) -> Check {
    let looked = observer.and_then(|mut observer| observer.look((*frame).clone()).ok());
    let seen = looked.unwrap_or_else(|| Observation::unseen(frame));
    judge(&Reader::default().read(&seen), &Stand::default())
}

fn judge(reading: &Reading, stand: &Stand) -> Check {
    let face = reading.sample.map(|sample| sample.quality.brightness);
    let luma = face.or(reading.luma).unwrap_or_default();
    // A picture that is white shows no face either.
    let white = luma > stand.luma.1;
    let (state, advice) = match bad_light(reading, stand) {
        Some(Guide::TooDark) => (State::Warn, "; too dark: find more light"),
        Some(_) => (State::Warn, "; too bright: avoid strong light"),
        None if white => (State::Warn, "; too bright: avoid strong light"),
        None if face.is_none() => (
            State::Ok,
            "; it is the light on a face that counts: stand before the camera and run this again",
        ),
        None => (State::Ok, ""),
    };
    let place = match face {
        Some(_) => "on the face",
        None => "in the whole picture, no face is seen",
    };
    super::check(
        "light",
        state,
        format_args!("{luma:.0} of 255 {place}{advice}"),
    )
}

#[cfg(test)]
mod tests {
    use liveness::signal::{Quality, Sample};

    use super::*;

    #[test]
    fn light_is_judged_on_the_face_as_a_session_does_and_else_on_the_picture() {
        let told = |reading: Reading| {
            let Check { state, text, .. } = judge(&reading, &Stand::default());
            (state, text)
        };
        let face = |brightness, clipped| {
            let quality = Quality {
                brightness,
                clipped,
                ..Quality::default()
            };
            told(Reading {
                sample: Some(Sample {
                    quality,
                    ..Sample::default()
                }),
                ..Reading::default()
            })
        };
        let empty = |luma| {
            told(Reading {
                luma: Some(luma),
                ..Reading::default()
            })
        };
        let warn = |told: (State, String), why| {
            assert!(told.0 == State::Warn && told.1.contains(why), "{told:?}");
        };
        assert_eq!(
            face(120.0, 0.0),
            (State::Ok, "120 of 255 on the face".to_owned())
        );
        warn(face(30.0, 0.0), "30 of 255 on the face; too dark");
        warn(face(60.0, 0.9), "too dark");
        warn(face(240.0, 0.0), "too bright");
        warn(
            empty(10.0),
            "10 of 255 in the whole picture, no face is seen; too dark",
        );
        warn(empty(250.0), "too bright");
        let (state, text) = empty(60.0);
        assert_eq!(state, State::Ok);
        assert!(text.contains("stand before the camera"), "{text}");
    }
}
