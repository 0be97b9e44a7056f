"""Makes NAME.jpg and NAME.mesh.json again from the picture that NAME comes from.

usage: make_mesh.py NAME PICTURE face_mesh_v2.onnx OUTDIR
       NAME is astronaut, obama or biden; assets/LICENCES.md says which package PICTURE is from
needs: numpy, scipy, opencv-python-headless, onnxruntime, pillow

The mesh is 478 points [x, y, z] in picture pixels (z smaller = nearer) from face mesh V2, and the
triangles between the first 468: Delaunay in the picture, inside the face oval, without the mouth's opening.
"""
import json
import math
import sys

import cv2
import numpy as np
import onnxruntime as ort
from PIL import Image
from scipy.spatial import Delaunay

# By name: side of the square that is cut from the picture's upper left corner, degrees by which it is
# turned upright, and what the MTCNN cascade finds in the 512 x 512 pixels made of it: box, the eyes.
PORTRAITS = {
    "astronaut": (512, 0, (178.91, 60.19, 268.30, 172.80), (203.22, 100.35, 246.20, 102.96)),
    "obama": (910, 0, (212.31, 51.41, 343.00, 234.97), (249.70, 119.79, 310.13, 119.39)),
    "biden": (970, 9, (217.99, 86.05, 361.69, 289.18), (268.82, 167.88, 332.44, 170.28)),
}
SIDE = 512
OVAL = [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
        148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109]
LIPS_INNER = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95]
EYES = [[33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7],
        [263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249]]


def cut(path, side, turn_deg):
    picture = Image.open(path).convert("RGB").crop((0, 0, side, side))
    if side != SIDE:
        picture = picture.resize((SIDE, SIDE), Image.LANCZOS)
    if turn_deg:
        turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), turn_deg, 1)
        turned = cv2.warpAffine(np.asarray(picture), turn, (SIDE, SIDE), flags=cv2.INTER_CUBIC,
                                borderMode=cv2.BORDER_REFLECT)
        picture = Image.fromarray(turned)
    return picture


def mesh(picture, net, box, eyes):
    x1, y1, x2, y2 = box
    angle = math.atan2(eyes[3] - eyes[1], eyes[2] - eyes[0])
    side = max(x2 - x1, y2 - y1)
    centre, size = ((x1 + x2) / 2, (y1 + y2) / 2 + 0.055 * side), side * 1.40
    c, s = math.cos(angle), math.sin(angle)
    turn = np.array([[c, -s, centre[0]], [s, c, centre[1]]])
    to_picture = turn @ np.array([[size / 256, 0, -size / 2], [0, size / 256, -size / 2], [0, 0, 1]])
    crop = cv2.warpAffine(picture, to_picture, (256, 256), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    tensor = np.ascontiguousarray(crop.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    points = net.run(None, {net.get_inputs()[0].name: tensor})[0].reshape(-1, 3)[:478]
    xy = points[:, :2] @ to_picture[:, :2].T + to_picture[:, 2]
    return np.hstack([xy, points[:, 2:] * size / 256])


def inside(ring, xy, p):
    return cv2.pointPolygonTest(xy[ring].astype(np.float32).reshape(-1, 1, 2), tuple(map(float, p)), False) > 0


def flip_in(triangles, a, b, xy):
    """Makes a-b an edge by flipping the diagonals that cross it."""
    cross = lambda o, p, q: (xy[p][0] - xy[o][0]) * (xy[q][1] - xy[o][1]) - (xy[p][1] - xy[o][1]) * (xy[q][0] - xy[o][0])
    for _ in range(50):
        if any(a in t and b in t for t in triangles):
            return triangles
        for t in triangles:
            edges = [(t[0], t[1]), (t[1], t[2]), (t[2], t[0])]
            hit = next(((p, q) for p, q in edges if a not in (p, q) and b not in (p, q)
                        and cross(a, b, p) * cross(a, b, q) < 0 and cross(p, q, a) * cross(p, q, b) < 0), None)
            pair = [u for u in triangles if hit and hit[0] in u and hit[1] in u]
            if len(pair) == 2:
                c, d = (next(v for v in u if v not in hit) for u in pair)
                if cross(c, d, hit[0]) * cross(c, d, hit[1]) < 0:
                    triangles = [u for u in triangles if u not in pair] + [[hit[0], c, d], [hit[1], d, c]]
                    break
    raise SystemExit(f"cannot make {a}-{b} an edge")


def part_lips(xy):
    """Moves all below lips that touch down a little, so that they have an opening to leave out."""
    upper, lower = LIPS_INNER[1:10], LIPS_INNER[11:]
    if (xy[14] - xy[13])[1] > 1:
        return xy
    line = xy[78][1] + (xy[:, 0] - xy[78][0]) * (xy[308] - xy[78])[1] / (xy[308] - xy[78])[0]
    down = (xy[:, 1] > line).astype(float)
    down[upper], down[lower], down[[78, 308]] = 0, 1, 0.5
    return xy + 6 * np.stack([0 * down, down], 1)


def triangulate(points):
    xy = part_lips(points[:468, :2])
    triangles = [list(map(int, t)) for t in Delaunay(xy).simplices]
    for ring in [OVAL, LIPS_INNER, *EYES]:
        for a, b in zip(ring, ring[1:] + ring[:1]):
            triangles = flip_in(triangles, a, b, xy)
    keep = []
    for t in triangles:
        middle = xy[t].mean(0)
        if inside(OVAL, xy, middle) and not inside(LIPS_INNER, xy, middle):
            (x0, y0), (x1, y1), (x2, y2) = xy[t]
            keep.append(t if (x1 - x0) * (y2 - y0) > (y1 - y0) * (x2 - x0) else [t[0], t[2], t[1]])
    return sorted(keep)


if __name__ == "__main__":
    name, source, model, out = sys.argv[1:]
    side, turn_deg, box, eyes = PORTRAITS[name]
    picture = cut(source, side, turn_deg)
    picture.save(f"{out}/{name}.jpg", quality=93, subsampling=0)
    net = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    points = mesh(np.asarray(picture), net, box, eyes)
    triangles = triangulate(points)
    with open(f"{out}/{name}.mesh.json", "w") as f:
        json.dump({"points": [[round(float(v), 2) for v in p] for p in points], "triangles": triangles}, f,
                  separators=(",", ":"))
    print(len(triangles), "triangles")
