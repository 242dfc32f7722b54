"""`tg.export.c`: writes a C file and its header."""

from __future__ import annotations

from typing import Any

from ... import atomic
from ...core.errors import refusing
from ..planned.arithmetic import expression
from ..planned.subjects import is_exact, lowering, place, subjects
from ..planned.unit import Unit
from . import text
from .dialect import C
from .self_test import self_test


@refusing
def c(fn: Any, example: Any, path: Any) -> None:
    """Writes a function, a cell, a layer or a gradient as one C99 file and a header beside it."""
    file = place("export.c", path, ".c")
    unit = Unit(C(), lambda written, names: f"(tg_real){expression(written, names, 'floor', 'pow')}")
    for name, (subject, own) in subjects("export.c", file.stem, fn, example).items():
        unit.add(name, lowering("export.c", subject, own).finish(), by_value=True)
    source, header = source_of(unit, file.stem), header_of(unit, file.stem)
    atomic.write(file.with_suffix(".h"), header.encode())
    atomic.write(file, source.encode())


def source_of(unit: Unit, stem: str) -> str:
    functions = [text.definition(routine) for routine in unit.routines]
    parts = [
        text.comment([f"{text.said(stem)}.c, written by tinygraph: see {text.said(stem)}.h"]),
        f'#include "{text.said(stem)}.h"\n\n#include <math.h>',
        text.FUNCTIONS,
        *text.constants(unit),
        *text.memory(unit),
        *text.used_helpers(unit),
        *functions,
        self_test(unit, is_exact(unit)),
    ]
    return "\n\n".join(parts) + "\n"


def header_of(unit: Unit, stem: str) -> str:
    guard = f"TG_{text.legal(stem).upper()}_H"
    told = [f"{text.said(stem)}.h, written by tinygraph."]
    for routine in unit.routines:
        told += ["", f"{routine.name}:", *text.told(routine)]
    told += ["", f"RAM {text.work_bytes(unit)} bytes, flash {text.fixed_bytes(unit)} bytes of numbers besides the code."]
    declared = [f"int {routine.name}({text.parameters(routine)});" for routine in unit.routines]
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
