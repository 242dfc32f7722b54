"""Arrays of Python objects, texts and complex numbers: of nodes, of data, or refused; never a lost gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

X = np.arange(6.0).reshape(2, 3) + 1
WAYS: dict[str, Any] = {"eager": lambda fn: fn, "compiled": tg.compile, "recorded": tg.recorded}

OBJECTS: dict[str, Any] = {
    "astype": lambda x: np.sum((x * x).astype(object)),
    "astype by a letter": lambda x: np.sum((x * x).astype("O")[1] * 2.0),
    "np.array": lambda x: np.sum(np.array(x * x, dtype=object)),
    "np.array of a list": lambda x: np.sum(np.array([x[0, 0] * 3.0, x[1, 1] * x[1, 1]], dtype=object)),
}


def slopes(call: Any) -> list[Any]:
    """The gradient by finite differences."""
    return [(call(X + d) - call(X - d)) / 2e-6 for d in np.eye(6).reshape(6, 2, 3) * 1e-6]


@each("name", OBJECTS)
def test_arrays_of_objects_keep_the_gradient(name: str) -> None:
    call, w = OBJECTS[name], tg.parameter(X)
    assert tg.compile(call)(w) == call(X)
    for way in ("eager", "recorded"):
        z = WAYS[way](call)(w)
        assert z.value == call(X)
        np.testing.assert_allclose(tg.grad(z, w).value.ravel(), slopes(call), 1e-6, 1e-8)


REFUSED: dict[str, Any] = {
    "text": lambda x: (x * 1.0).astype(str),
    "bytes": lambda x: (x * 1.0).astype("S3"),
    "complex": lambda x: (x * 1.0).astype(complex),
    "a time": lambda x: (x * 1.0).astype("datetime64[s]"),
    "the op": lambda x: tg.astype(x * 1.0, object),
    "a sum": lambda x: np.sum(x * 1.0, dtype=object),
    "a product": lambda x: (x * 1.0).prod(dtype=object),
    "joined": lambda x: np.concatenate([x * 1.0, x], dtype=complex),
    "one_hot": lambda x: tg.one_hot([1], 3, dtype=object) * x,
    "noise": lambda x: tg.noise(lambda shape: np.zeros(shape, object), (2, 3), object) * x,
}


@each("way", WAYS)
@each("name", REFUSED)
def test_other_dtypes_than_those_of_numbers_are_refused(name: str, way: str) -> None:
    with pytest.raises(tg.GraphError, match=r"nodes hold real numbers or booleans\n  got       dtype .*\n  fix "):
        WAYS[way](REFUSED[name])(tg.parameter(X))


def test_data_become_what_numpy_makes_of_them() -> None:
    assert np.asarray(tg.constant(X).astype(object)).tolist() == X.tolist()
    for dtype in (str, complex, "S3"):
        for z in (tg.constant(X).astype(dtype), (tg.constant(X) * 1.0).astype(dtype)):
            assert type(z) is np.ndarray and z.dtype == X.astype(dtype).dtype
            np.testing.assert_array_equal(z, X.astype(dtype))
    with pytest.raises(tg.GraphError, match="nonsense"):
        tg.constant(X).astype("nonsense")


OWN: dict[str, Any] = {
    "one": lambda x: np.frompyfunc(lambda v: v * v, 1, 1)(x).astype(float).sum(axis=0)[1],
    "with numbers": lambda x: np.frompyfunc(lambda v: v * 3 if v > 2.5 else 0.5, 1, 1)(x).astype(np.float64).mean(),
    "of two": lambda x: np.frompyfunc(lambda a, b: a * b, 2, 1)(x, x[::-1]).astype(float).sum(),
    "two results": lambda x: sum(z.astype(float).sum() for z in np.frompyfunc(lambda v: (v, v * v), 1, 2)(x)),
}


@each("name", OWN)
def test_what_a_users_ufunc_gives_may_be_cast_to_numbers(name: str) -> None:
    call, w = OWN[name], tg.parameter(X)
    for way in ("eager", "recorded"):
        z = WAYS[way](call)(w)
        np.testing.assert_allclose(z.value, call(X), 1e-14)
        np.testing.assert_allclose(tg.grad(z, w).value.ravel(), slopes(call), 1e-6, 1e-8)
    if name != "with numbers":
        np.testing.assert_allclose(tg.compile(call)(w), call(X), 1e-14)


def test_what_is_no_number_stays_as_a_users_ufunc_gives_it() -> None:
    z = np.frompyfunc(lambda v: "large" if v > 2 else v, 1, 1)(tg.parameter([1.0, 3.0]))
    assert type(z) is np.ndarray and isinstance(z[0], tg.Node) and z[1] == "large"
    plain = np.frompyfunc(lambda v: v.item() > 2, 1, 1)(tg.parameter([1.0, 3.0]))
    assert plain.tolist() == [False, True]
