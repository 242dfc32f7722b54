"""The self-test of a C file: recorded inputs and outputs, and a ``main`` that compares."""

from __future__ import annotations

import numpy as np
from numpy import ndarray

from ..planned.lowering import Port
from ..planned.naming import legal
from ..planned.unit import Routine, Unit, size
from ..planned.walk import KINDS
from .dialect import TYPES
from .text import numbers, said

CHECK = """static int tg_check(const char *name, double got, double want, double *error, double *largest)
{
    const double apart = got > want ? got - want : want - got;
    const double here = want < 0 ? -want : want;
    if (apart > *error) *error = apart;
    if (here > *largest) *largest = here;
    if ((got != got) != (want != want)) { printf("%s: NaN\\n", name); return 1; }
    return 0;
}

static int tg_told(const char *name, double error, double largest)
{
    const int wrong = error > (sizeof(tg_real) == 8 ? TG_EXACT : 1e-5) * largest;
    printf("%s: errs by %.1e of %.1e: %s\\n", name, error, largest, wrong ? "WRONG" : "right");
    return wrong;
}"""


READ = """/* The numbers of the file, or of the one that is named. */
static int tg_read(const char *name)
{
    static tg_real numbers[NAME_WEIGHTS];
    FILE *file = fopen(name, "rb");
    size_t k = 0;
    TYPE number;
    if (!file) { printf("%s cannot be read\\n", name); return 1; }
    while (k < NAME_WEIGHTS && fread(&number, sizeof number, 1, file) == 1) numbers[k++] = (tg_real)number;
    fclose(file);
    STEM_use(numbers);
    return k != NAME_WEIGHTS;
}"""


def self_test(unit: Unit, stem: str, exact: bool) -> str:
    """The lines under TG_SELF_TEST.

    Args:
        stem: the name of the file.
        exact: whether the expected numbers have the digits of double.
    """
    prefix = legal(stem)
    trained = {f"model.{name}": array for name, array in unit.trained.items()}
    tests = [_test(routine, prefix, trained) for routine in unit.routines]
    calls = "\n".join(f"    wrong |= tg_test_{routine.name}();" for routine in unit.routines)
    main = f"int main(void)\n{{\n    int wrong = 0;\n{calls}\n    return wrong;\n}}"
    if unit.in_file:
        read = (
            READ.replace("NAME", prefix.upper()).replace("STEM", prefix).replace("TYPE", "double" if exact else "float")
        )
        tests.insert(0, read)
        opening = f'    if (tg_read(count > 1 ? names[1] : "{said(stem)}.bin")) return 1;'
        main = f"int main(int count, char **names)\n{{\n    int wrong = 0;\n{opening}\n{calls}\n    return wrong;\n}}"
    head = f"#ifdef TG_SELF_TEST\n#include <stdio.h>\n#define TG_EXACT {'1e-12' if exact else '1e-5'}"
    return "\n\n".join([head, CHECK, *tests, main, "#endif"])


def _test(routine: Routine, prefix: str, trained: dict[str, ndarray]) -> str:
    lines, call, set_up = [], [], []
    if routine.model:
        lines.append(f"    static {prefix}_model model;")
        call, set_up = ["&model"], [f"    {prefix}_start(&model);"]
    for (name, port), array in zip(routine.inputs, routine.lowered.arrays, strict=False):
        if port.shape:
            lines.append(_recorded(f"in_{name}", port, array))
            call.append(f"in_{name}")
        else:
            kind = KINDS[port.dtype.kind]
            call.append(f"({TYPES[kind]}){numbers(array, kind, True).strip().rstrip(',')}")
    for (name, port), array in zip(routine.outputs, routine.lowered.expected, strict=False):
        lines.append(_recorded(f"want_{name}", port, array))
        lines.append(f"    static {TYPES[KINDS[port.dtype.kind]]} got_{name}[{max(size(port), 1)}];")
        call.append(f"got_{name}")
    checks = [line for name, port in routine.outputs for line in _check(routine.name, name, f"got_{name}", size(port))]
    if routine.model == "trains":
        for name, array in trained.items():
            word = legal(name)
            lines.append(_recorded(f"want_{word}", Port("", array.shape, array.dtype, None), array))
            checks += _check(routine.name, word, name, array.size)
    body = [
        "    int wrong = 0;",
        *set_up,
        f"    wrong |= {routine.name}({', '.join(call)});",
        *checks,
        "    return wrong;",
    ]
    return "\n".join([f"static int tg_test_{routine.name}(void)", "{", *lines, *body, "}"])


def _recorded(name: str, port: Port, array: ndarray) -> str:
    kind = KINDS[port.dtype.kind]
    values, exact = np.asarray(array), np.asarray(array).dtype == np.float64
    values = values.astype(np.float64 if kind == "real" else np.int64)
    return f"    static const {TYPES[kind]} {name}[{max(array.size, 1)}] = {{\n{numbers(values, kind, exact)}    }};"


def _check(function: str, name: str, got: str, count: int) -> list[str]:
    told = f'"{function}: {name}"'
    return [
        "    {",
        "        double error = 0, largest = 1e-30;",
        f"        for (int i = 0; i < {count}; i++)",
        f"            wrong |= tg_check({told}, (double){got}[i], (double)want_{name}[i], &error, &largest);",
        f"        wrong |= tg_told({told}, error, largest);",
        "    }",
    ]
