"""What a file holds: one function under the file's name, or several under names of their own."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ... import atomic
from ...compiled import Compiled
from ...core.errors import GraphError, shown
from ...core.leaves import Parameter
from ...core.structure import leaves
from ...train.step import TrainingStep
from ..traced.outline import outlined
from .lowering import Lowering
from .naming import Names, function_name, legal
from .shrinking import shrink
from .training import model_of, training
from .unit import Unit


def place(owner: str, path: Any, ending: str) -> Path:
    """The path of the file, which has the ending of its language."""
    file = atomic.place(owner, path)
    if not re.fullmatch(r"[\w .+-]+", file.name, re.ASCII):
        fix = f"cell{ending}"
        raise GraphError(f"{owner}: the file's name has letters of other alphabets", got=repr(file.name), fix=fix)
    if file.suffix not in (ending, *({".mjs"} if ending == ".js" else ())):
        raise GraphError(f"{owner}: the file's name ends in {ending}", got=repr(os.fspath(path)), fix=f"cell{ending}")
    if not file.parent.is_dir():
        raise GraphError(f"{owner}: there is no folder {str(file.parent)!r}", fix="make it first")
    return file


def subjects(owner: str, stem: str, fn: Any, example: Any) -> dict[str, tuple[Any, Any]]:
    """Maps the name of each function of the file to the function and its example."""
    if not isinstance(fn, dict):
        return {function_name(stem): (fn, example)}
    if not fn:
        raise GraphError(f"{owner}: the dict holds no function", expected="functions by their names")
    if not isinstance(example, dict) or example.keys() != fn.keys():
        expected, got = f"a dict with the keys {shown([*fn])}", shown(example, 80)
        raise GraphError(f"{owner}: several functions need an example each", expected=expected, got=got)
    for key in fn:
        if not isinstance(key, str) or not key:
            raise GraphError(f"{owner}: a function's name is a text", got=shown(key))
    names = Names("start", "shapes", *(f"{legal(stem)}_{word}" for word in ("start", "use", "model")))
    return {names.new(f"{legal(stem)}_{key}"): (fn[key], example[key]) for key in fn}


def collect(owner: str, unit: Unit, stem: str, fn: Any, example: Any, int8: bool = False) -> None:
    """Puts the functions into the unit; those beside a training step compute with what it trains.

    ``int8``: whether weights are written in 8 bits.
    """
    own = subjects(owner, stem, fn, example)
    if any(isinstance(arguments, list) for _, arguments in own.values()):
        fix = "a tuple of the arguments, (x, state), or the only one; ([a, b],) where that is a list"
        raise GraphError(f"{owner}: the example is a list", expected="a tuple, or an array", got="a list", fix=fix)
    steps = [subject for subject, _ in own.values() if isinstance(subject, TrainingStep)]
    if steps and int8:
        raise GraphError(f"{owner}: weights in 8 bits cannot be trained", fix="int8=False, or export the network alone")
    if len(steps) > 1:
        raise GraphError(f"{owner}: a file holds one training step", got=f"{len(steps)}", fix="a file for each")
    held = leaves(steps[0].parameters) if steps else []
    unit.model = model_of(steps[0]) if steps else None
    for name, (subject, arguments) in own.items():
        if isinstance(subject, TrainingStep) and unit.model is not None:
            unit.train(name, training(owner, subject, arguments, unit.model))
        else:
            lowered = lowering(owner, subject, arguments, held).finish()
            if int8:
                unit.changes[name] = shrink(lowered)
            unit.add(name, lowered)


def lowering(owner: str, subject: Any, example: Any, held: Sequence[Parameter] = ()) -> Lowering:
    """A function, a cell or a layer over its example; ``held`` as in `Lowering`."""
    subject = subject.fn if isinstance(subject, Compiled) else subject
    outline = outlined(owner, subject, example)
    if any(outline.roles.values()):
        return Lowering(subject, outline.arguments, held, ["inputs", "state"], outline.result_names)
    return Lowering(subject, outline.arguments, held)


def is_exact(unit: Unit) -> bool:
    """Whether all real results of the example were computed in float64."""
    arrays = [a for routine in unit.routines for a in [*routine.lowered.expected, *routine.lowered.arrays]]
    return all(a.dtype == np.float64 for a in arrays if a.dtype.kind == "f")
