//! Draws textured triangles: far ones first, those that look away not at all.
use super::texture::{Texture, fixed};

/// One corner on its way to the screen: place, depth, and where its colour is in the photograph.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Corner {
    pub(super) x: f32,
    pub(super) y: f32,
    /// Smaller is nearer.
    pub(super) z: f32,
    pub(super) u: f32,
    pub(super) v: f32,
}

/// What a triangle shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Paint {
    Photo,
    Flat([u8; 3]),
}

/// Three corners by index, clockwise on the screen when they face the camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Triangle {
    pub(super) corners: [usize; 3],
    pub(super) paint: Paint,
}

/// Pixels being drawn, RGB.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    pub(super) pixels: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Draws the triangles that face the camera. `order` is scratch space.
pub(super) fn draw(
    canvas: &mut Canvas,
    texture: &Texture,
    corners: &[Corner],
    triangles: &[Triangle],
    order: &mut Vec<(f32, usize)>,
) {
    let look_up = |t: &Triangle| -> Option<[Corner; 3]> {
        let [a, b, c] = t.corners.map(|i| corners.get(i).copied());
        Some([a?, b?, c?])
    };
    order.clear();
    order.extend(triangles.iter().enumerate().filter_map(|(i, t)| {
        let [a, b, c] = look_up(t)?;
        (area2(a, b, c) > 0.0).then_some((a.z + b.z + c.z, i))
    }));
    // Painter's order; the index keeps equal depths in place.
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for &(_, i) in order.iter() {
        if let Some((t, corners)) = triangles.get(i).and_then(|t| Some((t, look_up(t)?))) {
            fill(canvas, texture, corners, t.paint);
        }
    }
}

