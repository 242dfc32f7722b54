"""Dropout between layers and zoneout: how much is drawn, when anew, from which seed, and nothing out of training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.cells.driven import LENGTHS, WRAPPED, H, T, as_parameters, begun, built, each_cell, sequences, zoneout
from tests.cells.parity import error
from tests.compiled.comparing import HAS_NATIVE, each_backend, total
from tests.derivatives import assert_derivatives
from tests.each import each
from tinygraph.core.structure import leaves, map_leaves


@pytest.mark.parametrize(
    "draws",
    [
        lambda a, b: tg.cells.Stack([a, b], 0.4, rng=8),
        lambda a, b: tg.cells.Stack([a, b], 0.4, variational=True, rng=8),
        lambda a, b: tg.cells.Stack([zoneout(a), zoneout(b, 9)]),
        lambda a, b: zoneout(tg.cells.Stack([a, b], 0.4, variational=True, rng=8)),
    ],
    ids=["dropout", "variational", "zoneout", "both"],
)
def test_derivatives_while_units_are_drawn(draws: Any) -> None:
    """The same seed at each call of the function, hence the same draws."""
    a, b = built("GRU"), built("IndRNN", H, 4)
    x, state = as_parameters(sequences(a)[:3], (begun(a), begun(b)))
    moved = [*a.parameters().values(), *b.parameters().values(), x, *leaves(state)]
    assert_derivatives(lambda: total(tg.unroll(draws(a, b), x, state, lengths=[3, 1, 2])), moved)


def _both_kinds(name: str) -> Any:
    return zoneout(tg.cells.Stack([built(name), built(name, H, 4)], 0.4, rng=8))


MAKERS = {"mixed": WRAPPED["mixed"], "deep": WRAPPED["deep"], "both": _both_kinds}
SETTINGS: list[dict[str, Any]] = [
    {"reverse": True},
    {"reverse": True, "truncate": 2},
    {"truncate": 2, "window": "sliding"},
    {},
    {"truncate": 2},
    {"reverse": True, "truncate": 1, "window": "sliding"},
]
EVERY_WAY = [("numpy", settings, make, LENGTHS) for settings in SETTINGS for make in MAKERS]
WHOLE = [("numpy", settings, make, None) for settings in SETTINGS[:3] for make in MAKERS]
IN_NATIVE_CODE = [("native", settings, make, LENGTHS) for settings in SETTINGS[:3] for make in MAKERS if HAS_NATIVE]


@each("backend, settings, make, lengths", EVERY_WAY + WHOLE + IN_NATIVE_CODE)
def test_compiled_draws_are_the_uncompiled_ones_whichever_way_it_goes(
    backend: str, settings: Any, make: str, lengths: Any
) -> None:
    """Zoneout in one direction and in two, around dropout too; call after call; what draws is one code in both."""
    cell, other = MAKERS[make]("GRU"), MAKERS[make]("GRU")
    x, state = sequences(cell), begun(cell)
    compiled = tg.compile(lambda x, s: tg.unroll(other, x, s, lengths=lengths, **settings), backend=backend)
    for _ in range(2):
        expected = tg.unroll(cell, x, state, lengths=lengths, **settings)
        for got, y in zip(leaves(compiled(x, state)), leaves(expected), strict=True):
            assert error(got, y.value) <= 1e-12


def through(x: Any, state: Any) -> Any:
    """A cell that gives out what it is given, so that a stack of them gives out what dropout leaves."""
    return x, state


RATE = 0.3
each_variation = pytest.mark.parametrize("variational", [False, True], ids=["per step", "variational"])


def dropout(variational: bool, count: int = 2, seed: int = 5) -> Any:
    return tg.cells.Stack([through] * count, RATE, variational, seed)


def left(stack: Any, x: Any) -> np.ndarray:
    """What a stack of `through` leaves of x."""
    outputs, _ = tg.unroll(stack, x, (np.zeros(x.shape[1]),) * len(stack.cells))
    return outputs.value


@each_variation
def test_dropout_drops_its_share_and_the_rest_grows(variational: bool) -> None:
    masks = left(dropout(variational), np.ones((30, 8, 100)))
    dropped = masks == 0
    np.testing.assert_allclose(masks[~dropped], 1 / (1 - RATE), 1e-15)
    drawn = dropped[:1] if variational else dropped
    # Five standard deviations of a mean of as many draws.
    assert abs(drawn.mean() - RATE) <= 5 * np.sqrt(RATE * (1 - RATE) / drawn.size)
    for other in (dropped[1:], dropped[:, 1:], dropped[..., 1:]):
        assert other.any()
    same = (dropped[0] == dropped[1:]).all(axis=(1, 2))
    assert same.all() if variational else not same.any()
    assert not (dropped[:, 0] == dropped[:, 1]).all(), "each sequence has a mask of its own"


@each_variation
def test_each_gap_between_layers_and_each_call_has_draws_of_its_own(variational: bool) -> None:
    x, stack = np.ones((4, 2, 200)), dropout(variational)
    first, second = left(stack, x), left(stack, x)
    assert 0.3 < (first == second).mean() < 0.8
    thrice = left(dropout(variational, 3), x)
    assert abs((thrice == 0).mean() - (1 - (1 - RATE) ** 2)) <= 0.13
    assert np.array_equal(left(dropout(variational), x), first)
    assert not np.array_equal(left(dropout(variational, seed=6), x), first)


@each_variation
@pytest.mark.parametrize("around", [lambda s: s, lambda s: tg.cells.Zoneout(s, 0.0)], ids=["layers", "steps"])
@each_backend
def test_compiled_dropout_draws_what_it_draws_uncompiled(backend: str, around: Any, variational: bool) -> None:
    """Call by call, driven layer by layer or, within a cell that is called for each step, step by step."""
    x = np.ones((6, 2, 20))
    state = (np.zeros(2),) * 3
    stack, other = around(dropout(variational, 3)), around(dropout(variational, 3))
    compiled = tg.compile(lambda x: tg.unroll(other, x, state)[0], backend=backend)
    calls = [compiled(x) for _ in range(3)]
    for call in calls:
        np.testing.assert_array_equal(call, tg.unroll(stack, x, state)[0].value)
        assert (call == call[0]).all() == variational
    assert not np.array_equal(calls[0], calls[1])
    other.eval()
    np.testing.assert_array_equal(compiled(x), x)
    other.train()
    assert not np.array_equal(compiled(x), x)


@pytest.mark.parametrize("rate", [0.0, RATE])
@each_variation
@each_backend
def test_out_of_training_a_stack_is_plain(backend: str, variational: bool, rate: float) -> None:
    """Exactly so, whatever it was compiled with; and float32 stays float32."""
    a, b = tg.cells.LSTM(3, 4, rng=0), tg.cells.GRU(4, 4, rng=1)
    stack, plain = tg.cells.Stack([a, b], rate, variational, 5), tg.cells.Stack([a, b])
    x = sequences(a).astype(np.float32)
    compiled, expected = (
        tg.compile(lambda x, of=of: tg.unroll(of, x, lengths=LENGTHS), backend=backend) for of in (stack, plain)
    )
    changed = not np.array_equal(compiled(x)[0], expected(x)[0])
    assert changed == (rate > 0)
    stack.eval()
    for run, by in ((compiled, expected), (tg.Recurrent(stack), tg.Recurrent(plain))):
        lengths = {} if run is compiled else {"lengths": LENGTHS}
        for got, y in zip(leaves(run(x, **lengths)), leaves(by(x, **lengths)), strict=True):
            assert got.dtype == np.float32
            np.testing.assert_array_equal(getattr(got, "value", got), getattr(y, "value", y))


@each_cell
def test_zoneout_keeps_or_takes_each_unit(name: str) -> None:
    """One pass is step after step with the same seed, and a step is the cell's own where it is not the state before."""
    cell, again = zoneout(built(name)), zoneout(built(name))
    x, state = sequences(cell), begun(cell)
    outputs, last = tg.unroll(cell, x, state)
    for t in range(T):
        y, new = again.cell(*as_parameters(x[t], state))
        (shown,), kept = tg.unroll(again, x[t : t + 1], state)
        for old, taken, now in zip(leaves(state), leaves(new), leaves(kept), strict=True):
            assert ((now.value == old) | (now.value == taken.value)).all()
        same = [now for taken, now in zip(leaves(new), leaves(kept), strict=True) if taken is y]
        np.testing.assert_array_equal(shown.value, (same[0] if same else y).value)
        np.testing.assert_array_equal(outputs.value[t], shown.value)
        state = map_leaves(lambda s: s.value, kept)
    for end, s in zip(leaves(last), leaves(state), strict=True):
        np.testing.assert_array_equal(end.value, s)


