"""Every number of a heat map, recomputed from arrays in plain numpy, for networks of all kinds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.maps.by_hand import lstm, rnn, sigmoid, slopes, softmax
from tests.draw.maps.seen import blocks, close, matrix

R = np.random.default_rng(0)
XS = R.normal(size=(5, 2, 3))
TOKENS = ["we", "like", "to", "play", "ball"]


def parameters(**shapes):
    return {name: tg.parameter(R.normal(size=shape) * 0.5, name) for name, shape in shapes.items()}


def library_lstm(**options):
    cell = tg.cells.LSTM(3, 4, rng=0, dtype=np.float64)
    outputs, _ = tg.unroll(cell, XS, **options)
    return tg.mean(tg.square(outputs)), {name: p.value for name, p in cell.parameters().items()}


@pytest.mark.parametrize("item", [0, 1])
def test_states_and_gates_of_an_lstm(item):
    loss, w = library_lstm()
    right = lstm(w, XS)
    for view, names in {"states": "ch", "gates": "ifo"}.items():
        drawing = tg.draw(loss, view, item=item, tokens=TOKENS)
        seen = blocks(drawing)
        assert [*seen] == [f"LSTM · {name}" for name in names] or {*seen} == {f"LSTM · {name}" for name in names}
        for name in names:
            assert close(matrix(seen[f"LSTM · {name}"]), right[name][:, item].T), (view, name)
        assert drawing.picture.subtitle == f"item {item} of a batch of 2"
        told = [x.text for x in drawing.picture.notes]
        assert all(token in told for token in TOKENS)


def test_what_is_written_in_a_tile_and_its_colour_are_its_number():
    loss, w = library_lstm()
    picture = tg.draw(loss, "states").picture
    most = max(np.abs(lstm(w, XS)[name][:, 0]).max() for name in "hc")
    low, _, high = picture.ruler[1:4]
    assert close(np.array([-float(low), float(high)]), np.array([most, most]), 2)
    numbers = [(float(t.text), t.fill, float(t.tip.rpartition(": ")[2])) for t in picture.tiles if t.text]
    assert len(numbers) == 2 * 4 * 5
    dark = {fill: sum(int(fill[i : i + 2], 16) for i in (1, 3, 5)) for _, fill, _ in numbers}
    for text, _, tip in numbers:
        assert abs(text - tip) <= 0.051 * abs(tip)
    ordered = sorted(numbers, key=lambda x: x[2])
    assert all(dark[a[1]] >= dark[b[1]] for a, b in pairwise(ordered))


def test_a_plain_loop_with_columns():
    """W @ h with a batch in columns: rows of the picture are features of one column."""
    w = parameters(U=(4, 3), W=(4, 4))
    h, total = tg.constant(np.zeros((4, 2)), name="h0"), 0
    for x in XS:
        h = tg.tanh(w["U"] @ x.T + w["W"] @ h, name="h")
        total = total + tg.sum(h * h)
    right = rnn(w["U"].value, w["W"].value, XS[:, 1], np.zeros(4))
    assert close(matrix(blocks(tg.draw(total, "states", item=1))["h"]), right.T)


def test_an_own_cell_with_letters_of_its_lines():
    w = parameters(U=(4, 3), W=(4, 4), V=(4, 3))

    def cell(x, s):
        keep = tg.sigmoid(x @ w["U"].T + s @ w["W"].T)
        s = keep * s + (1 - keep) * tg.tanh(x @ w["V"].T)
        return s, s

    loss = tg.mean(tg.unroll(cell, XS, np.zeros((2, 4)))[0])
    s, keeps, states = np.zeros(4), [], []
    for x in XS[:, 0]:
        keeps.append(sigmoid(w["U"].value @ x + w["W"].value @ s))
        s = keeps[-1] * s + (1 - keeps[-1]) * np.tanh(w["V"].value @ x)
        states.append(s)
    assert close(matrix(blocks(tg.draw(loss, "gates"))["keep"]), np.array(keeps).T)
    assert close(matrix(blocks(tg.draw(loss, "states"))["s"]), np.array(states).T)


def test_two_directions_and_two_layers():
    cell = tg.cells.Stack.of(tg.cells.RNN, 3, 4, num_layers=2, bidirectional=True, rng=0, dtype=np.float64)
    loss = tg.mean(tg.square(tg.unroll(cell, XS)[0]))
    w, x, right = {n: p.value for n, p in cell.parameters().items()}, XS[:, 0], {}
    for layer in (0, 1):
        both = []
        for way in ("forward", "backward"):
            u, v, b, more = (w[f"cells.{layer}.{way}.{n}"] for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
            turn = slice(None, None, 1 if way == "forward" else -1)
            inputs = np.hstack([x[turn], np.ones((5, 1))])
            states = rnn(np.hstack([u, (b + more)[:, None]]), v, inputs, np.zeros(4))[turn]
            right[f"layer{layer}/{way} · h"] = states
            both.append(states)
        x = np.hstack(both)
    seen = blocks(tg.draw(loss, "states"))
    assert seen.keys() == right.keys()
    for name, states in right.items():
        assert close(matrix(seen[name]), states.T), name


def attended(rows=3):
    """Loss, parameters, and the weights (queries, keys) of the first sequence, of Luong attention."""
    w = parameters(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4), E=(4, 8))

    def encode(x, h):
        h = tg.tanh(x @ w["A"].T + h @ w["B"].T)
        return h, h

    states, h = tg.unroll(encode, XS, np.zeros((2, 4)))

    def decode(x, s):
        s = tg.tanh(x @ w["C"].T + s @ w["D"].T)
        scores = tg.sum(states * s, axis=2)
        a = tg.softmax(scores, axis=0)
        context = tg.sum(tg.reshape(a, (5, 2, 1)) * states, axis=0)
        return tg.tanh(tg.concatenate([s, context], axis=1) @ w["E"].T), s

    loss = tg.mean(tg.square(tg.unroll(decode, XS[:rows], h)[0]))
    v = {name: p.value for name, p in w.items()}
    keys = rnn(v["A"], v["B"], XS[:, 0], np.zeros(4))
    queries = rnn(v["C"], v["D"], XS[:rows, 0], keys[-1])
    return loss, softmax(queries @ keys.T, 1)


def test_attention_of_a_decoder():
    loss, right = attended()
    drawing = tg.draw(loss, "attention", tokens=[*TOKENS, "A", "B", "C"])
    assert close(matrix(blocks(drawing)["a"]), right)
    told = [x.text for x in drawing.picture.notes]
    assert {"key at step →", "query at step ↓", "A  0", "B  1", "C  2", *TOKENS} <= {*told}


def test_self_attention_with_heads_and_without_time():
    """(B, heads, queries, keys) at once; weights written out, without an op called softmax."""
    q, k, v = (R.normal(size=(2, 3, 5, 4)) for _ in range(3))
    scores = tg.constant(q, name="q") @ tg.swapaxes(tg.constant(k, name="k"), -1, -2)
    e = tg.exp(scores)
    weights = e / tg.sum(e, axis=-1, keepdims=True)
    loss = tg.sum(tg.square(weights @ tg.constant(v, name="v")))
    right = softmax(q @ np.swapaxes(k, -1, -2), -1)
    for item in (0, 1):
        seen = blocks(tg.draw(loss, "attention", item=item))
        assert [*seen] == [f"weights · head {n}" for n in range(3)]
        for head, cells in enumerate(seen.values()):
            assert close(matrix(cells), right[item, head])


def test_attention_by_einsum_and_to_all_steps_before():
    w = parameters(U=(4, 3), W=(4, 4))
    h, before, total = tg.constant(np.zeros(4), name="h0"), [], 0
    for t, x in enumerate(XS[:, 0]):
        with tg.step(t):
            h = tg.tanh(w["U"] @ x + w["W"] @ h, name="h")
            before.append(h)
            if t:
                keys = tg.stack(before)
                total = total + tg.sum(tg.einsum("k,kh->h", tg.softmax(keys @ h, name="a"), keys))
    states = rnn(w["U"].value, w["W"].value, XS[:, 0], np.zeros(4))
    shown = matrix(blocks(tg.draw(total, "attention"))["a"])
    for t in range(1, 5):
        right = np.r_[softmax(states[: t + 1] @ states[t], 0), [np.nan] * (4 - t)]
        assert close(shown[t - 1], right)


@pytest.mark.parametrize("item", [0, 1])
def test_saliency_is_the_slope_of_the_loss(item):
    loss, w = library_lstm()
    right = slopes(lambda xs: np.mean(lstm(w, xs)["h"] ** 2), XS)[:, item]
    seen = blocks(tg.draw(loss, "saliency", item=item))
    assert close(matrix(seen["x, each feature"]), np.abs(right).T, 3)
    assert close(matrix(seen["x, all features"])[0], np.linalg.norm(right, axis=1), 3)


def test_saliency_of_looked_up_words():
    w = parameters(E=(6, 3), U=(4, 3), W=(4, 4))
    ids = np.array([5, 1, 0, 1])
    h = tg.constant(np.zeros(4), name="h0")
    for t, i in enumerate(ids):
        with tg.step(t):
            h = tg.tanh(w["U"] @ w["E"][int(i)] + w["W"] @ h, name="h")
    loss = tg.sum(tg.square(h))
    u, v = w["U"].value, w["W"].value
    right = slopes(lambda xs: np.sum(rnn(u, v, xs, np.zeros(4))[-1] ** 2), w["E"].value[ids])
    seen = blocks(tg.draw(loss, "saliency", tokens=["the", "cat", "sat", "cat"]))
    (each,) = [x for name, x in seen.items() if "each" in name]
    assert close(matrix(each), np.abs(right).T, 3)


def test_padding_is_padding():
    loss, w = library_lstm(lengths=np.array([5, 2]))
    right = lstm(w, XS)
    whole, short = (tg.draw(loss, "states", item=item) for item in (0, 1))
    assert close(matrix(blocks(whole)["LSTM · c"]), right["c"][:, 0].T)
    assert close(matrix(blocks(short)["LSTM · c"]), right["c"][:2, 1].T)
    padded = [x for x in short.picture.tiles if x.tip == "padding"]
    assert len(padded) == 2 and all(x.text == "padding" for x in padded)
    assert ("padding" in dict(map(reversed, short.picture.keys))) and "padding" not in str(whole.picture.keys)
    assert "_" in short.text() and "_ padding" in short.text() and "padding" not in whole.text()
    seen = blocks(tg.draw(loss, "saliency", item=1))
    assert matrix(seen["x, each feature"]).shape == (3, 2)


def test_nan_is_shown_as_such():
    w = parameters(U=(3, 3))
    h = tg.constant(np.zeros(3), name="h0")
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(w["U"] @ h + np.array([0.1, np.nan if t == 2 else 0.2, 0.3]), name="h")
    drawing = tg.draw(h, "states")
    odd = [x for x in drawing.picture.tiles if x.tip.endswith("NaN")]
    assert len(odd) == 4 and len({x.fill for x in odd}) == 1 and all(x.text == "NaN" for x in odd)
    assert (odd[0].fill, "NaN or infinite") in drawing.picture.keys and "NaN" in drawing.text()
    assert "url(#tinygraph-odd)" in drawing.pipe(encoding="utf-8")
