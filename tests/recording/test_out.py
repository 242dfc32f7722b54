"""``out=`` where arrays are written, by its name and by its place among the arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

X = np.arange(1, 7.0).reshape(2, 3) / 5
CALLS: dict[str, Any] = {
    "dot": (lambda a, o: np.dot(a, np.eye(3), o), (2, 3)),
    "dotk": (lambda a, o: np.dot(a, np.eye(3), out=o), (2, 3)),
    "outer": (lambda a, o: np.outer(a[0], a[1], o), (3, 3)),
    "matmul": (lambda a, o: np.matmul(a, np.eye(3), o), (2, 3)),
    "sum": (lambda a, o: np.sum(a, 0, None, o), (3,)),
    "mean": (lambda a, o: np.mean(a, 0, None, o), (3,)),
    "max": (lambda a, o: np.max(a, 0, o), (3,)),
    "min": (lambda a, o: np.min(a, 0, o, True), (1, 3)),
    "prod": (lambda a, o: np.prod(a, 0, None, o), (3,)),
    "cumsum": (lambda a, o: np.cumsum(a, 0, None, o), (2, 3)),
    "cumprod": (lambda a, o: np.cumprod(a, 1, None, o), (2, 3)),
    "clip": (lambda a, o: np.clip(a, 0.3, 0.7, o), (2, 3)),
    "take": (lambda a, o: np.take(a, [1, 0], 0, o), (2, 3)),
    "std": (lambda a, o: np.std(a, 0, None, o), (3,)),
    "var": (lambda a, o: np.var(a, 0, None, o, 1), (3,)),
    "round": (lambda a, o: np.round(a, 1, o), (2, 3)),
    "concatenate": (lambda a, o: np.concatenate([a, a], 0, o), (4, 3)),
    "stack": (lambda a, o: np.stack([a, a], 0, o), (2, 2, 3)),
    "einsum": (lambda a, o: np.einsum("ij,kj->ik", a, a, out=o), (2, 2)),
    "compress": (lambda a, o: np.compress([True, False], a, 0, o), (1, 3)),
    "choose": (lambda a, o: np.choose([0, 1, 0], [a[0], a[1]], o), (3,)),
    "trace": (lambda a, o: np.trace(a[:, :2], 0, 0, 1, None, o), ()),
    "ptp": (lambda a, o: np.ptp(a, 0, o), (3,)),
    "median": (lambda a, o: np.median(a, 0, o), (3,)),
    "quantile": (lambda a, o: np.quantile(a, 0.3, 0, o), (3,)),
    "percentile": (lambda a, o: np.percentile(a, 30, 0, o), (3,)),
    "nansum": (lambda a, o: np.nansum(a, 0, None, o), (3,)),
    "nanmax": (lambda a, o: np.nanmax(a, 0, o), (3,)),
    "tanh": (lambda a, o: np.tanh(a, o), (2, 3)),
    "add": (lambda a, o: np.add(a, 1.0, o), (2, 3)),
    "where": (lambda a, o: np.multiply(a, 3.0, out=o, where=True), (2, 3)),
    "where not": (lambda a, o: np.multiply(a, 3.0, out=o, where=[True, False, True]), (2, 3)),
    "multi_dot": (lambda a, o: np.linalg.multi_dot([a, np.eye(3), np.eye(3)], out=o), (2, 3)),
    "add.reduce": (lambda a, o: np.add.reduce(a, 0, None, o), (3,)),
    "msum": (lambda a, o: a.sum(0, None, o), (3,)),
    "mclip": (lambda a, o: a.clip(0.3, 0.7, o), (2, 3)),
    "x.dot": (lambda a, o: a.dot(np.eye(3), o), (2, 3)),
    "mmax": (lambda a, o: a.max(0, o), (3,)),
    "mmean": (lambda a, o: a.mean(0, None, o), (3,)),
    "mround": (lambda a, o: a.round(1, o), (2, 3)),
    "mcumsum": (lambda a, o: a.cumsum(0, None, o), (2, 3)),
    "mstd": (lambda a, o: a.std(0, None, o), (3,)),
    "mtrace": (lambda a, o: a[:, :2].trace(0, 0, 1, None, o), ()),
    "mprod": (lambda a, o: a.prod(0, None, o), (3,)),
    "tensordotless": (lambda a, o: np.vecdot(a, a, out=o), (2,)),
    "logaddexp": (lambda a, o: np.logaddexp(a, a, o), (2, 3)),
}


@each("name", CALLS)
def test_the_result_is_in_the_array_and_carries_its_gradient(name: str) -> None:
    call, shape = CALLS[name]

    def run(a: Any) -> Any:
        out = np.full(shape, 9.0)
        call(a, out)
        return np.sum(out * np.cos(np.arange(out.size)).reshape(shape)) + out.ravel()[0] ** 2

    w, move = tg.parameter(X), np.sin(np.arange(6.0)).reshape(2, 3)
    z, right = tg.recorded(run)(w), run(X)
    assert z.item() == pytest.approx(right, rel=1e-12)
    slope = (run(X + 1e-6 * move) - run(X - 1e-6 * move)) / 2e-6
    assert np.sum(tg.grad(z, w).value * move) == pytest.approx(slope, rel=1e-6, abs=1e-8)


@each("name", CALLS)
def test_elsewhere_it_is_refused(name: str) -> None:
    call, shape = CALLS[name]
    with pytest.raises(tg.MutationError, match=r"(?s)out=|in place"):
        call(tg.parameter(X), np.full(shape, 9.0))


@each("name", CALLS)
def test_numbers_of_plain_data_are_written_as_numpy_writes_them_or_refused(name: str) -> None:
    """A method of a plain array is numpy's own, in C or in Python, and knows no node to write into."""
    call, shape = CALLS[name]
    w, outs = tg.parameter(X), [np.full(shape, 9.0)]

    def run(a: Any) -> Any:
        outs.append(np.full(shape, 9.0))
        call(a, outs[-1])
        outs[-1][...] += w[0, 0]
        return outs[-1]

    call(X, outs[0])
    if name in ("x.dot", "mmean", "mstd", "mround", "mcumsum", "mtrace"):
        with pytest.raises((tg.GraphError, TypeError), match=r"an array|out= of an array(?s:.*)fix .*a\[\.\.\.\]"):
            tg.recorded(run)(X)
        assert np.all(outs[1].value == 9.0)
    else:
        np.testing.assert_allclose(tg.recorded(run)(X).value, outs[0] + X[0, 0], 1e-14)


