//! All that a session was told, so that it can be decided again: numbers, no picture.
use std::{
    io::{self, BufRead, BufWriter, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{Event, Plan, Session};
use crate::{
    capture::News, challenge::End, files, reading::Reading, record::SessionRecord, time::Timestamp,
};

/// One thing a session was told, in its order; one line of JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Line {
    /// What it was to be, and when it began.
    Plan {
        /// What it was to be.
        plan: Box<Plan>,
        /// When it began.
        begun: Timestamp,
    },
    /// What was read from a frame.
    Frame {
        /// The frame's place in the stream.
        seq: u64,
        /// What was read.
        reading: Box<Reading>,
    },
    /// Time that passed without a frame.
    Tick {
        /// Until when.
        now: Timestamp,
    },
    /// What was said of the camera.
    Camera {
        /// What.
        news: News,
    },
    /// It was ended from outside.
    End {
        /// Why.
        why: End,
    },
    /// What came of it.
    Result {
        /// Its record.
        record: Box<SessionRecord>,
    },
}

/// All that a session was told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tape {
    lines: Vec<Line>,
}

/// What a tape comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// What callers were told.
    pub events: Vec<Event>,
    /// The record; `None` where the tape breaks off.
    pub record: Option<SessionRecord>,
}

/// A tape cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line is none of ours.
    #[error("line {line}: {source}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// It does not begin with what the session was to be.
    #[error("it does not begin with a session's plan: is it a file that --tape wrote?")]
    NoPlan,
}

impl Tape {
    pub(super) fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Writes it, one object a line.
    ///
    /// # Errors
    ///
    /// Whatever `out` fails with.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        for line in &self.lines {
            serde_json::to_writer(&mut out, line)?;
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// Writes it to a file, and makes the folders above that.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            files::make_private_folder(folder)?;
        }
        let mut options = files::private();
        let file = options.write(true).create(true).truncate(true);
        self.write(BufWriter::new(file.open(path)?))
    }

    /// Reads what [`Tape::write`] wrote.
    ///
    /// # Errors
    ///
    /// Where it is no tape.
    pub fn read(file: impl BufRead) -> Result<Self, TapeError> {
        let mut tape = Self::default();
        for (i, text) in file.lines().enumerate() {
            let line = serde_json::from_str(&text?);
            let line = line.map_err(|source| TapeError::Line {
                line: i + 1,
                source,
            })?;
            tape.push(line);
        }
        match tape.lines.first() {
            Some(Line::Plan { .. }) => Ok(tape),
            _ => Err(TapeError::NoPlan),
        }
    }

    /// The record that came of it then, where the tape has it.
    pub fn result(&self) -> Option<&SessionRecord> {
        self.lines.iter().rev().find_map(|line| match line {
            Line::Result { record } => Some(&**record),
            _ => None,
        })
    }

    /// Decides the session again.
    pub fn play(&self) -> Replay {
        let mut replay = Replay {
            events: vec![],
            record: None,
        };
        let mut lines = self.lines.iter();
        let Some(Line::Plan { plan, begun }) = lines.next() else {
            return replay;
        };
        let mut session = Session::new((**plan).clone(), *begun);
        for line in lines {
            match line {
                Line::Frame { seq, reading } => session.take_frame(*seq, reading),
                Line::Tick { now } => session.tick(*now),
                Line::Camera { news } => session.hear(news),
                Line::End { why } => session.end(*why),
                Line::Plan { .. } | Line::Result { .. } => {}
            }
        }
        replay.events = session.events();
        replay.record = session.record().cloned();
        replay
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Fault, Trouble};
    use crate::{challenge::Rules, record::wall_time, step::Step};

    fn taped() -> Session {
        let plan = Plan {
            session: "taped".to_owned(),
            started: wall_time(),
            source: "test".to_owned(),
            models: String::new(),
            rehearsal: true,
            script: vec![Step::Nod],
            reserve: vec![],
            rules: Rules::default(),
        };
        Session::taped(plan, Timestamp::default())
    }

    #[test]
    fn what_is_written_is_read_and_decided_alike() {
        let mut session = taped();
        for seq in 0..40u64 {
            let reading = Reading {
                at: Timestamp::from_micros(seq * 33_333),
                size: (640, 480),
                luma: Some(0.1 + seq as f32 / 3.0),
                ..Reading::default()
            };
            session.take_frame(seq * 2, &reading);
        }
        session.tick(Timestamp::from_millis(5_000));
        let trouble = Trouble::from(Fault::Slow);
        session.hear(&News::fault(Timestamp::from_millis(5_100), &trouble));
        session.end(End::Cancelled);
        let events = session.events();
        let tape = session.tape().unwrap();
        let mut text = vec![];
        tape.write(&mut text).unwrap();
        let read = Tape::read(text.as_slice()).unwrap();
        assert_eq!(&read, tape);
        let replay = read.play();
        assert_eq!(replay.record.as_ref(), session.record());
        assert_eq!(replay.record.as_ref(), read.result());
        assert_eq!(replay.events, events);
        assert_eq!(session.record().unwrap().frames.dropped, 39);
    }

    /// Frames that come back from the largest number more than once were more than can be counted.
    #[test]
    fn numbers_that_no_camera_gives_are_survived() {
        let mut session = taped();
        for seq in [0, u64::MAX, 0, u64::MAX] {
            session.take_frame(seq, &Reading::default());
        }
        session.end(End::Cancelled);
        let record = session.tape().unwrap().play().record.unwrap();
        assert_eq!(record.frames.dropped, u64::MAX);
    }

    #[test]
    fn what_is_no_tape_says_so() {
        assert!(matches!(Tape::read(&b""[..]), Err(TapeError::NoPlan)));
        let none = Tape::read(&b"{\"type\":\"tick\",\"now\":1}\n"[..]);
        assert!(matches!(none, Err(TapeError::NoPlan)));
        let broken = Tape::read(&b"{\"type\":\"tick\",\"now\":1}\n{\"ty"[..]).unwrap_err();
        assert!(broken.to_string().starts_with("line 2: "), "{broken}");
    }
}
