"""Turns the weights of the Python package `mtcnn` 0.1.1 into three ONNX networks.

usage: mtcnn_to_onnx.py mtcnn_weights.npy OUT_DIR

Writes `mtcnn_pnet.onnx`, `mtcnn_rnet.onnx` and `mtcnn_onet.onnx`. The weights file is a
pickle, and a pickle runs code when it is read: `convert.py` checks its sha256 first.

Sources. Layers and sizes: the package's `mtcnn/network/factory.py`, which follows Zhang et al.
2016 (figure 2) and its `det1..3.prototxt`. Names of layers: as in `det1..3.prototxt`.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from graph_passes import replace_prelu

# The oldest opset with every operator used here; tract and onnxruntime both read it.
OPSET = 13
IR_VERSION = 8

# The order in which the package stores its arrays: each layer's kernel, then its bias;
# a PReLU has its slopes only. Source: `factory.py`, the order in which layers are created.
LAYERS = {
    "pnet": "conv1 prelu1 conv2 prelu2 conv3 prelu3 conv4_1 conv4_2",
    "rnet": "conv1 prelu1 conv2 prelu2 conv3 prelu3 dense4 prelu4 dense5_1 dense5_2",
    "onet": "conv1 prelu1 conv2 prelu2 conv3 prelu3 conv4 prelu4 dense5 prelu5 "
            "dense6_1 dense6_2 dense6_3",
}


def name_weights(arrays, layers):
    """Gives each array of one network its layer's name: `conv1.w`, `conv1.b`, `prelu1.s`."""
    arrays = list(arrays)
    weights = {}
    for layer in layers.split():
        if layer.startswith("prelu"):
            weights[layer + ".s"] = arrays.pop(0).reshape(-1)
        else:
            weights[layer + ".w"] = arrays.pop(0)
            weights[layer + ".b"] = arrays.pop(0)
    if arrays:
        raise ValueError(f"{len(arrays)} arrays left over")
    return weights


