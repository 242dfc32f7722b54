"""Every cell equals the library it is named after, and itself: in chunks, unbatched, compiled, saved and loaded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import tinygraph as tg
from tests.compiled.comparing import HAS_NATIVE
from tests.derivatives import assert_derivatives
from tests.each import each
from tests.oracles.oracle import Oracle

from .driven import KINDS
from .parity import (
    ABSENT,
    KNOWN,
    ORACLES,
    WHOLE,
    built,
    differentiated,
    disagreements,
    error,
    given,
    label,
    loaded,
    packed,
    results,
    unpacked,
    weighed,
)

each_oracle = each("oracle", KNOWN, label)
each_cell = each("oracle", WHOLE, label)


def test_the_oracles_are_there() -> None:
    """41 cells of torchrecurrent and three of PyTorch, each with biases and without."""
    assert len({oracle.cell for oracle in ORACLES}) == 44
    for case in ("biases", "plain"):
        assert len([oracle for oracle in ORACLES if oracle.case == case]) == 44


def test_every_oracle_has_a_cell() -> None:
    assert not ABSENT, "cells that tg.cells does not export"


@each_oracle
def test_outputs_final_states_and_all_gradients(oracle: Oracle) -> None:
    assert not disagreements(oracle)


def test_the_comparison_would_notice() -> None:
    """One gradient that is off by 1e-11 is told, and no other."""
    (oracle,) = [oracle for oracle in WHOLE if oracle.cell == "GRU"]
    gradient = oracle.arrays["gradient.weight_hh"].copy()
    gradient[7, 1] += 1e-11 * max(1.0, np.abs(gradient).max())
    assert disagreements(replace(oracle, arrays=oracle.arrays | {"gradient.weight_hh": gradient})).keys() == {
        "gradient.weight_hh"
    }


@each_cell
def test_single_precision_stays_single(oracle: Oracle) -> None:
    cell = loaded(oracle, dtype=np.float32)
    states = [a.astype(np.float32) for a in oracle.group("initial").values()]
    for name, y in results(cell, oracle.arrays["x"].astype(np.float32), states).items():
        assert y.dtype == np.float32
        np.testing.assert_allclose(y.value, oracle.arrays[name], rtol=0, atol=2e-5)


@each_cell
def test_two_chunks_equal_one_pass(oracle: Oracle) -> None:
    cell, x, states = loaded(oracle), oracle.arrays["x"], list(oracle.group("initial").values())
    first, state = tg.unroll(cell, x[:2], packed(states))
    second, state = tg.unroll(cell, x[2:], state)
    assert error(np.concatenate([first.value, second.value]), oracle.arrays["outputs"]) <= 1e-12
    for i, s in enumerate(unpacked(state)):
        assert error(s.value, oracle.arrays[f"final.{i}"]) <= 1e-12


@each_cell
def test_without_a_batch_each_row_is_the_same(oracle: Oracle) -> None:
    cell, (x, states) = loaded(oracle), given(oracle)
    for row in range(x.shape[1]):
        found = results(cell, x.value[:, row], [s.value[row] for s in states])
        assert error(found.pop("outputs").value, oracle.arrays["outputs"][:, row]) <= 1e-12
        for name, s in found.items():
            assert error(s.value, oracle.arrays[name][row]) <= 1e-12


@each_cell
def test_an_initial_state_fits(oracle: Oracle) -> None:
    """Zeros, of the dtype and the shapes that come out again."""
    cell, x = loaded(oracle), oracle.arrays["x"]
    for batch, xs in ((x.shape[1], x), (None, x[:, 0])):
        before = unpacked(cell.initial_state(batch))
        after = unpacked(tg.unroll(cell, xs, packed(before))[1])
        assert [(s.shape, s.dtype) for s in before] == [(s.shape, s.dtype) for s in after]
        assert not any(s.any() for s in before)


@each_cell
def test_one_bias_alone_equals_zeros_in_the_others_place(oracle: Oracle) -> None:
    everything = oracle.group("state_dict")
    for option in [name for name in oracle.options if name.endswith("bias")]:
        cell, whole = built(oracle, seed=1, **{option: False}), built(oracle)
        (left_out,) = everything.keys() - cell.parameters().keys()
        zeroed = everything | {left_out: np.zeros_like(everything[left_out])}
        cell.load_state_dict(zeroed)
        whole.load_state_dict(zeroed)
        without, zeros = results(cell, *given(oracle)), results(whole, *given(oracle))
        assert all(error(y.value, zeros[name].value) <= 1e-12 for name, y in without.items())


IN_NATIVE_CODE = [(oracle, "native") for oracle in WHOLE if HAS_NATIVE]
IN_NUMPY = [(oracle, "numpy") for oracle in WHOLE if oracle.cell in KINDS.values() or not HAS_NATIVE]
"""One cell of each kind: ops are called one by one there, each of which tests/run has by itself."""


@each("oracle, backend", IN_NATIVE_CODE + IN_NUMPY, lambda which: which if isinstance(which, str) else label(which))
def test_compiled_equals_uncompiled(oracle: Oracle, backend: str) -> None:
    step, _ = differentiated(oracle, loaded(oracle))
    total, gradients = step()
    compiled_total, compiled_gradients = tg.compile(step, backend=backend)()
    assert error(compiled_total, total.value) <= 1e-11
    for a, b in zip(compiled_gradients, gradients, strict=True):
        assert error(a, b.value) <= 1e-11


@each_cell
def test_first_and_second_derivatives_against_differences(oracle: Oracle) -> None:
    cell, (x, states) = loaded(oracle), given(oracle)
    assert_derivatives(lambda: weighed(oracle, results(cell, x, states)), [*cell.parameters().values(), x, *states])


@each_oracle
def test_a_state_dict_makes_the_round(oracle: Oracle) -> None:
    cell, other = loaded(oracle), built(oracle, seed=5)
    kept = cell.state_dict()
    assert kept.keys() <= oracle.group("state_dict").keys()
    other.load_state_dict(kept)
    for name, a in other.state_dict().items():
        np.testing.assert_array_equal(a, oracle.arrays[f"state_dict.{name}"])


@each_cell
def test_one_seed_gives_the_same_parameters_and_another_does_not(oracle: Oracle) -> None:
    first, same, other = (built(oracle, seed=seed).state_dict() for seed in (3, 3, 4))
    for name, a in first.items():
        np.testing.assert_array_equal(a, same[name])
    assert any((a != other[name]).any() for name, a in first.items())


@each_cell
def test_gates_have_views_of_the_packed_weights(oracle: Oracle) -> None:
    """Put together, the blocks of all gates are the packed weight."""
    cell = loaded(oracle)
    for weight, names in cell.gates.items():
        whole = getattr(cell, weight, None)
        if whole is not None:
            blocks = [getattr(cell.gate(name), weight).value for name in names]
            np.testing.assert_array_equal(np.concatenate(blocks), whole.value)
    for weight, p in cell.parameters().items():
        count = p.shape[0] // cell.hidden_size if p.ndim else 1
        assert count < 2 or len(cell.gates[weight]) == count, "every packed weight has gates"
