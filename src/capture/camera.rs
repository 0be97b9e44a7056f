//! A camera → Frame. The only file that names nokhwa.
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crossbeam_channel::bounded;
use nokhwa::NokhwaError;
use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType,
    Resolution,
};

use super::cameras::{CameraId, CameraInfo, find};
use super::format::{self, Encoding, Format};
use super::{Options, pixels};
use crate::error::{Cause, Error};
use crate::frame::Frame;
use crate::time::Clock;

/// Damaged frames in a row after which the camera counts as failed: one second at 30/s.
const MOST_DAMAGED: u32 = 30;

/// How long a person may take to answer macOS's question whether the camera may be used.
const PERMISSION_WAIT: Duration = Duration::from_secs(60);

/// Lists the cameras of this machine with their formats, by number; an empty list is no error.
pub fn list_cameras() -> Result<Vec<CameraInfo>, Error> {
    let mut cameras = present().map_err(|why| Error::camera("list", why))?;
    for camera in &mut cameras {
        camera.formats = connect(camera.index)
            .and_then(|mut device| offered(&mut device))
            .map_err(|why| why.to_string());
    }
    Ok(cameras)
}

/// Frames of one camera, stamped as they arrive.
///
/// A damaged frame is left out with a warning. After an error the camera is closed and the
/// iterator is over; open it anew to try again.
pub struct Camera {
    which: CameraId,
    name: String,
    /// `None` once it has failed.
    device: Option<nokhwa::Camera>,
    format: Format,
    clock: Clock,
    seq: u64,
    damaged: u32,
}

impl Camera {
    /// Opens a camera in the format nearest to `wish`, see [`format::choose`].
    pub fn open(which: &CameraId, wish: Options, clock: Clock) -> Result<Self, Error> {
        start(which, wish)
            .map(|(device, name, format)| Self {
                which: which.clone(),
                name,
                device: Some(device),
                format,
                clock,
                seq: 0,
                damaged: 0,
            })
            .map_err(|why| Error::camera(which, why))
    }

    /// Name given by the maker; virtual cameras show themselves here.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The format in which it streams.
    pub fn format(&self) -> Format {
        self.format
    }

    fn frame(&mut self, device: &mut nokhwa::Camera) -> Result<Frame, Cause> {
        loop {
            let buffer = device.frame_raw().map_err(explain)?;
            let at = self.clock.now();
            match decode(&buffer, self.format) {
                Ok(image) => {
                    let seq = self.seq;
                    self.seq += 1;
                    self.damaged = 0;
                    return Ok(Frame { at, seq, image });
                }
                Err(why) => {
                    self.damaged += 1;
                    if self.damaged >= MOST_DAMAGED {
                        let text = format!("{MOST_DAMAGED} damaged frames in a row: {why}");
                        return Err(text.into());
                    }
                    log::warn!("camera {}: a frame left out: {why}", self.which);
                }
            }
        }
    }
}

impl fmt::Debug for Camera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Camera({}, {}, frame {})",
            self.which, self.format, self.seq
        )
    }
}

impl Iterator for Camera {
    type Item = Result<Frame, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut device = self.device.take()?;
        match self.frame(&mut device) {
            Ok(frame) => {
                self.device = Some(device);
                Some(Ok(frame))
            }
            Err(why) => {
                close(device);
                Some(Err(Error::camera(&self.which, why)))
            }
        }
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.device.take().into_iter().for_each(close);
    }
}

/// Closes a camera. Its driver panics if stopping fails with anything but "unplugged" (v4l 0.14,
/// `Stream::drop`), and a panic must not pass through our own `drop`.
fn close(device: nokhwa::Camera) {
    let closed = catch_unwind(AssertUnwindSafe(move || drop(device)));
    if closed.is_err() {
        log::warn!("a camera did not stop properly");
    }
}

fn start(which: &CameraId, wish: Options) -> Result<(nokhwa::Camera, String, Format), Cause> {
    let present = present()?;
    let camera = find(which, &present)?;
    let mut device = connect(camera.index)?;
    let offered = offered(&mut device)?;
    let Some(format) = format::choose(&offered, wish) else {
        let offered = format::summary(&offered);
        return Err(format!("it offers {offered}; only YUYV and MJPG can be read").into());
    };
    let encoding = match format.encoding {
        Encoding::Yuyv => FrameFormat::YUYV,
        _ => FrameFormat::MJPEG,
    };
    let size = Resolution::new(format.size.0, format.size.1);
    let exact = RequestedFormatType::Exact(CameraFormat::new(size, encoding, format.fps));
    device
        .set_camera_requset(RequestedFormat::with_formats(exact, &[encoding]))
        .map_err(explain)?;
    device.open_stream().map_err(explain)?;
    log::info!("camera {which}: {}, {format}", camera.name);
    Ok((device, camera.name.clone(), format))
}

