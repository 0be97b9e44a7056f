//! Small graphs: what is taken must compute what tract does, and what only looks alike must be refused.
use tract_onnx::{
    pb::{
        AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
        TypeProto, ValueInfoProto, type_proto,
    },
    prelude::{
        DatumType, Framework as _, InferenceFact, InferenceModel, InferenceModelExt as _,
        IntoRunnable as _, Tensor, tvec,
    },
};

use super::*;
use crate::nn::{kernels::Dims, program::Scratch, samples};

/// Rows, columns and channels of the input: alike, so that no size tells axes apart.
const SIDE: usize = 4;

fn node(op: &str, inputs: &[&str], output: &str, numbers: &[(&str, &[i64])]) -> NodeProto {
    let attribute = numbers.iter().map(|&(name, ints)| AttributeProto {
        name: name.to_owned(),
        r#type: if ints.len() == 1 && name != "axes" {
            2
        } else {
            7
        },
        i: ints[0],
        ints: ints.to_vec(),
        ..AttributeProto::default()
    });
    NodeProto {
        attribute: attribute.collect(),
        ..samples::node(op, inputs, output)
    }
}

/// A constant of these sizes, of numbers between -1 and 1.
fn constant(name: &str, dims: &[i64]) -> TensorProto {
    let count: i64 = dims.iter().product();
    let numbers = (0..count).map(|i| ((i * 37 + 11) % 19) as f32 / 9.5 - 1.0);
    TensorProto {
        float_data: numbers.collect(),
        ..samples::tensor(name, dims, 1)
    }
}

fn whole(name: &str, number: i64) -> TensorProto {
    TensorProto {
        int64_data: vec![number],
        ..samples::tensor(name, &[1], 7)
    }
}

fn conv(input: &str, weights: &str, bias: &str, output: &str) -> NodeProto {
    node("Conv", &[input, weights, bias], output, &[])
}

fn network(node: Vec<NodeProto>, initializer: Vec<TensorProto>) -> InferenceModel {
    let picture = ValueInfoProto {
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(type_proto::Tensor {
                elem_type: 1,
                shape: None,
            })),
            ..TypeProto::default()
        }),
        ..samples::end("input")
    };
    let proto = ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            version: 13,
            ..OperatorSetIdProto::default()
        }],
        graph: Some(GraphProto {
            node,
            initializer,
            input: vec![picture],
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    };
    let model = tract_onnx::onnx().model_for_proto_model(&proto).unwrap();
    let fact = InferenceFact::dt_shape(DatumType::F32, [1, SIDE, SIDE, SIDE]);
    let model = model.with_outputs_by_name(["out"]).unwrap();
    model.with_input_fact(0, fact).unwrap()
}

/// Whether our kernels take such a network. Where they do they compute what tract computes.
fn taken(nodes: Vec<NodeProto>, constants: Vec<TensorProto>) -> bool {
    let model = network(nodes, constants);
    let typed = model.clone().into_typed().unwrap();
    let Ok(found) = recognise(&typed) else {
        return false;
    };
    let program = found.pack(Isa::best());
    let pixels: Vec<f32> = (0..SIDE * SIDE * SIDE)
        .map(|i| ((i * i + 5) % 23) as f32 / 11.5 - 1.0)
        .collect();
    let planes: Vec<f32> = (0..SIDE)
        .flat_map(|c| pixels.iter().skip(c).step_by(SIDE).copied())
        .collect();
    let input = Tensor::from_shape(&[1, SIDE, SIDE, SIDE], &planes).unwrap();
    let plan = model.into_optimized().unwrap().into_runnable().unwrap();
    let wanted = plan.run(tvec!(input.into())).unwrap();
    let wanted = wanted[0].try_as_plain_ram().unwrap();
    let wanted = wanted.as_slice::<f32>().unwrap();
    let dims = Dims {
        n: 1,
        h: SIDE,
        w: SIDE,
        c: SIDE,
    };
    program.run(&mut Scratch::default(), &pixels, dims, |_, of, got| {
        assert_eq!(got.len(), wanted.len());
        let cells = of.h * of.w;
        for (i, wanted) in wanted.iter().enumerate() {
            let got = got[i % cells * of.c + i / cells];
            assert!((got - wanted).abs() < 1e-4, "{i}: {got}, wanted {wanted}");
        }
    });
    true
}

