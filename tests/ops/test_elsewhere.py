"""Words of other libraries on nodes: those that work do what they say; every other one is told, and cannot be set."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core import habits

from .vocabulary import NAMES

X = tg.parameter([[1.0, 2.0], [3.0, 4.0]], "x")


def test_numpys_array_is_a_copy_that_may_be_written() -> None:
    for array in (X.numpy(), X.to_numpy()):  # type: ignore[attr-defined]
        assert type(array) is np.ndarray and array.tolist() == [[1, 2], [3, 4]]
        array[:] = 0
    assert X.value.tolist() == [[1, 2], [3, 4]]


def test_what_is_detached_has_no_gradient_and_what_is_cloned_has() -> None:
    for copied, slope in ((X.detach(), 0), (X.clone(), 1), (X.cpu(), 1)):  # type: ignore[attr-defined]
        assert copied.value.tolist() == X.value.tolist()
        np.testing.assert_array_equal(tg.grad(tg.sum(copied * 1.0), X).value, np.full((2, 2), slope))
    assert X.cpu() is X  # type: ignore[attr-defined]


@each("name", [name for name in tg.ops.__all__ if not hasattr(np.ndarray, name)])
def test_functions_are_no_methods_and_say_so(name: str) -> None:
    if hasattr(X, name):
        return
    with pytest.raises(AttributeError, match=rf"parameter 'x' has no attribute '{name}'") as caught:
        getattr(X, name)
    own = habits.NODE.get(name, f"tg.{name}(x)")
    assert own in str(caught.value) and name not in dir(X)


@each("name", NAMES)
def test_nodes_do_not_change_in_place(name: str) -> None:
    if name not in tg.ops.__all__:
        return
    with pytest.raises(AttributeError, match=rf"has no attribute '{name}_'") as caught:
        getattr(X, f"{name}_")
    assert habits.NODE.get(f"{name}_", f"x = tg.{name}(x)") in str(caught.value)


@each("name", ["byteswap", "ctypes", "setflags", "tobytes", "newbyteorder"])
def test_the_arrays_own_methods_are_named(name: str) -> None:
    if hasattr(X, name) or not hasattr(np.ndarray, name):
        return
    with pytest.raises(AttributeError, match=rf"x\.value\.{name}"):
        getattr(X, name)
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
        setattr(X, name, 1)
    assert name not in dir(X)


@each("name, argument", [("repeat", "many"), ("std", "axis"), ("item", "first"), ("argsort", 9), ("squeeze", 5)])
def test_methods_refuse_what_does_not_fit_in_their_own_name(name: str, argument: object) -> None:
    with pytest.raises(tg.GraphError, match=name):
        getattr(X, name)(argument)
