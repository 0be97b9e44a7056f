#!/usr/bin/env python3
"""Writes what onnxruntime computes on fixed inputs, for `tests/` to compare with.

usage: golden.py [--out DIR]        (default: tests/golden; needs requirements-golden.txt)

Two kinds of input, both made from a formula, so that no picture has to be kept. With u in 0..1
computed for each number of a [N, C, H, W] tensor, the input is `low + u * (high - low)`.

`hash`: i counts through the tensor; `u = ((i * 2654435761 mod 2^32) >> 8) / 2^24`. The factor
is Knuth's, 2^32 divided by the golden ratio. Every step is exact in f32.

`paint`: a face of soft ellipses, so that the networks see what they were trained for. All in
f64, rounded to f32 at the end. Pixel (x, y) of a picture of width w and height h is the point
`px = (x + 0.5) / w`, `py = (y + 0.5) / h`. Start with the colour `ground`; then for each
ellipse in turn, with `dx = (px - centre[0]) / radius[0]`, `dy` alike,
`a = clamp(edge * (1 - dx * dx - dy * dy), 0, 1)` and, in each channel, `u += a * (colour - u)`.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime

MODELS = Path(__file__).resolve().parents[1]
GOLDEN = MODELS.parent / "tests" / "golden"

# What each network's input may hold; see README.md.
RANGES = {"mtcnn_pnet": (-1, 1), "mtcnn_rnet": (-1, 1), "mtcnn_onet": (-1, 1),
          "face_mesh_v2": (0, 1), "dlib_resnet_v1": (-0.45, 0.55)}

# The shapes tell a mistake apart: P-Net's is not square, R-Net's and O-Net's are batches.
HASHED = {"mtcnn_pnet": [1, 3, 37, 53], "mtcnn_rnet": [3, 3, 24, 24],
          "mtcnn_onet": [2, 3, 48, 48], "face_mesh_v2": [1, 3, 256, 256],
          "dlib_resnet_v1": [2, 3, 150, 150]}

# Shape, zoom. The zooms were tried out until the networks were not quite sure: face
# probabilities of about 0.86, 0.85 and 0.85. A number near 0 or 1 would hide an error.
PAINTED = {"mtcnn_rnet": ([1, 3, 24, 24], 1.0), "mtcnn_onet": ([1, 3, 48, 48], 1.2),
           "face_mesh_v2": ([1, 3, 256, 256], 0.8), "dlib_resnet_v1": ([1, 3, 150, 150], 1.2)}

GROUND = [0.55, 0.6, 0.65]

SKIN, SHADE, LIGHT = [0.85, 0.65, 0.55], [0.75, 0.54, 0.45], [0.92, 0.74, 0.64]
HAIR, DARK, WHITE = [0.2, 0.13, 0.1], [0.15, 0.1, 0.1], [0.95, 0.93, 0.9]
LIP, SHIRT, LID = [0.65, 0.3, 0.3], [0.25, 0.3, 0.45], [0.7, 0.5, 0.42]

# Centre, radius, colour, hardness of the edge; drawn by hand, in fractions of the picture.
FACE = [
    ((0.5, 0.42), (0.36, 0.4), HAIR, 4.0),
    ((0.5, 1.05), (0.42, 0.28), SHIRT, 4.0),
    ((0.5, 0.9), (0.13, 0.2), SHADE, 4.0),
    ((0.5, 0.52), (0.28, 0.36), SKIN, 4.0),
    ((0.5, 0.5), (0.1, 0.3), LIGHT, 1.0),
    ((0.385, 0.405), (0.075, 0.018), HAIR, 3.0),  # brows
    ((0.615, 0.405), (0.075, 0.018), HAIR, 3.0),
    ((0.385, 0.46), (0.06, 0.035), LID, 2.0),  # eyes
    ((0.615, 0.46), (0.06, 0.035), LID, 2.0),
    ((0.385, 0.465), (0.048, 0.02), WHITE, 3.0),
    ((0.615, 0.465), (0.048, 0.02), WHITE, 3.0),
    ((0.385, 0.465), (0.02, 0.02), DARK, 3.0),
    ((0.615, 0.465), (0.02, 0.02), DARK, 3.0),
    ((0.5, 0.58), (0.055, 0.04), SHADE, 1.5),  # nose
    ((0.475, 0.595), (0.016, 0.01), DARK, 2.0),
    ((0.525, 0.595), (0.016, 0.01), DARK, 2.0),
    ((0.5, 0.7), (0.095, 0.032), LIP, 3.0),  # mouth
    ((0.5, 0.7), (0.08, 0.006), DARK, 2.0),
]


def hashed(shape):
    i = np.arange(np.prod(shape), dtype=np.uint64)
    high_bits = ((i * 2654435761) % 2**32) >> 8
    return (high_bits.astype(np.float64) / 2**24).reshape(shape)


def zoomed(zoom):
    """The face enlarged about the middle of the picture, as it goes into the JSON file."""
    def about_middle(position):
        return round((position - 0.5) * zoom + 0.5, 6)

    return [
        {
            "centre": [about_middle(x), about_middle(y)],
            "radius": [round(rx * zoom, 6), round(ry * zoom, 6)],
            "colour": colour,
            "edge": edge,
        }
        for (x, y), (rx, ry), colour, edge in FACE
    ]


def painted(shape, ellipses):
    batch, channels, height, width = shape
    px = ((np.arange(width) + 0.5) / width)[np.newaxis, :]
    py = ((np.arange(height) + 0.5) / height)[:, np.newaxis]
    picture = np.empty(shape, np.float64)
    picture[:] = np.reshape(GROUND, (1, channels, 1, 1))
    for ellipse in ellipses:
        dx = (px - ellipse["centre"][0]) / ellipse["radius"][0]
        dy = (py - ellipse["centre"][1]) / ellipse["radius"][1]
        cover = np.clip(ellipse["edge"] * (1 - dx * dx - dy * dy), 0, 1)
        picture += cover * (np.reshape(ellipse["colour"], (1, channels, 1, 1)) - picture)
    return picture


def infer(network, unit):
    """The network's outputs, by name, in their order in the file."""
    low, high = RANGES[network]
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        MODELS / f"{network}.onnx", settings, providers=["CPUExecutionProvider"])
    values = session.run(None, {"input": (low + unit * (high - low)).astype(np.float32)})
    return {output.name: value for output, value in zip(session.get_outputs(), values)}


