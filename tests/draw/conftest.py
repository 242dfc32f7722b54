"""What tests of long graphs share: few calls may be nested, so that a graph need not be long to be too deep."""

import inspect
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture
def deepest() -> Iterator[int]:
    """So many calls may be nested from here on."""
    before, depth = sys.getrecursionlimit(), 250
    sys.setrecursionlimit(len(inspect.stack(0)) + depth)
    yield depth
    sys.setrecursionlimit(before)