@each_backend
def test_zoneout_has_a_rate_for_each_state_and_draws_at_each_step(backend: str) -> None:
    cell = tg.cells.Zoneout(lambda x, state: (x, (x, 2 * x, 1 * x)), [0.2, 0.6, 0.0], rng=3)
    x, zeros = np.ones((8, 2000)), np.zeros(2000)

    def steps(x: Any) -> list[Any]:
        state, found = (zeros, zeros, zeros), []
        for t in range(8):
            _, state = tg.unroll(cell, x[t : t + 1], tuple(0 * s for s in state))
            found.append(tg.stack(list(state)))
        return found

    held = np.array(tg.compile(steps, backend=backend)(x)) == 0
    assert held[:, 0].mean() == pytest.approx(0.2, abs=0.02)
    assert held[:, 1].mean() == pytest.approx(0.6, abs=0.02)
    assert not held[:, 2].any()
    assert (held[0, :2] != held[1, :2]).any(axis=-1).all()


def test_zoneout_of_more_states_than_most_cells_have() -> None:
    """Each of the ten has masks of its own, new at each call, and the same for the same seed."""

    def ones(x: Any, states: Any) -> Any:
        return states[0] + 1.0, tuple(s * 0.0 + 1.0 for s in states)

    def drawn(seed: int) -> list[Any]:
        cell = tg.cells.Zoneout(ones, 0.25, rng=seed)
        calls = [cell(0.0, (np.zeros((4, 500)),) * 10)[1] for _ in range(2)]
        assert all(s.item() == 0.75 for s in cell.eval()(0.0, (tg.constant(0.0),) * 10)[1])
        return [s.value for call in calls for s in call]

    masks = drawn(0)
    assert {*np.unique(masks)} == {0.0, 1.0} and all(abs(m.mean() - 0.75) < 0.06 for m in masks)
    assert len({m.tobytes() for m in masks}) == 20
    assert [m.tobytes() for m in drawn(0)] == [m.tobytes() for m in masks] != [m.tobytes() for m in drawn(1)]
    rates = (0.25,) * 8 + (0.5, 0.9)
    cell = tg.cells.Zoneout(ones, rates, rng=0)
    for s, rate in zip(cell(0.0, (np.zeros((4, 500)),) * 10)[1], rates, strict=True):
        assert abs(s.value.mean() - (1 - rate)) < 0.06
    for s, rate in zip(cell.eval()(0.0, (tg.constant(0.0),) * 10)[1], rates, strict=True):
        np.testing.assert_allclose(s.item(), 1 - rate, rtol=1e-12)
