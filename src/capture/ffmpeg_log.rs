//! What ffmpeg says on its standard error, line by line.

/// One line that matters.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// Seconds in one tick of the times that follow.
    TimeBase(f64),
    /// One frame, about to be written.
    Frame(Shown),
    /// Something went wrong, in ffmpeg's own words.
    Trouble(String),
}

/// A frame as the `showinfo` filter describes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// Presentation time in ticks; `None` if the recording gives none.
    pub ticks: Option<i64>,
    /// The same in seconds, rounded by ffmpeg to six digits.
    pub seconds: Option<f64>,
    /// Width and height in pixels, after any rotation.
    pub size: (u32, u32),
}

/// Reads a line of `ffmpeg -loglevel level+info -vf showinfo`; `None` if it says nothing we need.
///
/// Lines look like `[Parsed_showinfo_0 @ 0x55d0] [info] n:   1 pts:    512 pts_time:0.0333 …`.
pub fn parse(line: &str) -> Option<Line> {
    let (source, level, text) = parts(line)?;
    if matches!(level, "error" | "fatal" | "panic") {
        return Some(Line::Trouble(text.to_owned()));
    }
    if !source.starts_with("Parsed_showinfo") {
        return None;
    }
    if let Some(config) = text.strip_prefix("config in time_base:") {
        let (ticks, per) = config.split(',').next()?.trim().split_once('/')?;
        let seconds = ticks.parse::<f64>().ok()? / per.parse::<f64>().ok()?;
        return seconds.is_normal().then_some(Line::TimeBase(seconds));
    }
    if !text.starts_with("n:") {
        return None;
    }
    let (width, height) = field(text, " s:")?.split_once('x')?;
    Some(Line::Frame(Shown {
        ticks: field(text, " pts:").and_then(|t| t.parse().ok()),
        seconds: field(text, " pts_time:").and_then(|t| t.parse().ok()),
        size: (width.parse().ok()?, height.parse().ok()?),
    }))
}

/// Source (may be empty), level and text.
fn parts(line: &str) -> Option<(&str, &str, &str)> {
    let (first, rest) = line.strip_prefix('[')?.split_once("] ")?;
    match rest.strip_prefix('[').and_then(|r| r.split_once("] ")) {
        Some((level, text)) if first.contains(" @ ") => Some((first, level, text.trim())),
        _ => Some(("", first, rest.trim())),
    }
}

/// The word behind `name`, which ffmpeg may pad with blanks.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = text.split_once(name)?;
    value.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_gives_its_time_and_size() {
        let line = "[Parsed_showinfo_0 @ 0x560f6e360ac0] [info] n:   1 pts:    512 \
                    pts_time:0.0333333 pos:     1593 fmt:yuv444p sar:1/1 s:64x48 i:P iskey:0 type:B ";
        let shown = Shown {
            ticks: Some(512),
            seconds: Some(0.033_333_3),
            size: (64, 48),
        };
        assert_eq!(parse(line), Some(Line::Frame(shown)));
    }

    #[test]
    fn a_newer_ffmpeg_names_more_fields() {
        let line = "[Parsed_showinfo_0 @ 0x1] [info] n:   0 pts:  -1024 pts_time:-0.066667 \
                    duration:    512 duration_time:0.0333 fmt:rgb24 cl:left sar:1/1 s:640x480 i:P";
        let shown = Shown {
            ticks: Some(-1024),
            seconds: Some(-0.066_667),
            size: (640, 480),
        };
        assert_eq!(parse(line), Some(Line::Frame(shown)));
    }

    #[test]
    fn a_frame_without_a_time_is_still_a_frame() {
        let line = "[Parsed_showinfo_0 @ 0x1] [info] n: 0 pts:NOPTS pts_time:NOPTS s:8x6 i:P";
        let shown = Shown {
            ticks: None,
            seconds: None,
            size: (8, 6),
        };
        assert_eq!(parse(line), Some(Line::Frame(shown)));
    }

    #[test]
    fn the_time_base_is_a_fraction() {
        let line =
            "[Parsed_showinfo_0 @ 0x1] [info] config in time_base: 1/15360, frame_rate: 30/1";
        assert_eq!(parse(line), Some(Line::TimeBase(1.0 / 15360.0)));
        let broken = "[Parsed_showinfo_0 @ 0x1] [info] config in time_base: 1/0, frame_rate: 0/0";
        assert_eq!(parse(broken), None);
    }

    #[test]
    fn errors_are_kept_in_ffmpegs_words() {
        let moov = "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55] [error] moov atom not found";
        assert_eq!(
            parse(moov),
            Some(Line::Trouble("moov atom not found".into()))
        );
        let file = "[fatal] Stream map '0:v:0' matches no streams.";
        let text = "Stream map '0:v:0' matches no streams.".to_owned();
        assert_eq!(parse(file), Some(Line::Trouble(text)));
    }

    #[test]
    fn all_other_lines_are_passed_over() {
        for line in [
            "",
            "[",
            "To ignore this, add a trailing '?' to the map.",
            "[info]   Duration: 00:00:02.00, start: 0.000000, bitrate: 21 kb/s",
            "[h264 @ 0x1] [warning] deprecated pixel format used",
            "[Parsed_showinfo_0 @ 0x1] [info] color_range:unknown color_space:unknown",
            "[Parsed_showinfo_0 @ 0x1] [info] config out time_base: 0/0, frame_rate: 0/0",
            "[Parsed_showinfo_0 @ 0x1] [info] n: 3 pts: 3 s:wide",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
