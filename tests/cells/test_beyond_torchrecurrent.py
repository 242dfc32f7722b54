"""The cells beyond torchrecurrent equal their papers' equations in plain numpy, however they are run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from tests.compiled.comparing import HAS_NATIVE
from tests.derivatives import assert_derivatives
from tests.each import each

from .beyond import CASES
from .driven import KINDS
from .parity import error, packed, unpacked

each_case = each("case", CASES)
T, B = 7, 2
SIZES = (3, 6)


def built(case: str, sizes: tuple[int, int] = SIZES) -> Any:
    """The case's cell in float64, all its parameters moved away from where they start."""
    name, _, options = CASES[case]
    cell = getattr(tg.cells, name)(*sizes, rng=0, dtype=np.float64, **options)
    rng = np.random.default_rng(1)
    for x in cell.parameters().values():
        x.value = x.value + 0.3 * rng.normal(size=x.shape)
    return cell


def given(case: str, cell: Any, steps: int = T) -> tuple[np.ndarray, list[np.ndarray]]:
    """Inputs, and states at which a cell may be: a clock stands at its start, a normaliser is above 0."""
    rng = np.random.default_rng(2)
    states = [0.5 * rng.normal(size=s.shape) for s in unpacked(cell.initial_state(B))]
    if case.startswith("Clockwork"):
        states[1][...] = 0
    if case.startswith("Phased"):
        states[2][...] = [[0.0], [1.3]]
    if case.startswith("sLSTM"):
        states[2] = np.abs(states[2]) + 0.5
    return rng.normal(size=(steps, B, cell.input_size)), states


def driven(cell: Any, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
    outputs, final = tg.unroll(cell, x, packed(states))
    return outputs, unpacked(final)


def by_equations(case: str, cell: Any, x: np.ndarray, states: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The same, sequence by sequence and step by step in plain numpy."""
    _, step, options = CASES[case]
    p = cell.state_dict()
    outputs, finals = [], []
    for b in range(x.shape[1]):
        state, ys = [s[b] for s in states], []
        for t, x_t in enumerate(x[:, b]):
            y, state = step(p, x_t, state, t, options)
            ys.append(y)
        outputs.append(ys)
        finals.append(state)
    return np.swapaxes(outputs, 0, 1), [np.array(column) for column in zip(*finals, strict=True)]


def differentiated(case: str, cell: Any, steps: int = T) -> tuple[Callable[..., Any], list[Any]]:
    """A weighed sum of the outputs and final states, and what it is differentiated by; clocks are not."""
    x, states = given(case, cell, steps)
    x, states = tg.parameter(x, "x"), [tg.parameter(s, f"s{i}") for i, s in enumerate(states)]

    def weighed(*_: Any) -> tg.Node:
        outputs, final = driven(cell, x, states)
        rng = np.random.default_rng(3)
        total = tg.sum(outputs * rng.uniform(0.5, 1.5, outputs.shape))
        for s in final:
            total = total + tg.sum(s * rng.uniform(0.5, 1.5, s.shape))
        return total

    free = states[:1] if case.startswith("Clockwork") else states
    return weighed, [*cell.parameters().values(), x, *free]


@each_case
def test_outputs_and_states_are_those_of_the_equations(case: str) -> None:
    cell = built(case)
    x, states = given(case, cell)
    (outputs, final), (ys, ends) = driven(cell, x, states), by_equations(case, cell, x, states)
    assert error(outputs.value, ys) <= 1e-12
    for s, end in zip(final, ends, strict=True):
        assert error(s.value, end) <= 1e-12


@each_case
def test_first_and_second_derivatives_against_differences(case: str) -> None:
    cell = built(case, (2, 3))
    weighed, wrt = differentiated(case, cell, steps=4)
    assert_derivatives(weighed, wrt)


@each_case
def test_two_chunks_equal_one_pass(case: str) -> None:
    cell = built(case)
    x, states = given(case, cell)
    outputs, final = driven(cell, x, states)
    first, between = driven(cell, x[:4], states)
    second, ends = driven(cell, x[4:], between)
    assert error(np.concatenate([first.value, second.value]), outputs.value) <= 1e-14
    assert all(error(a.value, b.value) <= 1e-14 for a, b in zip(ends, final, strict=True))


@each_case
def test_without_a_batch_each_row_is_the_same(case: str) -> None:
    cell = built(case)
    x, states = given(case, cell)
    outputs, final = driven(cell, x, states)
    for b in range(B):
        row, ends = driven(cell, x[:, b], [s[b] for s in states])
        assert error(row.value, outputs.value[:, b]) <= 1e-12
        assert all(error(a.value, s.value[b]) <= 1e-12 for a, s in zip(ends, final, strict=True))


@each_case
def test_an_initial_state_fits(case: str) -> None:
    """Zeros, of the dtype and the shapes that come out again, in float32 too."""
    name, _, options = CASES[case]
    cell = getattr(tg.cells, name)(*SIZES, rng=0, **options)
    assert {x.dtype for x in cell.parameters().values()} == {np.dtype(np.float32)}
    for batch in (B, None):
        before = unpacked(cell.initial_state(batch))
        x = np.ones((4, 3) if batch is None else (4, batch, 3), np.float32)
        outputs, after = driven(cell, x, before)
        assert outputs.dtype == np.float32
        assert [(s.shape, s.dtype) for s in before] == [(s.shape, s.dtype) for s in after]
        assert len(before) == cell.states and not any(s.any() for s in before)


IN_NATIVE_CODE = [(case, "native") for case in CASES if HAS_NATIVE]
IN_NUMPY = [(case, "numpy") for case in CASES if case in KINDS.values() or not HAS_NATIVE]
"""One cell of each kind: ops are called one by one there, each of which tests/run has by itself."""


@each("case, backend", IN_NATIVE_CODE + IN_NUMPY)
def test_compiled_equals_uncompiled(case: str, backend: str) -> None:
    cell = built(case)
    weighed, wrt = differentiated(case, cell)
    step = tg.value_and_grad(weighed, wrt)
    (total, gradients), (compiled, found) = step(), tg.compile(step, backend=backend)()
    assert error(compiled, total.value) <= 1e-11
    for a, b in zip(found, gradients, strict=True):
        assert error(a, b.value) <= 1e-11


@each_case
def test_a_state_dict_makes_the_round(case: str) -> None:
    name, _, options = CASES[case]
    kept = built(case).state_dict()
    other = getattr(tg.cells, name)(*SIZES, rng=5, dtype=np.float64, **options)
    other.load_state_dict(kept)
    assert all((a == kept[name]).all() for name, a in other.state_dict().items())


@each_case
def test_gates_have_views_of_the_packed_weights(case: str) -> None:
    cell = built(case)
    for weight, names in cell.gates.items():
        whole = getattr(cell, weight, None)
        if whole is not None:
            views = [getattr(cell.gate(name), weight).value for name in names]
            np.testing.assert_array_equal(np.concatenate(views), whole.value)
    for weight, p in cell.parameters().items():
        blocks = p.shape[0] // cell.hidden_size if p.ndim else 1
        assert blocks < 2 or len(cell.gates[weight]) == blocks, "every packed weight has gates"
