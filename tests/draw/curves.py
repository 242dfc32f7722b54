"""Arrows as a reader's eye follows them: points along their curves, their bends, and what they lie on."""

from collections import Counter, defaultdict
from itertools import combinations, pairwise

import numpy as np

T = np.linspace(0, 1, 12)[:, None]


def along(arrow):
    """Points on the curve of an arrow, which is a chain of cubic Bezier curves."""
    p = np.array(arrow.points, float)
    parts = [
        (1 - T) ** 3 * a + 3 * T * (1 - T) ** 2 * b + 3 * T * T * (1 - T) * c + T**3 * d
        for a, b, c, d in zip(p[:-1:3], p[1::3], p[2::3], p[3::3], strict=True)
    ]
    return np.concatenate(parts)


def spaced(arrow, step=3.0):
    """Points on the curve at equal distances."""
    points = along(arrow)
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0, way[-1], max(int(way[-1] / step), 2))
    return np.stack([np.interp(at, way, points[:, k]) for k in (0, 1)], axis=1)


def kinks(arrow):
    """The angles, in degrees, by which the curve's direction jumps where two of its parts meet."""
    p = np.array(arrow.points, float)
    found = []
    directions = [_directions(part) for part in zip(p[:-1:3], p[1::3], p[2::3], p[3::3], strict=True)]
    for (_, u), (v, _) in pairwise(d for d in directions if d):
        found.append(np.degrees(np.arccos(np.clip(u @ v, -1, 1))))
    return found


def _directions(part):
    """In which direction a part begins and ends; None for a part without length."""
    moves = [b - a for a, b in pairwise(part) if np.hypot(*(b - a)) > 1e-6]
    return (moves[0] / np.hypot(*moves[0]), moves[-1] / np.hypot(*moves[-1])) if moves else None


def passed(drawn, arrow, edge=2.0):
    """The boxes through which an arrow runs, other than its ends."""
    points = along(arrow)
    return [
        box
        for i, box in enumerate(drawn.boxes)
        if i not in (arrow.tail, arrow.head)
        and (np.abs(points - (box.x, box.y)) < (box.width / 2 - edge, box.height / 2 - edge)).all(axis=1).any()
    ]


def from_edge(point, box):
    """How far a point lies from the edge of a box."""
    dx, dy = abs(point[0] - box.x) - box.width / 2, abs(point[1] - box.y) - box.height / 2
    return abs(max(dx, dy))


def lying_on_another(drawn, length=24.0):
    """Pairs of arrows with neither end in common that lie on one another over more than a crossing.

    The picture is divided into squares of two points; two arrows lie on one another in the squares that both touch.
    """
    touched = [np.unique(np.floor(spaced(arrow, 1.0) / 2).astype(int), axis=0) for arrow in drawn.arrows]
    arrows_at = defaultdict(list)
    for k, squares in enumerate(touched):
        for square in map(tuple, squares.tolist()):
            arrows_at[square].append(k)
    common = Counter(pair for arrows in arrows_at.values() if len(arrows) > 1 for pair in combinations(arrows, 2))
    pairs = [(drawn.arrows[i], drawn.arrows[j]) for (i, j), n in common.items() if n * 2 > length]
    return [(a, b) for a, b in pairs if a.tail != b.tail and a.head != b.head]
