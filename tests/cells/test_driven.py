"""Every cell under the driver and in every wrapper: ragged, masked, cut, compiled, it is each sequence alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import BACKENDS, HAS_NATIVE, total
from tests.derivatives import assert_derivatives
from tests.each import each
from tinygraph.core.structure import leaves, map_leaves

from .driven import (
    HOLES,
    KINDS,
    LENGTHS,
    MERGES,
    ONWARD,
    WRAPPED,
    T,
    alone,
    as_parameters,
    begun,
    built,
    by_hand,
    differences,
    each_in_full,
    measured,
    results,
    sequences,
    within,
)
from .parity import error

DIRECTIONS = [(False,), (True,)]
EVERY_WAY = [(around, reverse) for around in ["mixed", *MERGES, *ONWARD] for reverse in (False, True)]


def assert_equal(got: Any, expected: Any, tolerance: float = 1e-12) -> None:
    """Leaf by leaf, nodes or arrays."""
    for a, b in zip(leaves(got), leaves(expected), strict=True):
        assert error(getattr(a, "value", a), getattr(b, "value", b)) <= tolerance


PADDINGS: dict[str, Any] = {"mask": HOLES, "lengths": LENGTHS}


@each_in_full("padding, reverse", [(padding, reverse) for padding in PADDINGS for reverse in (False, True)])
def test_padding_is_as_if_it_were_not_there(name: str, padding: str, reverse: bool) -> None:
    """With lengths, with a mask that has holes; and what lies in the padding changes no bit of anything."""
    cell = built(name)
    x, state = sequences(cell), begun(cell)
    settings: dict[str, Any] = {padding: PADDINGS[padding], "reverse": reverse}
    real = HOLES if padding == "mask" else within(LENGTHS)
    clean = measured(cell, x, state, **settings)
    assert not differences(clean, alone(cell, x, state, real, reverse=reverse))
    assert not clean["outputs"][~real].any()
    assert not clean["gradient.x"][~real].any()
    spoilt = measured(cell, np.where(real[..., None], x, np.nan), state, **settings)
    for at, a in spoilt.items():
        np.testing.assert_array_equal(a, clean[at], at)


@each_in_full("reverse", DIRECTIONS)
def test_a_single_sequence_has_a_single_length(name: str, reverse: bool) -> None:
    """Without a batch axis it is the same as its row of the batch."""
    cell = built(name)
    x, state = sequences(cell), begun(cell)
    outputs, last = tg.unroll(cell, x, state, lengths=LENGTHS, reverse=reverse)
    for b, length in enumerate(LENGTHS):
        own, end = (map_leaves(lambda s, b=b: s[b], whole) for whole in (state, last))
        assert_equal(tg.unroll(cell, x[:, b], own, lengths=length, reverse=reverse), (outputs[:, b], end))


@each_in_full("reverse, window", [(back, window) for window in ("chunk", "sliding") for back in (False, True)])
def test_truncation_counts_from_each_sequences_own_first_step(name: str, reverse: bool, window: str) -> None:
    cell = built(name)
    x, state = sequences(cell), begun(cell)
    settings: Any = {"reverse": reverse, "truncate": 2, "window": window}
    found = measured(cell, x, state, lengths=LENGTHS, **settings)
    assert not differences(found, alone(cell, x, state, within(LENGTHS), **settings))


BY_BOTH = [("GRU", "numpy"), ("QRNN", "numpy"), *([("GRU", "native"), ("coRNN", "native")] if HAS_NATIVE else [])]


@each("window", ["chunk", "sliding"])
@each("name, backend", BY_BOTH)
def test_compiled_truncation(name: str, backend: str, window: str) -> None:
    """In both directions, each with the gradients of all."""
    cell = built(name)
    x, state = sequences(cell), begun(cell)
    for reverse in (False, True):
        settings: Any = {"reverse": reverse, "truncate": 2, "window": window}
        compiled = tg.compile(lambda x, s, n, to=settings: results(cell, x, s, lengths=n, **to), backend=backend)
        for lengths in (LENGTHS, np.array([2, T, 0])):
            expected = alone(cell, x, state, within(lengths), **settings)
            assert not differences(compiled(x, state, lengths), expected)


@each_in_full("backend", [("native",), ("numpy",)] if HAS_NATIVE else [("numpy",)])
def test_compiled_lengths_are_an_argument(name: str, backend: str) -> None:
    """Other lengths at each call, and NaN where they end."""
    cell = built(name)
    x, state = sequences(cell), begun(cell)
    compiled = tg.compile(lambda x, s, n: results(cell, x, s, lengths=n), backend=backend)
    for lengths in (LENGTHS, np.array([0, T, 2])):
        real = within(lengths)
        found = compiled(np.where(real[..., None], x, np.nan), state, lengths)
        assert not differences(found, measured(cell, x, state, lengths=lengths))
        assert not found["gradient.x"][~real].any()


@each_in_full("around, reverse", EVERY_WAY)
def test_wrappers_are_their_parts_put_together_by_hand(name: str, around: str, reverse: bool) -> None:
    """A cell of a kind that others have too is in all wrappers at once alone: which lines run depends on the kind."""
    cell = WRAPPED[around](name).eval()
    x, state = sequences(cell), begun(cell)
    outputs_and_last = tg.unroll(cell, x, state, lengths=LENGTHS, reverse=reverse)
    assert_equal(outputs_and_last, by_hand(cell, x, state, within(LENGTHS), reverse))


DEEPEST = ["deep", "mixed", "concatenate"]
"""Which together hold every wrapper."""


SLIDING = {"truncate": 2, "window": "sliding"}
IN_EVERY_WRAPPER = [
    ("GRU", around, settings, reverse)
    for around in [*ONWARD, "mixed", "concatenate"]
    for settings, reverse in (({}, False), ({}, True), ({"truncate": 1}, True), (SLIDING, False))
]
OF_OTHER_KINDS = [
    (name, around, SLIDING, reverse) for name in ("coRNN", "QRNN") for around in DEEPEST for reverse in (False, True)
]


@each("name, around, settings, reverse", IN_EVERY_WRAPPER + OF_OTHER_KINDS)
def test_wrappers_over_each_sequence_alone(name: str, around: str, settings: Any, reverse: bool) -> None:
    """With all gradients, and a sequence without a step."""
    cell = WRAPPED[around](name).eval()
    x, state, lengths = sequences(cell), begun(cell), np.array([2, T, 0])
    together = measured(cell, x, state, lengths=lengths, reverse=reverse, **settings)
    assert not differences(together, alone(cell, x, state, within(lengths), reverse=reverse, **settings))


@each_in_full("around", [("deep",), *((around,) for around in ONWARD if around != "deep")])
def test_two_chunks_equal_one_pass(name: str, around: str) -> None:
    """In every wrapper, which "deep" puts into each other; zoneout, which draws here, goes on drawing where it was."""
    cell, again = ONWARD[around](name), ONWARD[around](name)
    x, state = sequences(cell), begun(cell)
    outputs, last = tg.unroll(cell, x, state, lengths=LENGTHS)
    first, between = tg.unroll(again, x[:2], state, lengths=np.minimum(LENGTHS, 2))
    second, end = tg.unroll(again, x[2:], between, lengths=np.maximum(LENGTHS - 2, 0))
    assert_equal((np.concatenate([first.value, second.value]), end), (outputs, last))


@each("around", ["mixed", *ONWARD])
@each("name", KINDS.values())
def test_compiled_wrappers(name: str, around: str) -> None:
    """The same draws from the same seed, and none after `eval`, which the compiled function heeds.

    Which lines of the wrappers run depends on the kind of a cell; every cell is compiled by itself in test_parity and
    with lengths above. Merges of two directions do not touch the cells; the tests of gradients below have them all.
    """
    cell, other = WRAPPED[around](name), WRAPPED[around](name)
    x, state = sequences(cell), begun(cell)
    compiled = tg.compile(lambda x, s, n: tg.unroll(other, x, s, lengths=n), backend="numpy")
    for _ in range(2):
        assert_equal(compiled(x, state, LENGTHS), tg.unroll(cell, x, state, lengths=LENGTHS))
        cell.eval(), other.eval()


@pytest.mark.parametrize("backend", BACKENDS[1:])
@each("name", KINDS.values())
def test_compiled_gradients_through_all_wrappers_at_once(name: str, backend: str) -> None:
    cell, other = WRAPPED["mixed"](name), WRAPPED["mixed"](name)
    x, state = sequences(cell), begun(cell)
    compiled = tg.compile(lambda x, s, n: results(other, x, s, lengths=n), backend=backend)
    for _ in range(2):
        assert not differences(compiled(x, state, LENGTHS), measured(cell, x, state, lengths=LENGTHS))
        cell.eval(), other.eval()


IN_FULL = [("GRU", around, backend) for around in WRAPPED for backend in ("numpy", "native")]
OTHERS = [(name, around, backend) for name, backend in (("coRNN", "native"), ("QRNN", "numpy")) for around in DEEPEST]


@each("name, around, backend", [way for way in IN_FULL + OTHERS if HAS_NATIVE or way[2] == "numpy"])
def test_compiled_gradients_through_each_wrapper(name: str, around: str, backend: str) -> None:
    cell, other = WRAPPED[around](name), WRAPPED[around](name)
    x, state = sequences(cell), begun(cell)

    def run(cell: Any, x: Any, s: Any) -> Any:
        found = tg.unroll(cell, x, s, lengths=LENGTHS)
        return found, tg.grad(total(found), [*cell.parameters().values(), x, *leaves(s)])

    assert_equal(
        tg.compile(lambda x, s: run(other, x, s), backend=backend)(x, state), run(cell, *as_parameters(x, state))
    )


@each("around", WRAPPED)
@each("name", ["LSTM", "IndRNN"])
def test_first_and_second_derivatives_against_differences(name: str, around: str) -> None:
    cell = WRAPPED[around](name).eval()
    x, state = as_parameters(sequences(cell)[:2], begun(cell))
    moved = [*cell.parameters().values(), x, *leaves(state)]
    assert_derivatives(lambda: total(tg.unroll(cell, x, state, lengths=[2, 1, 2])), moved)
