//! `liveness challenge` and `liveness demo`: run sessions and report the verdict.
use anyhow::Context as _;
use clap::Args;
use liveness::{
    capture::{Change, Source},
    challenge::{Guide, Verdict},
    entropy,
    session::{Event, StepState},
    step::Step,
};

use super::{
    Common,
    ask::Ask,
    exit::Exit,
    fail,
    feed::{Feed, Wish},
    input::{Input, Looking},
    out::{print_json, print_line, say},
    outcome::{exit_of, report},
    sessions::Sessions,
    stage::Stage,
    stop,
};

/// Run a challenge and report the verdict.
///
/// A person stands before the camera and does what the window asks. Exit code 0: passed; 1: failed;
/// 3: nobody came or was ready, or too many had failed (--lockout); 4: the camera or recording failed;
/// 5: a network, the key or the log is not what it must be; 6: cancelled.
#[derive(Args, Debug)]
pub struct Challenge {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    ask: Ask,
}

/// Run a challenge on the built-in simulated subject: no camera, no files.
///
/// A portrait, moved by its own face mesh, hears what is asked and obeys (or fails in a known way,
/// with --behaviour); the real networks look at it. Without a display the demo runs in the terminal.
#[derive(Args, Debug)]
pub struct Demo {
    #[command(flatten)]
    looking: Looking,
    #[command(flatten)]
    ask: Ask,
}

impl Challenge {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        run(&self.input.source, &self.input.looking, &self.ask, common)
    }
}

impl Demo {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        run(&Source::Demo, &self.looking, &self.ask, common)
    }
}

fn run(source: &Source, looking: &Looking, ask: &Ask, common: &Common) -> anyhow::Result<Exit> {
    let demo = *source == Source::Demo;
    // Everything that can be wrong is found out before the subject is asked for anything.
    ask.check(demo)?;
    let drawn = ask.draw()?;
    let json = ask.terms.json;
    if ask.explain {
        let odds = ask.terms.odds();
        if json {
            print_json(&odds)?;
        } else {
            print_line(&odds)?;
        }
        return Ok(Exit::Done);
    }
    let mut sessions = Sessions::prepare(&ask.terms, source.clone(), common)?;
    let mut stage = match Stage::open(ask) {
        Ok(stage) => stage,
        Err(error) if demo && !ask.fullscreen => {
            say(format_args!("{error}; the demo runs in the terminal"));
            None
        }
        Err(error) => {
            return Err(error)
                .context("a challenge needs a display, or --headless where there is none");
        }
    };
    let seed = match ask.seed {
        Some(seed) => seed,
        None => entropy::bits()?,
    };
    let mut feed = Feed::open(Wish {
        source: source.clone(),
        options: looking.options(),
        params: looking.session_params(),
        models: common.models.clone(),
        behaviour: ask.behaviour(),
        seed,
        watched: stage.is_some(),
        patient: true,
    })?;
    // A session that is stopped is cancelled, and logged, rather than lost.
    let stop = stop::signal()?;
    let mut drawn = Some(drawn);
    loop {
        let drawn = match drawn.take() {
            Some(drawn) => drawn,
            None => ask.draw()?,
        };
        let mut asked = None;
        let shown = stage.is_some();
        let mut hear = |event: &Event| tell(event, &mut asked, json, shown);
        let ended = sessions.play(drawn, &mut feed, stage.as_mut(), &stop, &mut hear)?;
        let Some(ended) = ended else {
            return Ok(Exit::Integrity);
        };
        let verdict = ended.verdict;
        let reported = report(&ended.record, &ended.sealed, json);
        let again = match stage.as_mut() {
            Some(stage) if verdict != Verdict::Cancelled => {
                stage.linger(&mut feed, &stop, verdict, ended.frame, &mut sessions.now)
            }
            _ => false,
        };
        match ended.failure {
            Some(error) if verdict == Verdict::Cancelled => {
                return Ok(fail(&error, Exit::Cancelled));
            }
            Some(error) => return Err(error),
            None => reported?,
        }
        if let (Some(error), false) = (ended.broken, again) {
            return Err(error.into());
        }
        if !again {
            return Ok(exit_of(verdict));
        }
    }
}

/// Passes on what has happened: to the caller, or to the terminal where no window shows it. `asked` is the
/// step that is under way.
fn tell(event: &Event, asked: &mut Option<Step>, json: bool, shown: bool) -> anyhow::Result<()> {
    if json {
        print_json(event)?;
    } else if !shown {
        say(words(event, *asked));
    }
    if let Event::Step { step, state, .. } = event {
        *asked = (*state == StepState::Asked).then_some(*step);
    }
    Ok(())
}

/// An event for somebody who reads the terminal; `asked` is the step that is under way.
fn words(event: &Event, asked: Option<Step>) -> String {
    match event {
        Event::Hello { script, .. } => match script.len() {
            1 => "look at the camera; one step follows".to_owned(),
            n => format!("look at the camera; {n} steps follow"),
        },
        Event::Guide { code } => match code {
            Guide::NoFace => "waiting for a face".to_owned(),
            other => format!("please: {}", code_name(*other)),
        },
        Event::Step { step, state, t_ms } => {
            let seconds = t_ms / 1e3;
            match state {
                // Neither done nor failed since: a strike.
                StepState::Asked if asked == Some(*step) => {
                    format!("{seconds:6.1} s  that was something else; once more: {step}")
                }
                StepState::Asked => format!("{seconds:6.1} s  asked for {step}"),
                StepState::Done => format!("{seconds:6.1} s  seen: {step}"),
                StepState::Failed => format!("{seconds:6.1} s  not seen: {step}"),
            }
        }
        Event::Camera { state, text, .. } => camera_words(*state, text),
    }
}

/// What is said of the camera to somebody who reads the terminal.
pub fn camera_words(state: Change, text: &str) -> String {
    match state {
        Change::Fault => format!("the camera: {text}"),
        Change::Back => format!("the camera is well again: {text}"),
    }
}

fn code_name(guide: Guide) -> String {
    // The code in JSON reads well enough: "move_closer".
    let quoted = serde_json::to_string(&guide).unwrap_or_default();
    quoted.trim_matches('"').replace('_', " ")
}
