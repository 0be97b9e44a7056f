"""Turns MediaPipe's `face_landmarks_detector.tflite` into `face_mesh_v2.onnx`.

usage: face_mesh_to_onnx.py face_landmarks_detector.tflite OUT_DIR

TFLite keeps pictures as [N, H, W, C], ONNX as [N, C, H, W]: each weight is transposed once, here,
so the graph has no Transpose. It knows the nine operators of this one network, and stops at any
other. Source of their meaning: the TFLite schema (`tflite` 2.18.0) and the ONNX operator list.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

from graph_passes import replace_prelu, store_weights_as_f16

# The oldest opset with every operator used here; tract and onnxruntime both read it.
OPSET = 13
IR_VERSION = 8

# In the order of the TFLite file, which does not name them. MediaPipe reads the first two and
# applies a sigmoid to the second (`face_landmarks_detector_graph.cc`). The third is ours to
# guess and nobody's to use.
OUTPUTS = ["landmarks", "face_presence_logit", "tongue_prob"]

OPERATOR_NAMES = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
NUMPY_TYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}


class TfliteGraph:
    """Read access to the file, with plain lists and arrays."""

    def __init__(self, data):
        self.model = tflite.Model.GetRootAsModel(data, 0)
        self.graph = self.model.Subgraphs(0)
        self.inputs = [int(t) for t in self.graph.InputsAsNumpy()]
        self.outputs = [int(t) for t in self.graph.OutputsAsNumpy()]

    def shape(self, tensor):
        tensor = self.graph.Tensors(tensor)
        return [int(side) for side in tensor.ShapeAsNumpy()] if tensor.ShapeLength() else []

    def constants(self):
        """Arrays of the tensors that have one, by number."""
        arrays = {}
        for number in range(self.graph.TensorsLength()):
            tensor = self.graph.Tensors(number)
            buffer = self.model.Buffers(tensor.Buffer())
            if buffer.DataLength() > 0:
                flat = np.frombuffer(buffer.DataAsNumpy().tobytes(), NUMPY_TYPES[tensor.Type()])
                arrays[number] = flat.reshape(self.shape(number))
        return arrays

    def operators(self):
        """(operator's name, the operator, its inputs, its output), in the order they run."""
        for i in range(self.graph.OperatorsLength()):
            op = self.graph.Operators(i)
            code = self.model.OperatorCodes(op.OpcodeIndex())
            # A small code is in the old field only, a large one in the new one only.
            name = OPERATOR_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            yield name, op, [int(t) for t in op.InputsAsNumpy()], int(op.Outputs(0))


def options(op, kind):
    """Reads an operator's options, and refuses an activation fused into it."""
    read = kind()
    table = op.BuiltinOptions()
    read.Init(table.Bytes, table.Pos)
    if read.FusedActivationFunction() != tflite.ActivationFunctionType.NONE:
        raise ValueError("fused activations are not supported")
    return read


def same_padding(size, kernel, stride):
    """Zeros before and after one side, so that `ceil(size / stride)` cells come out."""
    cells = -(-size // stride)
    total = max((cells - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def onnx_pads(padding, size, kernel, strides):
    """ONNX's [top, left, bottom, right] for TFLite's SAME or VALID."""
    if padding != tflite.Padding.SAME:
        return [0, 0, 0, 0]
    top, bottom = same_padding(size[0], kernel[0], strides[0])
    left, right = same_padding(size[1], kernel[1], strides[1])
    return [top, left, bottom, right]


class Converter:
    """Walks the TFLite operators once; each adds what it needs to the ONNX graph.

    Names count up, `k1` for constants and `conv_3` for nodes, in the order of creation: the
    order of the lines below is part of the file, and of its sha256.
    """

    def __init__(self, source):
        self.source = source
        self.constants = source.constants()
        self.nodes = []
        self.initializers = []
        self.values = {}  # TFLite tensor -> name of the ONNX value that holds it
        self.count = 0

    def _constant(self, array, dtype=np.float32):
        self.count += 1
        name = f"k{self.count}"
        array = np.array(array, dtype=dtype, order="C")
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def _node(self, op, inputs, output=None, **attributes):
        self.count += 1
        output = output or f"{op.lower()}_{self.count}"
        name = f"{op}_{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))
        return output

    def dequantize(self, op, inputs, output):
        """f16 weights become f32 once, here. Every f16 number is an f32 number: no rounding."""
        self.constants[output] = self.constants[inputs[0]].astype(np.float32)

    def conv(self, op, inputs, output):
        read = options(op, tflite.Conv2DOptions)
        kernel = self.constants[inputs[1]].transpose(0, 3, 1, 2)  # from [out, y, x, in]
        self._convolve(read, inputs, output, kernel, group=1)

    def depthwise_conv(self, op, inputs, output):
        read = options(op, tflite.DepthwiseConv2DOptions)
        kernel = self.constants[inputs[1]].transpose(3, 0, 1, 2)  # from [1, y, x, channels]
        self._convolve(read, inputs, output, kernel, group=self.source.shape(inputs[0])[3])

    def _convolve(self, read, inputs, output, kernel, group):
        size = self.source.shape(inputs[0])[1:3]
        kernel_shape = list(kernel.shape[2:])
        strides = [read.StrideH(), read.StrideW()]
        dilations = [read.DilationHFactor(), read.DilationWFactor()]
        if dilations != [1, 1]:
            raise ValueError("dilated convolutions are not supported")
        arguments = [self.values[inputs[0]], self._constant(kernel),
                     self._constant(self.constants[inputs[2]])]
        self.values[output] = self._node(
            "Conv", arguments, kernel_shape=kernel_shape, strides=strides, dilations=dilations,
            pads=onnx_pads(read.Padding(), size, kernel_shape, strides), group=group)

    def max_pool(self, op, inputs, output):
        read = options(op, tflite.Pool2DOptions)
        size = self.source.shape(inputs[0])[1:3]
        kernel_shape = [read.FilterHeight(), read.FilterWidth()]
        strides = [read.StrideH(), read.StrideW()]
        self.values[output] = self._node(
            "MaxPool", [self.values[inputs[0]]], kernel_shape=kernel_shape, strides=strides,
            pads=onnx_pads(read.Padding(), size, kernel_shape, strides))

    def prelu(self, op, inputs, output):
        slopes = self.constants[inputs[1]]
        if slopes.size != slopes.shape[-1]:
            raise ValueError("a PReLU must have one slope a channel")
        arguments = [self.values[inputs[0]], self._constant(slopes.reshape(-1, 1, 1))]
        self.values[output] = self._node("PRelu", arguments)

    def add(self, op, inputs, output):
        options(op, tflite.AddOptions)
        self.values[output] = self._node("Add", [self.values[t] for t in inputs])

    def pad(self, op, inputs, output):
        before_after = self.constants[inputs[1]][[0, 3, 1, 2]]  # rows from NHWC to NCHW
        pads = self._constant(before_after.T.reshape(-1), np.int64)
        arguments = [self.values[inputs[0]], pads, self._constant(np.float32(0))]
        self.values[output] = self._node("Pad", arguments, mode="constant")

    def logistic(self, op, inputs, output):
        self.values[output] = self._node("Sigmoid", [self.values[inputs[0]]])

    def reshape(self, op, inputs, output):
        if self.source.shape(inputs[0])[1:3] != [1, 1]:
            raise ValueError("a map larger than one cell would need a Transpose first")
        shape = self._constant(np.array(self.source.shape(output)), np.int64)
        self.values[output] = self._node("Reshape", [self.values[inputs[0]], shape])

    STEPS = {
        "DEQUANTIZE": dequantize,
        "CONV_2D": conv,
        "DEPTHWISE_CONV_2D": depthwise_conv,
        "MAX_POOL_2D": max_pool,
        "PRELU": prelu,
        "ADD": add,
        "PAD": pad,
        "LOGISTIC": logistic,
        "RESHAPE": reshape,
    }

    def run(self):
        """The whole network as an ONNX model."""
        (tensor,) = self.source.inputs
        batch, height, width, channels = self.source.shape(tensor)
        self.values[tensor] = "input"
        for name, op, inputs, output in self.source.operators():
            if name not in self.STEPS:
                raise ValueError(f"operator {name} is not supported")
            self.STEPS[name](self, op, inputs, output)
        outputs = [self._output(t, n) for t, n in zip(self.source.outputs, OUTPUTS, strict=True)]
        image = helper.make_tensor_value_info("input", TensorProto.FLOAT,
                                              [batch, channels, height, width])
        graph = helper.make_graph(self.nodes, "g", [image], outputs, self.initializers)
        # The producer's name is part of the file, and of its sha256.
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                                 ir_version=IR_VERSION, producer_name="tflite_to_onnx(own)")

    def _output(self, tensor, name):
        shape = self.source.shape(tensor)
        if len(shape) == 4:  # a map of one cell: [1, 1, 1, C] in TFLite, [1, C] here
            self._node("Flatten", [self.values[tensor]], output=name, axis=1)
            shape = [1, shape[3]]
        else:
            self._node("Identity", [self.values[tensor]], output=name)
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def main(tflite_path, out_dir):
    model = Converter(TfliteGraph(Path(tflite_path).read_bytes())).run()
    replace_prelu(model)
    store_weights_as_f16(model)
    onnx.checker.check_model(model)
    onnx.save(model, Path(out_dir) / "face_mesh_v2.onnx")


if __name__ == "__main__":
    main(*sys.argv[1:])
