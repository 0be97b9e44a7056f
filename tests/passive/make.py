#!/usr/bin/env python3
"""Makes bright.onnx: "live" is how bright the picture is. Needs numpy and onnx 1.23 (PyPI).

input [1, 3, 8, 8], p / 255; output `score` [1, 2]: one minus the mean, the mean.
"""
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T, helper as h, numpy_helper as nh

mean = np.full((1, 3, 8, 8), 1 / 192, np.float32)
weights = np.concatenate([-mean, mean])
graph = h.make_graph(
    [h.make_node("Conv", ["input", "w", "b"], ["map"], kernel_shape=[8, 8]),
     h.make_node("Flatten", ["map"], ["score"], axis=1)],
    "bright",
    [h.make_tensor_value_info("input", T.FLOAT, [1, 3, 8, 8])],
    [h.make_tensor_value_info("score", T.FLOAT, [1, 2])],
    [nh.from_array(weights, "w"), nh.from_array(np.array([1, 0], np.float32), "b")],
)
model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, Path(__file__).with_name("bright.onnx"))