class Net:
    """One network in the making. Each method adds a layer and returns its output's name."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes = []
        self.initializers = []

    def _constant(self, name, array):
        array = np.ascontiguousarray(array, np.float32)
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def _node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def conv(self, x, layer, output):
        # The package feeds its networks the transposed picture (`mtcnn.py`, lines 340 and 408),
        # so its kernels are [kx, ky, in, out]; ONNX wants [out, in, ky, kx].
        kernel = self.weights[layer + ".w"].transpose(3, 2, 1, 0)
        inputs = [x, self._constant(layer + ".w", kernel),
                  self._constant(layer + ".b", self.weights[layer + ".b"])]
        return self._node("Conv", inputs, output, name=layer, kernel_shape=list(kernel.shape[2:]))

    def prelu(self, x, layer, output, after_dense=False):
        """One slope a channel: `[C, 1, 1]` after a convolution, `[1, C]` after a dense layer."""
        shape = (1, -1) if after_dense else (-1, 1, 1)
        slopes = self._constant(layer + ".s", self.weights[layer + ".s"].reshape(shape))
        return self._node("PRelu", [x, slopes], output, name=layer)

    def pool(self, x, size, output):
        # Stride 2 and rounded up everywhere: `factory.py` says "same" where that matters
        # and "valid" where the two give the same size.
        return self._node("MaxPool", [x], output, name=output, kernel_shape=[size, size],
                          strides=[2, 2], ceil_mode=1)

    def flatten(self, x, output):
        return self._node("Flatten", [x], output, axis=1)

    def dense(self, x, layer, output, flattened_map=None):
        """`flattened_map`: channels and side of the map that was flattened, if one was."""
        kernel = self.weights[layer + ".w"]  # [in, out]
        if flattened_map:
            # The package flattens its transposed map as [x, y, C]; ONNX flattens [C, y, x].
            channels, side = flattened_map
            outputs = kernel.shape[1]
            kernel = kernel.reshape(side, side, channels, outputs).transpose(2, 1, 0, 3)
            kernel = kernel.reshape(-1, outputs)
        inputs = [x, self._constant(layer + ".w", kernel),
                  self._constant(layer + ".b", self.weights[layer + ".b"])]
        return self._node("Gemm", inputs, output, name=layer)

    def softmax(self, x, output):
        return self._node("Softmax", [x], output, axis=1)

    def model(self, name, input_shape, output_shapes):
        def value(name, shape):
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        outputs = [value(name, shape) for name, shape in output_shapes.items()]
        graph = helper.make_graph(self.nodes, name, [value("input", input_shape)], outputs,
                                  self.initializers)
        # The producer's name is part of the file, and of its sha256.
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                                 ir_version=IR_VERSION, producer_name="mtcnn_to_onnx")


def pnet(weights):
    """Stage 1: a map of face probabilities over a picture of any size; stride 2, cell 12."""
    net = Net(weights)
    x = net.prelu(net.conv("input", "conv1", "c1"), "prelu1", "p1")
    x = net.pool(x, 2, "m1")
    x = net.prelu(net.conv(x, "conv2", "c2"), "prelu2", "p2")
    x = net.prelu(net.conv(x, "conv3", "c3"), "prelu3", "p3")
    net.softmax(net.conv(x, "conv4_1", "logits"), "prob")
    net.conv(x, "conv4_2", "reg")
    return net.model("mtcnn_pnet", [1, 3, "H", "W"],
                     {"prob": [1, 2, None, None], "reg": [1, 4, None, None]})


def rnet(weights):
    """Stage 2: looks at 24 x 24 crops and rejects most."""
    net = Net(weights)
    x = net.pool(net.prelu(net.conv("input", "conv1", "c1"), "prelu1", "p1"), 3, "m1")
    x = net.pool(net.prelu(net.conv(x, "conv2", "c2"), "prelu2", "p2"), 3, "m2")
    x = net.prelu(net.conv(x, "conv3", "c3"), "prelu3", "p3")
    x = net.dense(net.flatten(x, "f"), "dense4", "d4", flattened_map=(64, 3))
    x = net.prelu(x, "prelu4", "p4", after_dense=True)
    net.softmax(net.dense(x, "dense5_1", "logits"), "prob")
    net.dense(x, "dense5_2", "reg")
    return net.model("mtcnn_rnet", ["N", 3, 24, 24], {"prob": ["N", 2], "reg": ["N", 4]})


def onet(weights):
    """Stage 3: final box and five landmarks from 48 x 48 crops."""
    net = Net(weights)
    x = net.pool(net.prelu(net.conv("input", "conv1", "c1"), "prelu1", "p1"), 3, "m1")
    x = net.pool(net.prelu(net.conv(x, "conv2", "c2"), "prelu2", "p2"), 3, "m2")
    x = net.pool(net.prelu(net.conv(x, "conv3", "c3"), "prelu3", "p3"), 2, "m3")
    x = net.prelu(net.conv(x, "conv4", "c4"), "prelu4", "p4")
    x = net.dense(net.flatten(x, "f"), "dense5", "d5", flattened_map=(128, 3))
    x = net.prelu(x, "prelu5", "p5", after_dense=True)
    net.softmax(net.dense(x, "dense6_1", "logits"), "prob")
    net.dense(x, "dense6_2", "reg")
    net.dense(x, "dense6_3", "landmarks")
    return net.model("mtcnn_onet", ["N", 3, 48, 48],
                     {"prob": ["N", 2], "reg": ["N", 4], "landmarks": ["N", 10]})


def main(weights_path, out_dir):
    arrays = np.load(weights_path, allow_pickle=True).tolist()
    for name, build in (("pnet", pnet), ("rnet", rnet), ("onet", onet)):
        model = build(name_weights(arrays[name], LAYERS[name]))
        replace_prelu(model)
        onnx.checker.check_model(model)
        onnx.save(model, Path(out_dir) / f"mtcnn_{name}.onnx")


if __name__ == "__main__":
    main(*sys.argv[1:])
