//! Weights in 8 bits → f32, before tract reads the graph: it would keep each step of the way, 22 MB each.
use std::collections::{HashMap, HashSet};

use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

/// ONNX's numbers for what a tensor holds.
const F32: i32 = 1;
const I8: i32 = 3;
const I64: i32 = 7;

/// Puts f32 weights in the place of whole ones times a step of each row or column: `Cast`, `Mul` and, where
/// there is one, `Reshape`, as `models/convert/` writes them. The products are those that tract would give.
/// All else stays as it is.
pub fn widen(graph: &mut GraphProto) {
    let mut gone = HashSet::new();
    let mut made = vec![];
    {
        let parts = Parts::of(graph);
        for cast in graph.node.iter().filter(|node| node.op_type == "Cast") {
            if let Some((tensor, names)) = parts.product(cast)
                && !names.iter().any(|name| parts.twice.contains(name.as_str()))
            {
                made.push(tensor);
                gone.extend(names);
            }
        }
    }
    let stays = |names: &[String]| !names.first().is_some_and(|name| gone.contains(name));
    graph.node.retain(|node| stays(&node.output));
    graph
        .initializer
        .retain(|tensor| !gone.contains(&tensor.name));
    graph.initializer.extend(made);
}

/// What a graph holds and reads, by name.
struct Parts<'g> {
    held: HashMap<&'g str, &'g TensorProto>,
    /// The nodes that read something; `None` for whoever runs the network.
    readers: HashMap<&'g str, Vec<Option<&'g NodeProto>>>,
    /// Names of inputs, and those that stand for two things.
    twice: HashSet<&'g str>,
}

impl<'g> Parts<'g> {
    fn of(graph: &'g GraphProto) -> Self {
        let held = graph.initializer.iter().map(|t| (t.name.as_str(), t));
        let mut readers: HashMap<&str, Vec<Option<&NodeProto>>> = HashMap::new();
        for node in &graph.node {
            for name in &node.input {
                readers.entry(name).or_default().push(Some(node));
            }
        }
        for output in &graph.output {
            readers.entry(&output.name).or_default().push(None);
        }
        let mut twice: HashSet<&str> = graph.input.iter().map(|i| i.name.as_str()).collect();
        let mut seen = HashSet::new();
        let made = graph.node.iter().flat_map(|node| &node.output);
        let stored = graph.initializer.iter().map(|tensor| &tensor.name);
        twice.extend(
            (made.chain(stored))
                .filter(|name| !seen.insert(*name))
                .map(String::as_str),
        );
        Self {
            held: held.collect(),
            readers,
            twice,
        }
    }

    /// The one node of this kind that reads `name`, which nobody else does.
    fn only(&self, name: &str, kind: &str) -> Option<&'g NodeProto> {
        match self.readers.get(name)?.as_slice() {
            [Some(node)] if node.op_type == kind => Some(node),
            _ => None,
        }
    }

    /// A tensor of this kind that only one node reads.
    fn tensor(&self, name: &str, kind: i32) -> Option<&'g TensorProto> {
        let tensor = *self.held.get(name)?;
        let alone = self.readers.get(name).is_some_and(|nodes| nodes.len() == 1);
        (alone && tensor.data_type == kind).then_some(tensor)
    }

    /// The weights that `cast` begins to make, and the names of what stood for them.
    fn product(&self, cast: &'g NodeProto) -> Option<(TensorProto, Vec<String>)> {
        let ([whole], [wide]) = (cast.input.as_slice(), cast.output.as_slice()) else {
            return None;
        };
        let to = cast.attribute.iter().find(|a| a.name == "to")?.i;
        let mul = self.only(wide, "Mul")?;
        let ([first, steps], [product]) = (mul.input.as_slice(), mul.output.as_slice()) else {
            return None;
        };
        let (narrow, step) = (self.tensor(whole, I8)?, self.tensor(steps, F32)?);
        if to != i64::from(F32) || first != wide {
            return None;
        }
        let data = multiplied(narrow, step)?;
        let mut names = vec![whole.clone(), steps.clone(), wide.clone(), product.clone()];
        let (mut name, mut dims) = (product.clone(), narrow.dims.clone());
        if let Some(reshape) = self.only(product, "Reshape") {
            let ([_, sizes], [output]) = (reshape.input.as_slice(), reshape.output.as_slice())
            else {
                return None;
            };
            let held = self.tensor(sizes, I64)?;
            if held.raw_data.is_empty() {
                return None;
            }
            let sizes_of = held.raw_data.chunks_exact(8);
            dims = sizes_of
                .map(|b| i64::from_le_bytes(std::array::from_fn(|i| b[i])))
                .collect();
            name.clone_from(output);
            names.extend([sizes.clone(), output.clone()]);
        }
        let of = |dims: &[i64]| dims.iter().try_fold(1, |n: i64, &d| n.checked_mul(d));
        // One that keeps a size as it is, or leaves it open, is tract's.
        let same = of(&dims) == of(&narrow.dims) && dims.iter().all(|&d| d > 0);
        let tensor = TensorProto {
            name,
            dims,
            data_type: F32,
            raw_data: data,
            ..TensorProto::default()
        };
        same.then_some((tensor, names))
    }
}

/// The rows of `whole` `[rows, columns]` times the steps of rows `[rows, 1]` or columns `[1, columns]`, as bytes.
fn multiplied(whole: &TensorProto, steps: &TensorProto) -> Option<Vec<u8>> {
    let size = |n: i64| usize::try_from(n).ok();
    let (&[rows, columns], &[down, across]) = (whole.dims.as_slice(), steps.dims.as_slice()) else {
        return None;
    };
    let fits = (down == 1 || down == rows) && (across == 1 || across == columns);
    let (rows, columns) = (size(rows)?, size(columns)?);
    let (down, across) = (size(down)?, size(across)?);
    let counted = rows.checked_mul(columns) == Some(whole.raw_data.len())
        && down.checked_mul(across)?.checked_mul(4) == Some(steps.raw_data.len());
    if !fits || !counted || columns == 0 {
        return None;
    }
    let steps = steps.raw_data.chunks_exact(4);
    let steps: Vec<f32> = steps
        .map(|b| f32::from_le_bytes(std::array::from_fn(|i| b[i])))
        .collect();
    let mut data = Vec::with_capacity(4 * whole.raw_data.len());
    for (i, &number) in whole.raw_data.iter().enumerate() {
        let (row, column) = (i / columns, i % columns);
        let step = steps[row.min(down - 1) * across + column.min(across - 1)];
        data.extend((f32::from(number.cast_signed()) * step).to_le_bytes());
    }
    Some(data)
}

#[cfg(test)]
#[path = "widen_tests.rs"]
mod tests;