/// Twice the signed area: positive clockwise on the screen.
fn area2(a: Corner, b: Corner, c: Corner) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// Fills the pixels whose middles lie in the triangle, each edge's on one side only.
fn fill(canvas: &mut Canvas, texture: &Texture, [a, b, c]: [Corner; 3], paint: Paint) {
    let area = area2(a, b, c);
    if area < 1e-6 {
        return;
    }
    // How texture coordinates grow with x and with y: the same all over the triangle.
    let slope = |fa: f32, fb: f32, fc: f32| {
        let (ab, ac) = (fb - fa, fc - fa);
        (
            (ab * (c.y - a.y) - ac * (b.y - a.y)) / area,
            (ac * (b.x - a.x) - ab * (c.x - a.x)) / area,
        )
    };
    let (u_x, u_y) = slope(a.u, b.u, c.u);
    let (v_x, v_y) = slope(a.v, b.v, c.v);
    let rows = |y: f32| ((y - 0.5).ceil().max(0.0) as usize).min(canvas.height);
    let top = a.y.min(b.y).min(c.y);
    let bottom = a.y.max(b.y).max(c.y);
    for row in rows(top)..rows(bottom) {
        let y = row as f32 + 0.5;
        let (mut left, mut right) = (f32::INFINITY, f32::NEG_INFINITY);
        for (p, q) in [(a, b), (b, c), (c, a)] {
            // Both triangles at an edge walk it from its upper end: same numbers, no seam.
            let (p, q) = if (p.y, p.x) <= (q.y, q.x) {
                (p, q)
            } else {
                (q, p)
            };
            if p.y <= y && y < q.y {
                let x = p.x + (q.x - p.x) * (y - p.y) / (q.y - p.y);
                left = left.min(x);
                right = right.max(x);
            }
        }
        // Truncating is one instruction, `ceil` a call: middles on an edge go to its left side.
        let columns = |x: f32| ((x + 0.5).max(0.0) as usize).min(canvas.width);
        let (from, to) = (columns(left), columns(right));
        let start = row * canvas.width;
        let Some(span) = canvas
            .pixels
            .get_mut(3 * (start + from)..3 * (start + to.max(from)))
        else {
            continue;
        };
        match paint {
            Paint::Flat(colour) => span.as_chunks_mut::<3>().0.fill(colour),
            Paint::Photo => {
                let (dx, dy) = (from as f32 + 0.5 - a.x, y - a.y);
                // A texel's colour is that of its middle.
                let mut u = fixed(a.u - 0.5 + u_x * dx + u_y * dy);
                let mut v = fixed(a.v - 0.5 + v_x * dx + v_y * dy);
                let (du, dv) = (fixed(u_x), fixed(v_x));
                let pixels = span.as_chunks_mut::<3>().0;
                let way = pixels.len().saturating_sub(1) as i32;
                let [most_u, most_v] = texture.most();
                let within = |from: i32, step: i32, most: i32| {
                    let to = from.wrapping_add(step.wrapping_mul(way));
                    (0..=most).contains(&from) && (0..=most).contains(&to)
                };
                // Straight from one inner point to another: all between are inside, too.
                let inside = within(u, du, most_u) && within(v, dv, most_v);
                for pixel in pixels {
                    *pixel = if inside {
                        texture.sample(u, v)
                    } else {
                        texture.sample_clamped(u, v)
                    };
                    u = u.wrapping_add(du);
                    v = v.wrapping_add(dv);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canvas(side: usize) -> Canvas {
        Canvas {
            pixels: vec![0; 3 * side * side],
            width: side,
            height: side,
        }
    }

    fn gradient(side: u32) -> Texture {
        Texture::new(&image::RgbImage::from_fn(side, side, |x, y| {
            image::Rgb([x as u8, y as u8, 9])
        }))
    }

    fn corner(x: f32, y: f32, z: f32) -> Corner {
        Corner {
            x,
            y,
            z,
            u: x,
            v: y,
        }
    }

    #[test]
    fn an_unmoved_square_is_the_picture_itself() {
        let mut canvas = canvas(32);
        let corners = [
            corner(0.0, 0.0, 0.0),
            corner(32.0, 0.0, 0.0),
            corner(32.0, 32.0, 0.0),
            corner(0.0, 32.0, 0.0),
        ];
        let paint = Paint::Photo;
        let triangles = [[0, 1, 2], [0, 2, 3]].map(|corners| Triangle { corners, paint });
        draw(
            &mut canvas,
            &gradient(32),
            &corners,
            &triangles,
            &mut Vec::new(),
        );
        for y in 0..31 {
            for x in 0..31 {
                let pixel = &canvas.pixels[3 * (32 * y + x)..][..3];
                assert!(
                    pixel[0].abs_diff(x as u8) <= 1 && pixel[1].abs_diff(y as u8) <= 1,
                    "{x} {y}: {pixel:?}"
                );
            }
        }
    }

    #[test]
    fn the_nearer_hides_the_farther_and_backs_are_not_drawn() {
        let mut canvas = canvas(8);
        let at = |z: f32| {
            [
                corner(0.0, 0.0, z),
                corner(16.0, 0.0, z),
                corner(0.0, 16.0, z),
            ]
        };
        let corners = [at(1.0), at(5.0)].concat();
        let flat = |corners, v: u8| Triangle {
            corners,
            paint: Paint::Flat([v; 3]),
        };
        let triangles = [flat([0, 1, 2], 1), flat([3, 4, 5], 5), flat([0, 2, 1], 7)];
        draw(
            &mut canvas,
            &gradient(4),
            &corners,
            &triangles,
            &mut Vec::new(),
        );
        assert_eq!(canvas.pixels[..3], [1, 1, 1]);
    }

    proptest! {
        /// A square cut at any inner point is covered once: no seam, no pixel twice.
        #[test]
        fn neighbours_leave_no_seam(x in 1f32..31.0, y in 1f32..31.0) {
            let corners = [corner(0.0, 0.0, 0.0), corner(32.0, 0.0, 0.0), corner(32.0, 32.0, 0.0), corner(0.0, 32.0, 0.0), corner(x, y, 0.0)];
            let mut seen = vec![0u8; 32 * 32];
            for (i, j) in [(0, 1), (1, 2), (2, 3), (3, 0)] {
                let mut canvas = canvas(32);
                let triangle = Triangle { corners: [i, j, 4], paint: Paint::Flat([1; 3]) };
                draw(&mut canvas, &gradient(4), &corners, &[triangle], &mut Vec::new());
                for (count, pixel) in seen.iter_mut().zip(canvas.pixels.chunks(3)) {
                    *count += pixel[0];
                }
            }
            prop_assert!(seen.iter().all(|&count| count == 1));
        }

        #[test]
        fn no_corner_is_too_wild(v in proptest::collection::vec((-1e9f32..1e9, -1e9f32..1e9), 3)) {
            let corners: Vec<Corner> = v.iter().map(|&(x, y)| corner(x, y, 0.0)).collect();
            let triangle = Triangle { corners: [0, 1, 2], paint: Paint::Photo };
            draw(&mut canvas(8), &gradient(4), &corners, &[triangle], &mut Vec::new());
        }
    }
}
