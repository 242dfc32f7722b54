"""`tg.export.c`: writes a C file and its header."""

from __future__ import annotations

from typing import Any

from ... import atomic
from ...core.errors import refusing
from ..planned.arithmetic import expression
from ..planned.subjects import collect, is_exact, place
from ..planned.unit import Unit
from . import model, text
from .dialect import C
from .self_test import self_test


@refusing
def c(fn: Any, example: Any, path: Any) -> None:
    """Writes a function, a cell, a layer or a gradient as one C99 file and a header beside it."""
    file = place("export.c", path, ".c")
    unit = Unit(C(), lambda written, names: f"(tg_real){expression(written, names, 'floor', 'pow')}")
    collect("export.c", unit, file.stem, fn, example)
    source, header = source_of(unit, file.stem), header_of(unit, file.stem)
    atomic.write(file.with_suffix(".h"), header.encode())
    atomic.write(file, source.encode())


def source_of(unit: Unit, stem: str) -> str:
    name = text.legal(stem)
    functions = [text.definition(routine, name) for routine in unit.routines]
    if unit.model is not None:
        functions.insert(0, model.start(unit, name))
    constants = text.constants(unit)  # after the functions, which name them
    parts = [
        text.comment([f"{text.said(stem)}.c, written by tinygraph: see {text.said(stem)}.h"]),
        f'#include "{text.said(stem)}.h"\n\n#include <math.h>',
        text.FUNCTIONS,
        *constants,
        *text.memory(unit),
        *text.used_helpers(unit),
        *functions,
        self_test(unit, name, is_exact(unit)),
    ]
    return "\n\n".join(parts) + "\n"


def header_of(unit: Unit, stem: str) -> str:
    guard = f"TG_{text.legal(stem).upper()}_H"
    told = [f"{text.said(stem)}.h, written by tinygraph."]
    for routine in unit.routines:
        told += ["", f"{routine.name}:", *text.told(routine)]
    told += ["", f"RAM {text.work_bytes(unit)} bytes, flash {text.fixed_bytes(unit)} bytes of numbers besides the code."]
    name = text.legal(stem)
    declared = [f"int {routine.name}({text.parameters(routine, name)});" for routine in unit.routines]
    if unit.model is not None:
        declared = [model.struct(unit.model, name), f"{model.started(name)};", *declared]
    macros = [line for routine in unit.routines for line in text.sizes(unit, routine)]
    parts = [
        text.comment(told),
        f"#ifndef {guard}\n#define {guard}",
        "#include <stdint.h>",
        text.REAL,
        "\n".join(macros),
        '#ifdef __cplusplus\nextern "C" {\n#endif',
        "\n\n".join(declared),
        "#ifdef __cplusplus\n}\n#endif",
        "#endif",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
