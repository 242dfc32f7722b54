"""States and outputs that are dicts: their parts go by name, in whatever order a step returns them."""

from __future__ import annotations

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
