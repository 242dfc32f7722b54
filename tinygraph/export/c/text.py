"""The text of a header and of a C file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from numpy import ndarray

from ..planned.lowering import Port
from ..planned.naming import Names
from ..planned.steps import DONE, STOP
from ..planned.unit import Routine, Unit, size
from ..planned.walk import KINDS, WORK
from .dialect import HELPERS, TYPES

BYTES = {"real": 4, "whole": 4, "flag": 1}
"""Of an element, without TG_DOUBLE."""

A_LINE = 8
"""Numbers of an array in one line."""

REAL = """#ifndef TG_REAL
#define TG_REAL
#ifdef TG_DOUBLE
typedef double tg_real;
#else
typedef float tg_real;
#endif
#endif"""

FUNCTIONS = """#ifdef TG_DOUBLE
#define TG_F(name) name
#else
#define TG_F(name) name##f
#endif
#define TG(x) ((tg_real)(x))"""


def said(text: object) -> str:
    """A text of the user's within a comment: no hidden characters, and no end of the comment."""
    return re.sub(r"[^ -~]", "?", str(text)).replace("*/", "* /").replace("/*", "/ *").replace("\\", "/")


def shape_of(port: Port) -> str:
    return str(port.shape).replace(",)", ")") if port.shape else "a number"


def numbers(array: ndarray, kind: str, exact: bool) -> str:
    """The initialiser of an array, a few numbers to a line; ``exact``: with the digits of float64, not of float32."""
    flat = array.reshape(-1).tolist() or [0]
    texts = [_number(x, 17 if exact else 9) if kind == "real" else str(int(x)) for x in flat]
    return "".join(f"    {', '.join(texts[k : k + A_LINE])},\n" for k in range(0, len(texts), A_LINE))


def _number(value: float, digits: int) -> str:
    if value != value or value in (float("inf"), -float("inf")):
        return "NAN" if value != value else "INFINITY" if value > 0 else "-INFINITY"
    return f"{value:.{digits}g}"


def parameters(routine: Routine, prefix: str) -> str:
    """The parameters of a function; ``prefix`` is the name of the file."""
    first = {"reads": [f"const {prefix}_model *model"], "trains": [f"{prefix}_model *model"]}.get(routine.model, [])
    own = [_declared("const ", name, port, bool(port.shape)) for name, port in routine.inputs]
    own += [_declared("", name, port, True) for name, port in routine.outputs]
    return ", ".join([*first, *own]) or "void"


def _declared(prefix: str, name: str, port: Port, array: bool) -> str:
    kind = TYPES[KINDS[port.dtype.kind]]
    return f"{prefix}{kind} *{name}" if array else f"{kind} {name}"


def told(routine: Routine) -> list[str]:
    """The lines of a comment that say what the arguments are."""
    rows = [("in", name, port) for name, port in routine.inputs]
    rows += [("out", name, port) for name, port in routine.outputs]
    width = max((len(name) for _, name, _ in rows), default=0)
    return [f"  {way:<3} {name:<{width}}  {said(shape_of(port))}" for way, name, port in rows]


def fixed_bytes(unit: Unit, real: int = 4) -> int:
    """Bytes of the fixed numbers, if a real one has so many."""
    own = unit.fixed.values()
    wide = sum(x.array.size * {**BYTES, "real": real}[x.kind] for x in own if x.small is None)
    return wide + sum(x.array.size + real * x.small.scales.size for x in own if x.small is not None)


def fixed_count(unit: Unit) -> int:
    """How many fixed real numbers there are."""
    return sum(own.array.size for own in unit.fixed.values() if own.kind == "real")


def work_bytes(unit: Unit, real: int = 4) -> int:
    """Bytes of the work memory."""
    return sum(getattr(unit.work, kind) * n for kind, n in {**BYTES, "real": real}.items())


def comment(lines: Iterable[str]) -> str:
    return "/* " + "\n * ".join(line.rstrip() for line in lines) + "\n */"


def used_helpers(unit: Unit) -> list[str]:
    return [text for name, text in HELPERS.items() if name in unit.dialect.used]


def memory(unit: Unit) -> list[str]:
    """The declarations of the work memory."""
    sizes = [(kind, getattr(unit.work, kind)) for kind in WORK]
    body = "".join(line for routine in unit.routines for line in routine.lines)
    return [f"static {TYPES[kind]} {WORK[kind]}[{n}];" for kind, n in sizes if f"{WORK[kind]}[" in body]


def constants(unit: Unit) -> list[str]:
    """The declarations of the fixed numbers."""
    if unit.in_file:
        return [_places(unit)]
    lines = []
    for own in unit.fixed.values():
        if own.small is not None:
            lines.append(_array("int8_t", own.name, own.small.numbers, "whole", False))
            lines.append(_array("tg_real", f"{own.name}_scale", own.small.scales, "real", False))
        else:
            lines.append(_array(TYPES[own.kind], own.name, own.array, own.kind, own.exact))
    return lines


def _places(unit: Unit) -> str:
    """The fixed numbers as places in the array that the user hands over."""
    lines, at = ["static const tg_real *tg_weights = 0;"], 0
    for own in unit.fixed.values():
        if own.kind == "real":
            lines.append(f"#define {own.name} (tg_weights + {at})")
            at += own.array.size
        else:
            lines.append(_array(TYPES[own.kind], own.name, own.array, own.kind, own.exact))
    return "\n".join(lines)


def _array(kind: str, name: str, array: ndarray, of: str, exact: bool) -> str:
    return f"static const {kind} {name}[{max(array.size, 1)}] = {{\n{numbers(array, of, exact)}}};"


def definition(routine: Routine, prefix: str, in_file: bool = False) -> str:
    """A function with its body."""
    body = "\n".join(routine.lines)
    names = [*(["model"] if routine.model else []), *(name for name, _ in [*routine.inputs, *routine.outputs])]
    idle = [f"    (void){name};" for name in names if not re.search(rf"\b{name}\b", body)]
    lines = [line.replace(STOP, "return 2;").replace(DONE, "return 0;") for line in routine.lines]
    head = f"int {routine.name}({parameters(routine, prefix)})"
    if in_file:
        lines = ["    if (!tg_weights) return 3;", *lines]
    return "\n".join([head, "{", *idle, *lines, "    return 0;", "}"])


def sizes(routine: Routine) -> list[str]:
    """Macros with the sizes of the arrays of a function."""
    ports = [(n, p) for n, p in [*routine.inputs, *routine.outputs] if p.shape]
    names = Names()
    return [f"#define {names.new(f'{routine.name}_{name}'.upper())} {max(size(port), 1)}" for name, port in ports]
