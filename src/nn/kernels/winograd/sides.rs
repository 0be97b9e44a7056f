//! The transforms along one side of a tile: of the kernel, of the input and of the output.
//!
//! Source: Lavin and Gray 2016, F(4x4, 3x3).
use crate::nn::kernels::vector::Vector;

/// Inputs along the side of a tile.
pub const INPUTS: usize = 6;

/// Outputs along the side of a tile.
pub const OUTPUTS: usize = 4;

/// Products of a tile.
pub const PLACES: usize = INPUTS * INPUTS;

/// A side of the kernel: `G g`.
pub fn kernel([a, b, c]: [f64; 3]) -> [f64; INPUTS] {
    let (even, odd) = ((a + c) / 6.0, b / 6.0);
    let (far, off) = (a / 24.0 + c / 6.0, b / 12.0);
    [a / 4.0, -even - odd, odd - even, far + off, far - off, c]
}

/// A side of the input: `B^T d`.
///
/// # Safety
///
/// As for [`Vector`].
#[inline(always)]
pub unsafe fn forth<V: Vector>([a, b, c, d, e, f]: [V; INPUTS]) -> [V; INPUTS] {
    // SAFETY: the caller's condition.
    unsafe {
        let (even, odd) = (plus(e, -4.0, c), plus(d, -4.0, b));
        let (far, off) = (less(e, c), less(d, b));
        [
            plus(plus(e, -5.0, c), 4.0, a),
            more(even, odd),
            less(even, odd),
            plus(far, 2.0, off),
            plus(far, -2.0, off),
            plus(plus(f, -5.0, d), 4.0, b),
        ]
    }
}

/// A side of the output: `A^T m`.
///
/// # Safety
///
/// As for [`Vector`].
#[inline(always)]
pub unsafe fn back<V: Vector>([a, b, c, d, e, f]: [V; INPUTS]) -> [V; OUTPUTS] {
    // SAFETY: the caller's condition.
    unsafe {
        let (even, odd) = (more(b, c), less(b, c));
        let (far, off) = (more(d, e), less(d, e));
        [
            more(more(a, even), far),
            plus(odd, 2.0, off),
            plus(even, 4.0, far),
            more(plus(odd, 8.0, off), f),
        ]
    }
}

/// `a + b`.
///
/// # Safety
///
/// As for [`Vector`].
#[inline(always)]
pub unsafe fn more<V: Vector>(a: V, b: V) -> V {
    // SAFETY: the caller's condition.
    unsafe { plus(a, 1.0, b) }
}

/// `a - b`.
///
/// # Safety
///
/// As for [`Vector`].
#[inline(always)]
unsafe fn less<V: Vector>(a: V, b: V) -> V {
    // SAFETY: the caller's condition.
    unsafe { plus(a, -1.0, b) }
}

/// `a + factor * b`.
///
/// # Safety
///
/// As for [`Vector`].
#[inline(always)]
unsafe fn plus<V: Vector>(a: V, factor: f32, b: V) -> V {
    // SAFETY: the caller's condition.
    unsafe { b.mul_add(V::splat(factor), a) }
}
