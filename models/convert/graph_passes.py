"""Changes to a finished ONNX graph that leave its results the same."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# Smaller arrays stay f32: a Cast node would cost more bytes than it saves.
SMALLEST_F16_ARRAY = 64


def replace_prelu(model):
    """Writes each PRelu as operators that tract runs fast.

    tract 0.23.9 lowers PRelu to multiply, compare and select. With x the input and a the slopes,
    `Max(x, a * x)` is the same number while no slope is above 1. Where one is, it is
    `Relu(x) + a * Min(x, 0)`.
    """
    graph = model.graph
    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    zero = "__zero"
    zero_used = False
    nodes = []
    for node in graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        (x, slopes), y = node.input, node.output[0]
        product = y + "__ax"
        if constants[slopes].max() <= 1.0:
            nodes += [
                helper.make_node("Mul", [x, slopes], [product]),
                helper.make_node("Max", [x, product], [y]),
            ]
        else:
            zero_used = True
            negative, positive = y + "__mn", y + "__r"
            nodes += [
                helper.make_node("Min", [x, zero], [negative]),
                helper.make_node("Mul", [negative, slopes], [product]),
                helper.make_node("Relu", [x], [positive]),
                helper.make_node("Add", [positive, product], [y]),
            ]
    _replace(graph.node, nodes)
    if zero_used:
        graph.initializer.append(numpy_helper.from_array(np.array(0, np.float32), zero))


def store_weights_as_f16(model, rounded=False):
    """Stores large f32 weights as f16 with a Cast in front: half the file, f32 arithmetic.

    Refuses weights that f16 cannot hold, exactly or, if `rounded`, at all. tract folds the Casts
    when it loads the file.
    """
    graph = model.graph
    initializers, casts = [], []
    for initializer in graph.initializer:
        wide = numpy_helper.to_array(initializer)
        if wide.dtype != np.float32 or wide.size < SMALLEST_F16_ARRAY:
            initializers.append(initializer)
            continue
        narrow = wide.astype(np.float16)
        exact = narrow.astype(np.float32).tobytes() == wide.tobytes()
        if not (exact or rounded and np.isfinite(narrow).all()):
            raise ValueError(f"{initializer.name} does not fit into f16")
        stored = initializer.name + "__h"
        initializers.append(numpy_helper.from_array(narrow, stored))
        casts.append(helper.make_node("Cast", [stored], [initializer.name], to=TensorProto.FLOAT))
    _replace(graph.initializer, initializers)
    _replace(graph.node, casts + list(graph.node))


def _replace(repeated, items):
    """Puts `items` in the place of all that a protobuf list holds."""
    items = list(items)
    del repeated[:]
    repeated.extend(items)
