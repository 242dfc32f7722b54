"""Products, reductions and what runs along an axis, of every layout, of lengths around the loops' own, in C and JS."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.export.onnx.running import needs_onnx
from tests.targets.js import run_in_node

from .in_c import KINDS, Library

RNG = np.random.default_rng(0)
Case = tuple[Callable[..., Any], tuple[np.ndarray, ...], Any]
"""A function of nodes, its arguments, and what NumPy gives for them."""
LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda x: x,
    "turned": lambda x: np.transpose(x, (2, 0, 1)),
    "backwards": lambda x: x[::-1, :, ::2],
}
X, WHOLE, FLAGS = RNG.normal(size=(3, 4, 5)), RNG.integers(-4, 5, size=(3, 4, 5)), RNG.random(size=(3, 4, 5)) < 0.6
AXES = [None, *(axes for n in (1, 2, 3) for axes in itertools.combinations(range(3), n))]


def reductions() -> dict[str, Case]:
    cases: dict[str, Case] = {}
    for (word, layout), axes in itertools.product(LAYOUTS.items(), AXES):
        for kind, arrays in (
            ("sum", (X, WHOLE)),
            ("max", (X, WHOLE, FLAGS)),
            ("min", (WHOLE, FLAGS)),
            ("prod", (X,)),
            ("mean", (X,)),
        ):
            for x in arrays:
                fn = getattr(np, kind)
                kept = axes is not None and len(axes) == 2
                options = {"axis": axes, "keepdims": kept}
                cases[f"{kind} {x.dtype} {word} {axes}"] = (
                    lambda x, fn=fn, layout=layout, options=options: fn(layout(x), **options),
                    (x,),
                    fn(layout(x), **options),
                )
    for n in (127, 128, 129, 256, 257, 300, 512):
        for shape in ((n,), (2, n), (n, 2)):
            x, axis = RNG.normal(size=shape) + 0.5, shape.index(n)
            cases[f"sum of {n} in {shape}"] = lambda x, axis=axis: np.sum(x, axis=axis), (x,), x.sum(axis=axis)
    return cases


def lanes() -> dict[str, Case]:
    cases: dict[str, Case] = {}
    tied = np.round(X, 0)
    tied[1, 2, 3] = np.nan
    for (word, layout), axis in itertools.product(LAYOUTS.items(), (0, 1, 2, -1)):
        for name in ("cumsum", "cumprod", "argmax", "sort"):
            for x in (X, tied, WHOLE):
                if name.startswith("cum") and x is tied:
                    continue
                fn = getattr(np, name)
                due = fn(layout(x), axis=axis)
                cases[f"{name} {word} {axis} {x.dtype} {x is tied}"] = (
                    lambda x, fn=fn, layout=layout, axis=axis: fn(layout(x), axis=axis),
                    (x,),
                    due,
                )
    cases["sort of all"] = lambda x: np.sort(x, axis=None), (X,), np.sort(X, axis=None)
    return cases | {f"{n} of all": (getattr(np, n), (X,), getattr(np, n)(X)) for n in ("cumsum", "cumprod", "argmax")}


def products() -> dict[str, Case]:
    cases: dict[str, Case] = {}
    forms: dict[str, Callable[[Any, Any], Any]] = {
        "a b": lambda a, b: a @ b,
        "(b' a')'": lambda a, b: (b.T @ a.T).T,
        "a' from its turned": lambda a, b: np.transpose(a).T @ b,
        "every second": lambda a, b: a[::-1] @ b[:, ::-1],
    }
    for depth, (m, n) in itertools.product((1, 3, 4, 5, 7, 8, 9, 12, 13), ((1, 1), (1, 3), (3, 1), (2, 3))):
        a, b = RNG.normal(size=(m, depth)), RNG.normal(size=(depth, n))
        for word, form in forms.items():
            cases[f"{word} {m} {depth} {n}"] = form, (a, b), form(a, b)
        cases[f"turned arguments {m} {depth} {n}"] = lambda a, b: a.T @ b.T, (a.T.copy(), b.T.copy()), a @ b
        cases[f"a turned result {m} {depth} {n}"] = lambda a, b: np.tanh((a @ b).T), (a, b), np.tanh((a @ b).T)
    s, v = RNG.normal(size=(2, 1, 3, 4)), RNG.normal(size=4)
    t = RNG.normal(size=(5, 4, 2))
    cases |= {
        "stacks": (lambda a, b: a @ b, (s, t), s @ t),
        "a vector after": (lambda a, b: a @ b, (s, v), s @ v),
        "a vector before": (lambda a, b: a @ b, (v, t), v @ t),
        "two vectors": (lambda a, b: a @ b, (v, v + 1), v @ (v + 1)),
        "whole numbers": (lambda a, b: a @ b, (WHOLE, WHOLE[0].T.copy()), WHOLE @ WHOLE[0].T),
        "booleans": (lambda a, b: a @ b, (FLAGS[0], FLAGS[1].T.copy()), FLAGS[0] @ FLAGS[1].T),
        "letters of booleans": (
            lambda a, b: np.einsum("ik,kj->ij", a, b),
            (FLAGS[0], FLAGS[1].T.copy()),
            np.einsum("ik,kj->ij", FLAGS[0], FLAGS[1].T),
        ),
        "letters": (lambda a, b: np.einsum("xik,yk->ix", a, b), (X, X[0]), np.einsum("xik,yk->ix", X, X[0])),
        "a trace": (lambda a: np.einsum("ii->", a), (X[:, :3, 0],), np.einsum("ii->", X[:, :3, 0])),
        "a stretched one": (
            lambda a, b: np.einsum("ij,ij->j", a, b),
            (X[0, :1], X[0]),
            np.einsum("ij,ij->j", np.repeat(X[0, :1], 4, 0), X[0]),
        ),
    }
    return cases


PARTS = {"reductions": reductions, "lanes": lanes, "products": products}


def near(got: Any, due: Any, text: str) -> None:
    due = np.asarray(due)
    np.testing.assert_allclose(got, due.astype(KINDS[due.dtype.kind]), 1e-12, 1e-12, err_msg=text)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize("part", PARTS)
def test_in_c(part: str, tmp_path: Path) -> None:
    cases = PARTS[part]()
    library, names = Library(tmp_path, double=True), {f"q{k}_of": text for k, text in enumerate(cases)}
    library.add("x", {n: cases[t][0] for n, t in names.items()}, {n: cases[t][1] for n, t in names.items()})
    assert not library.problems, library.problems
    library.build()
    for name, text in names.items():
        _, arguments, due = cases[text]
        near(library.call(f"x_{name}", arguments, [np.asarray(due)])[0], due, text)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("part", PARTS)
def test_in_javascript(part: str, tmp_path: Path) -> None:
    cases = PARTS[part]()
    names = {f"q{k}_of": text for k, text in enumerate(cases)}
    tg.export.js(
        {n: cases[t][0] for n, t in names.items()}, {n: cases[t][1] for n, t in names.items()}, tmp_path / "x.js"
    )
    calls = {f"x_{n}": [a.astype(np.float64).reshape(-1).tolist() for a in cases[t][1]] for n, t in names.items()}
    for name, result in run_in_node(tmp_path, _plain(calls), "x").items():
        text = names[name.removeprefix("x_")]
        due = np.asarray(cases[text][2])
        assert not isinstance(result, str), f"{text}: {result}"
        near(np.reshape([np.nan if y == "NaN" else y for y in result[0]], due.shape), due, text)


BYTES = (30 * WHOLE[0]).astype(np.int8)
NARROW = [lambda a: a @ a.T, lambda a: np.einsum("ij,ik->jk", a, a)]


@pytest.mark.parametrize("export", [tg.export.c, tg.export.js])
def test_products_that_wrap_around_are_refused(export: Any, tmp_path: Path) -> None:
    for fn in NARROW:
        with pytest.raises(tg.GraphError, match=r"(?s)of int8 wraps around at -128 and 127.*astype"):
            export(fn, BYTES, tmp_path / f"x.{export.__name__}")
        export(lambda a, fn=fn: fn(a.astype(np.int32)), BYTES, tmp_path / f"x.{export.__name__}")


@needs_onnx
def test_products_that_wrap_around_do_so_in_onnx() -> None:
    from tests.targets.onnx import ran
    from tinygraph.export.onnx.model import modelled

    for fn in NARROW:
        (got,) = ran(modelled(fn, BYTES, ()), fn, BYTES)
        assert got.dtype == np.int8 and np.array_equal(got, fn(BYTES)) and np.abs(fn(BYTES.astype(int))).max() > 127


@needs_onnx
@pytest.mark.parametrize("part", PARTS)
def test_in_onnx(part: str) -> None:
    """Some of them: what is written there does not depend on how long an axis is."""
    from tests.targets.onnx import ran
    from tinygraph.export.onnx.model import modelled

    cases = PARTS[part]()
    for text in [*cases][::5] + [*cases][-12:]:
        fn, arguments, due = cases[text]
        if not (text.startswith("argmax") and text.endswith("True")):  # onnxruntime gives no place of a NaN
            (got,) = ran(modelled(fn, arguments, ()), fn, arguments)
            assert got.shape == np.shape(due)
            near(got, due, text)


def _plain(calls: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN; null becomes 0 in a typed array, so such calls are left out."""
    return {name: call for name, call in calls.items() if all(x == x for array in call for x in array)}


