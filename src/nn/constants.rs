//! What a network computes from numbers of its own. tract does that while it reads the network, before anything
//! can be seen of how large it gets, so it is reckoned here: a file of 400 bytes can ask for all memory there is.
use std::collections::HashMap;

use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

/// Numbers of the largest constant that a network may compute: 16 MB. The largest that one of our own networks
/// holds, ready-made, has 1.3 million.
const LARGEST: u128 = 1 << 22;

/// Operators that give as many numbers as the largest thing they are given, or fewer.
const NO_LARGER: &[&str] = &[
    "Abs",
    "BatchNormalization",
    "Cast",
    "Ceil",
    "Clip",
    "Exp",
    "Flatten",
    "Floor",
    "Identity",
    "Log",
    "Neg",
    "Reciprocal",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "Relu",
    "Reshape",
    "Round",
    "Sigmoid",
    "Slice",
    "Softmax",
    "Split",
    "Sqrt",
    "Squeeze",
    "Tanh",
    "Transpose",
    "Unsqueeze",
];

/// Operators that give as many as the product of what they are given, at most: each with each.
const EACH_WITH_EACH: &[&str] = &[
    "Add", "And", "Div", "Equal", "Gather", "Greater", "Less", "MatMul", "Max", "Min", "Mod",
    "Mul", "Not", "Or", "Pow", "Sub", "Where",
];

/// Sizes of the picture, however many numbers it has.
const SIZES: &[&str] = &["Shape", "Size"];

/// No tensor has more sizes.
const MOST_SIZES: u128 = 16;

/// Checks that no constant that `graph` computes can be larger than it may.
///
/// # Errors
///
/// Words for the user, where one can, or where it cannot be told.
pub fn check(graph: &GraphProto) -> Result<(), String> {
    // How many numbers everything computed so far has at most; `None` where that depends on the picture.
    let mut known: Known<'_> = graph.input.iter().map(|i| (&*i.name, None)).collect();
    // Old files name their constants among the inputs.
    known.extend(
        graph
            .initializer
            .iter()
            .map(|t| (&*t.name, Some(numbers(t)))),
    );
    for node in &graph.node {
        if (node.attribute.iter()).any(|a| a.g.is_some() || !a.graphs.is_empty()) {
            return Err(format!(
                "`{}` is a network inside the network",
                node.op_type
            ));
        }
        let most = largest(node, &known)?;
        if most > Some(LARGEST) {
            return Err(refused(node, "may be larger than 16 MB"));
        }
        known.extend(node.output.iter().map(|name| (&**name, most)));
    }
    Ok(())
}

type Known<'a> = HashMap<&'a str, Option<u128>>;

/// How many numbers what `node` computes has at most; nothing where it depends on the picture.
fn largest(node: &NodeProto, known: &Known<'_>) -> Result<Option<u128>, String> {
    let mut given = vec![];
    for name in node.input.iter().filter(|name| !name.is_empty()) {
        let number = known.get(&**name);
        given.push(*number.ok_or_else(|| format!("`{name}` is used before it is computed"))?);
    }
    let op = &*node.op_type;
    if SIZES.contains(&op) {
        return Ok(Some(MOST_SIZES));
    }
    let Some(given) = given.into_iter().collect::<Option<Vec<u128>>>() else {
        return Ok(None);
    };
    Ok(Some(match op {
        "Constant" => {
            let value = |a| Option::as_ref(a).map_or(MOST_SIZES, numbers);
            let listed = |a: &AttributeProto| a.floats.len().max(a.ints.len()) as u128;
            let made = node.attribute.iter().map(|a| value(&a.t).max(listed(a)));
            made.max().unwrap_or(0)
        }
        "Concat" => given.into_iter().fold(0, u128::saturating_add),
        _ if NO_LARGER.contains(&op) => given.into_iter().max().unwrap_or(0),
        _ if EACH_WITH_EACH.contains(&op) => given.into_iter().fold(1, u128::saturating_mul),
        _ => return Err(refused(node, "may be of any size")),
    }))
}

