//! Checks, offline and with an ordinary webcam, that a real and present person answers a random
//! challenge.
pub mod capture;
pub mod challenge;
pub mod error;
pub mod face;
pub mod frame;
pub mod geometry;
pub mod mesh;
pub mod signal;
pub mod step;
pub mod time;
pub mod track;
pub mod view;
