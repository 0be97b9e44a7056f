//! What a network computes from numbers of its own. tract does that while it makes a plan, before anything can be
//! seen of how large it gets, so it is reckoned here: a file of 400 bytes can ask for all memory there is.
use std::collections::HashMap;

use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

/// So many numbers a network may compute from its own, if it does not hold many itself: half a second, where tract
/// takes longest for each (a mean over sizes that are empty).
const MOST: u128 = 1_000_000;

/// As many as it holds, so often, it may compute in any case: weights that are made wide, turned, normalised.
const OVER: u128 = 4;

/// Operators that give what they are given, number by number.
const SAME_SHAPE: &[&str] = &[
    "Abs",
    "Cast",
    "Ceil",
    "DequantizeLinear",
    "Erf",
    "Exp",
    "Floor",
    "HardSigmoid",
    "Identity",
    "LeakyRelu",
    "Log",
    "Neg",
    "Not",
    "QuantizeLinear",
    "Reciprocal",
    "Relu",
    "Round",
    "Sigmoid",
    "Sign",
    "Sqrt",
    "Tanh",
];

/// Operators that give as many numbers as the largest thing they are given, or fewer.
const NO_LARGER: &[&str] = &[
    "BatchNormalization",
    "Flatten",
    "ReduceL2",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "Slice",
    "Softmax",
    "Split",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
];

/// Operators that spread what they are given over one another.
const BROADCAST: &[&str] = &[
    "Add", "And", "Clip", "Div", "Equal", "Greater", "Less", "Max", "Min", "Mod", "Mul", "Or",
    "Pow", "Sub", "Where",
];

/// Operators that give as many as the product of what they are given, at most.
const EACH_WITH_EACH: &[&str] = &["Gather", "MatMul"];

/// Sizes of the picture, however many numbers it has.
const SIZES: &[&str] = &["Shape", "Size"];

/// Operators whose numbers tract makes of the sizes alone, even where those are the picture's.
const FROM_SIZES: &[&str] = &["ConstantLike", "EyeLike", "GRU", "LSTM", "RNN"];

/// No tensor has more sizes.
const MOST_SIZES: usize = 16;

/// Something that is known while the network is read.
#[derive(Clone, Debug, Default)]
struct Constant {
    /// How many numbers it has at most; an empty size counts as one.
    numbers: u128,
    /// Its sizes, where they are known.
    sizes: Option<Vec<u128>>,
    /// The numbers themselves, where they are few and stand in the file.
    values: Option<Vec<i64>>,
}

/// All that is known so far, by its name; `None` depends on the picture.
type Known<'a> = HashMap<&'a str, Option<Constant>>;

/// Checks how many numbers `graph` computes from its own.
///
/// # Errors
///
/// Words for the user, where they may be too many, or where it cannot be told.
pub fn check(graph: &GraphProto) -> Result<(), String> {
    let mut known: Known<'_> = graph.input.iter().map(|i| (&*i.name, None)).collect();
    let mut held: u128 = 0;
    for tensor in &graph.initializer {
        let constant = read(tensor)?;
        held = held.saturating_add(held_by(tensor));
        // Old files name their constants among the inputs.
        known.insert(&tensor.name, Some(constant));
    }
    let mut computed: u128 = 0;
    for node in &graph.node {
        let op = &*node.op_type;
        let nested = |a: &AttributeProto| a.g.is_some() || !a.graphs.is_empty();
        if node.attribute.iter().any(nested) {
            return Err(format!("`{op}` is a network inside the network"));
        }
        if FROM_SIZES.contains(&op) {
            return Err(refused(node, "nothing tells how large it gets"));
        }
        let constant = compute(node, &known)?;
        if let ("Constant", Some(tensor)) = (op, stored(node)) {
            held = held.saturating_add(held_by(tensor));
        } else if let Some(constant) = &constant {
            let outputs = node.output.len() as u128;
            computed = computed.saturating_add(constant.numbers.saturating_mul(outputs));
            if computed > MOST.max(held.saturating_mul(OVER)) {
                return Err(refused(node, "there may be too many of them"));
            }
        }
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            if known.insert(name, constant.clone()).is_some() {
                return Err(format!("`{name}` is computed twice"));
            }
        }
    }
    Ok(())
}

