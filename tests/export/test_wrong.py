"""Wrong calls end in one GraphError that says what to do, and no file is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.told import told

CELL, X = tg.cells.LSTM(3, 4, rng=0), np.ones((1, 3), np.float32)
W = tg.parameter(np.ones((3, 2)), "W")


class Twice(tg.Op):
    """z = 2 x      x, z: any shape"""

    def forward(self, x: Any) -> Any:
        return x * 2

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * 2


def product(x: Any) -> Any:
    return x @ W


def step() -> Any:
    return tg.train.step(lambda x: tg.mean(x @ W), [W], tg.train.SGD([W], learning_rate=0.1))


class Slowing(tg.train.SGD):
    """Its rate is Python of the user's."""

    def numbers(self, t: int, rate: float) -> Any:
        return {"rate": rate / t, "share": 1.0}


def slowing() -> Any:
    return tg.train.step(lambda x: tg.mean(x @ W), [W], Slowing([W], 0.1), backend="numpy")


FLAT, WHOLE = "of a transposed array that is flattened\n  fix +pass", np.array([1, 2, 3])
twice = Twice()
WRONG: dict[str, tuple[Any, ...]] = {
    "name ends in .c": (CELL, X, "cell", "gf"),
    "there is no folder": (CELL, X, "folder/cell.c", "f"),
    "other alphabets": (CELL, X, "zelle-ä.c", "gf"),
    "can be called": (X, CELL, "a.c", "gf"),
    "inner sizes differ": (CELL, np.ones((1, 5), np.float32), "a.c", "egf"),
    "the example is a list": (CELL, [X], "a.c", "egf"),
    "the example has no array": (CELL, None, "a.c", "eg"),
    "an op of your own": (lambda x: twice(x), X, "a.c", "f"),
    "draws random numbers": (tg.Dropout(0.5, rng=0), X, "a.c", "gf"),
    "has no value while": (lambda x: x if x.sum() > 0 else -x, X, "a.c", "egf"),
    "returns nothing": (lambda x: None, X, "a.c", "f"),
    "takes 1 positional argument but 2": (product, (X, X), "a.c", "g"),
    "need an example each": ({"a": product}, X, "a.c", "eg"),
    "holds no function": ({}, {}, "a.c", "e"),
    "wraps around": (lambda i: i + i, np.array([200], np.uint8), "a.c", "f"),
    "no real numbers": (product, X.astype(complex), "a.c", "g"),
    "have 32 bits": (lambda i: i + 2**40, np.array([1]), "a.c", "egf"),
    "inv cannot be exported": (np.linalg.inv, np.eye(3), "a.c", "f"),
    "fmax of whole numbers cannot be exported\n.*in floats": (np.fmax, (WHOLE, WHOLE), "a.c", "f"),
    "fmax of booleans cannot be exported\n.*in floats": (np.fmax, (WHOLE > 1, WHOLE > 2), "a.c", "f"),
    f"argmax {FLAT} an axis": (lambda x: np.argmax(x.T), np.ones((2, 3)), "a.c", "f"),
    f"cumsum {FLAT} an axis": (lambda x: np.cumsum(x.T), np.ones((2, 3)), "a.c", "f"),
    f"take {FLAT} take an axis": (lambda x: np.take(x.T, [0, 1]), np.ones((2, 3)), "a.c", "f"),
    "cell is a function, which has no initial state": (
        tg.Recurrent(lambda x, h: (h, h)),
        np.ones((2, 1, 3)),
        "a.c",
        "f",
    ),
    "a function's name is a text": ({3: product}, {3: X}, "a.c", "g"),
    "name is a text\n  got +''": ({"": product}, {"": X}, "a.c", "g"),
    "numbers that Slowing computes for each step are Python": (slowing(), X, "a.c", "ef"),
}


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.parametrize("language", ["c", "js"])
def test_a_wrong_call_says_what_is_wrong(
    text: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fn, example, path, lines = WRONG[text]
    own = path.replace(".c", f".{language}")
    with pytest.raises(tg.GraphError, match=text.replace("ends in .c", f"ends in .{language}")) as refusal:
        getattr(tg.export, language)(fn, example, own)
    assert told(refusal.value) == lines
    assert not [*tmp_path.iterdir()]


def test_options(tmp_path: Path) -> None:
    file = tmp_path / "a.c"
    for options, text in (
        ({"weights": "outside"}, "weights is unknown"),
        ({"int8": "yes"}, "int8 is yes or no"),
        ({"quantize": 8}, "no option quantize"),
        ({"int8": True, "weights": "file"}, "stand inside"),
    ):
        with pytest.raises(tg.GraphError, match=text):
            tg.export.c(product, X, file, **options)
    with pytest.raises(tg.GraphError, match="cannot be trained"):
        tg.export.c(step(), X, file, int8=True)
    assert not [*tmp_path.iterdir()]


def test_a_failed_export_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    tg.export.c(product, X, tmp_path / "a.c")
    before = (tmp_path / "a.c").read_text()
    with pytest.raises(tg.GraphError):
        tg.export.c(lambda x: twice(x), X, tmp_path / "a.c")
    assert (tmp_path / "a.c").read_text() == before


def test_a_hostile_name_cannot_leave_its_comment(tmp_path: Path) -> None:
    tg.export.c(lambda x: {"*/ int main(void) { return 1; } /*\n": x}, X, tmp_path / "a.c")
    header = (tmp_path / "a.h").read_text()
    assert "main(" not in header
    tg.export.js(lambda x: {"*/ alert(1) /*": x}, X, tmp_path / "a.js")
    assert "alert(1)" not in (tmp_path / "a.js").read_text()


def test_a_file_of_weights_holds_the_real_numbers_alone(tmp_path: Path) -> None:
    """As many as its header says; whole ones stand in the C file."""
    table, w = (
        np.arange(40).reshape(10, 4) ** 2,
        tg.parameter(np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4), "w"),
    )
    tg.export.c(
        lambda i, x: (tg.take(table, i, axis=0), x @ w), (np.array([1, 2]), X), tmp_path / "a.c", weights="file"
    )
    count = int(re.findall(r"#define A_WEIGHTS (\d+)", (tmp_path / "a.h").read_text())[0])
    assert (tmp_path / "a.bin").stat().st_size == 4 * count == 4 * 12