def in_eight_bits() -> dict[str, tuple[Any, np.ndarray, list[np.ndarray]]]:
    """Functions, their arguments, and what they give if the rows are those of the matrix, or of the turned one."""
    due: dict[str, tuple[Any, np.ndarray, list[np.ndarray]]] = {}
    for k, (rows, columns) in enumerate(((9, 13), (16, 4), (11, 8))):
        matrix = RNG.normal(size=(rows, columns)) * 3.0 ** RNG.integers(-2, 3, size=(rows, 1))
        w = tg.parameter(matrix, "w")
        across, along = RNG.normal(size=(2, rows)), RNG.normal(size=(2, columns))
        i = np.array([[rows - 1, 0, 3], [-1, 2, 2]])
        forms: dict[str, tuple[Any, Any]] = {
            "x w": (lambda x, w: x @ w, across),
            "row w": (lambda x, w: x @ w, across[0]),
            "w column": (lambda x, w: w @ x, along[0]),
            "x w turned": (lambda x, w: x @ w.T, along),
            "w x": (lambda x, w: w @ x, along.T.copy()),
            "w turned x": (lambda x, w: w.T @ x, across.T.copy()),
            "w turned column": (lambda x, w: w.T @ x, across[:1].T.copy()),
            "w turned vector": (lambda x, w: w.T @ x, across[0]),
            "one column": (lambda x, w: w @ x, along[:1].T.copy()),
            "one row": (lambda x, w: x @ w.T, along[:1]),
            "taken": (lambda i, w: np.take(w, i, axis=0), i),
        }
        for word, (form, argument) in forms.items():
            results = [form(argument, rounded(matrix)), form(argument, rounded(matrix.T).T)]
            due[f"e{k}{word.replace(' ', '')}"] = lambda x, form=form, w=w: form(x, w), argument, results
    return due


