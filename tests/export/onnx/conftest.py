"""Numbers that do not depend on which tests ran before."""

from __future__ import annotations

import numpy as np
import pytest

from . import running


@pytest.fixture(autouse=True)
def same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "RNG", np.random.default_rng(1))
