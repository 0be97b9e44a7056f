//! The window's few colours.

/// sRGB colour with opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Colour {
    /// 0RGB, as the window wants it.
    pub(super) rgb: u32,
    /// Opacity in 256ths, `0..=256`.
    pub(super) alpha: u32,
}

impl Colour {
    /// An opaque colour.
    pub(super) const fn rgb(rgb: u32) -> Self {
        Self { rgb, alpha: 256 }
    }

    /// The same colour, `opacity` (`0.0..=1.0`) times as opaque.
    pub(super) fn fade(self, opacity: f32) -> Self {
        let alpha = (self.alpha as f32 * opacity.clamp(0.0, 1.0)).round() as u32;
        Self { alpha, ..self }
    }

    /// This colour on its way to `other`, which it reaches at `share` 1.
    pub(super) fn towards(self, other: Self, share: f32) -> Self {
        let share = (share.clamp(0.0, 1.0) * 256.0) as u32;
        Self {
            rgb: blend(self.rgb, other.rgb, share),
            alpha: (self.alpha * (256 - share) + other.alpha * share) >> 8,
        }
    }
}

/// `under` covered by `over` with opacity `alpha` in 256ths.
pub(super) fn blend(under: u32, over: u32, alpha: u32) -> u32 {
    let rest = 256 - alpha;
    let red_blue = ((under & 0xff_00ff) * rest + (over & 0xff_00ff) * alpha) >> 8;
    let green = ((under & 0xff00) * rest + (over & 0xff00) * alpha) >> 8;
    (red_blue & 0xff_00ff) | (green & 0xff00)
}

/// Behind everything.
pub(super) const INK: Colour = Colour::rgb(0x0b_1118);
/// Text and lines.
pub(super) const WHITE: Colour = Colour::rgb(0xff_ffff);
/// Text that can wait.
pub(super) const SOFT: Colour = Colour::rgb(0xb4_c0cc);
/// The ring where no time is left.
pub(super) const TRACK: Colour = Colour::rgb(0x36_434f);
/// What moves in a pictogram.
pub(super) const ACCENT: Colour = Colour::rgb(0x63_c6ff);
/// All is well.
pub(super) const GOOD: Colour = Colour::rgb(0x3d_dc97);
/// Please mind.
pub(super) const ATTENTION: Colour = Colour::rgb(0xff_b84d);
/// Behind a pass.
pub(super) const PASS: Colour = Colour::rgb(0x0c_6b48);
/// Behind a failure.
pub(super) const FAIL: Colour = Colour::rgb(0x7d_2f35);
/// Behind an end that says nothing about the subject.
pub(super) const NEITHER: Colour = Colour::rgb(0x2c_4258);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blending_ends_at_both_colours() {
        for (a, b) in [(0x12_3456, 0xfe_dcba), (0, 0xff_ffff)] {
            assert_eq!(blend(a, b, 0), a);
            assert_eq!(blend(a, b, 256), b);
        }
        assert_eq!(blend(0, 0xff_ffff, 128), 0x7f_7f7f);
    }
}
