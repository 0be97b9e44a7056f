//! Which way a head looks, from its mesh.
use crate::mesh::{Mesh, Point3};

/// Yaw, pitch and roll in degrees, from the normal of the plane through the face's own axes: right
/// (eye corners, temples, mouth corners) and down (forehead to chin).
pub(super) fn pose(mesh: &Mesh) -> (f32, f32, f32) {
    let span = |a: usize, b: usize| minus(mesh.point(b), mesh.point(a));
    let right = plus(plus(span(33, 263), span(234, 454)), span(61, 291));
    let down = span(10, 152);
    // The cross product points into the head; the face looks the other way.
    let normal = minus(Point3::default(), cross(right, down));
    let roll = right.y.atan2(right.x);
    // Seen by a camera that is tilted as the head is: a tilted head that nods does not turn.
    let (sin, cos) = roll.sin_cos();
    let across = normal.x * cos + normal.y * sin;
    let down = normal.y * cos - normal.x * sin;
    let yaw = across.atan2(-normal.z);
    let pitch = down.atan2(across.hypot(normal.z));
    (yaw.to_degrees(), pitch.to_degrees(), roll.to_degrees())
}

fn plus(a: Point3, b: Point3) -> Point3 {
    Point3 {
        x: a.x + b.x,
        y: a.y + b.y,
        z: a.z + b.z,
    }
}

fn minus(a: Point3, b: Point3) -> Point3 {
    Point3 {
        x: a.x - b.x,
        y: a.y - b.y,
        z: a.z - b.z,
    }
}

fn cross(a: Point3, b: Point3) -> Point3 {
    Point3 {
        x: a.y * b.z - a.z * b.y,
        y: a.z * b.x - a.x * b.z,
        z: a.x * b.y - a.y * b.x,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::tests::mesh_with;

    /// A flat head facing the camera, turned by `yaw` and tilted by `pitch` degrees.
    fn head(yaw: f32, pitch: f32) -> Mesh {
        let (sy, cy) = yaw.to_radians().sin_cos();
        let (sp, cp) = pitch.to_radians().sin_cos();
        // Yaw carries the nose (towards -z) to larger x; pitch carries it to larger y.
        let turn = |[x, y, _]: [f32; 3]| {
            let (y, z) = (y * cp, y * sp);
            [x * cy - z * sy, y, x * sy + z * cy]
        };
        let flat = [
            (33, [-3.0, -2.0, 0.0]),
            (263, [3.0, -2.0, 0.0]),
            (234, [-7.0, 0.0, 0.0]),
            (454, [7.0, 0.0, 0.0]),
            (61, [-2.5, 4.0, 0.0]),
            (291, [2.5, 4.0, 0.0]),
            (10, [0.0, -8.0, 0.0]),
            (152, [0.0, 8.0, 0.0]),
        ];
        let points: Vec<_> = flat.iter().map(|&(i, p)| (i, turn(p))).collect();
        mesh_with(&points)
    }

    #[test]
    fn pose_by_hand() {
        for (yaw, pitch) in [
            (0.0, 0.0),
            (20.0, 0.0),
            (-35.0, 0.0),
            (0.0, 15.0),
            (0.0, -10.0),
        ] {
            let (y, p, r) = pose(&head(yaw, pitch));
            assert!((y - yaw).abs() < 0.1, "yaw {yaw} read {y}");
            assert!((p - pitch).abs() < 0.1, "pitch {pitch} read {p}");
            assert!(r.abs() < 0.1, "roll {r}");
        }
    }

    #[test]
    fn a_tilted_head_that_nods_does_not_turn() {
        for (roll, pitch) in [(20.0f32, 34.0), (-25.0, 30.0), (10.0, -20.0)] {
            let (sin, cos) = roll.to_radians().sin_cos();
            let mut mesh = head(0.0, pitch);
            for p in &mut mesh.points {
                (p.x, p.y) = (p.x * cos - p.y * sin, p.x * sin + p.y * cos);
            }
            let (y, p, r) = pose(&mesh);
            assert!(
                y.abs() < 0.1 && (p - pitch).abs() < 0.1,
                "yaw {y}, pitch {p}"
            );
            assert!((r - roll).abs() < 0.1, "roll {r}");
        }
    }
}
