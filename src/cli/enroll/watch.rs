//! Some seconds before a camera: the frames in which one face looks ahead.
use std::{collections::BTreeMap, time::Duration};

use liveness::{
    capture::puppet::Behaviour,
    challenge::{Guide, Stand, good_face},
    error::Error,
    identity::Recognizer,
    reading::{Reader, Reading},
    time::Timestamp,
};

use super::Faces;
use crate::cli::{
    Common,
    feed::{Feed, Next, Wish},
    input::Input,
    out::say,
    stop,
};

/// Frames that are wanted; more change the middle of them little.
const FRAMES: usize = 5;

/// Fewest frames that a recording must have: one alone may be the odd one.
const FEWEST: usize = 3;

/// Time between two of them, so that they differ.
const APART: Duration = Duration::from_millis(400);

/// How long to wait for them.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of it.
pub enum Watched {
    /// Frames of one face.
    Enough(Faces),
    /// No face was seen at all by a camera.
    Nobody(Error),
    /// Somebody pressed Ctrl-C.
    Stopped,
}

/// The conditions under which a challenge begins, but for those that are there for gestures.
fn stand() -> Stand {
    Stand {
        max_face_share: f32::INFINITY,
        max_off_centre: f32::INFINITY,
        max_clipped: f32::INFINITY,
        min_eyes: f32::NEG_INFINITY,
        ..Stand::default()
    }
}

/// What keeps a frame from being taken, or nothing.
fn obstacle(reading: &Reading, stand: &Stand) -> Option<&'static str> {
    if reading.sample.is_none() {
        return Some("no face is seen");
    }
    let words = |guide| match guide {
        Guide::NoFace => "no face is seen",
        Guide::SeveralFaces => "several faces are seen",
        Guide::MoveCloser => "the face is too small: come closer",
        Guide::MoveBack => "the face is too large: move back",
        Guide::CentreFace => "the face is not in the middle",
        Guide::TooDark => "the face is too dark",
        Guide::TooBright => "the face is too bright",
        Guide::HoldStill => "the picture is blurred",
        Guide::LookAhead => "the face does not look ahead",
        Guide::CloseMouth => "the mouth is open",
        Guide::FaceCovered => "the face is covered",
        Guide::RemoveGlasses => "the eyes are not seen",
    };
    good_face(reading, stand).err().map(words)
}

/// Watches until there are enough good frames.
pub fn watch(input: &Input, common: &Common) -> anyhow::Result<Watched> {
    let mut recognizer = Recognizer::load(common.models.as_deref())?;
    let mut feed = Feed::open(Wish {
        source: input.source.clone(),
        options: input.looking.options(),
        params: input.looking.params(),
        models: common.models.clone(),
        behaviour: Behaviour::Still,
        seed: 0,
        watched: false,
        patient: false,
    })?;
    let stop = stop::signal()?;
    let (mut reader, stand) = (Reader::default(), stand());
    let mut faces = Faces {
        embeddings: vec![],
        names: vec![],
    };
    let mut obstacles: BTreeMap<&'static str, usize> = BTreeMap::new();
    let (mut begun, mut last, mut hint) = (None, None::<Timestamp>, None);
    let mut somebody = false;
    while stop.is_empty() && faces.embeddings.len() < FRAMES {
        let (now, seen) = match feed.next()? {
            Next::Seen(seen) => (seen.frame.at, Some(seen)),
            Next::Tick(now) => (now, None),
            Next::Camera(news) => (news.at, None),
            Next::End => break,
        };
        if now.since(*begun.get_or_insert(now)) > PATIENCE {
            break;
        }
        let Some(seen) = seen else { continue };
        let reading = reader.read(&seen);
        somebody |= reading.people > 0;
        let obstacle = obstacle(&reading, &stand);
        if let Some(why) = obstacle {
            *obstacles.entry(why).or_default() += 1;
            if input.source.is_live() && hint != Some(why) {
                hint = Some(why);
                say(format_args!("waiting: {why}"));
            }
            continue;
        }
        let soon = last.is_some_and(|last| now.since(last) < APART);
        if let (Some(subject), false) = (&seen.subject, soon) {
            let landmarks = &subject.face.landmarks;
            let embedding = recognizer.embed(&seen.frame.image, landmarks)?;
            faces.embeddings.push(embedding);
            faces.names.push(format!("frame {}", seen.frame.seq));
            last = Some(now);
        }
    }
    if !stop.is_empty() {
        return Ok(Watched::Stopped);
    }
    if faces.embeddings.len() >= FEWEST {
        return Ok(Watched::Enough(faces));
    }
    let most = obstacles.into_iter().max_by_key(|(_, count)| *count);
    let most = most.map_or("it is too short", |(why, _)| why);
    let error = Error::Face {
        what: input.source.to_string(),
        source: format!(
            "{FEWEST} frames are needed that show one face and {} were found; mostly {most}",
            faces.embeddings.len()
        )
        .into(),
    };
    match somebody || !input.source.is_live() {
        true => Err(error.into()),
        false => Ok(Watched::Nobody(error)),
    }
}
