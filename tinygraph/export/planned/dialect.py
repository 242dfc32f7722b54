"""What the walk asks of a language: how it declares, loops, spells numbers and functions, and stops."""

from __future__ import annotations

import re
from typing import Protocol

from .formulas import MATH

NUMBER = re.compile(r"(?<![\w.])(?:\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+|inf|NaN)(?![\w.])")
"""Numbers with a point, which are real; others are whole and become real by themselves."""

_CALL = re.compile(rf"\b({'|'.join(MATH)})\(")


class Dialect(Protocol):
    """A language whose expressions, assignments and loops look like C's.

    Attributes:
        used: the functions that the code calls, of `MATH` and others.
    """

    used: set[str]

    def loop(self, name: str, steps: int) -> str:
        """The head of a loop over 0, ..., steps - 1."""

    def constant(self, kind: str, name: str, value: str) -> str:
        """A name for a value of a kind (``"real"``, ``"whole"``, ``"flag"``)."""

    def variable(self, kind: str, name: str, value: str) -> str:
        """A variable."""

    def number(self, text: str) -> str:
        """A real number, ``inf`` and ``NaN`` among them."""

    def function(self, name: str) -> str:
        """How a function of `MATH` is called."""

    def truncated(self, value: str) -> str:
        """A real number as a whole one."""

    def quotient(self, name: str, by: int) -> str:
        """A whole number from 0 divided by one, rounded down."""

    def field(self, name: str) -> str:
        """A field of the model, which holds what training changes."""

    def is_finite(self, name: str) -> str:
        """Whether a number is neither NaN nor infinite."""

    def wide(self, name: str, value: str) -> str:
        """A number of 64 bits; ``pow``, ``sqrt`` and ``floor`` in the value are those of C."""

    def narrow(self, name: str) -> str:
        """A number of 64 bits as a real one."""

    def refuse(self, condition: str, text: str) -> str:
        """A statement that ends the function if the condition holds; the text says why."""


def spelled(expression: str, dialect: Dialect) -> str:
    """An expression of `formulas` in a language."""

    def call(match: re.Match[str]) -> str:
        dialect.used.add(match[1])
        return f"{dialect.function(match[1])}("

    return NUMBER.sub(lambda m: dialect.number(m[0]), _CALL.sub(call, expression))
