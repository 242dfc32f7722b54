"""Writes right passes as people write them: one cell, layout, loss and style, forward and backward by hand."""

from __future__ import annotations

from collections.abc import Iterator

from .right_style import GATES, Style

SLOPES = {"tanh": "(1 - h**2)", "sigmoid": "h * (1 - h)", "relu": "(h > 0)"}
VALUES = {"tanh": "np.tanh({})", "sigmoid": "sigmoid({})", "relu": "np.maximum(0, {})"}


class Writer:
    """The text of a pass in one style."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.all = list(style.weights())
        self.wx, self.wh, self.b, self.wy, self.by = style.names
        self.zero = "np.float32(0)" if style.float32 else "0.0"

    def text(self) -> str:
        s = self.style
        head = [
            f'"""A hand-written pass: {s.cell}, {s.layout}, {s.loss}, {s.form}."""',
            "",
            "import numpy as np",
            "",
            "",
        ]
        head += ["def sigmoid(z):", "    return 1 / (1 + np.exp(-z))", "", ""]
        if s.form != "step":
            name = "loss" if s.owned else "total_loss"
            head += [f"def {name}(outs, ts):", *_in(self._loss(), 1), "    return total", "", ""]
        body = {"attributes": self._class, "updated": self._class, "step": self._step}.get(s.form, self._functions)
        return "\n".join([*head, *body()]) + "\n"

    # how things are written in this style

    def w(self, name: str) -> str:
        return {"dict": f'p["{name}"]', "attributes": f"self.{name}", "updated": f"self.{name}"}.get(
            self.style.form, name
        )

    def g(self, name: str) -> str:
        return {"dict": f'g["{name}"]', "attributes": f"self.d{name}"}.get(self.style.form, f"d{name}")

    def kept(self, name: str) -> str:
        return f"self.{name}" if self.style.owned else name

    def product(self, a: str, b: str) -> str:
        return f"np.dot({a}, {b})" if self.style.product == "np.dot" else f"{a} @ {b}"

    def times(self, weight: str, x: str) -> str:
        return self.product(x, self.w(weight)) if self.style.rows else self.product(self.w(weight), x)

    def back(self, weight: str, dz: str) -> str:
        turned = self.w(weight) + ".T"
        return self.product(dz, turned) if self.style.rows else self.product(turned, dz)

    def slope(self, weight: str, dz: str, x: str) -> str:
        if self.style.layout == "vector":
            return f"{self.g(weight)} += np.outer({dz}, {x})"
        x = f"({x}).T" if " * " in x else f"{x}.T"
        return f"{self.g(weight)} += {self.product(x, dz) if self.style.rows else self.product(dz, x)}"

    def bias(self, name: str, dz: str) -> str:
        return f"{self.g(name)} += {dz}.sum(axis=0)" if self.style.rows else f"{self.g(name)} += {dz}"

    def at(self, what: str) -> str:
        return f"{what}[:, t]" if self.style.layout == "batch_first" else f"{what}[t]"

    def state(self, what: str, before: bool) -> str:
        if self.style.states == "dict":
            return f"{self.kept(what)}[t - 1]" if before else f"{self.kept(what)}[t]"
        return f"{self.kept(what)}[t]" if before else f"{self.kept(what)}[t + 1]"

    def store(self, what: str) -> str:
        return (
            f"{self.kept(what)}[t] = {what[0]}"
            if self.style.states == "dict"
            else f"{self.kept(what)}.append({what[0]})"
        )

    def start(self, what: str, value: str) -> str:
        return (
            f"{self.kept(what)} = {{-1: {value}}}" if self.style.states == "dict" else f"{self.kept(what)} = [{value}]"
        )

    # the forward half

    def zeros(self) -> str:
        b = self.w(self.b + GATES.get(self.style.cell, "")[:1])
        size = f"{b}.shape[0]" + (" // 4" if self.style.cell == "packed" else "")
        dtype = ", dtype=np.float32" if self.style.float32 else ""
        shape = {"column": f"({size}, 1)", "vector": f"({size},)", "batch": f"(xs.shape[1], {size})"}
        return f"np.zeros({shape.get(self.style.layout, f'(xs.shape[0], {size})')}{dtype})"

    def steps(self) -> str:
        return "xs.shape[1]" if self.style.layout == "batch_first" else "len(xs)"

    def forward(self) -> list[str]:
        s = self.style
        lines = [self.start("hs", self.zeros() if s.owned else "h0")]
        if s.cell in ("lstm", "packed"):
            lines.append(self.start("cs", self.zeros()))
        lines += [f"{self.kept('gates')} = []", f"{self.kept('outs')} = []", f"for t in range({self.steps()}):"]
        lines += _in([f"h = {self.state('hs', before=True)}", *self._cell(), self.store("hs")], 1)
        if s.every:
            return lines + _in(self._output(), 1)
        return [*lines, *self._output()]

    def _cell(self) -> Iterator[str]:
        s, x = self.style, self.at("xs")
        h = "h"
        if s.cell in VALUES:
            z = f"{self.times(self.wx, x)} + {self.times(self.wh, h)} + {self.w(self.b)}"
            yield "h = " + VALUES[s.cell].format(z)
        elif s.cell == "packed":
            yield f"z = {self.times(self.wx, x)} + {self.times(self.wh, h)} + {self.w(self.b)}"
            axis = "axis=1" if s.rows else "axis=0"
            yield f"i, f, o, g = np.split(z, 4, {axis})"
            yield "i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)"
        else:
            for gate in GATES[s.cell]:
                own = "(r * h)" if gate == "n" else h
                z = f"{self.times(self.wx + gate, x)} + {self.times(self.wh + gate, own)} + {self.w(self.b + gate)}"
                yield f"{gate} = {'np.tanh' if gate in 'gn' else 'sigmoid'}({z})"
        if s.cell in ("lstm", "packed"):
            yield f"c = f * {self.state('cs', before=True)} + i * g"
            yield "h = o * np.tanh(c)"
            yield self.store("cs")
            yield f"{self.kept('gates')}.append((i, f, o, g))"
        elif s.cell == "gru":
            yield "h = (1 - z) * n + z * h"
            yield f"{self.kept('gates')}.append((z, r, n))"

    def _output(self) -> Iterator[str]:
        s = self.style
        yield f"y = {self.times(self.wy, 'h')} + {self.w(self.by)}"
        if s.loss in ("nats", "bits"):
            axis = "axis=1, keepdims=True" if s.rows else ""
            yield f"e = np.exp(y - np.max(y{', ' + axis if axis else ''}))"
            yield f"y = e / np.sum(e{', ' + axis if axis else ''})"
        elif s.loss == "binary":
            yield "y = sigmoid(y)"
        yield f"{self.kept('outs')}.append(y)"

    def _loss(self) -> list[str]:
        each = {
            "half": "0.5 * np.sum((outs[t] - k) ** 2)",
            "full": "np.sum((outs[t] - k) ** 2)",
            "mean": "np.mean((outs[t] - k) ** 2) / len(outs)",
            "nats": "-np.sum(k * np.log(outs[t]))",
            "bits": "-np.sum(k * np.log2(outs[t]))",
            "binary": "-np.sum(k * np.log(outs[t]) + (1 - k) * np.log(1 - outs[t]))",
        }[self.style.loss]
        k = self.at("ts") if self.style.every else "ts"
        return [f"total = {self.zero}", "for t in range(len(outs)):", f"    k = {k}", f"    total = total + {each}"]

    # the backward half

    def backward(self) -> list[str]:
        s = self.style
        lines = ["g = {name: np.zeros_like(value) for name, value in p.items()}"] if s.form == "dict" else []
        lines += [] if s.form == "dict" else [f"{self.g(n)} = np.zeros_like({self.w(n)})" for n in self.all]
        first = self.state("hs", before=True).replace("[t - 1]", "[-1]").replace("[t]", "[0]")
        lines.append(f"dh_next = np.zeros_like({first})")
        if s.cell in ("lstm", "packed"):
            lines.append("dc_next = np.zeros_like(dh_next)")
        if not s.every:
            lines += [f"t = {self.steps()} - 1", *self._error("0", "ts")]
            lines += [f"dh_next = {self.back(self.wy, 'dy')}"]
        lines.append(f"for t in reversed(range({self.steps()})):")
        body = [*self._error("t", self.at("ts"))] if s.every else []
        body.append(f"dh = {self.back(self.wy, 'dy')} + dh_next" if s.every else "dh = dh_next")
        return [*lines, *_in([*body, *self._cell_back()], 1), *self._clipped()]

    def _error(self, step: str, k: str) -> list[str]:
        y = f"{self.kept('outs')}[{step}]"
        dy = {
            "half": f"{y} - {k}",
            "full": f"2 * ({y} - {k})",
            "mean": f"2 * ({y} - {k}) / ({y}.size * len({self.kept('outs')}))",
            "bits": f"({y} - {k}) / np.log(2)",
        }.get(self.style.loss, f"{y} - {k}")
        after = self.state("hs", before=False)
        return [f"dy = {dy}", self.slope(self.wy, "dy", after), self.bias(self.by, "dy")]

    def _parameters(self, gate: str, dz: str, h: str) -> list[str]:
        x = self.at("xs")
        return [self.slope(self.wx + gate, dz, x), self.slope(self.wh + gate, dz, h), self.bias(self.b + gate, dz)]

    def _cell_back(self) -> list[str]:
        s, before = self.style, self.state("hs", before=True)
        if s.cell in SLOPES:
            lines = [f"h = {self.state('hs', before=False)}", f"dz = dh * {SLOPES[s.cell]}"]
            lines += [*self._parameters("", "dz", before), f"dh_next = {self.back(self.wh, 'dz')}"]
        elif s.cell == "gru":
            lines = [*self._gru_back(before)]
        else:
            lines = [*self._lstm_back(before)]
        if s.truncated:
            lines += [f"if t % {s.truncated} == 0:", "    dh_next = np.zeros_like(dh_next)"]
        return lines

    def _gru_back(self, before: str) -> Iterator[str]:
        yield f"z, r, n = {self.kept('gates')}[t]"
        yield f"h = {before}"
        yield "dan = dh * (1 - z) * (1 - n**2)"
        yield f"drh = {self.back(self.wh + 'n', 'dan')}"
        yield "dar = drh * h * r * (1 - r)"
        yield "daz = dh * (h - n) * z * (1 - z)"
        for gate in "zrn":
            yield from self._parameters(gate, f"da{gate}", "r * h" if gate == "n" else "h")
        yield f"dh_next = dh * z + drh * r + {self.back(self.wh + 'r', 'dar')} + {self.back(self.wh + 'z', 'daz')}"

    def _lstm_back(self, before: str) -> Iterator[str]:
        yield f"i, f, o, g_ = {self.kept('gates')}[t]"
        yield f"tc = np.tanh({self.state('cs', before=False)})"
        yield "dc = dc_next + dh * o * (1 - tc**2)"
        yield "dai = dc * g_ * i * (1 - i)"
        yield f"daf = dc * {self.state('cs', before=True)} * f * (1 - f)"
        yield "dao = dh * tc * o * (1 - o)"
        yield "dag = dc * i * (1 - g_**2)"
        yield "dc_next = dc * f"
        if self.style.cell == "packed":
            yield f"dz = np.concatenate([dai, daf, dao, dag], axis={1 if self.style.rows else 0})"
            yield from self._parameters("", "dz", before)
            yield f"dh_next = {self.back(self.wh, 'dz')}"
        else:
            for gate in "ifog":
                yield from self._parameters(gate, f"da{gate}", before)
            yield "dh_next = " + " + ".join(self.back(self.wh + gate, f"da{gate}") for gate in "ifog")

    def _clipped(self) -> list[str]:
        s = self.style
        if not s.clip:
            return []
        whole = "g.values()" if s.form == "dict" else f"({', '.join(map(self.g, self.all))})"
        if s.clip == "value":
            return [f"for d in {whole}:", f"    np.clip(d, -{s.bound}, {s.bound}, out=d)"]
        lines = [f"norm = np.sqrt(sum(np.sum(d**2) for d in {whole}))", f"if norm > {s.bound}:"]
        return [*lines, f"    for d in {whole}:", f"        d *= {s.bound} / norm"]

    # whole programs

    def _functions(self) -> list[str]:
        names = ", ".join(self.all)
        own = ["p", "xs", "h0"] if self.style.form == "dict" else ["xs", "h0", names]
        both = ", ".join([*own[: own.index("xs") + 1], "ts", *own[own.index("h0") :]])
        call = f"forward({', '.join(own)})"
        cells = ", cs" if self.style.cell in ("lstm", "packed") else ""
        back = "g" if self.style.form == "dict" else ", ".join(map(self.g, self.all))
        return [
            *[f"def forward({', '.join(own)}):", *_in(self.forward(), 1), f"    return hs{cells}, gates, outs", "", ""],
            *[f"def loss({both}):", f"    outs = {call}[-1]", "    return total_loss(outs, ts)", "", ""],
            *[f"def backward({both}):", f"    hs{cells}, gates, outs = {call}"],
            *[*_in(self.backward(), 1), f"    return {back}"],
        ]

    def _step(self) -> list[str]:
        head = f"def step(xs, ts, h0, {', '.join(self.all)}):"
        body = [*self.forward(), *self._loss(), "# backward", *self.backward()]
        return [head, *_in(body, 1), f"    return total, {', '.join(map(self.g, self.all))}"]

    def _class(self) -> list[str]:
        start = [f"self.{name} = np.array({name})" for name in self.all]
        settings = ", lr=0.1" if self.style.form == "updated" else ""
        end = [f"self.{n} -= lr * d{n}" for n in self.all] if settings else []
        return [
            *["class Net:", f"    def __init__(self, {', '.join(self.all)}):", *_in(start, 2), ""],
            *["    def forward(self, xs):", *_in(self.forward(), 2), "        return self.outs", ""],
            *[f"    def backward(self, xs, ts{settings}):", *_in([*self.backward(), *end], 2)],
        ]


def _in(lines: Iterator[str] | list[str], depth: int) -> list[str]:
    return [" " * 4 * depth + line for line in lines]
