//! A network as a list of steps over a few buffers that are used again and again.
use super::kernels::{
    Conv, Dense, Depthwise, Dims, Isa, Mean, Pool, Residual, Stem, Winograd, kept, softmax, sum,
};

/// The number of a value: 0 is the input, `i + 1` what step `i` gives.
pub type Value = usize;

/// One operator with what it reads.
#[derive(Debug)]
pub struct Step {
    pub kernel: Kernel,
    pub input: Value,
    /// Added before the activation; convolutions and sums only.
    pub residual: Option<Value>,
}

/// What a step does.
#[derive(Debug)]
pub enum Kernel {
    /// A border of zeros: rows above and below, columns left and right.
    Border([usize; 4]),
    Conv(Conv),
    /// The convolution's output is seen by the pool alone: it is pooled row by row while it is
    /// still in the cache, and never stored as a whole.
    PooledConv(Conv, Pool),
    Stem(Stem),
    /// With the convolution of one pixel behind it, if that alone reads it.
    Winograd(Winograd),
    Dense(Dense),
    Depthwise(Depthwise),
    Pool(Pool),
    Mean(Mean),
    /// Adds the residual, with these slopes of PReLU.
    Sum(Vec<f32>),
    /// Over the channels of each pixel.
    Softmax,
    /// `count` channels from `first` on.
    Part {
        first: usize,
        count: usize,
    },
}

impl Kernel {
    /// Sizes of the output for an input of these sizes.
    fn output(&self, input: Dims) -> Dims {
        match self {
            Self::Border([above, below, left, right]) => Dims {
                h: input.h + above + below,
                w: input.w + left + right,
                ..input
            },
            Self::Conv(conv) => conv.spec().output(input),
            Self::Winograd(conv) => conv.output(input),
            Self::Dense(dense) => dense.spec().output(input),
            Self::Stem(stem) => stem.output(input),
            Self::PooledConv(conv, pool) => pool.output(conv.spec().output(input)),
            Self::Pool(pool) => pool.output(input),
            Self::Mean(mean) => mean.output(input),
            Self::Depthwise(_) | Self::Sum(_) | Self::Softmax => input,
            Self::Part { count, .. } => Dims { c: *count, ..input },
        }
    }
}

/// A network, packed for this machine. Sizes of pictures and batches are free.
#[derive(Debug)]
pub struct Program {
    isa: Isa,
    steps: Vec<Step>,
    /// The buffer each step writes to.
    buffers: Vec<usize>,
    /// In the order of the network's outputs.
    outputs: Vec<Value>,
}

/// The memory of a run, kept for the next one.
#[derive(Debug, Default)]
pub struct Scratch {
    buffers: Vec<Vec<f32>>,
    /// Sizes of each value.
    dims: Vec<Dims>,
    /// Rows on their way into a pool, or tiles between two transforms.
    band: Vec<f32>,
}

impl Program {
    /// A program of `steps`, each of which reads earlier ones only, that gives `outputs`.
    pub fn new(isa: Isa, steps: Vec<Step>, outputs: Vec<Value>) -> Self {
        let mut last_read = vec![0; steps.len() + 1];
        for (i, step) in steps.iter().enumerate() {
            for value in [Some(step.input), step.residual].into_iter().flatten() {
                last_read[value] = i;
            }
        }
        for &value in &outputs {
            last_read[value] = usize::MAX;
        }
        let mut buffers: Vec<usize> = vec![];
        for i in 0..steps.len() {
            // The first buffer whose values nobody reads any more, this step included.
            let taken = |buffer| (0..i).any(|j| buffers[j] == buffer && last_read[j + 1] >= i);
            let free = (0..i).find(|&buffer| !taken(buffer));
            buffers.push(free.unwrap_or(i));
        }
        Self {
            isa,
            steps,
            buffers,
            outputs,
        }
    }

    /// Sizes of the outputs for an input of these sizes.
    pub fn outputs(&self, input: Dims) -> Vec<Dims> {
        let mut dims = vec![];
        self.measure(input, &mut dims);
        self.outputs.iter().map(|&value| dims[value]).collect()
    }

    /// How many numbers the largest value has for an input of these sizes.
    pub fn largest(&self, input: Dims) -> u128 {
        let mut dims = vec![];
        self.measure(input, &mut dims);
        let sizes = dims.iter().map(|d| [d.n, d.h, d.w, d.c]);
        let numbers = sizes.map(|sizes| {
            sizes
                .iter()
                .fold(1, |n: u128, &s| n.saturating_mul(s as u128))
        });
        numbers.max().unwrap_or(0)
    }

    /// Sizes of all values for an input of these sizes.
    fn measure(&self, input: Dims, dims: &mut Vec<Dims>) {
        dims.clear();
        dims.push(input);
        for step in &self.steps {
            dims.push(step.kernel.output(dims[step.input]));
        }
    }

    /// Runs the network on `input`, sized `dims`, and hands each output to `give`: its number,
    /// sizes and values, `[N, H, W, C]`.
    pub fn run(
        &self,
        scratch: &mut Scratch,
        input: &[f32],
        dims: Dims,
        mut give: impl FnMut(usize, Dims, &[f32]),
    ) {
        scratch.buffers.resize_with(self.steps.len(), Vec::new);
        self.measure(dims, &mut scratch.dims);
        for i in 0..self.steps.len() {
            self.step(i, scratch, input);
        }
        for (i, &value) in self.outputs.iter().enumerate() {
            give(i, scratch.dims[value], self.read(scratch, input, value));
        }
    }

