"""Characters that no reader sees, in any text of a user's: none of them reaches a picture, a table or a message."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.draw import VIEWS

from .test_safety import Odd, given, network

HIDDEN = [
    *("\u202e", "\u202a", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c"),  # they turn the direction of text
    *("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad"),  # no width
    *("\x1b", "\x00", "\x07", "\x08", "\x7f", "\x9b"),  # controls, of a terminal among them
    *("\u2028", "\u2029", "\x85", "\r", "\v", "\x1c"),  # new lines
    *("\ufff9", "\U000e0041", "\ue000", "\ud800"),  # marks, tags, private ones, half a pair
]
NAMES = ["".join(f"a{c}" for c in HIDDEN[k : k + 8]) for k in range(0, len(HIDDEN), 8)]
"""Short ones, since long names are cut."""


def hidden(text: str) -> list[str]:
    """Characters of a text, hidden ones but for new lines and tabs, which the writers set themselves."""
    kinds = {c: unicodedata.category(c) for c in set(text) - {"\n", "\t"}}
    return sorted(f"U+{ord(c):04X}" for c, kind in kinds.items() if kind[0] == "C" or kind in ("Zl", "Zp"))


def written(drawing: tg.Drawing, folder: Any) -> Iterator[tuple[str, str]]:
    """What each writer makes of a drawing."""
    yield "source", drawing.source
    yield "text", drawing.text()
    drawing.save(folder / "a.html")
    yield "page", (folder / "a.html").read_bytes().decode()


@pytest.mark.parametrize("view", list(VIEWS))
@each("name", NAMES, ids=ascii)
def test_no_view_and_no_writer_shows_them(view, name, tmp_path):
    target = given(view, name)
    drawing = tg.draw(target, view, title=name, **({} if view == "compiled" else {"tokens": [name] * 3}))
    for writer, text in written(drawing, tmp_path):
        assert hidden(text) == [], writer


OPTIONS: list[dict[str, Any]] = [
    {"level": "cell"},
    {"level": "layer"},
    {"level": "whole"},
    {"gradients": True},
    {"values": True},
    {"truncate": 1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@each("name", NAMES, ids=ascii)
def test_no_option_shows_them(options, name, tmp_path):
    for writer, text in written(tg.draw(network(name), **options), tmp_path):
        assert hidden(text) == [], writer


@each("name", NAMES, ids=ascii)
def test_no_rendered_picture_holds_them(name, tmp_path):
    with tg.step(0), tg.scope(name):
        z = Odd(name)(tg.parameter([1.0], name=name), note=name, name=name)
    drawing = tg.draw(z, title=name, tokens=[name])
    assert hidden(drawing.pipe(format="svg", encoding="utf-8")) == []
    for writer, text in written(drawing, tmp_path):
        assert hidden(text) == [], writer


@each("name", NAMES, ids=ascii)
def test_no_row_of_data_shows_them(name, tmp_path):
    X, W, h = tg.constant(np.eye(3), name=name), tg.parameter(np.eye(3), "W"), np.zeros(3)
    for t in range(3):
        with tg.step(t):
            h = np.tanh(X[t] @ W + tg.take(X, 1, axis=0) + h)
    drawing = tg.draw(tg.sum(h))
    texts = [part.text for box in drawing.picture.boxes for part in box.title]
    assert any("[0]" in text for text in texts) and all(hidden(text) == [] for text in texts)
    for writer, text in written(drawing, tmp_path):
        assert hidden(text) == [], writer


@each("name", NAMES, ids=ascii)
def test_no_table_and_no_message_shows_them(name):
    w = tg.parameter(np.ones((2, 2)), name=name)
    with tg.step(0), tg.scope(name):
        z = tg.tanh(w @ np.ones(2), name=name)
        odd = Odd(name)(z, note=name, name=name)
    told = [repr(w), repr(z), z.label(), f"{z}", repr(odd), str(tg.summary(odd)), repr(Odd(name))]
    step = tg.compile(tg.value_and_grad(lambda: tg.sum(Odd(name)(w, note=name, name=name)), w), "numpy")
    step()
    told += [str(step.plan), repr(step.graph()[0])]
    told.append(str(tg.check.gradients(lambda **k: tg.sum(w * 1.0), {name: w}, order=1)))
    for wrong in (
        lambda: tg.matmul(z, np.ones(3), name=name),
        lambda: tg.grad(z, w),
        lambda: tg.draw(z, name),
        lambda: tg.compile(tg.tanh, name),
        lambda: tg.cells.GRU(3, 4, kernel_init=name),
        lambda: tg.cells.GRU(3, 4, **{name: 1}),
        lambda: tg.train.SGD([w], 0.1).step(),
        lambda: tg.einsum(name, z, z),
        lambda: setattr(w, "value", np.ones(3)),
        lambda: tg.cells.GRU(3, 4).load_state_dict({name: np.ones(3)}),
        lambda: z[name],
        lambda: tg.parameter([1], name=name),
        lambda: odd.reshape(name),
        lambda: tg.unroll(tg.cells.GRU(3, 4), np.ones((3, 3)), window=name),
        lambda: exec(f"tg.sum(z, axis={name!r})", {"tg": tg, "z": z}),
    ):
        with pytest.raises(tg.GraphError) as error:
            wrong()
        told.append(str(error.value))
    for text in told:
        assert hidden(text) == [], ascii(text)
