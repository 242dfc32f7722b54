"""`tg.export.c`: writes a C file and its header, and the weights beside them if that is wanted."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import atomic
from ...core.checks import flag, one_of
from ...core.errors import GraphError, refusing
from ..planned.arithmetic import expression
from ..planned.naming import legal
from ..planned.subjects import collect, is_exact, place
from ..planned.unit import Unit
from . import model, text
from .dialect import C
from .header import header_of
from .self_test import self_test


@refusing
def c(fn: Any, example: Any, path: Any, *, weights: str = "inside", int8: bool = False) -> None:
    """Writes a function, its gradient or a whole training step as one C99 file, ``cell.c``, and its header, ``cell.h``.

    The file allocates no memory and needs nothing but the C library's math; a C++ compiler takes it, too. Weights stand
    in it as constants; states come and go by arguments. Its functions bear the file's name; arguments and results bear
    the names that they have in Python. They return 0; 1 if an index is out of range; 2 from a training step that found
    a number that is not finite and changed nothing.

    Sizes are those of the example. All real numbers are float, with ``-DTG_DOUBLE`` double, whole numbers have 32 bits.
    With ``-DTG_SELF_TEST`` the file has a ``main`` that runs the example and compares with what Python computed. The
    header says what the memory is. A result may be written to the array of an argument of its size, such as a state.

    Args:
        fn: a cell, of which one step is written; a layer; a function of arrays in any nesting, compiled or not, such as
            `value_and_grad` gives; a step of `tg.train.step`, whose weights and moments then are a struct that its
            functions take first; or a dict of several of these, which share weights: ``{"run": net, "train": step}``.
        example: its arguments, a tuple, or its only argument: arrays of the shapes to come. A float is an argument
            of the C function, too; integers and texts are fixed. For several functions a dict with the same keys.
        path: where to write, with the ending ``.c``.
        weights: ``"inside"``, or ``"file"``: in ``cell.bin``, numbers as they lie in memory, to be handed over once.
        int8: whether the weights of products and embeddings are written in 8 bits, with a scale for each row. The
            header says by how much the results for the example change.

    Raises:
        GraphError: an op, an option or the example does not fit; it draws random numbers. Nothing is written then.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.LSTM(3, 4, rng=0)
        >>> tg.export.c(cell, np.ones((1, 3)), "cell.c")  # doctest: +SKIP
    """
    flag("export.c", "int8", int8)
    one_of("export.c: weights is unknown", weights, ("inside", "file"))
    file = place("export.c", path, ".c")
    if int8 and weights == "file":
        raise GraphError("export.c: weights in 8 bits stand inside", fix='weights="inside", or int8=False')
    unit = Unit(C(), lambda written, names: f"(tg_real){expression(written, names, 'floor', 'pow')}")
    unit.in_file = weights == "file"
    collect("export.c", unit, file.stem, fn, example, bool(int8))
    source = source_of(unit, file.stem)
    if unit.in_file:
        atomic.write(file.with_suffix(".bin"), numbers_of(unit).tobytes())
    atomic.write(file.with_suffix(".h"), header_of(unit, file.stem).encode())
    atomic.write(file, source.encode())


def numbers_of(unit: Unit) -> np.ndarray:
    """The fixed real numbers, one after the other, in float32, or in float64 if all is computed so."""
    arrays = [own.array for own in unit.fixed.values() if own.kind == "real"]
    dtype = "<f8" if is_exact(unit) else "<f4"
    return np.concatenate([np.zeros(0), *arrays]).astype(dtype)


def source_of(unit: Unit, stem: str) -> str:
    """The text of the C file."""
    name = legal(stem)
    functions = [text.definition(routine, name, unit.in_file) for routine in unit.routines]
    if unit.model is not None:
        functions.insert(0, model.start(unit, name))
    if unit.in_file:
        functions.insert(0, f"void {name}_use(const tg_real *weights) {{ tg_weights = weights; }}")
    constants = text.constants(unit)  # after the functions, which name them
    parts = [
        text.comment([f"{text.said(stem)}.c, written by tinygraph: see {text.said(stem)}.h"]),
        f'#include "{text.said(stem)}.h"\n\n#include <math.h>',
        text.FUNCTIONS,
        *constants,
        *text.memory(unit),
        *text.used_helpers(unit),
        *functions,
        self_test(unit, stem, is_exact(unit)),
    ]
    return "\n\n".join(parts) + "\n"