/// The cameras of this machine, by number, their formats not asked for yet.
fn present() -> Result<Vec<CameraInfo>, Cause> {
    // Elsewhere than on macOS the answer is yes and comes at once.
    let (tx, answer) = bounded(1);
    nokhwa::nokhwa_initialize(move |granted| {
        let _ = tx.try_send(granted);
    });
    if answer.recv_timeout(PERMISSION_WAIT) != Ok(true) {
        return Err("the system does not let this program use a camera; see its settings".into());
    }
    // A device file named `video` without a number makes v4l panic.
    let found = catch_unwind(|| nokhwa::query(ApiBackend::Auto))
        .map_err(|_| "the list of cameras cannot be read")?
        .map_err(explain)?;
    let mut cameras: Vec<_> = found.iter().filter_map(describe).collect();
    cameras.sort_by_key(|camera| camera.index);
    Ok(cameras)
}

fn describe(found: &nokhwa::utils::CameraInfo) -> Option<CameraInfo> {
    let index = found.index().as_index().ok()?;
    // Windows and macOS give a unique text instead of a path.
    let path = if cfg!(target_os = "linux") {
        format!("/dev/video{index}")
    } else {
        found.misc()
    };
    Some(CameraInfo {
        index,
        name: found.human_name(),
        path,
        formats: Ok(Vec::new()),
    })
}

fn connect(index: u32) -> Result<nokhwa::Camera, Cause> {
    let all = [
        FrameFormat::YUYV,
        FrameFormat::MJPEG,
        FrameFormat::NV12,
        FrameFormat::GRAY,
        FrameFormat::RAWRGB,
        FrameFormat::RAWBGR,
    ];
    // Any format will do until we know which there are.
    let any = RequestedFormat::with_formats(RequestedFormatType::None, &all);
    nokhwa::Camera::new(CameraIndex::Index(index), any).map_err(explain)
}

fn offered(device: &mut nokhwa::Camera) -> Result<Vec<Format>, Cause> {
    let mut formats: Vec<_> = device
        .compatible_camera_formats()
        .map_err(explain)?
        .into_iter()
        .map(|offered| Format {
            encoding: match offered.format() {
                FrameFormat::YUYV => Encoding::Yuyv,
                FrameFormat::MJPEG => Encoding::Mjpeg,
                FrameFormat::NV12 => Encoding::Other("NV12"),
                FrameFormat::GRAY => Encoding::Other("GRAY"),
                FrameFormat::RAWRGB => Encoding::Other("RGB3"),
                FrameFormat::RAWBGR => Encoding::Other("BGR3"),
            },
            size: (offered.width(), offered.height()),
            fps: offered.frame_rate(),
        })
        .collect();
    formats.sort_by_key(|f| (f.encoding.to_string(), f.size, f.fps));
    formats.dedup();
    Ok(formats)
}

fn decode(buffer: &[u8], format: Format) -> Result<image::RgbImage, Cause> {
    let image = match format.encoding {
        Encoding::Yuyv => pixels::yuyv(buffer, format.size)?,
        _ => pixels::jpeg(buffer)?,
    };
    let (width, height) = image.dimensions();
    if (width, height) != format.size {
        return Err(format!("it is {width}x{height}, not as agreed").into());
    }
    Ok(image)
}

/// Says in our words what nokhwa says in its own, with the way out where there is one.
fn explain(error: NokhwaError) -> Cause {
    let text = error.to_string();
    // nokhwa keeps only the text of the system's error; its number stands in there.
    let number = text
        .split("(os error ")
        .nth(1)
        .and_then(|t| t.split(')').next());
    let ours = match number.filter(|_| cfg!(unix)) {
        Some("13") => "permission denied; add yourself to group video and log in anew",
        Some("16") => "busy; is another program using it?",
        Some("2" | "6" | "19") => "it is not there any more; is it unplugged?",
        _ if text.contains("Failed to Fufill") => "it offers no format that can be read",
        _ => return text.into(),
    };
    log::debug!("{text}");
    ours.into()
}
