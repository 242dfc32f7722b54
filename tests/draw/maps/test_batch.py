"""Which axis is the batch: where what depends on a sequence of the inputs goes; attention to memories of many kinds."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.maps.by_hand import softmax
from tests.draw.maps.seen import blocks, close, matrix
from tests.each import each

R = np.random.default_rng(3)
XS, WEIGHTS, MIX = R.normal(size=(5, 2, 3)), R.normal(size=(3, 4)) / 2, R.normal(size=(4, 4)) / 2
W, U = tg.parameter(WEIGHTS, "W"), tg.parameter(MIX, "U")
HEADS = R.normal(size=(2, 2, 5, 4))


def total(cell: Any, state: Any) -> Any:
    return tg.mean(tg.unroll(cell, XS, state)[0] ** 2)


@each("item", [0, 1])
def test_heads_before_the_batch_where_both_are_two(item: int) -> None:
    weights: list[np.ndarray] = []

    def cell(x: Any, s: Any, plain: bool = False) -> Any:
        w, u = (WEIGHTS, MIX) if plain else (W, U)
        scores = np.einsum("hbd,hbkd->hbk", np.stack([x @ w, s @ u + 1]), HEADS)
        a = softmax(scores, -1) if plain else tg.softmax(scores, axis=-1)
        weights.append(a)
        y = np.einsum("hbk,hbkd->hbd", a, HEADS)
        s = np.tanh(y[0] + y[1])
        return s, s

    drawing = tg.draw(total(cell, np.zeros((2, 4))), "attention", item=item)
    weights, s = [], np.zeros((2, 4))
    for x in XS:
        _, s = cell(x, s, True)
    seen = blocks(drawing)
    assert drawing.picture.subtitle == f"item {item} of a batch of 2" and len(seen) == 2
    for head, cells in enumerate([*seen.values()]):
        assert close(matrix(cells), np.array([a[head, item] for a in weights]))


@each("item", [0, 1])
def test_a_state_whose_batch_is_its_second_axis(item: int) -> None:
    start = R.normal(size=(3, 2, 4))
    shown: list[Any] = []

    def cell(x: Any, m: Any, plain: bool = False) -> Any:
        q = x @ (WEIGHTS if plain else W)
        scores = np.sum(m * q, -1, keepdims=True)
        a = softmax(scores, 0) if plain else tg.softmax(scores, axis=0)
        y = np.tanh(np.sum(a * m, axis=0) + q)
        m = np.concatenate([m[1:], y[None]])
        shown.append((a[:, item, 0], m[:, item].reshape(-1)) if plain else None)
        return y, m

    root = total(cell, start)
    shown, m = [], start
    for x in XS:
        _, m = cell(x, m, True)
    attention, states = (tg.draw(root, view, item=item) for view in ("attention", "states"))
    for drawing, right in ((attention, [a for a, _ in shown]), (states, [m for _, m in shown[:-1]])):
        (cells,) = blocks(drawing).values()
        numbers = matrix(cells) if drawing is attention else matrix(cells).T[: len(right)]
        assert close(numbers, np.array(right)) and f"item {item} of a batch of 2" in drawing.picture.subtitle


def test_slots_are_no_steps_also_if_there_are_as_many_and_learned_ones_are_attended() -> None:
    slots = R.normal(size=(5, 4))
    for memory in (slots, tg.constant(slots), tg.parameter(slots)):
        drawing = tg.draw(
            total(lambda x, s: (np.tanh(tg.softmax((x @ W + s @ U) @ memory.T) @ memory),) * 2, np.zeros((2, 4))),  # noqa: B023
            "attention",
            tokens=np.array([*"abcde"]),
        )
        (cells,) = blocks(drawing).values()
        texts = {note.text for note in drawing.picture.notes}
        assert "key →" in texts and "query at step ↓" in texts
        s, right = np.zeros((2, 4)), []
        for x in XS:
            a = softmax((x @ WEIGHTS + s @ MIX) @ slots.T, 1)
            s = np.tanh(a @ slots)
            right.append(a[0])
        assert close(matrix(cells), np.array(right))


def test_attention_that_grows_begins_with_its_only_key_and_its_keys_are_steps() -> None:
    h, history, root, right = tg.constant(np.zeros((2, 4))), None, 0.0, []
    for t, x in enumerate(XS):
        with tg.step(t + 3):
            y = np.tanh(tg.constant(x) @ W + h @ U)
            history = y[None] if history is None else np.concatenate([history, y[None]])
            a = tg.softmax(np.sum(history * y, -1, keepdims=True), axis=0)
            h = np.sum(a * history, axis=0)
            right.append(np.pad(a.value[:, 0, 0], (0, 4 - t), constant_values=np.nan))
            root = root + tg.sum(h * h)
    drawing = tg.draw(root, "attention")
    (cells,) = blocks(drawing).values()
    assert close(matrix(cells), np.array(right)) and {row for row, _ in cells} == {*"34567"}
    assert "key at step →" in {x.text for x in drawing.picture.notes}
    assert ("#ffffff", "no number") in drawing.picture.keys


def test_where_the_batch_cannot_be_told_it_is_said() -> None:
    """Each sequence is measured by the mean of all."""

    def cell(x: Any, s: Any) -> Any:
        q = x @ W + s @ U
        q = np.stack([q - np.mean(q, axis=0), np.mean(q) + q])
        a = tg.softmax(np.einsum("hbd,hbkd->hbk", q, HEADS), axis=-1)
        s = np.tanh(np.sum(np.einsum("hbk,hbkd->hbd", a, HEADS), axis=0))
        return s, s

    drawing = tg.draw(total(cell, np.zeros((2, 4))), "attention")
    assert "which axis of weights 2×2×5 is the batch cannot be told" in drawing.picture.subtitle
    assert "cannot be told" not in tg.draw(total(cell, np.zeros((2, 4))), "attention", lang="zh").picture.subtitle


@each("item", [0, 1])
def test_inputs_of_a_number_for_each_sequence_and_networks_without_a_batch(item: int) -> None:
    """A state (2, 4) is a sequence in each row where an input (2,) goes to its row; a memory (2, 4) is whole."""
    rows, u = R.normal(size=(5, 2)), R.normal(size=4)

    def state(x: Any, s: Any) -> Any:
        s = np.tanh(x[:, None] * u + s)
        return s, s

    def memory(x: Any, m: Any) -> Any:
        m = np.tanh(np.outer(np.sin(x[:2]), x[0] + u) * np.sum(x) + m)
        return m, m

    for cell, xs, own in ((state, rows, np.s_[item]), (memory, XS[:, 0], np.s_[:])):
        s, right = np.zeros((2, 4)), []
        for x in xs:
            _, s = cell(x, s)
            right.append(s[own].reshape(-1))
        batch = own == item
        root = tg.mean(tg.unroll(cell, xs, np.zeros((2, 4)))[0] ** 2)
        (cells,) = blocks(tg.draw(root, "states", item=item if batch else 0)).values()
        shown = matrix(cells).T
        assert shown.shape[1] == len(right[0]) and close(shown, np.array(right[: len(shown)]))
