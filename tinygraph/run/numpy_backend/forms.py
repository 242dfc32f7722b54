"""Products by a weight in the form that numpy does fastest: the weight in panels of columns, copied before the loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...plan.actions import Product, Repeat, View
from ..products.numpy_forms import NumpyForm, choose_numpy
from ..products.question import Question


def product_forms(actions: Sequence[Any], steps: int = 0) -> dict[Product, NumpyForm]:
    """The measured form of each product inside of loops; those that are best as they stand are among them.

    Args:
        actions: the plan, in order.
        steps: of the loop around them, 0 where there is none.

    Example:
        >>> from tinygraph.run.numpy_backend import product_forms
        >>> product_forms([])
        {}
    """
    found: dict[Product, NumpyForm] = {}
    for action in actions:
        if isinstance(action, Repeat):
            found |= product_forms(action.actions, action.steps)
        elif isinstance(action, Product) and steps and action.a.dtype.char in "fd":
            found[action] = choose_numpy(question(action), steps)
    return found


def question(product: Product) -> Question:
    """A product of a loop as far as its speed depends on it."""
    a, b, out = product.a, product.b, product.out
    shape = a.shape[0], b.shape[1], a.shape[1]
    return Question(out.dtype.itemsize, shape, (a.strides[0], a.strides[1]), (b.strides[0], b.strides[1]),
                    out.strides[0], product.fixed)  # fmt: skip


def in_panels(matrix: View, panels: int) -> View:
    """A matrix (M, N) as (panels, M, N / panels); as it is for one panel."""
    if panels == 1:
        return matrix
    (rows, columns), (row, column) = matrix.shape, matrix.strides
    width = columns // panels
    return replace(matrix, shape=(panels, rows, width), strides=(column * width, row, column))
