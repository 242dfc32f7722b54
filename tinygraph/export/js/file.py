"""`tg.export.js`: writes an ES module."""

from __future__ import annotations

from typing import Any

from ... import atomic
from ...core.checks import flag
from ...core.errors import refusing
from ..planned.arithmetic import expression
from ..planned.subjects import collect, is_exact, place
from ..planned.unit import Unit
from . import text
from .dialect import JavaScript


@refusing
def js(fn: Any, example: Any, path: Any, *, int8: bool = False) -> None:
    """Writes a function, its gradient or a whole training step as one ES module, ``cell.js``, for browsers and node.

    The module imports nothing. Its functions bear the file's name, their arguments the names that they have in Python;
    they take typed arrays, plain ones or nested ones, and return an object of typed arrays and numbers by the results'
    names. A wrong number of elements or an index out of range throws a RangeError. ``shapes`` holds the shapes of all.

    Sizes are those of the example. Numbers are computed in 64 bits and kept in Float32Array, or in Float64Array where
    everything in the example is float64.

    Args:
        fn: as in `c`. Beside a training step the module has ``start()``, which returns a model: weights, moments and
            counts as they are now, to be handed to its functions first. A training step changes it, and returns
            ``updated``, false if a number was not finite and nothing was changed.
        example: its arguments, a tuple, or its only argument: arrays of the shapes to come; see `c`.
        path: where to write, with the ending ``.js``.
        int8: whether the weights of products and embeddings are written in 8 bits, with a scale for each row.

    Raises:
        GraphError: an op, an option or the example does not fit; it draws random numbers. Nothing is written then.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.LSTM(3, 4, rng=0)
        >>> tg.export.js(cell, np.ones((1, 3)), "cell.js")  # doctest: +SKIP
    """
    flag("export.js", "int8", int8)
    file = place("export.js", path, ".js")
    unit = Unit(JavaScript(), lambda written, names: expression(written, names, "Math.floor", "Math.pow"))
    collect("export.js", unit, file.stem, fn, example, bool(int8))
    atomic.write(file, module_of(unit, file.stem).encode())


def module_of(unit: Unit, stem: str, exact: bool | None = None) -> str:
    """The text of the module; ``exact``: whether numbers have 64 bits, None as those of the example."""
    types = text.Types(is_exact(unit) if exact is None else exact)
    functions = [text.start(unit, types)] if unit.model is not None else []
    functions += [f"{text.documented(r, types)}\n{text.definition(r, types)}" for r in unit.routines]
    body = [*text.constants(unit, types), *text.memory(unit, types)]
    tools = [text.ARRAY, *([text.DECODE] if any("tg_decoded(" in part for part in body) else []), *text.helpers(unit)]
    parts = [f"// {text.said(stem)}.js, written by tinygraph.", *tools, *body, *functions, text.shapes(unit)]
    return "\n\n".join(parts) + "\n"
