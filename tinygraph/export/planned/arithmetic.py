"""Python's arithmetic on floats among the arguments, as an expression that C and JavaScript share."""

from __future__ import annotations

from typing import Any

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}


def expression(written: Any, names: dict[int, str], floor: str, power: str) -> str:
    """What `Number.written` tells, over the names of the arguments.

    Args:
        floor, power: how the two functions are called.

    Example:
        >>> from tinygraph.export.planned.arithmetic import expression
        >>> expression(("truediv", "1.0", ("add", (0,), "2.0")), {0: "lr"}, "floor", "pow")
        '(1.0 / (lr + 2.0))'
    """
    if isinstance(written, str):
        return repr(float({"True": 1, "False": 0}.get(written, written)))
    if len(written) == 1:
        return names[written[0]]
    sign, *operands = written
    own = [expression(x, names, floor, power) for x in operands]
    if sign in _SIGNS:
        return f"({own[0]} {_SIGNS[sign]} {own[1]})"
    if sign == "floordiv":
        return f"{floor}({own[0]} / {own[1]})"
    if sign == "mod":
        return f"({own[0]} - {floor}({own[0]} / {own[1]}) * {own[1]})"
    if sign == "pow":
        return f"{power}({own[0]}, {own[1]})"
    if sign == "abs":
        return f"({own[0]} < 0 ? -{own[0]} : {own[0]})"
    return f"(-{own[0]})" if sign == "neg" else own[0]
