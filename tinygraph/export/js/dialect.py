"""JavaScript as the walk over a plan writes it."""

from __future__ import annotations

import json
import re

OWN = {
    "copysign": "const tg_copysign = (x, y) => ((y < 0 || Object.is(y, -0)) === (x < 0 || Object.is(x, -0)) ? x : -x);",
    "exp2": "const tg_exp2 = (x) => Math.pow(2, x);",
    "fmod": "const tg_fmod = (x, y) => x % y;",
    "rint": """function tg_rint(x) {
    const low = Math.floor(x);
    if (x - low !== 0.5) return Math.round(x);
    return low % 2 === 0 ? low : low + 1;
}""",
    "sigmoid": "const tg_sigmoid = (x) => 1 / (1 + Math.exp(-x));",
    "erf": "const tg_erf = (x) => (x < 0 ? tg_erfc(-x) - 1 : 1 - tg_erfc(x));",
    "erfc": """// By its series up to 2, beyond by its continued fraction.
function tg_erfc(x) {
    if (x < 0) return 2 - tg_erfc(-x);
    if (x < 2) {
        let term = x, total = x;
        for (let n = 1; n < 60; n++) {
            term *= -x * x / n;
            total += term / (2 * n + 1);
        }
        return 1 - total * 2 / Math.sqrt(Math.PI);
    }
    let rest = 0;
    for (let n = 120; n > 0; n--) rest = n / 2 / (x + rest);
    return x === x ? Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + rest) : x;
}""",
}
"""The functions of C's math library that Math lacks."""

_FUNCTION = re.compile(r"(?<![.\w])(?=(?:pow|sqrt|floor)[(])")
SPELLED = {"fabs": "Math.abs"}


class JavaScript:
    """A `Dialect`."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def loop(self, name: str, steps: int) -> str:
        return f"for (let {name} = 0; {name} < {steps}; {name}++)"

    def constant(self, kind: str, name: str, value: str) -> str:
        return f"const {name} = {value};"

    def variable(self, kind: str, name: str, value: str) -> str:
        return f"let {name} = {value};"

    def number(self, text: str) -> str:
        return text.replace("inf", "Infinity")

    def function(self, name: str) -> str:
        if name == "erf":
            self.used.add("erfc")
        return f"tg_{name}" if name in OWN else SPELLED.get(name, f"Math.{name}")

    def truncated(self, value: str) -> str:
        return f"Math.trunc({value})"

    def quotient(self, name: str, by: int) -> str:
        return f"Math.trunc({name} / {by})"

    def field(self, name: str) -> str:
        return f"model.{name}"

    def is_finite(self, name: str) -> str:
        return f"Number.isFinite({name})"

    def wide(self, name: str, value: str) -> str:
        return f"const {name} = {_FUNCTION.sub('Math.', value)};"

    def narrow(self, name: str) -> str:
        return name

    def refuse(self, condition: str, text: str) -> str:
        return f"if ({condition}) throw new RangeError({json.dumps(text)});"
