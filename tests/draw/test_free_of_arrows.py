"""No arrow runs over a box, a bar, a caption, a badge or a label: each picture of the gallery, point by point.

The geometry is this test's own: texts are measured by the widths of Helvetica, curves at many points.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

import gallery

import tinygraph as tg
from tests.draw.networks import weights
from tests.each import each

PICTURES = {name: draw for drawings in gallery.sections().values() for name, draw in drawings.items()}
NARROW, WIDE = set("iljtf.,:;'|![]() "), set("mwMW@%∂‖…")
STEP = 1.5
"""Distance of two points of an arrow, in points."""


@cache
def picture(name):
    return PICTURES[name]().picture


def text_width(text, size):
    """Upper bound of the widths of Helvetica-Bold: 0.33 em for narrow letters, 0.95 for wide ones, else 0.61."""
    return size * sum(0.33 if c in NARROW else 0.95 if c in WIDE else 0.61 for c in text)


def rectangles(drawn):
    """(what, left, foot, right, top, number of the box or None) of all that an arrow must not run over."""
    for i, box in enumerate(drawn.boxes):
        for left, right in pieces(drawn, box) if box.role != "dots" else ():
            yield ("box", left, box.y - box.height / 2, right, box.y + box.height / 2, i)
    for band in drawn.bands:
        if not band.times and not band.headed:
            wide = text_width(band.title, 14) + (14 + text_width(band.token, 12) if band.token else 0)
            y = band.foot + 24
            yield (band.title, band.middle - wide / 2, y - 5, band.middle + wide / 2, y + 6, None)
    for note in drawn.notes:
        wide, high = text_width(note.text, note.size), 0.4 * note.size
        yield (note.text, note.x - wide / 2, note.y - high, note.x + wide / 2, note.y + high, None)
    for cut in drawn.cuts:
        if cut.badge:
            yield ("BPTT cut", cut.x + cut.aside - 63, cut.foot - 38, cut.x + cut.aside + 63, cut.foot - 2, None)


def pieces(drawn, box):
    """The ends of the parts of a bar between its openings; of a box without them its own."""
    openings = [x for x in drawn.openings if x.y == box.y and abs(x.x - box.x) < box.width / 2]
    sides = [x.x + side * x.width / 2 for x in openings for side in (-1, 1)]
    ends = [box.x - box.width / 2, *sorted(sides), box.x + box.width / 2]
    return zip(ends[::2], ends[1::2], strict=True)


def points(p):
    """Points of a cubic Bezier curve: three times as many as its frame is long, by Bernstein's polynomials."""
    count = 3 * np.hypot(*np.diff(p, axis=0).T).sum() / STEP
    t = np.linspace(0, 1, max(int(count), 1) + 1)[:, None]
    return (1 - t) ** 3 * p[0] + 3 * t * (1 - t) ** 2 * p[1] + 3 * t * t * (1 - t) * p[2] + t**3 * p[3]


def on_arrow(arrow):
    way = np.array(arrow.points, float)
    return np.concatenate([points(way[k : k + 4]) for k in range(0, len(way) - 1, 3)])


def on_head(arrow):
    """Points of a head's sides, which go 8 back and 2.9 aside."""
    tip, before = np.array(arrow.points[-1]), np.array(arrow.points[-2])
    back = (before - tip) / (np.hypot(*(before - tip)) or 1)
    sides = [8 * back + 2.9 * turn * back[::-1] * (1, -1) for turn in (1, -1)]
    return np.concatenate([tip + np.linspace(0, 1, 20)[:, None] * side for side in sides])


def crowded(drawn):
    """Which notes stand on others or on heads of arrows; (text, what)."""
    notes = [x for x in rectangles(drawn) if x[0] not in ("box", "BPTT cut") and x[5] is None]
    heads = np.concatenate([np.zeros((0, 2)), *map(on_head, drawn.arrows)])
    for i, (text, left, foot, right, top, _) in enumerate(notes):
        x, y = heads.T
        if ((x > left) & (x < right) & (y > foot) & (y < top)).any():
            yield text, "head"
        for other, a, b, c, d, _ in notes[:i]:
            if min(right, c) > max(left, a) and min(top, d) > max(foot, b):
                yield text, other


def struck(drawn):
    """What arrows run over: (arrow's ends, what, where)."""
    parts = list(rectangles(drawn))
    bounds = np.array([part[1:5] for part in parts]).reshape(-1, 4)
    for arrow in drawn.arrows:
        way = on_arrow(arrow)
        x, y = way[:, :1], way[:, 1:]
        inside = (x > bounds[:, 0] + 1) & (x < bounds[:, 2] - 1) & (y > bounds[:, 1] + 1) & (y < bounds[:, 3] - 1)
        for k in np.flatnonzero(inside.any(axis=0)):
            if parts[k][5] not in (arrow.tail, arrow.head) or parts[k][5] is None:
                at = way[inside[:, k]][0].round()
                yield (title(drawn, arrow.tail), title(drawn, arrow.head)), parts[k][0], at.tolist()


