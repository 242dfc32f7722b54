"""`tg.export.js`: writes an ES module."""

from __future__ import annotations

from typing import Any

from ... import atomic
from ...core.errors import refusing
from ..planned.arithmetic import expression
from ..planned.subjects import collect, is_exact, place
from ..planned.unit import Unit
from . import text
from .dialect import JavaScript


@refusing
def js(fn: Any, example: Any, path: Any) -> None:
    """Writes a function, a cell, a layer or a gradient as one ES module."""
    file = place("export.js", path, ".js")
    unit = Unit(JavaScript(), lambda written, names: expression(written, names, "Math.floor", "Math.pow"))
    collect("export.js", unit, file.stem, fn, example)
    atomic.write(file, module_of(unit, file.stem).encode())


def module_of(unit: Unit, stem: str) -> str:
    types = text.Types(is_exact(unit))
    functions = [text.start(unit, types)] if unit.model is not None else []
    for routine in unit.routines:
        functions.append(f"{text.documented(routine, types)}\n{text.definition(routine, types)}")
    body = [*text.constants(unit, types), *text.memory(unit, types)]
    tools = [text.ARRAY, *([text.DECODE] if any("tg_decoded(" in part for part in body) else []), *text.helpers(unit)]
    parts = [f"// {text.said(stem)}.js, written by tinygraph.", *tools, *body, *functions, text.shapes(unit)]
    return "\n\n".join(parts) + "\n"
