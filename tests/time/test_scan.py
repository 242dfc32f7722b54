"""The linear scan against a plain loop of numpy, its transpose, its gradients of both orders, and at its ends."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from numpy import ndarray

import tinygraph as tg
from tests.compiled.comparing import assert_same, each_backend
from tinygraph.core.graph import ancestors
from tinygraph.core.op import Spec
from tinygraph.time import scan as scanning
from tinygraph.time.scan import linear_scan, scan

LENGTHS = [1, 2, 37, 127, 128, 301]
STEPS: list[tuple[int, ...]] = [(), (3,), (2, 3), (20, 60)]
"""The largest is above `ROW_BYTES`."""


def numbers(*shape: int, seed: int = 0, kind: str = "f") -> ndarray:
    rng = np.random.default_rng(seed)
    real = rng.normal(size=shape)
    return real + 1j * rng.normal(size=shape) if kind == "c" else real


def by_steps(a: ndarray, b: ndarray, state: Any) -> ndarray:
    """The states in plain numpy, complex ones as complex numbers."""
    states = []
    for t in range(len(b)):
        state = (a[t] if a.ndim == b.ndim else a) * state + b[t]
        states.append(state)
    return np.stack(states)


def parts(z: Any) -> tuple[ndarray, ndarray]:
    return np.real(z), np.imag(z)


def assert_near(got: ndarray, expected: ndarray, tolerance: float = 1e-13) -> None:
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize("T", LENGTHS)
@pytest.mark.parametrize("step", STEPS, ids=str)
def test_the_states_are_those_of_the_loop(T: int, step: tuple[int, ...]) -> None:
    a, b, s = np.tanh(numbers(T, *step)), numbers(T, *step, seed=1), numbers(*step, seed=2)
    assert_near(linear_scan(a, b, s).value, by_steps(a, b, s))


@pytest.mark.parametrize("T", LENGTHS)
@pytest.mark.parametrize("same", [True, False], ids=["same at each step", "of each step"])
def test_complex_states_are_those_of_complex_numbers(T: int, same: bool) -> None:
    a, b, s = (
        numbers(*(() if same else (T, 2)), 3, kind="c"),
        numbers(T, 2, 3, seed=1, kind="c"),
        numbers(2, 3, kind="c"),
    )
    a = a / (0.05 + np.abs(a))
    got = linear_scan(parts(a), parts(b), parts(s))
    for found, expected in zip(got, parts(by_steps(a, b, s)), strict=True):
        assert_near(found.value, expected)


def test_one_scale_and_one_state_for_all_rows() -> None:
    a, b, s = np.array([0.9, -0.4, 0.0]), numbers(150, 2, 3), numbers(3, seed=1)
    assert_near(linear_scan(a, b, s).value, by_steps(a, b, s))


@pytest.mark.parametrize("is_complex", [False, True], ids=["real", "complex"])
def test_the_adjoint_is_the_transpose(is_complex: bool) -> None:
    pair = (2,) if is_complex else ()
    a, u, v = 0.6 * numbers(140, 3, *pair), numbers(141, 3, *pair, seed=1), numbers(141, 3, *pair, seed=2)
    there = np.sum(u * scan.forward(a, v, is_complex=is_complex))
    back = np.sum(v * scan.forward(a, u, adjoint=True, is_complex=is_complex))
    assert there == pytest.approx(back, rel=1e-12)


GATES = {
    "shut": lambda rng, shape: np.zeros(shape),
    "open": lambda rng, shape: np.ones(shape),
    "shut or open": lambda rng, shape: rng.integers(0, 2, shape).astype(float),
    "nearly shut": lambda rng, shape: np.full(shape, 1e-30),
    "nearly open": lambda rng, shape: np.full(shape, 1 - 1e-15),
    "from shut to open": lambda rng, shape: rng.uniform(0, 1, shape) ** 40,
    "of either sign": lambda rng, shape: rng.choice([-1.0, -1e-300, 0.0, 1.0], shape),
}


@pytest.mark.parametrize("gate", GATES)
def test_extreme_gates(gate: str) -> None:
    """No cumulative product is divided by, so nothing is lost where it vanishes."""
    a, b, s = GATES[gate](np.random.default_rng(5), (400, 3)), numbers(400, 3), numbers(3, seed=1)
    assert_near(linear_scan(a, b, s).value, by_steps(a, b, s))


def test_states_at_zero_do_not_feel_that_products_overflow() -> None:
    a, b = np.full((5000, 2), 1e9), np.zeros((5000, 2))
    b[-2:] = 1.0
    np.testing.assert_array_equal(linear_scan(a, b, np.zeros(2)).value[-3:, 0], [0.0, 1.0, 1e9 + 1])


@pytest.mark.parametrize("T", [5, 200])
def test_mixed_dtypes_are_computed_in_the_wider(T: int) -> None:
    a, b, s = np.tanh(numbers(T, 3)).astype(np.float32), numbers(T, 3, seed=1), numbers(3, seed=2)
    assert_near(linear_scan(a, b, s).value, by_steps(a.astype(float), b, s))
    low = b.astype(np.float32)
    assert_near(linear_scan(a.astype(float), low, s).value, by_steps(a.astype(float), low.astype(float), s))


@pytest.mark.parametrize("shape", [(200, 0), (0, 3)])
def test_nothing_in_nothing_out(shape: tuple[int, int]) -> None:
    assert linear_scan(np.ones(shape), np.ones(shape), np.ones(shape[1])).shape == shape


def test_plain_numbers_take_the_dtype_of_arrays() -> None:
    ones = np.ones(3, np.float32)
    sums = linear_scan(1.0, ones, 0)
    assert sums.dtype == np.float32 and sums.value.tolist() == [1, 2, 3]
    turned = linear_scan((0.0, 1.0), (ones, 0 * ones), (0.0, 0.0))
    assert turned[0].dtype == np.float32
    assert [part.value.tolist() for part in turned] == [[1, 1, 0], [0, 1, 1]]


def test_nan_stays_in_its_column_and_after_its_step() -> None:
    b = numbers(200, 3)
    b[100, 1] = np.nan
    lost = np.isnan(linear_scan(np.full((200, 3), 0.5), b, np.zeros(3)).value)
    assert lost[100:, 1].all() and lost.sum() == 100


@pytest.fixture
def blocks_of_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "SHORTEST", 4)


def weighed(*nodes: Any) -> tg.Node:
    """A number that bends in every state, of real (a, b, s) or of their real and imaginary parts."""
    states = [linear_scan(*nodes)] if len(nodes) == 3 else linear_scan(nodes[:2], nodes[2:4], nodes[4:])
    return sum((tg.sum(tg.tanh(y) * numbers(*y.shape, seed=9)) for y in states), tg.constant(0.0))


def arguments(is_complex: bool, same: bool, T: int = 9) -> list[tg.Parameter]:
    shapes = [(3,) if same else (T, 2, 3), (T, 2, 3), (2, 3)]
    return [
        tg.parameter(0.6 * numbers(*shape, seed=3 * k + part), name=f"{'abs'[k]}{part}")
        for k, shape in enumerate(shapes)
        for part in range(1 + is_complex)
    ]


KINDS = pytest.mark.parametrize(
    ("is_complex", "same"),
    [(False, False), (False, True), (True, False), (True, True)],
    ids=["real", "real, one scale", "complex", "complex, one scale"],
)


@pytest.mark.usefixtures("blocks_of_few_steps")
@KINDS
def test_gradients_of_both_orders(is_complex: bool, same: bool) -> None:
    assert tg.check.gradients(weighed, arguments(is_complex, same), order=2).passed


def test_a_wrong_rule_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_times_conjugate", lambda p, q: p * q)
    with pytest.raises(tg.GraphError, match="wrong gradient of a0, a1"):
        tg.check.gradients(weighed, arguments(True, False), order=1)


@pytest.mark.usefixtures("blocks_of_few_steps")
@pytest.mark.parametrize("fault", ["np.multiply(product, x, product)", "np.add(total, y, total)"])
def test_wrong_blocks_are_seen(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of the blocks hang on both parts of what a block does as a whole."""
    source = inspect.getsource(scanning._in_blocks)
    assert fault in source
    space: dict[str, Any] = {}
    exec(source.replace(fault, "pass"), vars(scanning), space)
    monkeypatch.setattr(scanning, "_in_blocks", space["_in_blocks"])
    a, b, s = np.tanh(numbers(37, 3)), numbers(37, 3, seed=1), numbers(3, seed=2)
    with pytest.raises(AssertionError):
        assert_near(linear_scan(a, b, s).value, by_steps(a, b, s))


