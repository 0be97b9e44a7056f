//! Between pixels with their channels side by side and planes of one channel. Plain loops: the compiler
//! finds the registers.
use crate::nn::kernels::Loops;

/// A row of pixels to a plane for each channel.
pub struct Split<'a> {
    pub from: &'a [f32],
    pub channels: usize,
    pub to: &'a mut [f32],
    pub plane: usize,
}

impl Loops for Split<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        if self.channels == 3 {
            // The step must be known for the compiler to find shuffles.
            let (r, rest) = self.to.split_at_mut(self.plane);
            let (g, b) = rest.split_at_mut(self.plane);
            let pixels = self.from.chunks_exact(3);
            for (((p, r), g), b) in pixels.zip(r).zip(g).zip(b) {
                (*r, *g, *b) = (p[0], p[1], p[2]);
            }
            return;
        }
        for (i, plane) in self.to.chunks_exact_mut(self.plane).enumerate() {
            let values = self.from.iter().skip(i).step_by(self.channels);
            for (to, from) in plane.iter_mut().zip(values) {
                *to = *from;
            }
        }
    }
}

/// One or two rows of planes to the largest of each 2 x 2, `[width, channels]`.
pub struct Merge<'a> {
    pub rows: &'a [f32],
    /// From one row to the next, and from one plane to the next.
    pub row: usize,
    pub stride: usize,
    pub width: usize,
    pub channels: usize,
    pub pooled: &'a mut [f32],
    pub out: &'a mut [f32],
}

impl Loops for Merge<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let larger = |x: f32, y: f32| if x > y { x } else { y };
        let half = self.stride / 2;
        let last = self.rows.len() - self.row;
        for (c, pooled) in self.pooled.chunks_exact_mut(half).enumerate() {
            let a = &self.rows[c * self.stride..][..self.stride];
            let b = &self.rows[last + c * self.stride..][..self.stride];
            for ((to, a), b) in pooled
                .iter_mut()
                .zip(a.chunks_exact(2))
                .zip(b.chunks_exact(2))
            {
                *to = larger(larger(a[0], a[1]), larger(b[0], b[1]));
            }
            if self.width % 2 == 1 {
                // A window that reaches over the edge: the pixel beyond is none.
                let x = self.width - 1;
                pooled[x / 2] = larger(a[x], b[x]);
            }
        }
        for (x, out) in self.out.chunks_exact_mut(self.channels).enumerate() {
            let column = self.pooled[x..].iter().step_by(half);
            for (to, from) in out.iter_mut().zip(column) {
                *to = *from;
            }
        }
    }
}
