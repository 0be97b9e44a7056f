"""Changes to a finished ONNX graph that leave its results the same, or nearly so."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# Smaller arrays stay f32: a Cast node would cost more bytes than it saves.
SMALLEST_F16_ARRAY = 64
SMALLEST_I8_ARRAY = 1024


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


def store_weights_as_f16(model):
    """Stores large f32 weights as f16 with a Cast in front: half the file, f32 arithmetic.

    Refuses weights that f16 cannot hold exactly. tract folds the Casts when it loads the file.
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
        if not exact:
            raise ValueError(f"{initializer.name} does not fit into f16")
        stored = initializer.name + "__h"
        initializers.append(numpy_helper.from_array(narrow, stored))
        casts.append(helper.make_node("Cast", [stored], [initializer.name], to=TensorProto.FLOAT))
    _replace(graph.initializer, initializers)
    _replace(graph.node, casts + list(graph.node))


def store_weights_as_i8(model):
    """Stores large f32 weights in 8 bits: a quarter of the file, f32 arithmetic.

    The numbers of an output (the first axis of a convolution's weights, the last of a matrix's) are
    multiples, -127 to 127, of a step of its own: the one of several that leaves the smallest
    squared error. They are worked out when the file is loaded (`src/nn/widen.rs`); a convolution's are a matrix until
    then, with long rows, since each of those has one step.
    """
    graph = model.graph
    matrices = {node.input[1] for node in graph.node if node.op_type == "MatMul"}
    initializers, nodes = [], []
    for initializer in graph.initializer:
        name, wide = initializer.name, numpy_helper.to_array(initializer)
        if wide.dtype != np.float32 or wide.size < SMALLEST_I8_ARRAY or wide.ndim < 2:
            initializers.append(initializer)
            continue
        is_matrix = name in matrices
        flat = wide if is_matrix else wide.reshape(wide.shape[0], -1)
        step, narrow = _steps(flat, axis=0 if is_matrix else 1)
        initializers += [numpy_helper.from_array(narrow, name + "__b"),
                         numpy_helper.from_array(step, name + "__s")]
        product = name if is_matrix else name + "__p"
        nodes += [helper.make_node("Cast", [name + "__b"], [name + "__c"], to=TensorProto.FLOAT),
                  helper.make_node("Mul", [name + "__c", name + "__s"], [product])]
        if not is_matrix:
            shape = np.array(wide.shape, np.int64)
            initializers.append(numpy_helper.from_array(shape, name + "__d"))
            nodes.append(helper.make_node("Reshape", [product, name + "__d"], [name]))
    _replace(graph.initializer, initializers)
    _replace(graph.node, nodes + list(graph.node))


def _steps(wide, axis):
    """The step of each output, and the weights in steps."""
    most = np.abs(wide).max(axis=axis, keepdims=True)
    best, step = np.full(most.shape, np.inf), most / 127
    for share in np.linspace(0.6, 1.0, 41):
        tried = most * share / 127
        narrow = np.clip(np.rint(wide / tried), -127, 127)
        error = ((narrow * tried - wide) ** 2).sum(axis=axis, keepdims=True)
        step = np.where(error < best, tried, step)
        best = np.minimum(error, best)
    step = step.astype(np.float32)
    return step, np.clip(np.rint(wide / step), -127, 127).astype(np.int8)


def _replace(repeated, items):
    """Puts `items` in the place of all that a protobuf list holds."""
    items = list(items)
    del repeated[:]
    repeated.extend(items)
