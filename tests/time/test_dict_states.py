"""States and outputs that are dicts: their parts go by name, in whatever order a step returns them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

XS, Z = np.random.default_rng(0).normal(size=(5, 2, 3)), np.zeros((2, 3))
W = tg.parameter(np.random.default_rng(1).normal(size=(3, 3)) * 0.5)
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "lengths": {"lengths": [5, 3]},
    "reverse": {"reverse": True},
    "chunks": {"truncate": 2},
    "windows": {"truncate": 2, "window": "sliding"},
}


def by_name(x: Any, s: Any) -> Any:
    a = np.tanh(x + s["a"] @ W + s["b"])
    return {"y": a, "n": s["b"]}, {"b": s["a"], "a": a}


def by_place(x: Any, s: Any) -> Any:
    a = np.tanh(x + s[0] @ W + s[1])
    return (a, s[1]), (a, s[0])


@each("options", OPTIONS.values(), ids=OPTIONS)
def test_the_order_of_keys_means_nothing(options: dict[str, Any]) -> None:
    def named(w: Any) -> Any:
        y, s = tg.unroll(by_name, XS, {"a": Z, "b": Z + 1}, **options)
        return y["y"], y["n"], s["a"], s["b"], tg.sum(y["y"] * y["y"]) + tg.sum(s["b"])

    (y, n), (a, b) = tg.unroll(by_place, XS, (Z, Z + 1), **options)
    loss = tg.sum(y * y) + tg.sum(b)
    right = [y.value, n.value, a.value, b.value, loss.value]
    compiled = {name: tg.compile(named, backend=name) for name in ("numpy", "native")}
    for got in (named(W), *(f(W) for f in compiled.values())):
        for x, z in zip(got, right, strict=True):
            np.testing.assert_allclose(x.value if isinstance(x, tg.Node) else x, z, 1e-12, 1e-12)
    slopes = tg.compile(tg.value_and_grad(lambda w: named(w)[-1], W), backend="numpy")(W)[1]
    np.testing.assert_allclose(slopes, tg.grad(loss, W).value, 1e-10, 1e-12)


@each("keys", [("a",), ("a", "c"), ("a", "b", "c")])
def test_other_keys_are_refused_eager_and_compiled(keys: tuple[str, ...]) -> None:
    def cell(x: Any, s: Any) -> Any:
        return x, dict.fromkeys(keys, s["a"])

    def f(x: Any) -> Any:
        return tg.unroll(cell, x, {"a": Z, "b": Z})[0]

    for call in (f, tg.compile(f, backend="numpy"), lambda x: tg.unroll(cell, x, {"a": Z, "b": Z}, lengths=[5, 3])):
        with pytest.raises(tg.GraphError, match="other keys"):
            call(XS)


def test_outputs_whose_keys_change_their_order() -> None:
    def cell(x: Any, n: Any) -> Any:
        parts = {"x": x, "n": n * 1.0}
        turned = {"n": n * 1.0, "x": x}
        return (turned if float(n.value) % 2 else parts), n + 1

    y, _ = tg.unroll(cell, XS[:, 0, 0], np.zeros(()))
    np.testing.assert_array_equal(y["x"].value, XS[:, 0, 0])
    np.testing.assert_array_equal(y["n"].value, np.arange(5.0))


def test_the_order_of_a_dict_from_outside_is_watched() -> None:
    weights = {"a": 2.0, "b": 3.0}

    def horner(x: Any) -> Any:
        total = tg.sum(x)
        for v in weights.values():
            total = total * 2 + v
        return total

    f = tg.compile(horner, backend="numpy")
    assert f(np.ones(2)) == horner(np.ones(2)).item()
    weights["a"] = weights.pop("a")
    try:
        assert f(np.ones(2)) == horner(np.ones(2)).item()
    except tg.GraphError as error:
        assert "weights" in str(error)


def swapped(x: Any, s: Any) -> Any:
    h, k = s
    k = k * 0.5 + x
    return (h, k), np.tanh(k + h @ W)


CELLS: dict[str, Any] = {
    r"an array \(2, 3\) in place of a tuple of 2": (swapped, (Z, Z)),  # each row of the batch would be a state
    r"an array \(2, 2, 3\) in place of a tuple of 2": (lambda x, s: (x, np.stack([*s])), (Z, Z)),
    r"a tuple of 1 in place of an array \(2, 3\)": (lambda x, h: (x, (h,)), Z),
    "a tuple of 1 in place of a tuple of 2": (lambda x, s: (x, (s[0],)), (Z, Z)),
    "a tuple of 2 in place of a dict of 2": (lambda x, s: (x, (s["a"], s["b"])), {"a": Z, "b": Z}),
    r"a list of 1 in place of an array \(2, 3\)": (lambda x, s: (x, (s[0], [s[1]])), (Z, Z)),
    r"an array \(2, 3\) in place of a tuple of 1": (lambda x, s: (x, {"a": s["a"][0]}), {"a": (Z,)}),
}


@each("words", CELLS)
def test_a_state_of_another_structure_is_refused(words: str) -> None:
    cell, state = CELLS[words]
    calls: list[Any] = [partial(tg.unroll, cell, state=state, **options) for options in OPTIONS.values()]
    calls += [tg.compile(calls[0]), lambda x: tg.Recurrent(cell)(x, state)]
    calls += [lambda x: tg.train.Streaming(cell, state)(x[0])]
    for n, call in enumerate(calls):
        with pytest.raises(
            tg.GraphError, match=rf"another structure.*\n  got       {words}\n  fix       return y, state"
        ):
            call(XS)
        if not n:
            with pytest.raises(tg.GraphError, match="the new state at step 0 has"):
                call(XS)


def test_what_is_nested_alike_or_comes_anew_is_taken() -> None:
    cells: list[tuple[Any, Any]] = [
        (lambda x, s: (x, [s[1], s[0]]), (Z, Z)),
        (lambda x, s: (x, (x, x)), None),
        (lambda x, s: (x, (x, x)), ()),
        (lambda x, s: (x, (s[0], x)), (Z, None)),
        (lambda x, s: (x, (*s, x)), (Z,)),
        (lambda x, s: (x, None), Z),
    ]
    for cell, state in cells:
        np.testing.assert_array_equal(tg.unroll(cell, XS, state)[0].value, XS)
