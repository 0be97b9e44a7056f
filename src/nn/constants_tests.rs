use super::*;
use crate::nn::samples::{self, end, node};

fn tensor(name: &str, dims: &[i64], int64_data: &[i64]) -> TensorProto {
    let data_type = if int64_data.is_empty() { 1 } else { 7 };
    TensorProto {
        int64_data: int64_data.to_vec(),
        ..samples::tensor(name, dims, data_type)
    }
}

/// Checks a network that reads `input`, and holds these.
fn checked(initializer: Vec<TensorProto>, node: Vec<NodeProto>) -> Result<(), String> {
    check(&GraphProto {
        node,
        input: vec![end("input")],
        initializer,
        ..GraphProto::default()
    })
}

#[test]
fn what_is_made_of_the_picture_may_be_made_by_anything() {
    let nodes = vec![
        node("Pad", &["input", "k"], "a"),
        node("Tile", &["a", "k"], "b"),
    ];
    assert_eq!(checked(vec![tensor("k", &[8], &[])], nodes), Ok(()));
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
        let k = || vec![tensor("k", &[2], &[])];
        let words = checked(k(), vec![node(op, &["k", "k"], "c")]).unwrap_err();
        assert!(words.contains(op) && words.contains("`c`"), "{words}");
        // Nor by the sizes of the picture.
        let nodes = vec![node("Shape", &["input"], "s"), node(op, &["s", "s"], "c")];
        assert!(checked(k(), nodes).is_err(), "{op}");
    }
    // Of nothing at all; and of the picture's sizes, which tract knows.
    assert!(checked(vec![], vec![node("RandomNormal", &[], "c")]).is_err());
    assert!(checked(vec![], vec![node("EyeLike", &["input"], "c")]).is_err());
}

#[test]
fn sizes_that_stand_in_the_file_are_counted() {
    let made = |sizes: &[i64]| {
        let k = tensor("k", &[sizes.len() as i64], sizes);
        checked(vec![k], vec![node("ConstantOfShape", &["k"], "c")])
    };
    assert_eq!(made(&[1_000, 1_000]), Ok(()));
    assert!(made(&[1_000, 1_001]).is_err());
    // Found by the fuzzer: a mean of nothing, for each of a million and a half.
    assert!(made(&[1_507_428, 0]).is_err());
    assert!(made(&[1 << 40, 0, 1 << 40]).is_err());
    // As bytes.
    let mut k = tensor("k", &[2], &[]);
    k.data_type = 7;
    k.raw_data = [12_000_i64, 12_000].map(i64::to_le_bytes).concat();
    assert!(checked(vec![k], vec![node("ConstantOfShape", &["k"], "c")]).is_err());
    // Of an empty tensor a shape makes anything.
    let reshaped = |sizes: &[i64]| {
        let sizes = tensor("s", &[sizes.len() as i64], sizes);
        let held = vec![tensor("k", &[6, 4], &[]), sizes];
        checked(held, vec![node("Reshape", &["k", "s"], "c")])
    };
    assert_eq!(reshaped(&[-1, 8]), Ok(()));
    assert!(reshaped(&[1_000_000, 0, 1_000_000]).is_err());
}

#[test]
fn what_is_spread_over_one_another_is_counted() {
    let squared = |numbers: i64| {
        let held = vec![
            tensor("a", &[numbers, 1], &[]),
            tensor("b", &[1, numbers], &[]),
        ];
        checked(held, vec![node("Mul", &["a", "b"], "c")])
    };
    assert_eq!(squared(1_000), Ok(()));
    assert!(squared(1_001).is_err());
    // Weights that are normalised while the network is read.
    let held = vec![
        tensor("w", &[512, 512, 3, 3], &[]),
        tensor("mean", &[512, 1, 1, 1], &[]),
    ];
    let nodes = vec![node("Sub", &["w", "mean"], "c"), node("Sqrt", &["c"], "d")];
    assert_eq!(checked(held, nodes), Ok(()));
}

#[test]
fn all_together_are_counted_and_a_large_network_may_compute_as_much_as_it_holds() {
    // Twice as large 18 times over.
    let names: Vec<String> = (0..19).map(|i| format!("c{i}")).collect();
    let mut nodes = vec![node("Identity", &["k"], "c0")];
    let doubled = |to: &[String]| node("Concat", &[&to[0], &to[0]], &to[1]);
    nodes.extend(names.windows(2).map(doubled));
    let k = || vec![tensor("k", &[2], &[])];
    assert!(checked(k(), nodes.clone()).is_err());
    nodes.pop();
    assert_eq!(checked(k(), nodes), Ok(()));
    let large = vec![tensor("k", &[25_088, 4_096], &[])];
    let turned = |times| (0..times).map(|i| node("Transpose", &["k"], &format!("t{i}")));
    assert_eq!(checked(large.clone(), turned(4).collect()), Ok(()));
    assert!(checked(large, turned(5).collect()).is_err());
}

#[test]
fn what_stands_in_the_file_counts_as_held_and_nothing_more() {
    // A tensor that claims much and holds nothing.
    let empty = tensor("x", &[1 << 40, 0], &[]);
    let sizes = tensor("k", &[2], &[1 << 18, 1 << 18]);
    let made = node("ConstantOfShape", &["k"], "c");
    assert!(checked(vec![empty, sizes], vec![made]).is_err());
    // Weights in a node of their own.
    let mut constant = node("Constant", &[], "w");
    constant.attribute.push(AttributeProto {
        t: Some(tensor("", &[1_000, 5_000], &[])),
        ..AttributeProto::default()
    });
    let turned = node("Transpose", &["w"], "t");
    assert_eq!(checked(vec![], vec![constant, turned]), Ok(()));
}

#[test]
fn what_is_not_in_order_or_not_what_it_seems_is_refused() {
    let k = || vec![tensor("k", &[2], &[])];
    let nodes = vec![
        node("Add", &["c", "input"], "d"),
        node("Range", &["k"], "c"),
    ];
    assert!(checked(k(), nodes).unwrap_err().contains("`c`"));
    let nodes = vec![
        node("Tile", &["input", "k"], "c"),
        node("Identity", &["k"], "input"),
    ];
    assert!(checked(k(), nodes).unwrap_err().contains("`input`"));
    assert!(checked(vec![tensor("k", &[1; 17], &[])], vec![]).is_err());
    let mut choice = node("If", &["input"], "c");
    choice.attribute.push(AttributeProto {
        g: Some(GraphProto::default()),
        ..AttributeProto::default()
    });
    assert!(checked(k(), vec![choice]).is_err());
}