    /// Computes step `i` of a run, whose sizes are measured and whose earlier steps are done.
    fn step(&self, i: usize, scratch: &mut Scratch, input: &[f32]) {
        let step = &self.steps[i];
        let (dims, output) = (scratch.dims[step.input], scratch.dims[i + 1]);
        let mut out = std::mem::take(&mut scratch.buffers[self.buffers[i]]);
        let to = kept(&mut out, output.len());
        let mut band = std::mem::take(&mut scratch.band);
        let read = |value: Value| self.read(scratch, input, value);
        let residual = step.residual.map(|value| Residual {
            data: read(value),
            channels: scratch.dims[value].c,
        });
        let from = read(step.input);
        match &step.kernel {
            Kernel::Border(border) => with_border(from, dims, *border, to),
            Kernel::Conv(conv) => conv.run(from, dims, residual, 0..output.pixels(), to),
            Kernel::PooledConv(conv, pool) => {
                pooled_conv(self.isa, conv, pool, from, dims, &mut band, to);
            }
            Kernel::Stem(stem) => stem.run(from, dims, &mut band, to),
            Kernel::Winograd(conv) => conv.run(from, dims, &mut band, to),
            Kernel::Dense(dense) => dense.run(from, dims, to),
            Kernel::Depthwise(conv) => conv.run(from, dims, to),
            Kernel::Pool(pool) => pool.run(self.isa, from, dims, &mut band, to),
            Kernel::Mean(mean) => mean.run(self.isa, from, dims, to),
            Kernel::Sum(slopes) => {
                if let Some(more) = residual {
                    sum(self.isa, from, more, slopes, to);
                }
            }
            Kernel::Softmax => softmax(self.isa, from, dims.c, to),
            Kernel::Part { first, count } => part(from, dims.c, *first, *count, to),
        }
        scratch.band = band;
        scratch.buffers[self.buffers[i]] = out;
    }

    /// The numbers of a value that has been computed.
    fn read<'a>(&self, scratch: &'a Scratch, input: &'a [f32], value: Value) -> &'a [f32] {
        match value.checked_sub(1) {
            Some(step) => &scratch.buffers[self.buffers[step]][..scratch.dims[value].len()],
            None => input,
        }
    }
}

/// Copies `input` into the middle of zeros.
fn with_border(
    input: &[f32],
    dims: Dims,
    [above, below, left, right]: [usize; 4],
    out: &mut [f32],
) {
    let line = (left + dims.w + right) * dims.c;
    let height = above + dims.h + below;
    for (i, out) in out.chunks_exact_mut(line.max(1)).enumerate() {
        let (n, y) = (i / height, i % height);
        if y < above || y >= above + dims.h {
            out.fill(0.0);
            continue;
        }
        let from = (n * dims.h + y - above) * dims.w * dims.c;
        let (start, end) = (left * dims.c, (left + dims.w) * dims.c);
        out[..start].fill(0.0);
        out[start..end].copy_from_slice(&input[from..from + dims.w * dims.c]);
        out[end..].fill(0.0);
    }
}

/// The convolution a few rows at a time, each band pooled at once.
fn pooled_conv(
    isa: Isa,
    conv: &Conv,
    pool: &Pool,
    input: &[f32],
    dims: Dims,
    band: &mut Vec<f32>,
    out: &mut [f32],
) {
    let whole = conv.spec().output(dims);
    let output = pool.output(whole);
    if output.is_empty() {
        return;
    }
    let line = whole.w * whole.c;
    // The rows of a window, and room for the pool.
    let band = kept(band, (pool.side + 1) * line);
    let (room, band) = band.split_at_mut(line);
    // Rows of the convolution that lie in the band.
    let mut held = 0..0usize;
    for (i, out) in out.chunks_exact_mut(output.w * output.c).enumerate() {
        let (n, y) = (i / output.h, i % output.h);
        if y == 0 {
            held = 0..0;
        }
        let rows = pool.rows(y, whole.h);
        // Where windows overlap, the last rows are the next ones' first.
        let old = held.end.saturating_sub(rows.start).min(rows.len());
        let from = (held.len() - old) * line;
        band.copy_within(from..from + old * line, 0);
        let first = n * whole.h + rows.start;
        let pixels = (first + old) * whole.w..(first + rows.len()) * whole.w;
        let fresh = &mut band[old * line..rows.len() * line];
        conv.run(input, dims, None, pixels, fresh);
        pool.row(isa, &band[..rows.len() * line], whole.c, room, out);
        held = rows;
    }
}

/// `count` channels from `first` on of each pixel.
fn part(input: &[f32], channels: usize, first: usize, count: usize, out: &mut [f32]) {
    match count {
        2 => part_of::<2>(input, channels, first, out),
        4 => part_of::<4>(input, channels, first, out),
        _ => {
            let pixels = input.chunks_exact(channels);
            for (from, to) in pixels.zip(out.chunks_exact_mut(count)) {
                to.copy_from_slice(&from[first..first + count]);
            }
        }
    }
}

/// As [`part`]: a copy of a known length is no call.
fn part_of<const N: usize>(input: &[f32], channels: usize, first: usize, out: &mut [f32]) {
    let pixels = input.chunks_exact(channels);
    for (from, to) in pixels.zip(out.as_chunks_mut::<N>().0) {
        to.copy_from_slice(&from[first..first + N]);
    }
}

#[cfg(test)]
#[path = "program_tests.rs"]
mod tests;
