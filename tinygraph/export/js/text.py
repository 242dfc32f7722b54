"""The text of an ES module."""

from __future__ import annotations

import base64
import json
from textwrap import wrap

import numpy as np
from numpy import ndarray

from ..planned.lowering import Port
from ..planned.steps import DONE, STOP
from ..planned.unit import Routine, Unit, size
from ..planned.walk import KINDS, WORK
from .dialect import OWN

INLINE = 64
"""Up to so many numbers are written as such, more as base64 of their bytes."""

DECODE = """function tg_decoded(text, kind) {
    return new kind(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
}"""

ARRAY = """function tg_array(name, x, size, kind) {
    const flat = Array.isArray(x) ? x.flat(Infinity) : x;
    if (flat === null || typeof flat !== "object" || flat.length !== size) {
        const got = flat && flat.length !== undefined ? flat.length : typeof x;
        const expected = `${size} numbers are expected, got ${got}`;
        throw new RangeError(`${name}: ${expected}; sizes are fixed: for any T export a cell and call it each step`);
    }
    return flat instanceof kind ? flat : kind.from(flat);
}"""


class Types:
    """The kinds of typed arrays; ``exact``: whether real numbers have 64 bits."""

    def __init__(self, exact: bool) -> None:
        self.real = "Float64Array" if exact else "Float32Array"
        self.names = {"real": self.real, "whole": "Int32Array", "flag": "Uint8Array"}
        self.dtypes = {"real": np.dtype("<f8" if exact else "<f4"), "whole": np.dtype("<i4"), "flag": np.dtype("u1")}

    def of(self, port: Port) -> str:
        return self.names[KINDS[port.dtype.kind]]

    def fixed(self, name: str, array: ndarray, kind: str) -> str:
        """The declaration of fixed numbers."""
        return self._declared(name, array.reshape(-1).astype(self.dtypes[kind]), self.names[kind])

    def small(self, name: str, array: ndarray) -> str:
        return self._declared(name, array.reshape(-1).astype(np.int8), "Int8Array")

    def _declared(self, name: str, array: ndarray, kind: str) -> str:
        if array.size <= INLINE and np.isfinite(array).all():
            texts = [_number(x) for x in array]
            return "\n".join(wrap(f"const {name} = {kind}.of({', '.join(texts)});", 116, subsequent_indent="    "))
        text = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        rows = " +\n".join(f'    "{text[k : k + 112]}"' for k in range(0, len(text), 112))
        return f"const {name} = tg_decoded(\n{rows}, {kind});"


def _number(x: np.generic) -> str:
    value = x.item()
    if isinstance(value, float):
        return f"{value:.9g}" if x.dtype.itemsize == 4 else repr(value)
    return str(value)


def constants(unit: Unit, types: Types) -> list[str]:
    lines = []
    for own in unit.fixed.values():
        if own.small is None:
            lines.append(types.fixed(own.name, own.array, own.kind))
        else:
            lines.append(types.small(own.name, own.small.numbers))
            lines.append(types.fixed(f"{own.name}_scale", own.small.scales, "real"))
    return lines


def memory(unit: Unit, types: Types) -> list[str]:
    sizes = [(kind, getattr(unit.work, kind)) for kind in WORK]
    return [f"const {WORK[kind]} = new {types.names[kind]}({n});" for kind, n in sizes if n]


def helpers(unit: Unit) -> list[str]:
    return [text for name, text in OWN.items() if name in unit.dialect.used]


def said(text: object) -> str:
    return "".join(c if c.isprintable() else "?" for c in str(text)).replace("*/", "* /")


def _shape(port: Port) -> str:
    return f"shape {list(port.shape)}" if port.shape else "a number"


def documented(routine: Routine, types: Types) -> str:
    """A comment for editors: what the function takes and returns."""
    lines = ["/**"]
    if routine.model:
        lines.append(f" * @param {{object}} model  from start(); {'changed' if routine.model == 'trains' else 'read'}")
    for name, port in routine.inputs:
        kind = types.of(port) if port.shape else "number"
        lines.append(f" * @param {{{kind}}} {name}  {_shape(port)}")
    pairs = [(name, types.of(p) if p.shape else "number", _shape(p)) for name, p in routine.outputs]
    updated = [("updated", "boolean", "false if a number was not finite")] if routine.model == "trains" else []
    inner = ", ".join(f"{name}: {kind}" for name, kind, _ in [*pairs, *updated])
    told = ", ".join(f"{name} {shape}" for name, _, shape in [*pairs, *updated])
    return "\n".join([*lines, f" * @returns {{{{{inner}}}}}  {said(told)}", " */"])


def definition(routine: Routine, types: Types) -> str:
    """A function with its body."""
    checks = []
    for name, port in routine.inputs:
        if port.shape:
            checks.append(f"    {name} = tg_array({json.dumps(name)}, {name}, {size(port)}, {types.of(port)});")
    made = [f"    const {name} = new {types.of(port)}({size(port)});" for name, port in routine.outputs]
    own = [name if port.shape else f"{name}: {name}[0]" for name, port in routine.outputs]
    ends = {"": "", STOP: "updated: false", DONE: "updated: true"} if routine.model == "trains" else {"": ""}
    answers = {way: f"return {{ {', '.join([*own, *([text] if text else [])])} }};" for way, text in ends.items()}
    answers[""] = answers.get(DONE, answers[""])
    lines = [line.replace(STOP, answers.get(STOP, "")).replace(DONE, answers.get(DONE, "")) for line in routine.lines]
    names = [*(["model"] if routine.model else []), *(name for name, _ in routine.inputs)]
    head = f"export function {routine.name}({', '.join(names)}) {{"
    return "\n".join([head, *checks, *made, *lines, f"    {answers['']}", "}"])


def start(unit: Unit, types: Types) -> str:
    """The function that returns what training changes, as it is now in Python."""
    model = unit.model
    assert model is not None
    lines = ["/** Returns a new model: weights, moments and counts as they were when it was exported. */"]
    lines += ["export function start() {", "    return {"]
    for name, array in model.arrays.items():
        value = f"{types.real}.from({unit.keep(array).name})" if array.any() else f"new {types.real}({array.size})"
        lines.append(f"        {name}: {value},")
    lines += [f"        {name}: {rate!r}," for name, rate in model.wide.items()]
    return "\n".join([*lines, f"        steps: {model.steps}, collected: {model.collected}, norm: 0,", "    };", "}"])


def shapes(unit: Unit) -> str:
    """The shapes of all arguments and results, for pages that draw or ask."""
    table = {
        routine.name: {
            "inputs": {name: port.shape for name, port in routine.inputs},
            "outputs": {name: port.shape for name, port in routine.outputs},
        }
        for routine in unit.routines
    }
    return f"export const shapes = {json.dumps(table)};"
