"""What is attention, a gate, a state or an input of a heat map, and what is none: by hand in numpy, in any form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.maps.by_hand import sigmoid, slopes, softmax
from tests.draw.maps.seen import blocks, close, matrix
from tests.each import each

R = np.random.default_rng(3)
K, V, Q = R.normal(size=(5, 4)), R.normal(size=(5, 3)), R.normal(size=(2, 4))
RIGHT = softmax(Q @ K.T, 1)


def scores() -> Any:
    return tg.constant(Q, name="q") @ tg.constant(K.T, name="k")


def weights() -> Any:
    return tg.softmax(scores(), axis=1)


VALUES = tg.constant(V, name="v")
FORMS: dict[str, Any] = {
    "matmul": lambda: weights() @ VALUES,
    "transposed": lambda: VALUES.T @ weights().T,
    "softmax along rows": lambda: VALUES.T @ tg.softmax(scores().T, axis=0),
    "einsum": lambda: tg.einsum("qk,kv->qv", weights(), VALUES),
    "einsum, other side": lambda: tg.einsum("kv,qk->qv", VALUES, weights()),
    "sum": lambda: tg.sum(tg.reshape(weights()[0], (5, 1)) * V, axis=0),
    "sum, other side": lambda: tg.sum(tg.constant(V) * tg.reshape(weights()[0], (5, 1)), axis=-2),
    "sum, a mean over one axis of a tuple": lambda: tg.mean(tg.reshape(weights()[0], (5, 1)) * V, axis=(0,)),
    "behind a view": lambda: tg.stop_gradient(tg.reshape(weights(), (2, 5))) @ VALUES,
    "learned slots": lambda: tg.softmax(tg.constant(Q) @ tg.parameter(K, "K").T) @ tg.parameter(V, "V"),
    "learned slots, einsum": lambda: tg.einsum(
        "qk,kv->qv", tg.softmax(tg.einsum("qd,kd->qk", Q, tg.parameter(K)) * 1.0), tg.parameter(V)
    ),
    "written out": lambda: (lambda e: e / tg.sum(e, axis=1, keepdims=True))(tg.exp(scores())) @ VALUES,
}


@each("name", FORMS)
def test_attention_in_any_form_of_a_weighted_sum(name: str) -> None:
    (cells,) = blocks(tg.draw(tg.sum(tg.square(FORMS[name]())), "attention")).values()
    shown = matrix(cells)
    right = RIGHT[:1] if name.startswith("sum") else RIGHT
    assert shown.shape == right.shape and close(shown, right), "a row for each query"


def alone(weight: Any) -> Any:
    return tg.sum(tg.square(weight @ VALUES))


W = tg.parameter(np.ones((5, 3)), name="W")
NONE: dict[str, Any] = {
    "of parameters": lambda: tg.sum(weights() @ W),
    "of a view of one": lambda: tg.sum(weights() @ W.T.T),
    "entropy": lambda: -tg.sum(weights() * tg.log(weights())),
    "not along the sum": lambda: alone(tg.softmax(scores(), axis=0)),
    "negative": lambda: alone(tg.constant(np.array([[2.0, -1, 0, 0, 0]])) * 1.0),
    "of one": lambda: tg.sum(tg.softmax(tg.constant(np.ones((3, 1))), axis=1) @ tg.constant(np.ones((1, 2)))),
    "sums to another number": lambda: alone(weights() * 1.01),
    "a constant": lambda: alone(tg.constant(np.full((2, 5), 0.2))),
    "sum over all": lambda: tg.sum(weights() * np.ones((2, 5))),
}


@each("name", NONE)
def test_what_is_no_attention(name: str) -> None:
    with pytest.raises(tg.GraphError, match="finds no attention"):
        tg.draw(NONE[name](), "attention")


def test_nan_in_a_softmax_is_attention_still_and_of_many_heads_some_are_shown() -> None:
    k = K.copy()
    k[1, 2] = np.nan
    broken = tg.softmax(tg.constant(Q) @ tg.constant(k.T), axis=1)
    (cells,) = blocks(tg.draw(tg.sum(broken @ VALUES), "attention")).values()
    assert np.isnan(matrix(cells)).all()
    many = tg.softmax(tg.constant(R.normal(size=(8, 4, 5))), axis=-1)
    seen = blocks(tg.draw(tg.sum(many @ tg.constant(R.normal(size=(8, 5, 3)))), "attention"))
    assert [x.rpartition("head ")[2] for x in seen] == [*"012345"]
    for head, cells in enumerate(seen.values()):
        assert close(matrix(cells), many.value[head])
    half = tg.constant(np.array([[0.5, 0.5004]])) * 1.0
    assert len(blocks(tg.draw(tg.sum(half @ tg.constant(np.ones((2, 3)))), "attention"))) == 1, "nearly one"


def recurrent(cell: Any, steps: int = 4, *, start: Any = None, **options: Any) -> Any:
    xs = np.random.default_rng(1).normal(size=(steps, 2, 3))
    return xs, tg.unroll(cell, xs, np.zeros((2, 3)) if start is None else start, **options)[0]


U = np.random.default_rng(4).normal(size=(3, 3)) * 0.5
P = tg.parameter(U, name="U")


def states_of(step: Any, xs: np.ndarray) -> np.ndarray:
    h, out = np.zeros(3), []
    for x in xs[:, 0]:
        h, gates = step(x, h)
        out.append(gates)
    return np.array(out)


def two_gates(x: Any, h: Any) -> Any:
    z = tg.sigmoid(x @ P + h @ P)
    r = tg.sigmoid(x @ P - h @ P)
    h = (1 - z) * tg.tanh(x + r * h) + z * h
    return h, h


def shares(x: Any, h: Any) -> Any:
    f, i = tg.sigmoid(x @ P), tg.sigmoid(h @ P)
    share = f / (f + i)
    h = share * h + x
    return h, h


def open_by_exp(x: Any, h: Any) -> Any:
    decay = tg.exp(-tg.square(x @ P))
    h = tg.clip(h @ P, 0.0, 1.0) * x + decay * h
    return h, h


def complement(x: Any, h: Any) -> Any:
    keep = 1 - tg.sigmoid(x @ P)
    h = keep * h + x
    return h, h


def by_numpy(name: str) -> Any:
    def step(x: Any, h: Any) -> Any:
        a, b = x @ U, h @ U
        if name == "two gates":
            z, r = sigmoid(a + b), sigmoid(a - b)
            return (1 - z) * np.tanh(x + r * h) + z * h, {"z": z, "r": r}
        if name == "shares":
            share = sigmoid(a) / (sigmoid(a) + sigmoid(b))
            return share * h + x, {"share": share}
        if name == "open by exp":
            decay, clip = np.exp(-(a**2)), np.clip(b, 0, 1)
            return clip * x + decay * h, {"decay": decay, "clip": clip}
        keep = 1 - sigmoid(a)
        return keep * h + x, {"keep": keep}

    return step


GATED = {"two gates": two_gates, "shares": shares, "open by exp": open_by_exp, "complement": complement}


@each("name", GATED)
def test_gates_of_any_kind_have_their_letters_and_numbers(name: str) -> None:
    xs, outputs = recurrent(GATED[name])
    right = states_of(by_numpy(name), xs)
    drawing = tg.draw(tg.mean(outputs), "gates")
    seen = blocks(drawing)
    assert {*seen} == {*right[0]}
    for letter, cells in seen.items():
        assert close(matrix(cells), np.array([x[letter] for x in right]).T), letter
    ends = drawing.picture.ruler.span
    assert ends == (0.0, 1.0) or name == "open by exp"


def test_gates_of_two_layers_come_last_first_and_those_of_one_name_are_numbered() -> None:
    def cell(x: Any, h: Any) -> Any:
        h = tg.sigmoid(x @ P) * h + tg.sigmoid(h @ P) * x
        return h, h

    _, outputs = recurrent(cell)
    assert [*blocks(tg.draw(tg.mean(outputs), "gates"))] in (["sigmoid 1", "sigmoid 2"], ["sigmoid 2", "sigmoid 1"])
    stack = tg.cells.Stack.of(tg.cells.GRU, 3, 3, num_layers=2, rng=0)
    drawing = tg.draw(tg.mean(tg.unroll(stack, np.ones((4, 2, 3), np.float32))[0]), "gates")
    notes = [x for x in drawing.picture.notes if x.size == 12]
    assert [x.text for x in sorted(notes, key=lambda x: -x.y)] == [
        "layer1 · r",
        "layer1 · z",
        "layer0 · r",
        "layer0 · z",
    ]


def one_step(cell: Any) -> Any:
    h = tg.constant(np.zeros((1, 3)), name="h0")
    with tg.step(5):
        return cell(tg.constant(np.ones((1, 3)), name="x"), h)


def test_states_of_a_single_step_are_what_a_start_became() -> None:
    def rnn(x: Any, h: Any) -> Any:
        h = tg.tanh(x @ P + h @ P)
        return tg.sum(h)

    (heading,) = blocks(tg.draw(one_step(rnn), "states"))
    assert heading == "h"
    with pytest.raises(tg.GraphError, match="nothing does"):
        with tg.step(5):
            loss = tg.sum(tg.tanh(tg.constant(np.ones((1, 3))) @ P))
        tg.draw(loss, "states")


@each("kind", ["table", "rows of one array", "some steps alone"])
def test_inputs_in_any_form(kind: str) -> None:
    """Rows of a table by numbers, rows of an array that is read whole, inputs at the second and third step alone."""
    data, ids = R.normal(size=(4, 3)), [2, 0, 3, 0]
    table = tg.parameter(data, name="E")
    if kind == "table":
        data = data[ids]

    def loss(rows: np.ndarray, as_graph: bool = False) -> Any:
        math: Any = tg if as_graph else np
        h: Any = tg.constant(np.zeros(3), name="h0") if as_graph else np.zeros(3)
        whole: Any = tg.constant(rows, name="xs") if as_graph else rows
        for t in range(4):
            with tg.step(t):
                z = (P if as_graph else U) @ h
                if kind == "table":
                    z = z + (table[ids[t]] if as_graph else rows[t])
                elif kind == "rows of one array":
                    z = z + whole[t] * 0.5
                elif t in (1, 2):
                    z = z + (tg.constant(rows[t], name="more") if as_graph else rows[t])
                h = math.tanh(z + 0.1)
        return math.sum(h * h)

    seen = blocks(tg.draw(loss(data, True), "saliency"))
    right = slopes(loss, data)[1:3] if kind == "some steps alone" else slopes(loss, data)
    (each_feature,) = (matrix(x) for name, x in seen.items() if "each" in name)
    (every,) = (matrix(x) for name, x in seen.items() if "all" in name)
    assert close(each_feature, np.abs(right).T, 3) and close(every[0], np.linalg.norm(right, axis=1), 3)


def test_saliency_is_of_one_loss_and_of_a_table_that_is_read_at_more_than_one_place() -> None:
    table, h = tg.parameter(R.normal(size=(6, 3)), name="E"), tg.constant(np.zeros(3), name="h0")
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(P @ h + table[2])
    with pytest.raises(tg.GraphError, match="no gradient of the loss reaches an input"):
        tg.draw(tg.sum(h), "saliency")
    for wrong in ([tg.sum(h), tg.sum(P)], h, tg.argmax(h, axis=0)):
        with pytest.raises(tg.GraphError, match="needs one loss of one element"):
            tg.draw(wrong, "saliency")


def test_a_batch_has_its_items_and_no_others() -> None:
    _, outputs = recurrent(two_gates)
    for view in ("states", "gates", "saliency"):
        for item, fits in ((0, True), (1, True), (2, False), (9, False)):
            if fits:
                assert f"item {item} of a batch of 2" in tg.draw(tg.mean(outputs), view, item=item).picture.subtitle
            else:
                with pytest.raises(
                    tg.GraphError, match=rf"(?s)item is {item}, but the batch has 2 sequences.*from 0 to 1"
                ):
                    tg.draw(tg.mean(outputs), view, item=item)


def test_two_phases_of_time_have_maps_of_their_own() -> None:
    a, b = R.normal(size=(3, 3)), R.normal(size=(4, 3))

    def loss(a: np.ndarray, b: np.ndarray, as_graph: bool = False) -> Any:
        math: Any = tg if as_graph else np
        u: Any = P if as_graph else U

        def cell(x: Any, h: Any) -> Any:
            return (math.tanh(u @ h + x),) * 2

        def other(x: Any, h: Any) -> Any:
            return (math.tanh(u @ math.tanh(u @ h + x)),) * 2

        if as_graph:
            _, h = tg.unroll(cell, a, np.zeros(3))
            return tg.sum(tg.square(tg.unroll(other, b, h)[0]))
        h, total = np.zeros(3), 0.0
        for x in a:
            h = cell(x, h)[0]
        for x in b:
            h = other(x, h)[0]
            total += np.sum(h * h)
        return total

    root = loss(a, b, True)
    seen = {name: matrix(x) for name, x in blocks(tg.draw(root, "saliency")).items()}
    right = {"part 1 · x": slopes(lambda x: loss(x, b), a), "part 2 · x′": slopes(lambda x: loss(a, x), b)}
    assert {*seen} == {f"{name}, {which}" for name in right for which in ("all features", "each feature")}
    for name, numbers in right.items():
        assert close(seen[f"{name}, each feature"], np.abs(numbers).T, 3)
        assert close(seen[f"{name}, all features"][0], np.linalg.norm(numbers, axis=1), 3)
    states = [matrix(x).shape for x in blocks(tg.draw(root, "states")).values()]
    assert sorted(states) == [(3, 3), (3, 4)]
