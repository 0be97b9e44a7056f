//! Checks, offline and with an ordinary webcam, that a real and present person answers a random
//! challenge.
pub mod capture;
pub mod challenge;
pub mod entropy;
pub mod error;
pub mod face;
pub mod frame;
pub mod geometry;
pub mod gesture;
pub mod mesh;
pub mod mtcnn;
pub mod nn;
pub mod observation;
pub mod pipeline;
pub mod reading;
pub mod record;
pub mod session;
pub mod signal;
pub mod step;
pub mod time;
pub mod track;
pub mod view;