def number_lines(numbers):
    """Numbers with 9 significant digits, which is enough to give every f32 back; ten a line."""
    texts = [f"{number:.9g}" for number in numbers]
    return ",\n".join(",".join(texts[i:i + 10]) for i in range(0, len(texts), 10))


def write(path, network, description, outputs):
    sha256 = hashlib.sha256((MODELS / f"{network}.onnx").read_bytes()).hexdigest()
    made_by = f"onnxruntime {onnxruntime.__version__}, models/convert/golden.py"
    texts = [
        f'{{"name":"{name}","shape":{json.dumps(list(value.shape))},"data":[\n'
        f'{number_lines(value.reshape(-1))}]}}'
        for name, value in outputs.items()
    ]
    path.write_text(
        f'{{"network":"{network}","sha256":"{sha256}","made_by":"{made_by}",\n'
        f'"input":{json.dumps(description)},\n'
        f'"outputs":[\n' + ",\n".join(texts) + "]}\n")
    print(f"{path}  {path.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=GOLDEN, metavar="DIR")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for network, shape in HASHED.items():
        description = {"shape": shape, "formula": "hash", "range": RANGES[network]}
        write(out / f"{network}.json", network, description, infer(network, hashed(shape)))
    for network, (shape, zoom) in PAINTED.items():
        ellipses = zoomed(zoom)
        description = {"shape": shape, "formula": "paint", "range": RANGES[network],
                       "ground": GROUND, "ellipses": ellipses}
        outputs = infer(network, painted(shape, ellipses))
        write(out / f"{network}_face.json", network, description, outputs)


if __name__ == "__main__":
    main()
