"""Indices of every form, and what their gradients add at them, in C, in JavaScript and in ONNX, against NumPy's own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.export.onnx.running import needs_onnx
from tests.targets.js import run_in_node

from .in_c import Library

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 3, 6, 4))
I, J, K = np.array([1, 0, -1]), np.array([[2, -1, 0], [0, 1, -3]]), np.array([[1], [0]])  # noqa: E741
"""Integers (3,), (2, 3) and (2, 1) within -3 and 2, of which some are alike once they are wrapped."""
INDEX = Callable[..., Any]
INDICES: dict[str, INDEX] = {
    "i": lambda i, j, k: i,
    "-1": lambda i, j, k: -1,
    "1, ..., -2": lambda i, j, k: (1, ..., -2),
    "all, i": lambda i, j, k: (slice(None), i),
    "..., i": lambda i, j, k: (..., i),
    "i, all, i": lambda i, j, k: (i, slice(None), i),
    "all, i, j": lambda i, j, k: (slice(None), i, j),
    "all, j, k": lambda i, j, k: (slice(None), slice(None), j, k),
    "i, 1": lambda i, j, k: (i, 1),
    "1, i": lambda i, j, k: (1, i),
    "all, 2, all, i": lambda i, j, k: (slice(None), 2, slice(None), i),
    "i, 0, all, k": lambda i, j, k: (i, 0, slice(None), k),
    "-1, all, k, i": lambda i, j, k: (-1, slice(None), k, i),
    "None, i": lambda i, j, k: (None, i),
    "i, None, j": lambda i, j, k: (i, None, j),
    "all, None, i": lambda i, j, k: (slice(None), None, i),
    "all, i, None, all, j": lambda i, j, k: (slice(None), i, None, slice(None), j),
    "all, i, j, None": lambda i, j, k: (slice(None), i, j, None),
    "None, ..., i, None": lambda i, j, k: (None, ..., i, None),
    "0, None, i, ..., None": lambda i, j, k: (0, None, i, ..., None),
    "steps, i": lambda i, j, k: (slice(3, None, -2), i),
    "from the end, all, i": lambda i, j, k: (slice(-2, None), slice(None), i, slice(None, 0, -1)),
    "inner, None, steps": lambda i, j, k: (slice(1, -1), None, slice(None, None, -1), ..., slice(0, 3, 2)),
    "j, all, all, i": lambda i, j, k: (j, slice(None), slice(None), i),
    "i, i, i, i": lambda i, j, k: (i, i, i, i),
    "k, i": lambda i, j, k: (k, i),
}


def value(index: INDEX) -> Any:
    return lambda x, i, j, k: x[index(i, j, k)]


def gradient(index: INDEX) -> Any:
    """Of the sum of the cubes of all elements that are picked: no two places have the same."""
    return lambda x, i, j, k: tg.grad(tg.sum(x[index(i, j, k)] ** 3), x)


def added(index: INDEX, x: np.ndarray = X) -> np.ndarray:
    """The same gradient by NumPy."""
    total, at = np.zeros(x.shape), index(I, J, K)
    np.add.at(total, at, 3 * x[at] ** 2)
    return total


PLACES = (0, slice(3)), (slice(None, None, -1), slice(1, 4)), (1, 2)
PUT = np.array([[1, 0, 4, -15], [0, 10, -4, 0]])
"""The pieces i, 5 j, and i[0], at these places."""

MORE: dict[str, tuple[Any, Any]] = {
    "take": (lambda x, i, j, k: tg.take(x, j), X.reshape(-1)[J]),
    "swapped": (lambda x, i, j, k: tg.swapaxes(x), np.swapaxes(X, 0, 1)),
    "turned": (lambda x, i, j, k: tg.transpose(x), X.T),
    "two swapped": (lambda x, i, j, k: tg.swapaxes(x, -1, 1), np.swapaxes(X, -1, 1)),
    "joined": (lambda x, i, j, k: tg.concatenate([x[0], x[1, :1]]), np.concatenate([X[0], X[1, :1]])),
    "stacked": (lambda x, i, j, k: tg.stack([x[0], x[1]]), X[:2]),
    "take -1": (lambda x, i, j, k: tg.take(x, j, axis=-1), np.take(X, J, -1)),
    "one hot": (lambda x, i, j, k: tg.one_hot(j + 3, 6) * x[0, 0, :, 0], np.eye(6)[J + 3] * X[0, 0, :, 0]),
    "whole numbers put": (lambda x, i, j, k: tg.ops.put(i, j * 5, i[0], shape=(2, 4), indexes=PLACES), PUT),
}
ARGUMENTS = X, I, J, K


def cases() -> dict[str, tuple[Any, np.ndarray]]:
    own: dict[str, tuple[Any, np.ndarray]] = {}
    for number, index in enumerate(INDICES.values()):
        own[f"v{number}_of"] = value(index), X[index(I, J, K)]
        own[f"g{number}_of"] = gradient(index), added(index)
    return own | {f"m{number}_of": case for number, case in enumerate(MORE.values())}


def word(name: str) -> str:
    """The index or the function that a case is of."""
    return [*(INDICES if name[0] in "vg" else MORE)][int(name[1:-3])]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_in_c(tmp_path: Path) -> None:
    library, own = Library(tmp_path, double=True), cases()
    library.add("x", {n: fn for n, (fn, _) in own.items()}, dict.fromkeys(own, ARGUMENTS))
    assert not library.problems, library.problems
    library.build()
    for name, (_, due) in own.items():
        (got,) = library.call(f"x_{name}", ARGUMENTS, [due])
        np.testing.assert_allclose(got, due, 1e-13, 1e-13, err_msg=f"{name[0]}: {word(name)}")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_in_javascript(tmp_path: Path) -> None:
    own = cases()
    tg.export.js({n: fn for n, (fn, _) in own.items()}, dict.fromkeys(own, ARGUMENTS), tmp_path / "x.js")
    flat = [a.reshape(-1).tolist() for a in ARGUMENTS]
    results = run_in_node(tmp_path, {f"x_{name}": flat for name in own}, "x")
    for name, (_, due) in own.items():
        got = results[f"x_{name}"]
        assert not isinstance(got, str), f"{word(name)}: {got}"
        np.testing.assert_allclose(np.reshape(got[0], due.shape), due, 1e-13, 1e-13, err_msg=f"{name[0]}: {word(name)}")


@needs_onnx
@pytest.mark.parametrize("part", "vgm")
def test_in_onnx(part: str) -> None:
    """With a free first axis, run at another size, too."""
    from tests.targets.onnx import ran
    from tinygraph.export.onnx.model import modelled

    other = RNG.normal(size=(7, 3, 6, 4))
    for name, (fn, due) in cases().items():
        if name[0] == part:
            model = modelled(fn, ARGUMENTS, {"x": ("T", None, None, None)})
            message = f"{part}: {word(name)}"
            np.testing.assert_allclose(ran(model, fn, ARGUMENTS)[0], due, 1e-12, 1e-12, err_msg=message)
            if part != "m":
                index = INDICES[word(name)]
                there = other[index(I, J, K)] if part == "v" else added(index, other)
                np.testing.assert_allclose(ran(model, fn, (other, I, J, K))[0], there, 1e-12, 1e-12, err_msg=message)
