#!/usr/bin/env python3
"""Makes networks that ask for much more memory than they hold, and the small ones beside them that the fuzzer starts from.

border.onnx: borders of 60,000 pixels. constant.onnx: a constant of 12,000 x 12,000, half a gigabyte. wide.onnx: a P-Net of
300 channels, which is small until a large tile goes through it. Needs nothing but
Python: it writes the few fields of ONNX's protobuf that it needs.
"""
import math
import struct
from pathlib import Path


def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def ints(name, values):
    return field(5, field(1, name) + b"".join(field(8, v) for v in values) + field(20, 7))


def integer(name, value):
    return field(5, field(1, name) + field(3, value) + field(20, 2))


def node(op, inputs, output, attributes=b""):
    return field(1, b"".join(field(1, i) for i in inputs) + field(2, output) + field(4, op) + attributes)


def tensor(name, dims, numbers, kind="f"):
    raw = struct.pack(f"<{len(numbers)}{kind}", *numbers)
    return b"".join(field(1, d) for d in dims) + field(2, 7 if kind == "q" else 1) + field(8, name) + field(9, raw)


def info(number, name, dims):
    shape = field(2, b"".join(field(1, field(1, d)) for d in dims))
    return field(number, field(1, name) + field(2, field(1, field(1, 1) + shape)))


def model(nodes, tensors, ends=None):
    graph = nodes + field(2, "g") + b"".join(field(5, t) for t in tensors)
    graph += ends or info(11, "input", [1, 3, 8, 8]) + info(12, "score", [1, 2])
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


def layers(pad):
    nodes = node("Conv", ["input", "w", "b"], "c", ints("kernel_shape", [3, 3]) + ints("pads", [pad] * 4))
    nodes += node("PRelu", ["c", "s"], "r")
    nodes += node("MaxPool", ["r"], "p", ints("kernel_shape", [2, 2]) + ints("strides", [2, 2]))
    nodes += node("GlobalAveragePool", ["p"], "m")
    nodes += node("Conv", ["m", "w2", "b2"], "d", ints("kernel_shape", [1, 1]))
    nodes += node("Flatten", ["d"], "e", integer("axis", 1)) + node("Softmax", ["e"], "score", integer("axis", 1))
    weights = tensor("w", [4, 3, 3, 3], [0.01 * (i % 7 - 3) for i in range(108)])
    rest = [tensor("b", [4], [0, 0.1, 0.2, 0.3]), tensor("w2", [2, 4, 1, 1], [0.1] * 8)]
    return model(nodes, [weights, *rest, tensor("b2", [2], [1, 0]), tensor("s", [4, 1, 1], [0.1] * 4)])


def constant(side):
    value = field(5, field(1, "value") + field(5, tensor("v", [1], [1])) + field(20, 4))
    nodes = node("ConstantOfShape", ["side"], "k", value)
    nodes += node("ReduceMean", ["k"], "z", ints("axes", [0, 1]) + integer("keepdims", 1))
    nodes += node("ReduceMean", ["input"], "q", ints("axes", [2, 3]) + integer("keepdims", 0))
    nodes += node("Slice", ["q", "from", "to"], "t") + node("Add", ["t", "z"], "score")
    ends = [tensor("from", [2], [0, 0], "q"), tensor("to", [2], [1, 2], "q")]
    return model(nodes, [tensor("side", [2], [side, side], "q"), *ends])


def wide(channels):
    nodes = node("Conv", ["input", "w", "b"], "c") + node("Conv", ["c", "w2", "b2"], "p")
    nodes += node("Softmax", ["p"], "prob", integer("axis", 1)) + node("Conv", ["c", "w3", "b3"], "reg")
    zeros = [("w", [channels, 3]), ("b", [channels]), ("w2", [2, channels]), ("b2", [2]), ("w3", [4, channels]), ("b3", [4])]
    tensors = [tensor(name, dims + [1, 1] * (len(dims) - 1), [0] * math.prod(dims)) for name, dims in zeros]
    open_sides = field(11, field(1, "input") + field(2, field(1, field(1, 1))))
    return model(nodes, tensors, open_sides)


here = Path(__file__).parent
here.joinpath("border.onnx").write_bytes(layers(60_000))
here.joinpath("constant.onnx").write_bytes(constant(12_000))
here.joinpath("wide.onnx").write_bytes(wide(300))
seeds = here / "../../fuzz/seeds/passive"
# The first byte says that the rest is a network.
seeds.joinpath("layers").write_bytes(b"\0" + layers(1))
seeds.joinpath("constant").write_bytes(b"\0" + constant(100))
