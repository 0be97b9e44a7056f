"""Turns dlib's face recognition network into an ONNX network.

usage: dlib_resnet_to_onnx.py dlib_face_recognition_resnet_model_v1.dat OUT_DIR

Writes `dlib_resnet_v1.onnx`, its weights rounded to 8 bits.

Sources. The file: `dlib/serialize.h` (integers), `dlib/cuda/tensor.h` (tensors) and
`dlib/dnn/layers.h` (`con_`, `affine_`, `fc_`) of dlib 19.24. The network: `anet_type` in
`examples/dnn_face_recognition_ex.cpp` of dlib; the file holds its parameters, not its shape.
"""

import re
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from graph_passes import store_weights_as_i8

# As for the other networks.
OPSET = 13
IR_VERSION = 8

# Side of the network's input (`input_rgb_image_sized<150>`).
SIDE = 150

# Channels and number of blocks of each level, in the order of the data (`alevel4` .. `alevel0`). All
# but the first level begin with a block that halves the sides.
LEVELS = [(32, 3), (64, 4), (128, 3), (256, 3), (256, 1)]

# A layer in the file begins with its name: a length in one byte, then the letters.
NAMES = re.compile(rb"\x01\x05(con_4)|\x01\x07(affine_)|\x01\x04(fc_2)")


class File:
    """A file of dlib's, from front to back."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        taken = self.data[self.at:self.at + count]
        if len(taken) != count:
            raise ValueError("the file ends too early")
        self.at += count
        return taken

    def integer(self):
        """A byte that tells sign and length, then so many bytes, the lowest first."""
        control = self.take(1)[0]
        value = int.from_bytes(self.take(control & 0x0F), "little")
        return -value if control & 0x80 else value

    def tensor(self):
        version, *shape = [self.integer() for _ in range(5)]
        if version != 2:
            raise ValueError(f"a tensor of version {version}")
        return np.frombuffer(self.take(4 * int(np.prod(shape))), "<f4")

    def layer(self):
        """The next layer with numbers: its name, its sizes, its numbers.

        Between two of them lie layers without numbers, whose bytes are skipped. As numbers are
        read, not searched, none is taken for a name.
        """
        found = NAMES.search(self.data, self.at)
        if not found:
            return None
        self.at = found.end()
        name = next(name for name in found.groups() if name).decode()
        if name == "fc_2":
            sizes = [self.integer() for _ in range(2)]
            return name, sizes, self.tensor()
        numbers = self.tensor()
        # Filters, kernel height and width, stride and border down and across.
        sizes = [self.integer() for _ in range(7)] if name == "con_4" else []
        return name, sizes, numbers


class Net:
    """The network in the making. Each method adds layers and returns their output's name."""

    def __init__(self, file):
        self.file = file
        self.nodes = []
        self.initializers = []
        self.count = 0

    def _number(self):
        self.count += 1
        return self.count

    def _constant(self, array, dtype=np.float32):
        name = f"w{self._number()}"
        array = np.array(array, dtype, order="C")
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op, inputs, output=None, **attributes):
        number = self._number()
        output = output or f"{op}{number}"
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def conv(self, x, inputs, stride, border):
        """A convolution with the factor and the offset per channel that come after it."""
        name, (outputs, height, width, *rest), numbers = self.file.layer()
        if name != "con_4" or rest != [stride, stride, border, border]:
            raise ValueError(f"expected a convolution, found {name} {rest}")
        weights = numbers[:outputs * inputs * height * width]
        weights = weights.reshape(outputs, inputs, height, width)
        bias = numbers[weights.size:]
        name, _, numbers = self.file.layer()
        if name != "affine_" or numbers.size != 2 * outputs or bias.size != outputs:
            raise ValueError(f"expected {outputs} factors and offsets, found {name}")
        factor, offset = numbers[:outputs], numbers[outputs:]
        inputs = [x, self._constant(weights * factor[:, None, None, None]),
                  self._constant(bias * factor + offset)]
        return self.node("Conv", inputs, kernel_shape=[height, width], strides=[stride] * 2,
                         pads=[border] * 4)

    def relu(self, x):
        return self.node("Relu", [x])

    def block(self, x, channels):
        """`ares`: two convolutions beside their input."""
        y = self.relu(self.conv(x, channels, 1, 1))
        y = self.conv(y, channels, 1, 1)
        return self.relu(self.node("Add", [x, y]))

    def halving_block(self, x, side, inputs, outputs):
        """`ares_down`: the same beside the halved input. Returns the side of its output as well.

        dlib adds tensors of different sizes as if the smaller one ended in zeros.
        """
        y = self.relu(self.conv(x, inputs, 2, 0))
        y = self.conv(y, outputs, 1, 1)
        beside = self.node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
        sides = side // 2, (side - 3) // 2 + 1
        beside = self.pad(beside, outputs - inputs, max(sides) - sides[0])
        y = self.pad(y, 0, max(sides) - sides[1])
        return self.relu(self.node("Add", [beside, y])), max(sides)

    def pad(self, x, channels, pixels):
        """Zeros behind the channels, below and to the right."""
        if not channels and not pixels:
            return x
        pads = self._constant([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64)
        return self.node("Pad", [x, pads, self._constant(0.0)])

    def dense(self, x, output):
        name, (outputs, inputs), numbers = self.file.layer()
        if name != "fc_2" or numbers.size != inputs * outputs:
            raise ValueError(f"expected a dense layer without bias, found {name}")
        return self.node("MatMul", [x, self._constant(numbers.reshape(inputs, outputs))], output)


def build(file):
    net = Net(file)
    channels = LEVELS[0][0]
    x = net.relu(net.conv("input", 3, 2, 0))
    x = net.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2])
    side = ((SIDE - 7) // 2 + 1 - 3) // 2 + 1
    for level, (outputs, blocks) in enumerate(LEVELS):
        if level > 0:
            x, side = net.halving_block(x, side, channels, outputs)
            channels, blocks = outputs, blocks - 1
        for _ in range(blocks):
            x = net.block(x, channels)
    x = net.node("Flatten", [net.node("GlobalAveragePool", [x])], axis=1)
    net.dense(x, "embedding")
    if file.layer():
        raise ValueError("layers left over")

    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(net.nodes, "dlib_resnet_v1", [value("input", ["N", 3, SIDE, SIDE])],
                              [value("embedding", ["N", 128])], net.initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                             ir_version=IR_VERSION)


def main(weights_path, out_dir):
    model = build(File(Path(weights_path).read_bytes()))
    store_weights_as_i8(model)
    onnx.checker.check_model(model)
    onnx.save(model, Path(out_dir) / "dlib_resnet_v1.onnx")


if __name__ == "__main__":
    main(*sys.argv[1:])
