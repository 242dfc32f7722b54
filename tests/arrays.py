"""Arrays compared: at once where they agree, with numpy's report where they do not; parameters set in part."""

from __future__ import annotations

from typing import Any

import numpy as np


def assert_close(got: Any, expected: Any, rtol: float, atol: float, told: str = "") -> None:
    """As `numpy.testing.assert_allclose`, NaN and infinities too."""
    a, b = np.asarray(got), np.asarray(expected)
    if a.shape == b.shape and a.dtype.kind == b.dtype.kind == "f":
        with np.errstate(all="ignore"):
            if (np.abs(a - b) <= atol + rtol * np.abs(b)).all() and np.isfinite(b).all():
                return
    np.testing.assert_allclose(a, b, rtol, atol, err_msg=told)


def set_entries(parameter: Any, at: Any, to: Any) -> None:
    """Sets some entries of a parameter's value, whose array itself is read-only."""
    value = parameter.value.copy()
    value[at] = to
    parameter.value = value
