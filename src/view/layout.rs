//! Where things are on the challenge screen, for any size of window.
use super::{canvas::Area, placement::Placement, text::CAP};

/// Height of capitals in the prompt: 1/18 of the window's height, with a little to spare.
const PROMPT: f32 = 1.01 / 18.0 / CAP;
/// Width of the oval over its height: a head with some room.
const OVAL: f32 = 0.76;
/// Share of the picture's height the oval shows: a face 40 cm away fits, one 80 cm away is not lost in it.
const SHOWN: f32 = 0.68;

/// Positions and sizes, in canvas pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Size of the canvas.
    pub(super) size: (f32, f32),
    /// Whether the prompt's pictogram stands beside its text rather than above it.
    pub(super) wide: bool,
    /// What other sizes derive from: the height, less in a narrow window.
    pub(super) unit: f32,
    /// Where pictogram and prompt are.
    pub(super) header: Area,
    /// Where to stand.
    pub(super) oval: Area,
    /// Width of the ring round the oval.
    pub(super) ring: f32,
    /// Height of the row of step dots.
    pub(super) dots: f32,
    /// Font size of the prompt.
    pub(super) prompt_px: f32,
    /// Font size of what can wait.
    pub(super) small_px: f32,
}

impl Layout {
    /// Arranges a canvas of this size.
    pub(super) fn new((w, h): (f32, f32)) -> Self {
        let wide = w >= h * 1.1;
        let unit = if wide { h } else { h.min(w * 1.15) };
        let (top, bottom, tall, middle) = if wide {
            (0.035, 0.235, 0.60, 0.572)
        } else {
            (0.03, 0.31, 0.56, 0.62)
        };
        let tall = (tall * h).min(0.76 * w / OVAL);
        Self {
            size: (w, h),
            wide,
            unit,
            header: Area {
                x: w * 0.04,
                y: h * top,
                w: w * 0.92,
                h: h * (bottom - top),
            },
            oval: Area {
                x: (w - tall * OVAL) / 2.0,
                y: h * middle - tall / 2.0,
                w: tall * OVAL,
                h: tall,
            },
            ring: (unit * 0.013).max(3.0),
            dots: h * 0.94,
            prompt_px: unit * PROMPT,
            small_px: (unit * 0.03).max(10.0),
        }
    }

    /// The picture about the oval's middle.
    pub(super) fn placement(&self, source: (u32, u32)) -> Placement {
        let by_height = self.oval.h / (SHOWN * source.1.max(1) as f32);
        let by_width = self.oval.w / source.0.max(1) as f32;
        Placement::about(source, self.oval.centre(), by_height.max(by_width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overlaps_and_everything_is_on_the_canvas() {
        let sizes = [
            (320, 240),
            (640, 480),
            (1280, 720),
            (1920, 1080),
            (480, 800),
            (500, 500),
        ];
        for (w, h) in sizes.map(|(w, h)| (w as f32, h as f32)) {
            let l = Layout::new((w, h));
            let ring = l.oval.grow(l.ring / 2.0);
            assert!(l.header.y + l.header.h <= ring.y, "{w}x{h}: {l:?}");
            assert!(ring.y + ring.h + l.unit * 0.015 < l.dots, "{w}x{h}: {l:?}");
            assert!(ring.x > 0.0 && ring.x + ring.w < w && l.dots + l.unit * 0.015 < h);
            if l.wide {
                assert!(l.prompt_px * CAP >= h / 18.0);
            }
        }
    }

    #[test]
    fn the_picture_fills_the_oval() {
        for source in [(640, 480), (1280, 720), (480, 640), (320, 240)] {
            for size in [(640.0, 480.0), (480.0, 800.0), (1920.0, 1080.0)] {
                let l = Layout::new(size);
                let area = l.placement(source).area();
                assert!(
                    area.x <= l.oval.x && area.y <= l.oval.y,
                    "{source:?} {size:?}"
                );
                assert!(area.w >= l.oval.w && area.h >= l.oval.h);
            }
        }
    }
}