def hold_to_eight_bits(name: str, got: Any, results: list[np.ndarray]) -> None:
    far = [np.abs(np.reshape(got, y.shape) - y).max() / np.abs(y).max() for y in results]
    assert min(far) < 1e-6 and (min(far) == far[0] or "taken" not in name), f"{name}: {far}"


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_products_with_weights_in_eight_bits(tmp_path: Path) -> None:
    """The scale of a row is taken out of the sum where it can be, and stays in it where it cannot."""
    library, due = Library(tmp_path, double=True), in_eight_bits()
    for name, (fn, argument, _) in due.items():
        library.add(name, fn, argument, int8=True)
        assert "int8_t" in (tmp_path / f"{name}.c").read_text(), name
    library.build()
    for name, (_, argument, results) in due.items():
        hold_to_eight_bits(name, library.call(name, [argument], results[:1])[0], results)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_products_with_weights_in_eight_bits_in_javascript(tmp_path: Path) -> None:
    due = in_eight_bits()
    tg.export.js({n: x[0] for n, x in due.items()}, {n: x[1] for n, x in due.items()}, tmp_path / "x.js", int8=True)
    assert (tmp_path / "x.js").read_text().count("Int8Array") >= 3
    calls = {f"x_{n}": [x[1].tolist()] for n, x in due.items()}
    for name, result in run_in_node(tmp_path, calls, "x").items():
        assert not isinstance(result, str), f"{name}: {result}"
        hold_to_eight_bits(name, result[0], due[name.removeprefix("x_")][2])


def rounded(matrix: np.ndarray) -> np.ndarray:
    """Each row in 8 bits."""
    scales = np.abs(matrix).max(axis=1, keepdims=True) / 127
    return np.rint(matrix / scales) * scales.astype(np.float32)
