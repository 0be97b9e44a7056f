//! Convolution with bias, sum and PReLU in one pass.
use std::ops::Range;

use super::{
    Dims, Isa,
    packed::{Packed, filled},
    tile::{Job, Sweep, pick},
};

/// What a convolution does, apart from its weights. It adds no border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvSpec {
    /// Kernel height and width.
    pub kernel: [usize; 2],
    /// Step down and across.
    pub stride: [usize; 2],
    /// Channels read.
    pub inputs: usize,
    /// Channels given.
    pub outputs: usize,
}

impl ConvSpec {
    /// Sizes of the output for an input of these sizes; empty where the kernel does not fit.
    pub fn output(&self, input: Dims) -> Dims {
        let side = |size: usize, i: usize| match size.checked_sub(self.kernel[i]) {
            Some(room) => room / self.stride[i] + 1,
            None => 0,
        };
        Dims {
            n: input.n,
            h: side(input.h, 0),
            w: side(input.w, 1),
            c: self.outputs,
        }
    }

    /// Panics where the numbers of weights, biases or slopes are not those of this convolution, or the
    /// processor lacks the instruction set: what the kernels' `unsafe` rests on.
    pub(super) fn check(&self, isa: Isa, weights: &[f32], bias: &[f32], slopes: Option<&[f32]>) {
        assert_eq!(weights.len(), self.taps() * self.outputs, "weights");
        assert_eq!(bias.len(), self.outputs, "biases");
        assert!(
            slopes.is_none_or(|s| s.len() == self.outputs),
            "a slope for each channel"
        );
        assert!(self.taps() > 0 && self.stride.iter().all(|&s| s > 0));
        assert!(isa.is_available(), "{isa:?} on this machine");
    }

    /// Numbers that make one output: kernel height x width x input channels.
    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.inputs
    }
}

/// The slopes of PReLU; without it 1 for each channel, which leaves it as it is.
pub fn slopes_of(slopes: Option<&[f32]>, channels: usize) -> Vec<f32> {
    slopes.map_or_else(|| vec![1.0; channels], <[f32]>::to_vec)
}

/// What is added to the output before PReLU: `channels` numbers a pixel, for the first channels.
#[derive(Clone, Copy, Debug)]
pub struct Residual<'a> {
    /// As many pixels as the output has, `[N, H, W, channels]`.
    pub data: &'a [f32],
    /// At most as many as the output has; the others get nothing.
    pub channels: usize,
}

/// A convolution with its weights, packed for one instruction set.
#[derive(Clone, Debug)]
pub struct Conv {
    pub(super) spec: ConvSpec,
    pub(super) packed: Packed<f32, Sweep>,
    /// Filled up with zeros to whole registers.
    pub(super) bias: Vec<f32>,
    /// Factor of negative outputs, filled up as `bias`; 1 leaves them as they are.
    pub(super) slopes: Vec<f32>,
}

impl Conv {
    /// A convolution with `weights` `[O, I, H, W]`, as ONNX keeps them, `bias` `[O]` and PReLU
    /// `slopes` `[O]` (none: no activation).
    ///
    /// # Panics
    ///
    /// Where the numbers of weights, biases or slopes are not those of `spec`.
    pub fn new(
        isa: Isa,
        spec: ConvSpec,
        weights: &[f32],
        bias: &[f32],
        slopes: Option<&[f32]>,
    ) -> Self {
        spec.check(isa, weights, bias, slopes);
        let taps = spec.taps();
        let weight = |o: usize, tap: usize| weights[o * taps + tap];
        Self {
            spec,
            packed: Packed::new(&spec, |left| pick(isa, left), weight),
            bias: filled(bias.to_vec()),
            slopes: filled(slopes_of(slopes, spec.outputs)),
        }
    }

    /// What it does.
    pub fn spec(&self) -> &ConvSpec {
        &self.spec
    }

    /// Computes the output pixels `pixels` (counted through all pictures) of `input`, sized `dims`.
    ///
    /// `out` is `[pixels, outputs]` and is overwritten.
    ///
    /// # Panics
    ///
    /// Where a slice is not as long as its sizes say.
    pub fn run(
        &self,
        input: &[f32],
        dims: Dims,
        residual: Option<Residual<'_>>,
        pixels: Range<usize>,
        out: &mut [f32],
    ) {
        let output = self.spec.output(dims);
        assert_eq!(dims.c, self.spec.inputs, "input channels");
        assert_eq!(input.len(), dims.len(), "input");
        assert!(pixels.end <= output.pixels() && pixels.start <= pixels.end);
        assert_eq!(out.len(), pixels.len() * output.c, "output");
        if let Some(residual) = residual {
            assert!(residual.channels <= output.c);
            assert_eq!(residual.data.len(), output.pixels() * residual.channels);
        }
        if pixels.is_empty() {
            return;
        }
        for group in &self.packed.groups {
            let job = Job {
                conv: self,
                group: *group,
                input,
                dims,
                output,
                residual,
                pixels: pixels.clone(),
                out: out.as_mut_ptr(),
            };
            // SAFETY: `new` has asserted that the processor has the instruction set that `pick`
            // chose for. All sizes have been checked above: the taps of each pixel in `pixels` lie
            // in `input`, its channels in `out` and in the residual; `new` has filled weights,
            // biases and slopes up to whole registers.
            unsafe { (group.sweep)(&job) }
        }
    }
}

#[cfg(test)]
#[path = "conv_tests.rs"]
mod tests;
