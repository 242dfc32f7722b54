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
