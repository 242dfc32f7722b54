"""Element-wise ops at zeros of both signs, whole and half numbers, equal pairs, against NumPy; what a call refuses."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.export.onnx.running import needs_onnx
from tests.targets.js import run_in_node
from tinygraph.time.scan import scan

from .in_c import Library

SIDE = np.array([-3.0, -2.5, -2.0, -1.0, -0.5, -0.25, -0.0, 0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 7.0])
A, B = (grid.ravel() for grid in np.meshgrid(SIDE, SIDE))
NOT_0 = B != 0
FIXED = np.array([np.nan, np.inf, -np.inf, 1e6, *SIDE[4:]])
TWO: dict[str, Any] = {
    n: getattr(np, n) for n in ("arctan2", "copysign", "hypot", "logaddexp", "fmax", "fmin", "maximum")
}
TWO |= {n: getattr(np, n) for n in ("minimum", "add", "subtract", "multiply", "greater", "less_equal", "not_equal")}
DIVIDING: dict[str, Any] = {n: getattr(np, n) for n in ("divide", "fmod", "remainder", "floor_divide")}
"""Tried where the second number is not 0: there the languages differ, as numpy warns."""
WORDS = """abs ceil floor rint trunc sign square negative
           exp exp2 expm1 tanh sinh cosh tan arctan arcsinh sin cos"""
ONE: dict[str, Any] = {n: getattr(np, n) for n in WORDS.split()}
ONE |= {
    "round 0": lambda x: np.round(x),
    "round 1": lambda x: np.round(x * 1.23, 1),
    "round -1": lambda x: np.round(x * 7.3, -1),
    "clip": lambda x: np.clip(x, -1.5, 2.0),
    "clip below": lambda x: np.clip(x, 0.25, None),
    "clip above": lambda x: np.clip(x, None, 0.25),
    "clip at NaN": lambda x: np.clip(x, None, np.nan),
    "log1p": lambda x: np.log1p(x * x * 1e-9),
    "log1p of more": lambda x: np.log1p(np.abs(x)),
    "sqrt": lambda x: np.sqrt(np.abs(x)),
    "power 2": lambda x: x**2,
    "power 3": lambda x: x**3,
    "power 0": lambda x: x**0.0,
    "power 1/2": lambda x: np.abs(x) ** 0.5,
    "power 2.5": lambda x: np.abs(x) ** 2.5,
    "power -1": lambda x: (x + 0.1) ** -1.0,
    "softplus": lambda x: np.logaddexp(x, 0.0),
    "where": lambda x: np.where(x > 0.25, x, -x),
    "fixed numbers": lambda x: np.clip(x * 0 + FIXED, -1e9, 1e9) + x * np.array([0.5, *[1 / 3] * 14, np.float32(0.1)]),
    "numbers of its own": lambda x: (x * 1e6 + 999999.0) * -2.0 - 1e7,
    "as whole numbers": lambda x: x.astype(np.int64) * 2,
    "as booleans": lambda x: x.astype(bool),
}
WHOLE: dict[str, Any] = {
    n: getattr(np, n) for n in ("floor_divide", "remainder", "maximum", "minimum", "add", "multiply")
}
WHOLE |= {"where": lambda a, b: np.where(a > b, a, b), "abs": lambda a, b: np.abs(a) - np.abs(b)}
I, J = (grid.ravel() for grid in np.meshgrid(np.arange(-5, 6), np.array([-4, -3, -1, 1, 2, 5])))  # noqa: E741
CASES = [(n, f, (A, B)) for n, f in TWO.items()] + [(n, f, (A[NOT_0], B[NOT_0])) for n, f in DIVIDING.items()]
CASES += [(n, f, (SIDE,)) for n, f in ONE.items()] + [(f"whole {n}", f, (I, J)) for n, f in WHOLE.items()]
CASES += [(f"whole numbers on a diagonal {k}", lambda a, k=k: np.diag(a, k), (I[:4],)) for k in (0, 1, -2)]
NO_STEPS = ("a recurrence without steps", scan, (np.zeros((0, 3)), SIDE[None, :3]))
NAMED = {f"q{k}_of": case for k, case in enumerate([*CASES, NO_STEPS])}


def same(got: Any, fn: Any, arguments: Any, text: str, near: float) -> None:
    due = np.asarray(fn(*arguments))
    np.testing.assert_allclose(np.asarray(got, float), due.astype(float), near, near, err_msg=text)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_in_c(tmp_path: Path) -> None:
    library = Library(tmp_path, double=True)
    library.add("x", {n: fn for n, (_, fn, _) in NAMED.items()}, {n: a for n, (_, _, a) in NAMED.items()})
    assert not library.problems, library.problems
    library.build()
    for name, (text, fn, arguments) in NAMED.items():
        due = np.asarray(fn(*arguments))
        (got,) = library.call(f"x_{name}", arguments, [due])
        same(got, fn, arguments, text, 1e-13)
        if text in ("copysign", "abs", "ceil", "trunc"):  # whose zeros have signs
            np.testing.assert_array_equal(np.signbit(got), np.signbit(due), err_msg=text)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize("double", [True, False])
def test_what_is_no_whole_number_of_32_bits_is_the_least_in_c(double: bool, tmp_path: Path) -> None:
    """As in numpy, where C itself leaves it open."""
    x = np.array([np.nan, np.inf, -np.inf, 1e12, -1e12, 2147483392.0, -2147483392.0, 3.75, -3.75, 0.25])
    right = np.array([*[-(2**31)] * 5, 2147483392, -2147483392, 3, -3, 0], np.int32)
    library = Library(tmp_path, double=double)
    library.add("w", {"w_of": lambda x: x.astype(np.int32)}, {"w_of": x})
    library.build()
    np.testing.assert_array_equal(library.call("w_w_of", (x,), [right])[0], right)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_in_javascript(tmp_path: Path) -> None:
    tg.export.js(
        {n: fn for n, (_, fn, _) in NAMED.items()}, {n: a for n, (_, _, a) in NAMED.items()}, tmp_path / "x.js"
    )
    calls = {f"x_{n}": [x.tolist() for x in a] for n, (_, _, a) in NAMED.items()}
    for name, result in run_in_node(tmp_path, calls, "x").items():
        text, fn, arguments = NAMED[name.removeprefix("x_")]
        assert not isinstance(result, str), f"{text}: {result}"
        same(np.reshape(result[0], np.shape(fn(*arguments))), fn, arguments, text, 1e-13)


@needs_onnx
def test_in_onnx() -> None:
    from tests.targets.onnx import ran
    from tinygraph.export.onnx.model import modelled

    for text, fn, arguments in CASES:
        own = [a.astype(np.float32) if a.dtype.kind == "f" else a for a in arguments]
        same(ran(modelled(fn, tuple(own), ()), fn, tuple(own))[0], fn, own, text, 3e-6)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_what_is_out_of_range_is_told_by_javascript(tmp_path: Path) -> None:
    """An index, a label, a length: what it is, and from where to where."""
    cell, logits = tg.cells.GRU(3, 4, rng=0), np.zeros((2, 5))
    calls = [
        (lambda x, i: x[i], (np.zeros(4), np.array([0, 1])), {"is not from -4 to 3": (4, -5), "": (3, -4)}),
        (lambda x, i: tg.take(x, i), (np.zeros(4), np.array([0, 1])), {"take: an index is not from -4": (4,)}),
        (tg.softmax_cross_entropy, (logits, np.array([0, 4])), {"a label is not from 0 to 4": (5, -1), "": (4,)}),
        (lambda x, i: tg.one_hot(i, 5) * x[0, 0], (logits, np.array([0, 4])), {"a label is not from 0 to 4": (5, -1)}),
        (
            lambda x, n: tg.unroll(cell, x, lengths=n)[1],
            (np.zeros((4, 2, 3)), np.array([4, 2])),
            {"a length is not from 0 to 4": (5, -1), "": (0, 4)},
        ),
    ]
    each = [(fn, own, text, value) for fn, own, told in calls for text, values in told.items() for value in values]
    names = [f"q{k}_of" for k in range(len(each))]
    functions, examples = ({n: case[at] for n, case in zip(names, each, strict=True)} for at in (0, 1))
    tg.export.js(functions, examples, tmp_path / "r.js")
    arguments = [[x.reshape(-1).tolist(), [int(i[0]), value]] for _, (x, i), _, value in each]
    results = run_in_node(tmp_path, {f"r_{n}": a for n, a in zip(names, arguments, strict=True)}, "r")
    for result, (_, _, text, value) in zip(results.values(), each, strict=True):
        assert isinstance(result, str) == bool(text), f"{value}: {result}"
        assert not text or (text in result and "RangeError" in result), f"{value}: {result}"


def test_a_mask_is_written_as_numbers(tmp_path: Path) -> None:
    mask = np.array([True, False, True])
    tg.export.js(lambda x: np.where(mask, x, 0), np.ones(3, np.float32), tmp_path / "m.js")
    assert "Uint8Array.of(1, 0, 1)" in (tmp_path / "m.js").read_text()