fn weights() -> Vec<TensorProto> {
    let side = SIDE as i64;
    vec![
        constant("w", &[side, side, 1, 1]),
        constant("b", &[side]),
        constant("w1", &[1, side, 1, 1]),
        constant("b1", &[1]),
        constant("whole", &[1, side, side, side]),
        constant("whole b", &[1]),
    ]
}

#[test]
fn slopes_are_one_a_channel_or_one_for_all() {
    let side = SIDE as i64;
    for (sizes, wanted) in [
        (vec![1, side, 1, 1], true),
        (vec![side, 1, 1], true),
        (vec![1], true),
        (vec![1, 1, 1, side], false),
        (vec![side], false),
        (vec![1, 1, side, 1], false),
        (vec![1, side, side, side], false),
    ] {
        let nodes = vec![
            conv("input", "w", "b", "c"),
            node("Mul", &["c", "s"], "m", &[]),
            node("Max", &["c", "m"], "out", &[]),
        ];
        let mut constants = weights();
        constants.push(constant("s", &sizes));
        assert_eq!(taken(nodes, constants), wanted, "{sizes:?}");
    }
}

#[test]
fn a_residual_has_as_many_channels_or_zeros_for_those_it_lacks() {
    let sum = |a: &str, b: &str| {
        let nodes = vec![
            conv("input", "w", "b", "c"),
            conv("input", "w1", "b1", "one"),
            node("Relu", &["input"], "r", &[]),
            node("Add", &[a, b], "out", &[]),
        ];
        taken(nodes, weights())
    };
    assert!(sum("c", "input") && sum("input", "c"));
    // One channel for all of them.
    assert!(!sum("one", "c") && !sum("c", "one"));
    assert!(!sum("one", "input") && !sum("input", "one"));
}

#[test]
fn zeros_that_make_more_channels_are_no_activation() {
    let side = SIDE as i64;
    for (sizes, wanted) in [
        (vec![1], true),
        (vec![1, 1, 1, 1], true),
        (vec![1, side, 1, 1], false),
        (vec![1, 1, 1, side], false),
    ] {
        let mut zeros = constant("z", &sizes);
        zeros.float_data.fill(0.0);
        let nodes = vec![
            conv("input", "w1", "b1", "c"),
            node("Max", &["c", "z"], "out", &[]),
        ];
        let mut constants = weights();
        constants.push(zeros);
        assert_eq!(taken(nodes, constants), wanted, "{sizes:?}");
    }
}

#[test]
fn an_activation_is_not_seen_by_those_who_read_what_is_before_it() {
    // Through sizes that are removed as well.
    for raw in [false, true] {
        let mut nodes = vec![
            node("Conv", &["input", "whole", "whole b"], "c", &[]),
            node("Squeeze", &["c", "axis"], "squeezed", &[]),
            node("Relu", &["squeezed"], "r", &[]),
            node("Squeeze", &["r", "axis 2"], "out", &[]),
        ];
        if raw {
            nodes[3] = node("Squeeze", &["r", "axis 2"], "one", &[]);
            nodes.push(node("Squeeze", &["c", "axis"], "again", &[]));
            nodes.push(node("Squeeze", &["again", "axis 2"], "two", &[]));
            nodes.push(node("Add", &["one", "two"], "out", &[]));
        }
        let mut constants = weights();
        constants.extend([whole("axis", 3), whole("axis 2", 2)]);
        assert_eq!(taken(nodes, constants), !raw);
    }
}

#[test]
fn a_pool_without_gaps_is_taken() {
    for (side, stride, ceil, wanted) in [
        (2, 2, 0, true),
        (3, 2, 1, true),
        (2, 1, 1, true),
        (2, 3, 1, false),
        (1, 2, 1, false),
    ] {
        let pool = node(
            "MaxPool",
            &["input"],
            "out",
            &[
                ("kernel_shape", &[side, side]),
                ("strides", &[stride, stride]),
                ("ceil_mode", &[ceil]),
            ],
        );
        let words = format!("side {side}, stride {stride}, ceil {ceil}");
        assert_eq!(taken(vec![pool], vec![]), wanted, "{words}");
    }
}
