"""Attributes of nodes that cannot be set: the error says what to write, and code that tries it goes its other way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

FIXES = {
    "shape": ((3, 2), "x = x.reshape((3, 2))"),
    "dtype": (np.float32, "x = x.astype(np.float32)"),
    **dict.fromkeys(("T", "real", "ndim", "size", "inputs", "op", "step", "scope"), (1, "make a new node")),
    **dict.fromkeys(("data", "imag", "strides", "flat", "attributes", "origin", "value"), (1, "fix ")),
}
WAYS: dict[str, Any] = {"eager": lambda fn: fn, "compiled": tg.compile, "recorded": tg.recorded}


@each("way", WAYS)
@each("name", FIXES)
def test_setting_is_refused_by_line_with_what_to_write(name: str, way: str) -> None:
    value, fix = FIXES[name]

    def change(x: Any) -> Any:
        h = x * 1.0
        setattr(h, name, value)
        return h

    if (name, way) == ("flat", "recorded"):
        assert (tg.recorded(change)(tg.parameter(np.zeros((2, 3)))).value == 1).all()
        return
    with pytest.raises(tg.GraphError) as caught:
        WAYS[way](change)(tg.parameter(np.ones((2, 3))))
    assert fix in str(caught.value)


def test_code_that_tries_to_set_a_shape_goes_its_other_way() -> None:
    def flat(x: Any) -> Any:
        h = x * 2.0
        try:
            h.shape = 6
        except AttributeError:
            h = h.reshape(6)
        return h

    w = tg.parameter(np.ones((2, 3)))
    assert flat(w).shape == tg.recorded(flat)(w).shape == tg.compile(flat)(w).shape == (6,)


def test_what_can_be_set_is_set() -> None:
    w = tg.parameter([1.0, 2.0])
    w.value, w.grad, w.name = np.array([3.0, 4.0]), np.ones(2), "w"
    assert w.value.tolist() == [3.0, 4.0] and w.grad.tolist() == [1.0, 1.0] and w.name == "w"
