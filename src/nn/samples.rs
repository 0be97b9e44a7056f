//! Parts of ONNX graphs for tests.
use tract_onnx::pb::{NodeProto, TensorProto, ValueInfoProto};

/// A node without attributes.
pub fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: op.to_owned(),
        input: inputs.iter().map(|&name| name.to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    }
}

/// A tensor of these sizes, of ONNX's kind of numbers (1: f32, 3: i8, 7: i64), that holds none yet.
pub fn tensor(name: &str, dims: &[i64], data_type: i32) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type,
        ..TensorProto::default()
    }
}

/// An input or output of this name.
pub fn end(name: &str) -> ValueInfoProto {
    ValueInfoProto {
        name: name.to_owned(),
        ..ValueInfoProto::default()
    }
}
