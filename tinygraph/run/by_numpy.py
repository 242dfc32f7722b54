"""Backend "numpy": actions as numpy calls; every plan uses it for actions that its backend cannot run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy import ndarray

from ..plan.actions import Buffer
from .numpy_backend.backend import ByNumpy
from .products.numpy_forms import choose_numpy
from .products.problem import problem_of, steps_around

CODE_BYTES = 3
"""Measured bytes of Python's code for each character of its source."""


def can_run(action: Any) -> bool:
    """True: numpy runs every action."""
    return True


class NumpyStretch:
    """Actions compiled to numpy calls; the attributes are those of `backends.Stretch`."""

    def __init__(self, actions: list[Any], memory: ndarray) -> None:
        forms = {
            product: choose_numpy(problem_of(product, True), steps) for product, steps in steps_around(actions).items()
        }
        self.forms = {product: str(form) for product, form in forms.items()}
        self.program = ByNumpy(actions, memory, forms=forms)
        self.extra_bytes = self.program.temporary_bytes + self.program.views_bytes
        self.text = self.program.source
        self.code, self.code_bytes = self.program.function, CODE_BYTES * len(self.text)

    def bind(self, buffers: Sequence[Buffer]) -> Callable[[list[ndarray]], None]:
        """Returns a function that runs the actions, given the arrays of ``buffers`` in their order."""
        run = self.program.run
        return lambda arrays: run(dict(zip(buffers, arrays, strict=True)))
