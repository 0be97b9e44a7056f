//! Films the simulated subject: `puppet BEHAVIOUR STEPS SECONDS SEED [OUT.rgb] [WIDTHxHEIGHT]`.
//!
//! STEPS is a list such as `blink,nod`; each is asked 4 s after the one before, the first at 2 s. OUT
//! gets raw RGB frames, 30 a second: `ffmpeg -f rawvideo -pix_fmt rgb24 -s 640x480 -r 30 -i OUT.rgb …`.
//! stderr gets the time a frame took.
use std::{fs::File, io::Write};

use liveness::{
    capture::puppet::{Cue, Options, Pace, Puppet},
    step::Step,
    time::Clock,
};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |i: usize| args.get(i).map_or("", String::as_str);
    let steps = arg(1).split(',').filter(|s| !s.is_empty());
    let steps = steps.map(str::parse).collect::<Result<Vec<Step>, _>>()?;
    let frames = (arg(2).parse::<f32>()? * 30.0) as usize;
    let mut options = Options {
        behaviour: arg(0).parse()?,
        seed: arg(3).parse()?,
        ..Options::default()
    };
    if let Some((width, height)) = arg(5).split_once('x') {
        options.size = (width.parse()?, height.parse()?);
    }
    let (say, cues) = crossbeam_channel::bounded(1);
    let clock = Clock::start();
    let mut puppet = Puppet::new(options, Pace::Virtual, cues)?;
    let born = clock.now();
    let mut out = match arg(4) {
        "" | "-" => None,
        path => Some(File::create(path)?),
    };
    let mut spent_us = 0;
    for n in 0..frames {
        // Second 2 of every four.
        if n % 120 == 60
            && let Some(&step) = steps.get(n / 120)
        {
            say.send(Cue::Ask(step))?;
        }
        let before = clock.now();
        let Some(frame) = puppet.next().transpose()? else {
            break;
        };
        spent_us += clock.now().since(before).as_micros();
        if let Some(out) = &mut out {
            out.write_all(&frame.image)?;
        }
    }
    let each = spent_us as f64 / 1e3 / frames.max(1) as f64;
    eprintln!(
        "made in {:.1} ms, {each:.2} ms a frame",
        born.as_millis_f64()
    );
    Ok(())
}