def title(drawn, i):
    return " ".join(part.text for part in drawn.boxes[i].title)


@each("name", PICTURES)
def test_no_arrow_runs_over_a_box_a_caption_a_badge_or_a_label(name):
    assert not list(struck(picture(name)))
    assert not list(crowded(picture(name)))


def test_the_ruler_measures():
    """An arrow moved by a box's height runs over what stands there."""
    drawn = picture("rnn")
    arrow = max(drawn.arrows, key=lambda a: abs(a.points[0][0] - a.points[-1][0]))
    before, arrow.points = arrow.points, [(x, drawn.boxes[arrow.head].y + 60) for x, _ in arrow.points]
    assert list(struck(drawn))
    arrow.points = before


def context(steps, cell=None, terms=1, twice=False):
    """Every step and the loss read c: arrows from under the columns run between them to over them."""
    w, rng = weights(W=(4, 4), S=(4, 4)), np.random.default_rng(1)
    a = np.ones((2, 4)) @ w["S"]
    c = np.tanh(a * 2.0 if twice else a)

    def step(x, h):
        y = np.tanh(x + h @ w["W"] + c)
        return y, y

    read = None if cell is None else lambda x, s: cell(x + c, s)
    start = np.zeros((2, 4)) if cell is None else (np.zeros((2, 4)), np.zeros((2, 4)))
    hs = tg.unroll(read or step, rng.normal(size=(steps, 2, 4)), start)[0]
    losses = [tg.mean(hs * c), tg.mean(hs**2), tg.mean(c**2), tg.mean((hs[-1] - hs[0]) ** 2) * tg.mean(c)]
    return sum(losses[1:terms], losses[0])


def outputs(steps):
    """Two outputs of each step are joined by bars over one another."""
    w, rng = weights(W=(4, 4), U=(3, 4)), np.random.default_rng(1)

    def step(x, h):
        h = np.tanh(x @ w["U"] + h @ w["W"])
        return (h, h * 2.0), h

    (a, b), _ = tg.unroll(step, rng.normal(size=(steps, 2, 3)), np.zeros((2, 4)))
    return tg.mean(a**2) + tg.mean(np.exp(b))


def handed():
    """The last state of one cell starts another, into two of its boxes."""
    rng, (one, two) = np.random.default_rng(1), (tg.cells.GRU(3, 4, rng=k) for k in range(2))
    _, h = tg.unroll(one, rng.normal(size=(4, 2, 3)))
    return tg.mean(tg.unroll(two, rng.normal(size=(3, 2, 3)), h)[0] ** 2)


def unrolled(cell, steps=4, start=None, lengths=None):
    xs = np.random.default_rng(3).normal(size=(steps, 2, 4)).astype("f")
    return tg.unroll(cell, xs, start, lengths=lengths and np.array(lengths))


def decoded(kind):
    _, h = unrolled(kind(4, 4, rng=0))
    return tg.mean(unrolled(kind(4, 4, rng=1), 2, h)[0])


def padded(kind):
    net = tg.cells.Stack.of(kind, 4, 4, num_layers=2, bidirectional=True, rng=0)
    return tg.mean(unrolled(net, lengths=[4, 2])[0])


CROWDED = {
    "the texts of bars": (lambda: outputs(20), {"level": "cell", "gradients": True}),
    "texts over columns": (lambda: context(4, terms=4), {"view": "backward"}),
    "the ends of bars": (lambda: context(1, twice=True), {"view": "backward", "level": "cell"}),
    "a norm between columns": (lambda: context(4), {"fit": "slide", "gradients": True}),
    "a norm beside the dots": (lambda: context(12), {"fit": "slide", "gradients": True}),
    "names of states": (lambda: context(4, tg.cells.LSTM(4, 4, rng=0)), {"level": "cell", "gradients": True}),
    "a start": (lambda: decoded(tg.cells.GRU), {"view": "rolled"}),
    "a start at a loop": (lambda: unrolled(tg.cells.UnICORNN(4, 4, rng=0))[0], {"view": "rolled"}),
    "tags of many parts": (lambda: unrolled(tg.cells.MultiplicativeLSTM(4, 4, rng=0))[0], {"view": "rolled"}),
    "tags at heads": (lambda: unrolled(tg.cells.RAN(4, 4, rng=0))[0], {}),
    "layers of two directions": (lambda: padded(tg.cells.GRU), {"view": "rolled"}),
}


@each("name", CROWDED)
def test_what_stands_in_the_way_of_arrows_gives_way(name):
    network, options = CROWDED[name]
    drawn = tg.draw(network(), **options).picture
    assert not list(struck(drawn))
    assert not list(crowded(drawn))