@each_backend
@KINDS
def test_compiled(is_complex: bool, same: bool, backend: str) -> None:
    nodes = [x.value for x in arguments(is_complex, same, T=130)]
    assert_same(lambda *given: (weighed(*given), tg.grad(weighed(*given), list(given))), *nodes, backend=backend)


@pytest.mark.parametrize("T", [5, 200])
def test_float32_stays_float32(T: int) -> None:
    a, b, s = (tg.parameter(numbers(*shape).astype(np.float32)) for shape in ((T, 3), (T, 3), (3,)))
    real, (re, im) = linear_scan(a, b, s), linear_scan((a, a), (b, b), (s, s))
    assert {y.dtype for y in (real, re, im)} == {np.dtype(np.float32)}
    assert {g.dtype for g in tg.grad(tg.sum(real + re * im), [a, b, s])} == {np.dtype(np.float32)}


def test_a_compiled_scan_knows_its_shape_and_work() -> None:
    f4, f8 = np.dtype(np.float32), np.dtype(np.float64)
    assert scan.infer(Spec((3,), f4), Spec((10, 2, 3), f8)) == Spec((10, 2, 3), f8)
    assert scan.flops(Spec((9, 3), f8), Spec((10, 3), f8)) == 60


@pytest.mark.parametrize(
    ("a", "b", "s"),
    [((4, 3), (5, 3), (3,)), ((5, 3), (5, 4), (4,)), ((5, 2, 3), (5, 3), (3,)), ((5, 3), (5, 3), (2, 3))],
)
def test_shapes_that_do_not_fit(a: Any, b: Any, s: Any) -> None:
    with pytest.raises(tg.GraphError):
        linear_scan(numbers(*a), numbers(*b), numbers(*s))


def test_the_graph_is_as_large_for_any_length() -> None:
    def size(T: int) -> int:
        a, b = tg.parameter(numbers(T, 3)), tg.parameter(numbers(T, 3))
        return len(ancestors(tg.grad(tg.sum(linear_scan(a, b, np.zeros(3)) ** 2), [a, b])))

    assert size(5) == size(500) < 40


def test_it_is_drawn_as_one_op() -> None:
    assert "scan" in tg.draw(linear_scan(tg.parameter(numbers(4, 3), "a"), numbers(4, 3), np.zeros(3))).source


def test_a_state_of_the_shape_of_a_step_is_not_broadcast() -> None:
    w = tg.parameter(np.ones(3))
    for state, ops in ((w * 2.0, []), (tg.sum(w), ["broadcast_to"])):
        z = linear_scan(np.full((4, 3), 0.5), np.ones((4, 3)), state)
        assert [n._op.name for n in ancestors([z]) if n._op is not None and n._op.name == "broadcast_to"] == ops
