use tract_onnx::pb::AttributeProto;

use super::*;
use crate::nn::samples::{self, end, node};

fn tensor(name: &str, dims: &[i64], data_type: i32, raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        raw_data,
        ..samples::tensor(name, dims, data_type)
    }
}

/// A `Cast` to f32.
fn cast(from: &str, to: &str) -> NodeProto {
    let attribute = AttributeProto {
        name: "to".to_owned(),
        i: 1,
        ..AttributeProto::default()
    };
    NodeProto {
        attribute: vec![attribute],
        ..node("Cast", &[from], to)
    }
}

fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// Two rows of three, a step each, laid out as `[2, 3, 1]`.
fn rows() -> GraphProto {
    let sizes: Vec<u8> = [2i64, 3, 1].iter().flat_map(|n| n.to_le_bytes()).collect();
    GraphProto {
        initializer: vec![
            tensor("b", &[2, 3], I8, vec![1, 2, 255, 128, 0, 127]),
            tensor("s", &[2, 1], F32, floats(&[0.5, 2.0])),
            tensor("d", &[3], I64, sizes),
        ],
        node: vec![
            cast("b", "c"),
            node("Mul", &["c", "s"], "p"),
            node("Reshape", &["p", "d"], "w"),
            node("Conv", &["input", "w"], "out"),
        ],
        ..GraphProto::default()
    }
}

#[test]
fn rows_and_columns_are_multiplied_by_their_steps() {
    let mut graph = rows();
    widen(&mut graph);
    let wanted = floats(&[0.5, 1.0, -0.5, -256.0, 0.0, 254.0]);
    assert_eq!(graph.initializer, [tensor("w", &[2, 3, 1], F32, wanted)]);
    assert_eq!(graph.node.len(), 1);

    // A matrix has its steps by column, and nothing behind.
    let mut graph = rows();
    graph.initializer[1] = tensor("s", &[1, 3], F32, floats(&[1.0, 10.0, 0.1]));
    graph.node.remove(2);
    graph.node[2] = node("MatMul", &["input", "p"], "out");
    widen(&mut graph);
    let wanted = floats(&[1.0, 20.0, -0.1, -128.0, 0.0, 127.0 * 0.1]);
    let held = graph.initializer.iter().find(|t| t.name == "p");
    assert_eq!(held, Some(&tensor("p", &[2, 3], F32, wanted)));
}

#[test]
fn whatever_is_otherwise_stays_as_it_is() {
    let changes: [fn(&mut GraphProto); 12] = [
        // Read by others.
        |g| g.node.push(node("Relu", &["c"], "r")),
        |g| g.node.push(node("Relu", &["b"], "r")),
        |g| g.output.push(end("c")),
        // Of a name that stands for something else as well.
        |g| g.input.push(end("b")),
        |g| g.node.push(node("Relu", &["input"], "w")),
        // Of other sizes or kinds.
        |g| g.initializer[2].raw_data.clear(),
        |g| g.initializer[0].data_type = 2,
        |g| g.initializer[0].dims = vec![2, 4],
        |g| g.initializer[0].dims = vec![i64::MAX, i64::MAX],
        |g| g.initializer[1].dims = vec![1, 2],
        |g| g.initializer[2].raw_data[0] = 3,
        |g| g.node[0].attribute[0].i = 10,
    ];
    for (i, change) in changes.iter().enumerate() {
        let mut graph = rows();
        change(&mut graph);
        let before = graph.clone();
        widen(&mut graph);
        assert_eq!(graph, before, "change {i}");
    }
}
