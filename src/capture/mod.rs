//! Where frames come from. A source of frames is any iterator of `Result<Frame, Error>`.
pub mod puppet;