/// What `node` computes; `None` where that depends on the picture.
fn compute(node: &NodeProto, known: &Known<'_>) -> Result<Option<Constant>, String> {
    let mut given = vec![];
    for name in node.input.iter().filter(|name| !name.is_empty()) {
        let one = known.get(&**name);
        given.push(one.ok_or_else(|| format!("`{name}` is used before it is computed"))?);
    }
    let op = &*node.op_type;
    if SIZES.contains(&op) {
        return Ok(Some(at_most(MOST_SIZES as u128)));
    }
    let given: Option<Vec<&Constant>> = given.into_iter().map(Option::as_ref).collect();
    let Some(given) = given else {
        return Ok(None);
    };
    let numbers = || given.iter().map(|constant| constant.numbers);
    let largest = numbers().max().unwrap_or(0);
    let product = || at_most(numbers().fold(1, u128::saturating_mul));
    let unknown = || refused(node, "nothing tells how many they are");
    // How many numbers have the sizes that a constant holds.
    let asked = |sizes: &Constant| {
        let sizes = sizes.values.as_deref().map(of_sizes);
        sizes.map(|made| made.numbers).ok_or_else(unknown)
    };
    Ok(Some(match (op, &*given) {
        ("Constant", _) => match stored(node) {
            Some(tensor) => read(tensor)?,
            None => {
                let lists = node.attribute.iter();
                let longest = lists.map(|a| a.floats.len().max(a.ints.len())).max();
                let listed = node.attribute.iter().find(|a| !a.ints.is_empty());
                Constant {
                    values: listed.map(|a| a.ints.clone()),
                    ..at_most(longest.unwrap_or(0).max(1) as u128)
                }
            }
        },
        ("Concat", _) => at_most(numbers().fold(0, u128::saturating_add)),
        // Of nothing at all it makes whatever is asked for.
        ("Reshape", [what, sizes]) => at_most(asked(sizes)?.max(what.numbers)),
        ("ConstantOfShape", [sizes]) => at_most(asked(sizes)?),
        ("Expand" | "Tile", [what, sizes]) => at_most(asked(sizes)?.saturating_mul(what.numbers)),
        (_, [first, ..]) if SAME_SHAPE.contains(&op) => Constant {
            values: None,
            ..(*first).clone()
        },
        _ if NO_LARGER.contains(&op) => at_most(largest),
        _ if BROADCAST.contains(&op) => spread(&given).unwrap_or_else(product),
        _ if EACH_WITH_EACH.contains(&op) => product(),
        _ => return Err(unknown()),
    }))
}

fn at_most(numbers: u128) -> Constant {
    Constant {
        numbers,
        ..Constant::default()
    }
}

fn exactly(sizes: Vec<u128>) -> Constant {
    Constant {
        numbers: sizes.iter().fold(1, |n, &size| n.saturating_mul(size)),
        sizes: Some(sizes),
        values: None,
    }
}

/// What has these sizes; one that is empty, or is to be found out, counts as one.
fn of_sizes(sizes: &[i64]) -> Constant {
    let sizes = sizes.iter().map(|size| u128::from(size.unsigned_abs()));
    exactly(sizes.map(|size| size.max(1)).collect())
}

/// What comes of constants that are spread over one another, where the sizes of all are known.
fn spread(given: &[&Constant]) -> Option<Constant> {
    let mut sizes: Vec<u128> = vec![];
    for constant in given {
        let theirs = constant.sizes.as_ref()?;
        while sizes.len() < theirs.len() {
            sizes.insert(0, 1);
        }
        let last = sizes.len() - theirs.len();
        for (size, their) in sizes.iter_mut().skip(last).zip(theirs) {
            *size = (*size).max(*their);
        }
    }
    Some(exactly(sizes))
}

/// The tensor that a `Constant` is, where it is one.
fn stored(node: &NodeProto) -> Option<&TensorProto> {
    node.attribute.iter().find_map(|a| a.t.as_ref())
}

/// How many numbers stand in the file: none where a size is empty, whatever the others are. tract refuses a
/// tensor that lacks some.
fn held_by(tensor: &TensorProto) -> u128 {
    let sizes = tensor.dims.iter();
    exactly(sizes.map(|size| size.unsigned_abs().into()).collect()).numbers
}

/// A tensor that stands in the file.
fn read(tensor: &TensorProto) -> Result<Constant, String> {
    if tensor.dims.len() > MOST_SIZES {
        return Err(format!(
            "`{}` has more than {MOST_SIZES} sizes",
            tensor.name
        ));
    }
    let few = |numbers: &[i64]| (numbers.len() <= MOST_SIZES).then(|| numbers.to_vec());
    let raw = || -> Vec<i64> {
        let numbers = tensor.raw_data.chunks_exact(8).take(MOST_SIZES + 1);
        let number = |bytes: &[u8]| bytes.try_into().map(i64::from_le_bytes).ok();
        numbers.filter_map(number).collect()
    };
    // 7: INT64, the type of sizes.
    let values = match (tensor.data_type, &*tensor.int64_data) {
        (7, []) => few(&raw()),
        (7, listed) => few(listed),
        _ => None,
    };
    Ok(Constant {
        values,
        ..of_sizes(&tensor.dims)
    })
}

fn refused(node: &NodeProto, why: &str) -> String {
    let name = node.output.first().map_or("", |name| name);
    format!(
        "it computes numbers of its own, `{name}`, by {}, and {why}; onnxsim (PyPI) puts such numbers in their places",
        node.op_type
    )
}

#[cfg(test)]
#[path = "constants_tests.rs"]
mod tests;
