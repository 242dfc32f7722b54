"""Tests of files that do not import `tinygraph.numpy` run as in a process in which no file does."""

from __future__ import annotations

from types import ModuleType

import pytest

import tinygraph.numpy as tnp
from tinygraph.core.scope import _Now


@pytest.fixture(autouse=True)
def nobody_elses_recorder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tinygraph.numpy` records for all threads and for ever; without it each recording begins and ends.

    So it does not depend on the other files of a process which of the two a test sees. Tests whose names say
    ``our_numpy``, and those of files that import it, see it.
    """
    imported = any(x is tnp for x in vars(request.module).values() if isinstance(x, ModuleType))
    if not (imported or "our_numpy" in request.node.name):
        monkeypatch.setattr(_Now, "recorder", None)
        monkeypatch.setattr(_Now, "plain", True)
