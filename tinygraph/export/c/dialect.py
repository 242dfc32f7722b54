"""C99 as the walk over a plan writes it; a C++ compiler takes it, too."""

from __future__ import annotations

TYPES = {"real": "tg_real", "whole": "int32_t", "flag": "uint8_t"}
"""The types of arrays; single booleans are ``int``."""

HELPERS = {
    "sigmoid": "static tg_real tg_sigmoid(tg_real x) { return 1 / (1 + TG_F(exp)(-x)); }",
    "tanh": """/* By exp, which takes a third of the time of tanhf; for small x by its series. */
static tg_real tg_tanh(tg_real x)
{
#ifdef TG_DOUBLE
    return tanh(x);
#else
    const float size = fabsf(x), square = x * x;
    const float series = -0.33333334f + square * (0.13333334f + square * (-0.053968254f + square * 0.021869488f));
    const float rest = expf(-2 * size), value = (1 - rest) / (1 + rest);
    return size < 0.3f ? x + x * square * series : x < 0 ? -value : x > 0 ? value : x;
#endif
}""",
    "whole": "static int32_t tg_whole(tg_real x)\n{\n"
    "    return x > TG(-2147483520.0) && x < TG(2147483520.0) ? (int32_t)x : INT32_MIN;\n}",
}


class C:
    """A `Dialect`."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def loop(self, name: str, steps: int) -> str:
        return f"for (int {name} = 0; {name} < {steps}; {name}++)"

    def constant(self, kind: str, name: str, value: str) -> str:
        return f"const {'int' if kind == 'flag' else TYPES[kind]} {name} = {value};"

    def variable(self, kind: str, name: str, value: str) -> str:
        return f"{'int' if kind == 'flag' else TYPES[kind]} {name} = {value};"

    def number(self, text: str) -> str:
        if text.lstrip("-") in ("inf", "NaN"):
            sign = "-" * text.startswith("-")
            return f"{sign}(tg_real){'INFINITY' if text.endswith('inf') else 'NAN'}"
        value = float(text)  # compilers warn of a division by 0, not of one by 0.0
        return str(int(value)) if value and value.is_integer() and abs(value) < 1e6 else f"TG({text})"

    def function(self, name: str) -> str:
        return f"tg_{name}" if name in HELPERS else f"TG_F({name})"

    def truncated(self, value: str) -> str:
        self.used.add("whole")
        return f"tg_whole({value})"

    def quotient(self, name: str, by: int) -> str:
        return f"{name} / {by}"

    def field(self, name: str) -> str:
        return f"model->{name}"

    def is_finite(self, name: str) -> str:
        return f"isfinite({name})"

    def wide(self, name: str, value: str) -> str:
        return f"const double {name} = {value};"

    def narrow(self, name: str) -> str:
        return f"(tg_real){name}"

    def refuse(self, condition: str, text: str) -> str:
        return f"if ({condition}) return 1; /* {text} */"
