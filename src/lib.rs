//! Checks, offline and with an ordinary webcam, that a real and present person answers a random
//! challenge.
//!
//! # The way of a frame
//!
//! ```text
//! thread "capture"          thread "detector"                main thread
//! source ──Frame──▶[1]──▶ Observer ──Observation──▶[1]──▶ Session ─▶ State ─▶ Window
//!          drops here      Mtcnn, Mesher                   Reader     └▶ SessionRecord ─▶ Log
//!                                                          Challenge
//! ```
//!
//! [`capture`] stamps each [`frame::Frame`] once; nobody after it reads a clock. Both channels of
//! [`pipeline`] hold one: a live source drops frames rather than let the program work on the past.
//! [`mtcnn`] finds faces, [`mesh`] fits dense landmarks, and together they are an
//! [`observation::Observation`]. [`reading`] turns that into numbers: [`signal`] measures,
//! [`track`] remembers, [`gesture`] sees; [`identity`] tells who it is. [`challenge`] decides on those numbers alone, without
//! thread, file, clock or pixel. [`session`] owns one run and its [`record`]; [`store`] keeps it, signed; [`view`] draws it;
//! [`padtest`] attacks it.
//!
//! # Floors
//!
//! A module names only modules of lower floors; `tests/floors.rs` checks it.
//!
//! | floor | modules |
//! |---|---|
//! | 12 | the command line, in the binary |
//! | 11 | [`view`], [`padtest`] |
//! | 10 | [`session`], [`store`], [`templates`] |
//! | 9 | [`record`], [`pipeline`] |
//! | 8 | [`challenge`] |
//! | 7 | [`reading`] |
//! | 6 | [`gesture`] |
//! | 5 | [`track`] |
//! | 4 | [`signal`], [`observation`], [`identity`] |
//! | 3 | [`capture`], [`mtcnn`], [`mesh`], [`parallax`], [`passive`] |
//! | 2 | [`face`], [`nn`] |
//! | 1 | [`frame`], [`entropy`] |
//! | 0 | [`time`], [`geometry`], [`median`], [`error`], [`files`], [`step`] |
//!
//! # Left and right
//!
//! Landmarks are named by the picture (`eye_l` is nearer x = 0), steps by the subject (`TurnLeft`
//! is to their own left). Frames are never mirrored; only [`view`] mirrors.
//!
//! # Example
//!
//! Are there faces in a picture?
//!
//! ```
//! use std::path::Path;
//!
//! use liveness::{
//!     capture::read_picture,
//!     mtcnn::{Mtcnn, Params},
//! };
//!
//! let picture = read_picture(Path::new("assets/portraits/astronaut.jpg"))?;
//! let mut cascade = Mtcnn::load(Params::default(), None)?;
//! let faces = cascade.find(&picture)?;
//! assert_eq!(faces.len(), 1);
//! println!("nose at {:?}", faces[0].landmarks.nose);
//! # Ok::<(), liveness::error::Error>(())
//! ```
pub mod capture;
pub mod challenge;
pub mod entropy;
pub mod error;
pub mod face;
pub mod files;
pub mod frame;
pub mod geometry;
pub mod gesture;
pub mod identity;
pub mod median;
pub mod mesh;
pub mod mtcnn;
pub mod nn;
pub mod observation;
pub mod padtest;
pub mod parallax;
pub mod passive;
pub mod pipeline;
pub mod reading;
pub mod record;
pub mod session;
pub mod signal;
pub mod step;
pub mod store;
pub mod templates;
pub mod thread;
pub mod time;
pub mod track;
pub mod view;
