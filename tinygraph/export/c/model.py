"""The struct of what training changes, and the function that sets it as it is now."""

from __future__ import annotations

from numpy import ndarray

from ..planned.training import Model
from ..planned.unit import Unit


def struct(model: Model, prefix: str) -> str:
    """The type of a model."""
    arrays = [f"    tg_real {name}[{max(array.size, 1)}];" for name, array in model.arrays.items()]
    rates = [f"    double {name};" for name in model.wide]
    rest = ["    int32_t steps;", "    int32_t collected;", "    tg_real norm;"]
    return "\n".join(["typedef struct {", *arrays, *rates, *rest, f"}} {prefix}_model;"])


def started(prefix: str) -> str:
    return f"void {prefix}_start({prefix}_model *model)"


def start(unit: Unit, prefix: str) -> str:
    """Sets weights, moments and counts as they are in Python."""
    model = unit.model
    assert model is not None
    lines = [line for name, array in model.arrays.items() for line in _filled(unit, name, array)]
    lines += [f"    model->{name} = {rate!r};" for name, rate in model.wide.items()]
    lines += [
        f"    model->steps = {model.steps};",
        f"    model->collected = {model.collected};",
        "    model->norm = 0;",
    ]
    return "\n".join([started(prefix), "{", *lines, "}"])


def _filled(unit: Unit, name: str, array: ndarray) -> list[str]:
    value = f"{unit.keep(array).name}[i]" if array.any() else "0"
    return [f"    for (int i = 0; i < {array.size}; i++) model->{name}[i] = {value};"]
