"""Functions of all kinds to compile and draw, and what a test asks of the compiled picture."""

import numpy as np

import tinygraph as tg
from tests.draw.networks import weights
from tinygraph.core.graph import ancestors
from tinygraph.plan.actions import Repeat

T, B, D, H = 6, 2, 3, 4
XS = np.random.default_rng(0).normal(size=(T, B, D))


def unrolled(cell, w, state):
    def loss(xs):
        return tg.mean(tg.unroll(cell, xs, state)[0])

    return tg.value_and_grad(loss, list(w.values()))


def rnn(extra=lambda h: h):
    w = weights(W=(D, H), U=(H, H), b=(H,))

    def cell(x, h):
        h = extra(tg.tanh(x @ w["W"] + h @ w["U"] + w["b"]))
        return h, h

    return unrolled(cell, w, np.zeros((B, H)))


def lstm():
    w = weights(W_ih=(4 * H, D), W_hh=(4 * H, H), b=(4 * H,))

    def cell(x, state):
        h, c = state
        i, f, g, o = tg.split(x @ w["W_ih"].T + h @ w["W_hh"].T + w["b"], 4, axis=1)
        c = tg.sigmoid(f) * c + tg.sigmoid(i) * tg.tanh(g)
        h = tg.sigmoid(o) * tg.tanh(c)
        return h, (h, c)

    return unrolled(cell, w, (np.zeros((B, H)), np.zeros((B, H))))


def gru():
    w = weights(Wz=(H, D + H), Wr=(H, D + H), Wn=(H, D + H))

    def cell(x, h):
        both = tg.concatenate([x, h], axis=1)
        z, r = tg.sigmoid(both @ w["Wz"].T), tg.sigmoid(both @ w["Wr"].T)
        n = tg.tanh(tg.concatenate([x, r * h], axis=1) @ w["Wn"].T)
        h = (1 - z) * n + z * h
        return h, h

    return unrolled(cell, w, np.zeros((B, H)))


def both_ways():
    w = weights(A=(D, H), B=(H, H))

    def cell(x, h):
        h = tg.tanh(x @ w["A"] + h @ w["B"])
        return h, h

    def loss(xs):
        start = np.zeros((B, H))
        return tg.mean(tg.unroll(cell, xs, start)[0] * tg.unroll(cell, xs, start, reverse=True)[0])

    return tg.value_and_grad(loss, list(w.values()))


def attention():
    w = weights(Q=(D, H), K=(H, H), V=(H, H))

    def cell(x, h):
        scores = tg.softmax((x @ w["Q"]) @ tg.swapaxes(h @ w["K"], -1, -2))
        h = tg.tanh(scores @ (h @ w["V"]))
        return h, h

    def loss(xs):
        return tg.mean(tg.unroll(cell, tg.reshape(xs, (3, 2, 2, 3)), np.ones((2, 2, H)))[0])

    return tg.value_and_grad(loss, list(w.values()))


def mlp(extra=lambda h: h):
    w = weights(W0=(D, H), b0=(H,), W1=(H, 2))

    def loss(x):
        return tg.sum(tg.square(extra(tg.tanh(x @ w["W0"] + w["b0"])) @ w["W1"]))

    return tg.value_and_grad(loss, list(w.values()))


def lagging():
    """The state of the step before is read again after the next one is made."""
    w = weights(W=(D, H), U=(H, H), V=(H, H))

    def cell(x, state):
        h, k = state
        new = tg.tanh(x @ w["W"] + h @ w["U"])
        k = tg.tanh((k + new) @ w["V"]) * h
        return k, (new, k)

    return unrolled(cell, w, (np.zeros((B, H)), np.zeros((B, H))))


def side_by_side():
    """Halves that lie side by side in the rows of one buffer, read together and each alone."""
    w = weights(A=(D, H), B=(D, H), C=(2 * H, H))

    def loss(xs):
        x = tg.reshape(xs, (-1, D))
        left, right = x @ w["A"], x @ w["B"]
        return tg.sum(tg.concatenate([left, right], axis=1) @ w["C"]) + tg.sum(tg.exp(left)) + tg.sum(tg.tanh(right))

    return tg.value_and_grad(loss, list(w.values()))


NETWORKS = {f.__name__: f for f in (rnn, lstm, gru, both_ways, attention, mlp, lagging, side_by_side)}


def called(fn, backend="numpy", xs=XS, **settings):
    step = tg.compile(fn, backend, **settings)
    step(xs)
    return step


def draw(step, **options):
    return tg.draw(step, "compiled", **options).picture


def title(box):
    return " ".join(part.text for part in box.title)


def chips(box):
    return [part.text for part in box.title if part.kind == "chip"]


def inside(box, band):
    return (
        band.left <= box.x - box.width / 2
        and box.x + box.width / 2 <= band.right
        and band.foot <= box.y - box.height / 2
        and box.y + box.height / 2 <= band.top
    )


def halves(picture):
    """The boxes of both bands, each in order."""
    bands = [next(b for b in picture.bands if b.title.startswith(word)) for word in ("before", "after")]
    return [[box for box in picture.boxes if inside(box, band)] for band in bands]


def cards(picture, box):
    return [(band.title, band.times) for band in picture.bands if band.times and inside(box, band)]


def marks(picture):
    """Of each number the boxes at whose corners it stands."""
    found = {}
    for tile in picture.tiles:
        if tile.text:
            assert (tile.width, tile.height) == (8 + 6 * len(tile.text), 14), "a badge is as wide as its number"
            near = [
                b for b in picture.boxes if abs(b.x - b.width / 2 - tile.x) < 8 and abs(b.y + b.height / 2 - tile.y) < 8
            ]
            found.setdefault(int(tile.text), []).extend(near)
    return found


def flat(actions, around=()):
    for action in actions:
        if isinstance(action, Repeat):
            yield from flat(action.actions, (*around, action.steps))
        else:
            yield action, around


def sizes(shape):
    return "×".join(map(str, shape)) if shape else "scalar"


def ops_traced(nodes):
    """Ops behind nodes, those in the bodies of loops too, each time that a loop runs them."""
    count = 0
    order = ancestors(nodes)
    for node in order:
        body = node.attributes.get("body")
        if body is not None:
            picks = [n.attributes["of"] for n in order if n.op is not None and n.op.selects and n.inputs[0] is node]
            count += ops_traced([*body.nexts, *(p for p in picks if not isinstance(p, int))])
        elif node.op is not None and not node.op.selects:
            count += 1
    return count
