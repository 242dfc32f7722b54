"""Values of several parameters set as one: all or none, with the mark that they changed."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.together import new_values, set_together


def test_values_are_set_at_once_and_marked_as_changed() -> None:
    a, b = tg.parameter([1.0, 2.0]), tg.parameter(3.0)
    before, arrays = (a.changed, b.changed), [np.array([5.0, 6.0]), np.array(7.0)]
    changes = new_values(zip((a, b), arrays, strict=True))
    assert [(owner, name) for owner, name, _ in changes] == [(p, n) for p in (a, b) for n in ("_value", "changed")]
    assert a.value.tolist() == [1, 2] and (a.changed, b.changed) == before, "nothing is set yet"
    set_together(changes)
    assert a.value.tolist() == [5, 6] and b.item() == 7
    assert a._value is arrays[0] and before[0] < a.changed < b.changed > before[1]
    assert new_values([]) == []


def test_what_is_wrong_in_the_middle_is_met_before_anything_is_set() -> None:
    a, b = tg.parameter([1.0]), tg.parameter([2.0])

    def pairs() -> object:
        yield a, np.array([9.0])
        raise KeyError

    with pytest.raises(KeyError):
        set_together(new_values(pairs()))  # type: ignore[arg-type]
    assert a.value.tolist() == [1] and b.value.tolist() == [2]


def test_while_a_function_is_compiled_no_value_is_set() -> None:
    cell = tg.cells.RNN(2, 2, rng=0)
    state = {name: np.zeros_like(array) for name, array in cell.state_dict().items()}
    before = cell.state_dict()
    with pytest.raises(tg.GraphError, match=r"^the values of parameters were set while a function is compiled\n"):
        tg.compile(lambda x: (cell.load_state_dict(state), x)[1], backend="numpy")(np.ones(2))
    assert all((array == before[name]).all() for name, array in cell.state_dict().items())
