"""Methods of nodes under numpy's names and signatures: the same call on an array gives the right answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend, eager
from tests.each import each

X = np.array([[1.5, -2.0, 0.25], [3.0, -0.5, 1.25]])

MADE: dict[str, Any] = {
    "sum": lambda x: (x.sum(0), x.sum(axis=(0, 1), keepdims=True), x.sum(1, None, None, True), x.sum(-1, out=None)),
    "mean": lambda x: (x.mean(), x.mean(1, None, None, True), x.mean(0, dtype=None)),
    "max": lambda x: (x.max(), x.max(1, None, True), x.min(0, None), x.min(axis=-1, keepdims=True)),
    "squeeze": lambda x: (x[:1].squeeze(), x[:1].squeeze(0), x[None, :, None].squeeze(axis=(0, 2))),
    "dot": lambda x: (x.dot(X.T), x.dot(X[0]), x.dot(2.0), x.dot([1.0, 2.0, 3.0]), x[0].dot(np.ones((2, 3, 1)))),
    "flatten": lambda x: (x.flatten(), x.flatten("F"), x.flatten(order="C"), x.ravel("F"), x.ravel(order="C")),
    "reshape": lambda x: (
        x.reshape(3, 2),
        x.reshape((3, -1), order="F"),
        x.T.reshape(-1),
        x.reshape([3, 2], copy=True),
    ),
    "astype": lambda x: (x.astype(float, copy=False), x.astype(np.float32).astype("f8"), x.astype(float, "C", "safe")),
    "clip": lambda x: (x.clip(-1, 1), x.clip(min=0.1), x.clip(max=1.0), x.clip(None, 0.5)),
    "take": lambda x: (x.take([0, 2], axis=1), x.take(np.array([5, 1]))),
    "transpose": lambda x: (x.transpose(), x.transpose(1, 0), x.transpose((0, 1)), x.swapaxes(0, 1), x.T),
    "copy": lambda x: (x.copy(), x.copy("K")),
}
"""Methods that make nodes."""

ANSWERED: dict[str, Any] = {
    "item": lambda x: (x.item(1), x.item(-1), x.item(0, 2), x.item((1, 0)), x[0, 0].item()),
    "tolist": lambda x: (x.tolist(), x[0].tolist(), x[0, 0].tolist()),
    "any": lambda x: (x.any(), (x > 9).any(axis=0), x.any(0, keepdims=True), x.all(), (x > 0).all(1, keepdims=True)),
    "argmax": lambda x: (x.argmax(), x.argmax(0), x.argmin(axis=1), x.argmin(1, keepdims=True)),
    "argsort": lambda x: (x.argsort(), x.argsort(0), x.argsort(axis=None, kind="stable"), x.argpartition(1)[:, 1]),
    "nonzero": lambda x: (*x.nonzero(), *(x > 1).nonzero()),
    "searchsorted": lambda x: (np.sort(X[0]).searchsorted(0.3), x[0].argsort().searchsorted(2)),
}
"""Methods that answer with plain numpy or Python numbers."""


@each("name", MADE)
def test_methods_that_make_nodes(name: str) -> None:
    for got, right in zip(MADE[name](tg.parameter(X)), MADE[name](X), strict=True):
        assert isinstance(got, tg.Node) and (got.shape, got.dtype) == (np.shape(right), right.dtype)
        np.testing.assert_allclose(got.value, right, 1e-14)
    wide = lambda x: sum(np.sum(z * np.cos(np.arange(z.size)).reshape(z.shape)) for z in MADE[name](x))  # noqa: E731
    if name != "astype":  # a step of 1e-6 is lost in float32
        tg.check.gradients(wide, [X], order=2)


@each_backend
def test_compiled_they_are_the_same(backend: str) -> None:
    calls = {name: call for name, call in MADE.items() if name != "astype"}
    got = tg.compile(lambda x: [call(x) for call in calls.values()], backend=backend)(X)
    for part, call in zip(got, calls.values(), strict=True):
        for z, right in zip(part, eager(call, X), strict=True):
            np.testing.assert_allclose(z, right, 1e-14)


@each("name", ANSWERED)
def test_methods_that_answer(name: str) -> None:
    for x in (tg.parameter(X), tg.constant(X)):
        for got, right in zip(ANSWERED[name](x), ANSWERED[name](X), strict=True):
            assert type(got) is type(right)
            np.testing.assert_array_equal(got, right)


WRONG: dict[str, Any] = {
    "np.sort": lambda x: x.sort(),
    "np.sort.x.": lambda x: x.partition(1),
    "item of": lambda x: x.item(7),
    "not one number": lambda x: x.item(),
    "casting": lambda x: x.astype(int, casting="safe"),
    "place": lambda x: x.sum(axis=0, out=np.zeros(3)),
    "squeeze": lambda x: x.squeeze(0),
    "no option colour": lambda x: x.sum(colour=1),
    "take has no setting op": lambda x: x.take(0, op=3),
    "swapaxes has no setting op": lambda x: x.swapaxes(0, 1, op=tg.sum),
    "exp has no setting op": lambda x: x.exp(op=tg.tanh),
    "x.astype: copy is no truth value": lambda x: x.astype(float, copy=np.ones(2)),
    "x.astype: order must be": lambda x: x.astype(float, order=np.ones(2)),
    "x.astype: order must be one of": lambda x: x.astype(float, order="CF"),
    "x.astype: casting must be one": lambda x: x.astype(float, casting=np.ones(2)),
    "x.astype: casting must be": lambda x: x.astype(float, casting=["safe"]),
    "x.astype: casting must be one of": lambda x: x.astype(float, casting="none"),
    "x.reshape: copy is no truth value": lambda x: x.reshape(-1, copy=np.ones(2)),
    "cut|stands for|no value|not one": lambda x: tg.compile(lambda x: x.tolist(), backend="numpy")(X),
}


@each("told", WRONG)
def test_wrong_calls_are_refused(told: str) -> None:
    with pytest.raises(tg.GraphError, match=told):
        WRONG[told](tg.parameter(X))


def test_operators_have_no_argument_of_their_own() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'op'"):
        tg.parameter(X).__rpow__(2, op=3)  # type: ignore[call-arg]
