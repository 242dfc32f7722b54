"""How near a gradient has to be, by the dtypes of the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.trials import Trials


@each("dtypes", [("d", "d"), ("f", "f"), ("d", "f"), ("f", "d")])
def test_float64_alone_is_held_against_more_digits(dtypes: tuple[str, str]) -> None:
    """float32 has seven digits: an error of a hundred-thousandth may be rounding, in float64 it is a mistake."""
    a, b = (np.linspace(-1, 1, 3).astype(dtype) for dtype in dtypes)
    off = 0.0

    def loss(a: Any, b: Any) -> Any:
        return np.sum(np.exp(a) * b)

    def backward(a: Any, b: Any) -> Any:
        return np.exp(a) * b * (1 + off), np.exp(a)

    def wrong() -> set[str]:
        subject = Functions(backward, loss, {"a": a, "b": b}, {})
        return {*Trials(subject, Cases(subject).case(None)).wrong}

    assert wrong() == set()
    off = 1e-5
    assert wrong() == ({"a"} if dtypes == ("d", "d") else set())
    off = 1e-2
    assert wrong() == {"a"}


X = np.array([2.0, -4.0, 1.0])


@each(
    "of_a, of_b, right, row",
    [
        (X, np.ones(2), "ab", [0.5, -1, 0.25, 1, 1]),
        (X, None, "a", [0.5, -1, 0.25, 0, 0]),  # none at all is all that is due
        (X * 2, None, "", [1, -2, 0.5, 0, 0]),
        (X, np.ones(3), "a", None),
        (X * np.array([1, np.nan, 1]), None, "", None),
        (X, np.array([np.inf, 1]), "a", None),
    ],
)
def test_gradients_that_can_be_compared_make_a_row(of_a: Any, of_b: Any, right: str, row: Any) -> None:
    def loss(a: Any, b: Any, x: Any) -> Any:
        return np.sum(a * x) + np.sum(b)

    def backward(a: Any, b: Any, x: Any) -> Any:
        return {"a": x * (of_a / X), "b": of_b}

    subject = Functions(backward, loss, {"a": np.ones(3), "b": np.ones(2)}, {"x": X})
    trial = Trials(subject, Cases(subject).case(None))
    trial.case.arguments["x"][:] = X
    trial.due["a"], trial._size["a"] = X, 4.0
    verdict, own = trial.measured()
    assert verdict is not None and verdict.right == {*right}
    assert own is None if row is None else np.allclose(own, row)  # type: ignore[arg-type]