fn refused(node: &NodeProto, why: &str) -> String {
    let name = node.output.first().map_or("", |name| name);
    format!(
        "it computes a constant, `{name}`, by {} while it is read, and that {why}; onnxsim (PyPI) puts constants in \
         their places",
        node.op_type
    )
}

fn numbers(tensor: &TensorProto) -> u128 {
    let sizes = tensor.dims.iter().map(|&size| size.unsigned_abs().into());
    sizes.fold(1, u128::saturating_mul)
}

#[cfg(test)]
mod tests {
    use tract_onnx::pb::ValueInfoProto;

    use super::*;

    fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
        NodeProto {
            op_type: op.to_owned(),
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            ..NodeProto::default()
        }
    }

    /// A network with a constant `k` of `numbers`.
    fn graph(numbers: i64, nodes: Vec<NodeProto>) -> GraphProto {
        let k = TensorProto {
            name: "k".to_owned(),
            dims: vec![numbers],
            ..TensorProto::default()
        };
        let picture = ValueInfoProto {
            name: "input".to_owned(),
            ..ValueInfoProto::default()
        };
        GraphProto {
            node: nodes,
            input: vec![picture],
            initializer: vec![k],
            ..GraphProto::default()
        }
    }

    #[test]
    fn what_is_made_of_the_picture_may_be_made_by_anything() {
        let nodes = vec![
            node("Pad", &["input", "k"], "a"),
            node("Tile", &["a", "k"], "b"),
        ];
        assert_eq!(check(&graph(8, nodes)), Ok(()));
    }

    #[test]
    fn what_grows_without_the_picture_is_refused() {
        for op in [
            "ConstantOfShape",
            "Expand",
            "Tile",
            "Range",
            "Pad",
            "Resize",
        ] {
            let words = check(&graph(2, vec![node(op, &["k"], "c")])).unwrap_err();
            assert!(words.contains(op) && words.contains("`c`"), "{words}");
            // Nor by the sizes of the picture.
            let nodes = vec![node("Shape", &["input"], "s"), node(op, &["s"], "c")];
            assert!(check(&graph(2, nodes)).is_err(), "{op}");
        }
        // Of nothing at all.
        assert!(check(&graph(2, vec![node("RandomNormal", &[], "c")])).is_err());
    }

    #[test]
    fn constants_are_counted() {
        let squared = |numbers| check(&graph(numbers, vec![node("Mul", &["k", "k"], "c")]));
        assert_eq!(squared(2048), Ok(()));
        assert!(squared(2049).is_err());
        // Twice as large 23 times over.
        let names: Vec<String> = (0..24).map(|i| format!("c{i}")).collect();
        let mut nodes = vec![node("Identity", &["k"], "c0")];
        nodes.extend(
            names
                .windows(2)
                .map(|to| node("Concat", &[&to[0], &to[0]], &to[1])),
        );
        assert!(check(&graph(1, nodes.clone())).is_err());
        nodes.pop();
        assert_eq!(check(&graph(1, nodes)), Ok(()));
        // What is only held is as large as its file.
        assert_eq!(check(&graph(1 << 30, vec![])), Ok(()));
    }

    #[test]
    fn what_is_not_in_order_is_refused() {
        let nodes = vec![
            node("Add", &["c", "input"], "d"),
            node("Range", &["k"], "c"),
        ];
        assert!(check(&graph(1, nodes)).unwrap_err().contains("`c`"));
    }

    #[test]
    fn a_network_inside_the_network_is_refused() {
        let mut choice = node("If", &["input"], "c");
        choice.attribute.push(AttributeProto {
            g: Some(GraphProto::default()),
            ..Default::default()
        });
        assert!(check(&graph(1, vec![choice])).is_err());
    }
}
