//! (Frame, Face) → dense landmarks: the 478 points of face mesh V2.

/// Number of points of face mesh V2.
pub const POINTS: usize = 478;

/// One point of the mesh. `x`, `y` in source-frame pixels; `z` in the same scale, smaller is
/// nearer the camera, zero near the middle of the head.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point3 {
    /// Pixels from the left edge.
    pub x: f32,
    /// Pixels from the top edge.
    pub y: f32,
    /// Pixels behind the head's middle; negative towards the camera.
    pub z: f32,
}

/// Dense landmarks of one face.
#[derive(Clone, Debug, PartialEq)]
pub struct Mesh {
    /// [`POINTS`] points in MediaPipe's order.
    pub points: Vec<Point3>,
    /// The network's probability that its crop holds a face, `0.0..=1.0`.
    pub presence: f32,
}