UNARY = [name for name, f in vars(np).items() if isinstance(f, np.ufunc) and (f.nin, f.nout) == (1, 1)]


@each("name", UNARY)
def test_each_ufunc_writes_what_it_makes_of_plain_data(name: str) -> None:
    def run(a: Any) -> Any:
        out = np.zeros(2)
        getattr(np, name)(a, out=out)
        return out

    numbers = np.array([1.5, 1.25] if name.endswith("cosh") else [0.5, 0.25])
    for data in (numbers, numbers.tolist(), numbers[0], float(numbers[0])):
        try:
            right = run(data)
        except TypeError:  # of whole numbers, times or texts
            continue
        z = tg.recorded(run)(data)
        np.testing.assert_allclose(getattr(z, "value", z), right, 1e-14)


def test_flat_is_read_and_written_as_numpys() -> None:
    def run(a: Any) -> Any:
        b = a * 2.0
        b.flat[1] = a[1, 2] ** 2
        b.flat[-1] *= 3.0
        b.flat[2:4] = [a[0, 0], 0.5]
        b.flat[[0, 4]] += a.flat[3]
        c = np.zeros_like(a)
        c.flat = b.flat[1] * 2
        assert len(b.flat) == 6
        return b.sum() + sum(v * v for v in b.flat) + np.sum(b.flat[::2] * [1.0, 2.0, 3.0]) + c.sum()

    w = tg.parameter(X)
    z = tg.recorded(run)(w)
    assert z.item() == pytest.approx(run(X), rel=1e-12)
    tg.check.gradients(lambda a: tg.recorded(run)(a), [X], order=1)
    with pytest.raises(tg.MutationError, match="recorded"):
        (w * 2).flat[0] = 1.0


@each("way", ["recorded", "plain"])
def test_masks_and_counts_change_in_place_since_no_gradient_flows_there(way: str) -> None:
    def run(a: Any) -> Any:
        alive, count = np.ones((2, 3), bool), np.zeros(3, int)
        alive &= a > 0.3
        alive[0] ^= a[1] < 1.1
        for row in a:
            count += row > 0.5
        np.add(count, a[0] < 0.5, out=count)
        return np.sum(a * alive * count)

    w = tg.parameter(X)
    z = (tg.recorded(run) if way == "recorded" else run)(w)
    assert z.item() == pytest.approx(run(X), rel=1e-12)
    assert np.sum(tg.grad(z, w).value * X) == pytest.approx(run(X), rel=1e-12)  # as it is linear between its jumps
    with pytest.raises(tg.GraphError, match="while the function is compiled"):
        tg.compile(lambda a: tg.recorded(run)(a))(X)


class Named:
    """A name for an array, as an attribute."""


def test_in_place_operators_on_plain_arrays_of_one_name_bind_it_to_a_node() -> None:
    def run(w: Any) -> Any:
        a = X[0] * 0.5
        a += w
        a -= 1.0
        a[0] = w[1]
        named, listed = Named(), [X[0] + 0]
        named.b = X[1] * 2  # type: ignore[attr-defined]
        named.b *= w  # type: ignore[attr-defined]
        listed[0] /= w + 1
        narrow = X[0].astype(np.float32)
        narrow += w
        return a.sum() * named.b.sum() + listed[0].sum() + narrow.astype(float).sum()  # type: ignore[attr-defined]

    w = np.array([0.5, 0.25, 0.75])
    assert tg.recorded(run)(tg.parameter(w)).item() == pytest.approx(run(w), rel=1e-7)
    step = 2.0**-12
    slope = (run(w + step) - run(w - step)) / (2 * step)
    v = tg.parameter(w)
    assert tg.grad(tg.recorded(run)(v), v).value.sum() == pytest.approx(slope, rel=1e-4)


def another_name(w: Any) -> Any:
    a = X[0] * 0.5
    b = a
    a += w
    return b


def a_view_of_data(w: Any) -> Any:
    a = X[0]
    a += w
    return a


def a_view_of_it(w: Any) -> Any:
    a = X[0] * 1
    v = a[1:]
    a += w
    return v


def held_by_a_list(w: Any) -> Any:
    a = X[0] * 1
    kept = [a]
    a += w
    return kept[0]


def held_by_a_caller(w: Any) -> Any:
    def change(z: Any) -> None:
        z += w

    a = X[0] * 1
    change(a)
    return a


def no_operator(w: Any) -> Any:
    a = X[0] * 1
    np.add(a, w, out=a)
    return a


@each("fn", [another_name, a_view_of_data, a_view_of_it, held_by_a_list, held_by_a_caller, no_operator])
def test_where_somebody_else_would_see_the_change_it_is_refused(fn: Any) -> None:
    before = X.copy()
    with pytest.raises(tg.MutationError, match="plain array in place"):
        tg.recorded(fn)(tg.parameter(X[1]))
    assert (before == X).all()
