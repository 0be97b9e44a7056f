//! `liveness cameras`: which cameras there are, and what they offer.
use std::collections::BTreeMap;

use clap::Args;
use comfy_table::{Table, presets};
use liveness::capture::{self, CameraInfo, format::Format};
use serde::Serialize;

use super::{
    exit::Exit,
    out::{self, print_json, print_line},
    table::fit,
};

/// List cameras and their formats; no camera is no error.
#[derive(Args, Debug)]
pub struct Cameras {
    /// Print one JSON object a camera.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    index: u32,
    path: &'a str,
    name: &'a str,
    formats: Vec<Offer>,
    /// Why the formats cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct Offer {
    encoding: String,
    width: u32,
    height: u32,
    fps: u32,
}

impl From<&Format> for Offer {
    fn from(format: &Format) -> Self {
        Self {
            encoding: format.encoding.to_string(),
            width: format.size.0,
            height: format.size.1,
            fps: format.fps,
        }
    }
}

fn line(camera: &CameraInfo) -> Line<'_> {
    let formats = camera.formats.as_deref();
    Line {
        r#type: "camera",
        index: camera.index,
        path: &camera.path,
        name: &camera.name,
        formats: formats
            .unwrap_or_default()
            .iter()
            .map(Offer::from)
            .collect(),
        error: camera.formats.as_ref().err().map(String::as_str),
    }
}

impl Cameras {
    pub fn run(&self) -> anyhow::Result<Exit> {
        let cameras = capture::list_cameras()?;
        if self.json {
            cameras
                .iter()
                .try_for_each(|camera| print_json(&line(camera)))?;
        } else if cameras.is_empty() {
            out::say("no camera found; plug one in, or try `liveness demo`");
        } else {
            print_line(table(&cameras))?;
        }
        Ok(Exit::Done)
    }
}

fn table(cameras: &[CameraInfo]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    fit(&mut table);
    table.set_header(["source", "path", "name", "formats"]);
    for camera in cameras {
        let formats = match &camera.formats {
            Ok(formats) => lines(formats).join("\n"),
            Err(why) => why.clone(),
        };
        let source = format!("camera:{}", camera.index);
        table.add_row([&source, &camera.path, &camera.name, &formats]);
    }
    table
}

/// One line an encoding and size, with its rates: `YUYV 640x480 at 15, 30/s`.
pub fn lines(formats: &[Format]) -> Vec<String> {
    let mut rates: BTreeMap<(String, (u32, u32)), Vec<String>> = BTreeMap::new();
    for format in formats {
        let which = (format.encoding.to_string(), format.size);
        rates.entry(which).or_default().push(format.fps.to_string());
    }
    let line = |((encoding, (width, height)), fps): (&(String, (u32, u32)), &Vec<String>)| {
        format!("{encoding} {width}x{height} at {}/s", fps.join(", "))
    };
    rates.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use liveness::capture::format::Encoding;

    fn camera(formats: Result<Vec<Format>, String>) -> CameraInfo {
        CameraInfo {
            index: 2,
            name: "Kiosk \"Cam\"".into(),
            path: "/dev/video2".into(),
            formats,
        }
    }

    fn yuyv(fps: u32) -> Format {
        Format {
            encoding: Encoding::Yuyv,
            size: (640, 480),
            fps,
        }
    }

    #[test]
    fn json_as_the_manual_says() {
        let text = serde_json::to_string(&line(&camera(Ok(vec![yuyv(30)])))).unwrap();
        let want = r#"{"type":"camera","index":2,"path":"/dev/video2","name":"Kiosk \"Cam\"","formats":[{"encoding":"YUYV","width":640,"height":480,"fps":30}]}"#;
        assert_eq!(text, want);
        let text = serde_json::to_string(&line(&camera(Err("busy".into())))).unwrap();
        assert!(text.ends_with(r#""formats":[],"error":"busy"}"#), "{text}");
    }

    #[test]
    fn a_table_shows_rates_together_and_the_reason_why_not() {
        let text = table(&[camera(Ok(vec![yuyv(15), yuyv(30)]))]).to_string();
        assert!(
            text.contains("camera:2") && text.contains("YUYV 640x480 at 15, 30/s"),
            "{text}"
        );
        assert!(
            table(&[camera(Err("busy".into()))])
                .to_string()
                .contains("busy")
        );
    }
}
