"""`Recurrent`: each of its settings, and each word of a call, is that of `unroll`."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each

B, T, H = 2, 5, 3
XS = np.random.default_rng(0).normal(size=(T, B, H))
STATE = np.full((B, H), 0.5)
SETTINGS: dict[str, dict[str, Any]] = {
    "reverse": {"reverse": True},
    "truncate": {"truncate": 2},
    "window": {"truncate": 2, "window": "sliding"},
    "axis": {"axis": 1},
    "zero_output": {"zero_output": False},
}
MARKS: dict[str, dict[str, Any]] = {
    "lengths": {"lengths": [5, 3]},
    "mask": {"mask": np.arange(T)[:, None] < np.array([2, 4])},
    "reset": {"reset": np.arange(T) == 2},
    "reset_to": {"reset": np.arange(T) == 2, "reset_to": np.full((B, H), -1.0)},
}


def results(run: Any, cell: Any) -> list[np.ndarray]:
    """Outputs, last state, and the gradients of the parameters of a sum of both."""
    outputs, last = run()
    gradients = tg.grad(tg.sum(outputs * outputs) + tg.sum(last), cell.parameters())
    return [outputs.value, last.value, *(g.value for g in gradients.values())]


@each("name", SETTINGS | MARKS)
def test_a_layer_is_unroll_with_its_settings(name: str) -> None:
    cell = tg.cells.GRU(H, H, rng=0, dtype=np.float64)
    settings, marks = SETTINGS.get(name, {}), dict(MARKS.get(name, {}))
    if name == "zero_output":
        marks["lengths"] = [5, 3]
    xs = XS.swapaxes(0, 1) if name == "axis" else XS
    own = results(lambda: tg.Recurrent(cell, **settings)(xs, STATE, **marks), cell)
    due = results(lambda: tg.unroll(cell, xs, STATE, **settings, **marks), cell)
    assert all(map(np.array_equal, own, due))
    fewer = {k: v for k, v in marks.items() if k != name}
    less = {k: v for k, v in settings.items() if k != name}
    if name != "axis":
        without = results(lambda: tg.Recurrent(cell, **less)(xs, STATE, **fewer), cell)
        assert not all(map(np.array_equal, own, without)), "it matters"


def test_feedback_and_the_state_of_a_layer() -> None:
    cell = tg.cells.GRU(H, H, rng=0, dtype=np.float64)

    def fed(y: Any) -> Any:
        return 2.0 * y

    own, due = tg.Recurrent(cell)(XS, STATE, feedback=fed), tg.unroll(cell, XS, STATE, feedback=fed)
    assert np.array_equal(own[0].value, due[0].value)
    assert not np.array_equal(own[0].value, tg.Recurrent(cell)(XS, STATE)[0].value)
    assert np.array_equal(tg.Recurrent(cell).initial_state(B), cell.initial_state(B))
    assert tg.Recurrent(lambda x, h: (h, h)).initial_state(B) is None


def test_of_two_directions_one_may_be_a_function_which_has_no_sizes() -> None:
    cell = tg.cells.GRU(H, H, rng=0, dtype=np.float64)

    def sums(x: Any, h: Any) -> tuple[Any, Any]:
        return x + h, x + h

    for both in (tg.cells.Bidirectional(cell, sums), tg.cells.Bidirectional(sums, cell)):
        own = tg.unroll(both, XS, (STATE, STATE))[0].value
        ahead = tg.unroll(both.forward, XS, STATE)[0].value
        back = tg.unroll(both.backward, XS, STATE, reverse=True)[0].value
        np.testing.assert_allclose(own, np.concatenate([ahead, back], -1), rtol=1e-12)
