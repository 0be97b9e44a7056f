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

use super::cameras::{CameraId, CameraInfo, find_camera};
use super::fault::{Fault, Trouble};
use super::format::{self, Encoding, Format};
use super::known::Known;
use super::sound::{Tails, whole_jpeg};
use super::{Options, pixels};
use crate::error::{Cause, Error};
use crate::frame::Frame;
use crate::thread;
use crate::time::Clock;

/// Damaged frames in a row after which the camera counts as failed: one second at 30/s.
const MOST_DAMAGED: u32 = 30;

/// How long a person may take to answer macOS's question whether the camera may be used.
const PERMISSION_WAIT: Duration = Duration::from_secs(60);

/// How long a camera may take to say what it offers.
const ANSWER: Duration = Duration::from_secs(5);

/// Lists the cameras of this machine with their formats, by number; an empty list is no error.
pub fn list_cameras() -> Result<Vec<CameraInfo>, Error> {
    let mut cameras = present().map_err(|why| Error::camera("list", why))?;
    let (mut offering, mut mute) = (vec![], vec![]);
    for camera in &mut cameras {
        let formats = ask_formats(camera.index);
        match &formats {
            Ok(_) => offering.push(Known::of(camera)),
            Err(why) if why.fault == Fault::FormatRefused => mute.push(camera.index),
            Err(_) => {}
        }
        camera.formats = formats.map_err(|why| why.to_string());
    }
    cameras
        .retain(|camera| !mute.contains(&camera.index) || !Known::of(camera).is_beside(&offering));
    Ok(cameras)
}

/// What a camera offers, or why that cannot be told. It is asked on a thread of its own: a driver that
/// hangs holds whoever opens the device for ever.
fn ask_formats(index: u32) -> Result<Vec<Format>, Trouble> {
    let (tell, told) = bounded(1);
    let ask = move || {
        let formats = connect(index).and_then(|mut device| offered(&mut device));
        // Nobody may be waiting any more.
        let _ = tell.send(formats);
    };
    let thread = thread::spawn("formats", ask);
    thread.map_err(|why| Trouble::new(Fault::Crashed, why.to_string()))?;
    let silent = "it does not answer; unplug it and plug it in again";
    let silent = |_| Err(Trouble::new(Fault::Stalled, silent));
    told.recv_timeout(ANSWER).unwrap_or_else(silent)
}

/// Frames of one camera, stamped as they arrive.
///
/// A damaged frame is left out with a warning. After an error the camera is closed and the
/// iterator is over; open it anew to try again.
pub struct Camera {
    which: CameraId,
    name: String,
    known: Known,
    /// `None` once it has failed.
    device: Option<nokhwa::Camera>,
    format: Format,
    clock: Clock,
    seq: u64,
    tails: Tails,
}

/// What a camera gives: a frame, or a buffer that holds none.
pub(super) type Shot = Result<Frame, Trouble>;

impl Camera {
    /// Opens a camera in the format nearest to `wish`, see [`format::choose`].
    pub fn open(which: &CameraId, wish: Options, clock: Clock) -> Result<Self, Error> {
        Self::try_open(which, wish, clock).map_err(|why| Error::camera(which, why))
    }

    /// The same, with the reason why not.
    pub(super) fn try_open(which: &CameraId, wish: Options, clock: Clock) -> Result<Self, Trouble> {
        let (device, camera, format) = start(which, wish)?;
        Ok(Self {
            which: which.clone(),
            known: Known::of(&camera),
            name: camera.name,
            device: Some(device),
            format,
            clock,
            seq: 0,
            tails: Tails::default(),
        })
    }

    /// Name given by the maker; virtual cameras show themselves here.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The format in which it streams.
    pub fn format(&self) -> Format {
        self.format
    }

