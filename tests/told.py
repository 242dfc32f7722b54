"""What an error tells below its problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

import tinygraph as tg


def told(error: object) -> str:
    """Which lines it has, by their first letters: ``"egf"`` for what was expected, what came and how to go on."""
    return "".join(re.findall(r"\n  (e|g|f)(?:xpected|ot|ix) ", str(error)))


def assert_refused(words: str, call: Callable[[Any], Any], values: Iterable[Any]) -> None:
    """A call with each of the values is refused in these words, a pattern."""
    for value in values:
        with pytest.raises(tg.GraphError, match=words):
            call(value)
