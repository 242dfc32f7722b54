"""The text of a header: what each function takes, how much memory all of it needs, and the declarations."""

from __future__ import annotations

from ..planned.naming import legal
from ..planned.training import Model
from ..planned.unit import Unit
from . import model, text


def header_of(unit: Unit, stem: str) -> str:
    """The header of the file of this name."""
    name = legal(stem)
    guard = f"TG_{name.upper()}_H"
    macros = [line for routine in unit.routines for line in text.sizes(routine)]
    if unit.in_file:
        macros.append(f"#define {name.upper()}_WEIGHTS {text.fixed_count(unit)}")
    parts = [
        text.comment(_told(unit, stem, name)),
        f"#ifndef {guard}\n#define {guard}",
        "#include <stdint.h>",
        text.REAL,
        "\n".join(macros),
        '#ifdef __cplusplus\nextern "C" {\n#endif',
        "\n\n".join(_declared(unit, name)),
        "#ifdef __cplusplus\n}\n#endif",
        "#endif",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _declared(unit: Unit, name: str) -> list[str]:
    declared = [f"int {routine.name}({text.parameters(routine, name)});" for routine in unit.routines]
    if unit.model is not None:
        declared = [model.struct(unit.model, name), f"{model.started(name)};", *declared]
    if unit.in_file:
        declared.insert(0, f"void {name}_use(const tg_real *weights);")
    return declared


def _told(unit: Unit, stem: str, name: str) -> list[str]:
    told = [f"{text.said(stem)}.h, written by tinygraph."]
    for routine in unit.routines:
        told += ["", f"{routine.name}:", *text.told(routine)]
    told += ["", "Returns 0; 1 if an index is out of range, or a label."]
    if unit.model is not None:
        told += [f"A training step returns 2 if a number is not finite, and changes nothing. Call {name}_start first."]
    if unit.in_file:
        told += [f"Call {name}_use first, with the numbers of {text.said(stem)}.bin; before that all return 3."]
    told += ["All sizes are fixed: for other numbers of steps export a cell, and call it once for each step."]
    told += ["A result may be the array of an argument of its size. One call at a time: the work memory is shared.", ""]
    return [*told, *_memory(unit), *_changes(unit)]


def _memory(unit: Unit) -> list[str]:
    """How much memory, as float and as double."""
    flash, wide = (text.fixed_bytes(unit, 0 if unit.in_file else real) for real in (4, 8))
    lines = [
        f"RAM    {text.work_bytes(unit)} bytes of work memory ({text.work_bytes(unit, 8)} with TG_DOUBLE)",
        f"flash  {flash} bytes of numbers ({wide} with TG_DOUBLE), and the code",
    ]
    if unit.model is not None:
        lines.insert(1, f"       {_model_bytes(unit.model, 4)} bytes of model ({_model_bytes(unit.model, 8)})")
    return lines


def _model_bytes(own: Model, real: int) -> int:
    return (sum(array.size for array in own.arrays.values()) + 1) * real + 8 * len(own.wide) + 8


def _changes(unit: Unit) -> list[str]:
    """What 8 bits change."""
    lines = [f"  {name}: {change:.1e} of the largest result of the example" for name, change in unit.changes.items()]
    head = "Weights in 8 bits, a scale for each row: no weight moves by more than 0.4% of the largest of its row."
    return ["", head, *lines] if lines else []