    /// By what it is known again.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// Waits for what the camera gives next.
    ///
    /// # Errors
    ///
    /// Where it gives no more; it is closed then.
    pub(super) fn shoot(&mut self) -> Result<Shot, Trouble> {
        let Some(mut device) = self.device.take() else {
            return Err(Fault::IoError.into());
        };
        let shot = match device.frame_raw() {
            Ok(buffer) => {
                let at = self.clock.now();
                decode(&buffer, self.format, &mut self.tails).map(|image| {
                    let seq = self.seq;
                    self.seq += 1;
                    Frame { at, seq, image }
                })
            }
            Err(why) => {
                close(device);
                return Err(explain(&why));
            }
        };
        self.device = Some(device);
        Ok(shot)
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
        self.device.as_ref()?;
        let mut damaged = 0;
        loop {
            match self.shoot() {
                Ok(Ok(frame)) => return Some(Ok(frame)),
                Ok(Err(why)) if damaged + 1 < MOST_DAMAGED => {
                    damaged += 1;
                    log::warn!("camera {}: a frame left out: {why}", self.which);
                }
                Ok(Err(why)) => {
                    self.device.take().into_iter().for_each(close);
                    let text = format!("{MOST_DAMAGED} damaged frames in a row: {why}");
                    let trouble = Trouble::new(why.fault, text);
                    return Some(Err(Error::camera(&self.which, trouble)));
                }
                Err(why) => return Some(Err(Error::camera(&self.which, why))),
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

fn start(which: &CameraId, wish: Options) -> Result<(nokhwa::Camera, CameraInfo, Format), Trouble> {
    let present = present().map_err(|why| Trouble::new(Fault::Denied, why.to_string()))?;
    let gone = |why: Cause| Trouble::new(Fault::Unplugged, why.to_string());
    let camera = find_camera(which, &present).map_err(gone)?;
    let mut device = connect(camera.index)?;
    let offered = offered(&mut device)?;
    let Some(format) = format::choose(&offered, wish) else {
        let offered = format::summary(&offered);
        let text = format!("it offers {offered}; only YUYV and MJPG can be read");
        return Err(Trouble::new(Fault::FormatRefused, text));
    };
    let encoding = match format.encoding {
        Encoding::Yuyv => FrameFormat::YUYV,
        _ => FrameFormat::MJPEG,
    };
    let size = Resolution::new(format.size.0, format.size.1);
    let exact = RequestedFormatType::Exact(CameraFormat::new(size, encoding, format.fps));
    let refused = |error| {
        let trouble = explain(&error);
        match trouble.fault {
            Fault::IoError => {
                let text = format!("it refuses {format}, which it offers; plug it in anew");
                Trouble::new(Fault::FormatRefused, text)
            }
            _ => trouble,
        }
    };
    device
        .set_camera_requset(RequestedFormat::with_formats(exact, &[encoding]))
        .map_err(refused)?;
    device.open_stream().map_err(|why| explain(&why))?;
    log::info!("camera {which}: {}, {format}", camera.name);
    Ok((device, camera.clone(), format))
}

/// The cameras of this machine, by number, their formats not asked for yet.
pub(super) fn present() -> Result<Vec<CameraInfo>, Cause> {
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
        .map_err(|why| explain(&why))?;
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

fn connect(index: u32) -> Result<nokhwa::Camera, Trouble> {
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
    nokhwa::Camera::new(CameraIndex::Index(index), any).map_err(|why| explain(&why))
}

fn offered(device: &mut nokhwa::Camera) -> Result<Vec<Format>, Trouble> {
    let mut formats: Vec<_> = device
        .compatible_camera_formats()
        .map_err(|why| explain(&why))?
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

fn decode(buffer: &[u8], format: Format, tails: &mut Tails) -> Result<image::RgbImage, Trouble> {
    let damaged = |why: Cause| Trouble::new(Fault::Damaged, why.to_string());
    let torn = || Trouble::new(Fault::Damaged, "it is cut short over an older one");
    let image = match format.encoding {
        Encoding::Yuyv => {
            let image = pixels::yuyv(buffer, format.size).map_err(damaged)?;
            let bytes = image.width() as usize * image.height() as usize * 2;
            if tails.is_torn(&buffer[..bytes.min(buffer.len())]) {
                return Err(torn());
            }
            image
        }
        _ => {
            let jpeg = whole_jpeg(buffer).ok_or_else(|| damaged("it is no whole JPEG".into()))?;
            if tails.is_torn(&jpeg) {
                return Err(torn());
            }
            pixels::jpeg(&jpeg).map_err(damaged)?
        }
    };
    let (width, height) = image.dimensions();
    if (width, height) != format.size {
        let text = format!("it is {width}x{height}, not as agreed");
        return Err(Trouble::new(Fault::WrongSize, text));
    }
    Ok(image)
}

/// Says in our words what nokhwa says in its own, with the way out where there is one.
fn explain(error: &NokhwaError) -> Trouble {
    let text = error.to_string();
    // nokhwa keeps only the text of the system's error; its number stands in there.
    let number = text
        .split("(os error ")
        .nth(1)
        .and_then(|t| t.split(')').next());
    let fault = match number.filter(|_| cfg!(unix)) {
        Some("1" | "13") => Fault::Denied,
        Some("16") => Fault::Busy,
        Some("2" | "6" | "19") => Fault::Unplugged,
        // Only the watch of a camera that stalls interrupts it.
        Some("4") => Fault::Stalled,
        _ if text.contains("Failed to Fufill") => Fault::FormatRefused,
        _ => return Trouble::new(Fault::IoError, format!("{} ({text})", Fault::IoError)),
    };
    log::debug!("{text}");
    fault.into()
}
