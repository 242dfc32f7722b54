"""Helpers that are handed a wrong thing: the caller's line is named; the helper's own, where that one is wrong."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import handed

from .passes import loaded

rng = np.random.default_rng(5)
T, I, H, O = 4, 3, 5, 2  # noqa: E741

FORWARD = """
import numpy as np


def forward(xs, W, U, V):
    hs, ys = {-1: np.zeros(5)}, {}
    for t, x in enumerate(xs):
        hs[t] = np.tanh(U @ x + W @ hs[t - 1])
        ys[t] = V @ hs[t]
    return hs, ys


def loss(xs, ts, W, U, V):
    _, ys = forward(xs, W, U, V)
    return sum(0.5 * np.sum((ys[t] - ts[t]) ** 2) for t in range(len(xs)))
"""
ONE = f"""{FORWARD}

def cell_backward(W, x, h, before, dh):
    dz = dh * (1 - h**2)
    dW = np.outer(dz, before)
    dU = np.outer(dz, x)
    return dW, dU, W.T @ dz


def backward(xs, ts, W, U, V):
    hs, ys = forward(xs, W, U, V)
    dW, dU, dV, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(V), np.zeros(5)
    for t in reversed(range(len(xs))):
        dy = ys[t] - ts[t]
        dV += np.outer(dy, hs[t])
        dh = V.T @ dy + late
        a, b, late = cell_backward(W, xs[t], hs[t], hs[t - 1], dh)
        dW += a
        dU += b
    return dW, dU, dV
"""
CALL = "cell_backward(W, xs[t], hs[t], hs[t - 1], dh)"
NAMED = ONE.replace(CALL, "cell_backward(W, dh=dh, before=hs[t - 1], x=xs[t], h=hs[t])")
LEFT_OUT = ONE.replace("x, h, before, dh):", "x, h, dh, before=np.zeros(5)):").replace(
    "hs[t - 1], dh)", "dh, hs[t - 1])"
)
STARRED = ONE.replace(
    f"a, b, late = {CALL}", "args = W, xs[t], hs[t], hs[t - 1]\n        a, b, late = cell_backward(*args, dh)"
)
GATHERED = ONE.replace("cell_backward(W, x, h, before, dh):", "cell_backward(W, *parts):\n    x, h, before, dh = parts")
NESTED = f"""{FORWARD}

def outer(dz, source):
    g = dz[:, None] * source[None, :]
    return g


def linear_backward(W, x, dz):
    dx = W.T @ dz
    dW = outer(dz, x)
    return dW, dx


def cell_backward(W, U, x, h, before, dh):
    dz = dh * (1 - h**2)
    dW, late = linear_backward(W, before, dz)
    dU, dx = linear_backward(U, x, dz)
    return dW, dU, late


def backward(xs, ts, W, U, V):
    hs, ys = forward(xs, W, U, V)
    dW, dU, dV, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(V), np.zeros(5)
    for t in reversed(range(len(xs))):
        c, dh = linear_backward(V, hs[t], ys[t] - ts[t])
        dV += c
        a, b, late = cell_backward(W, U, xs[t], hs[t], hs[t - 1], dh + late)
        dW += a
        dU += b
    return dW, dU, dV
"""
TWICE = """
import numpy as np


def forward(xs, W, U, P, Q, V):
    a, b = [np.zeros(5)], [np.zeros(4)]
    for x in xs:
        a.append(np.tanh(U @ x + W @ a[-1]))
        b.append(np.tanh(P @ a[-1] + Q @ b[-1]))
    return a, b, [V @ h for h in b[1:]]


def loss(xs, ts, W, U, P, Q, V):
    return sum(0.5 * np.sum((y - t) ** 2) for y, t in zip(forward(xs, W, U, P, Q, V)[2], ts))


def layer_backward(Win, Wrec, source, before, h, dh):
    dz = dh * (1 - h**2)
    dIn = np.outer(dz, source)
    dRec = np.outer(dz, before)
    return dIn, dRec, Win.T @ dz, Wrec.T @ dz


def backward(xs, ts, W, U, P, Q, V):
    a, b, ys = forward(xs, W, U, P, Q, V)
    dW, dU, dP, dQ, dV = [np.zeros_like(x) for x in (W, U, P, Q, V)]
    da, db = np.zeros(5), np.zeros(4)
    for t in reversed(range(len(xs))):
        dy = ys[t] - ts[t]
        dV += np.outer(dy, b[t + 1])
        gP, gQ, down, db = layer_backward(P, Q, a[t + 1], b[t], b[t + 1], V.T @ dy + db)
        gU, gW, _, da = layer_backward(U, W, xs[t], a[t], a[t + 1], down + da)
        dW, dU, dP, dQ = dW + gW, dU + gU, dP + gP, dQ + gQ
    return dW, dU, dP, dQ, dV
"""
METHOD = """
import numpy as np


class RNN:
    def __init__(self, rng):
        self.U, self.W, self.V = [rng.normal(size=shape) * 0.5 for shape in ((5, 3), (5, 5), (2, 5))]

    def forward(self, xs):
        self.xs, self.hs, self.ys = xs, [np.zeros(5)], []
        for x in xs:
            self.hs.append(np.tanh(self.U @ x + self.W @ self.hs[-1]))
            self.ys.append(self.V @ self.hs[-1])
        return self.ys

    def _step(self, dh, x, h, before):
        dz = (1 - h * h) * dh
        self.dU += np.outer(dz, x)
        self.dW += np.outer(dz, before)
        return self.W.T @ dz

    def backward(self, ts):
        self.dU, self.dW, self.dV = np.zeros_like(self.U), np.zeros_like(self.W), np.zeros_like(self.V)
        carry = np.zeros(5)
        for t in range(len(ts) - 1, -1, -1):
            dy = self.ys[t] - ts[t]
            self.dV += np.outer(dy, self.hs[t + 1])
            carry = self._step(carry + self.V.T @ dy, self.xs[t], self.hs[t + 1], self.hs[t])


def loss(ys, ts):
    return sum(0.5 * np.sum((y - t) ** 2) for y, t in zip(ys, ts))
"""
SHAPES = {"W": (H, H), "U": (H, I), "P": (4, H), "Q": (4, 4), "V": (O, H)}
BIND = f"before = hs[t - 1]\n        a, b, late = {CALL.replace('hs[t - 1]', 'before')}"

REBOUND = BIND.replace("a, b, late =", "a, b, before =") + "\n        late = before"


def audited(text: str, folder: Path) -> Any:
    file = folder / "by_hand.py"
    file.write_text(text, encoding="utf-8")
    module, xs, ts = loaded(file), rng.normal(size=(T, I)), rng.normal(size=(T, O))
    if hasattr(module, "RNN"):
        return tg.check.audit(module.RNN(rng), loss=module.loss, inputs=list(xs), targets=list(ts), repair=False)
    names = "WUPQV" if "P" in module.loss.__code__.co_varnames else "WUV"
    weights = {name: rng.normal(size=SHAPES[name]) * 0.5 for name in names}
    if names == "WUPQV":
        weights["V"] = weights["V"][:, :4]
    return tg.check.audit(module.backward, module.loss, weights, {"xs": xs, "ts": ts}, repair=False)


@each("text", [ONE, NAMED, LEFT_OUT, STARRED, GATHERED, NESTED, TWICE, METHOD])
def test_the_passes_are_right(text: str, tmp_path: Path) -> None:
    assert audited(text, tmp_path).passed


IN_ONE = "a, b, late = cell"
AT_CALL: list[tuple[str, str, str, str]] = [
    (ONE, "hs[t], hs[t - 1], dh)", "hs[t], hs[t], dh)", IN_ONE),
    (ONE, "hs[t], hs[t - 1], dh)", "hs[t], np.zeros(5), dh)", IN_ONE),
    (ONE, "(W, xs[t], ", "(W, xs[0], ", IN_ONE),
    (ONE, "hs[t], hs[t - 1], dh)", "hs[len(xs) - 1], hs[t - 1], dh)", IN_ONE),
    (ONE.replace("dh = V.T", "h = hs[t]\n        dh = V.T"), "hs[t], hs[t - 1], dh)", "h, h, dh)", IN_ONE),
    (ONE.replace(f"a, b, late = {CALL}", BIND), "before = hs[t - 1]", "before = hs[t]", "before = hs"),
    (ONE.replace(f"a, b, late = {CALL}", BIND), "before = hs[t - 1]", "before = np.zeros(5)", "before = np"),
    (ONE.replace(f"a, b, late = {CALL}", REBOUND), "before = hs[t - 1]", "before = np.zeros(5)", "before = np"),
    (NAMED, "before=hs[t - 1]", "before=hs[t]", IN_ONE),
    (NAMED, "before=hs[t - 1], x=xs[t], h=hs[t])", "before=hs[t], x=xs[t], h=hs[t - 1])", IN_ONE),
    (LEFT_OUT, "dh, hs[t - 1])", "dh)", IN_ONE),
    (STARRED, "hs[t], hs[t - 1]\n", "hs[t], np.zeros(5)\n", "args ="),
    (GATHERED, "hs[t], hs[t - 1], dh)", "hs[t], hs[t], dh)", IN_ONE),
    (GATHERED, "x, h, before, dh = parts", "x, before, h, dh = parts", "x, before, h"),
    (NESTED, "hs[t], hs[t - 1], dh + late)", "hs[t], hs[t], dh + late)", IN_ONE),
    (NESTED, "hs[t], hs[t - 1], dh + late)", "hs[t], np.zeros(5), dh + late)", IN_ONE),
    (NESTED, "linear_backward(W, before, dz)", "linear_backward(W, h, dz)", "dW, late = linear"),
    (NESTED, "linear_backward(W, before, dz)", "linear_backward(W, np.zeros(5), dz)", "dW, late = linear"),
    (NESTED, "linear_backward(V, hs[t],", "linear_backward(V, hs[t - 1],", "c, dh = linear"),
    (TWICE, "a[t + 1], b[t], b[t + 1], V", "a[t + 1], b[t + 1], b[t + 1], V", "gP, gQ"),
    (TWICE, "xs[t], a[t], a[t + 1]", "xs[t], np.zeros(5), a[t + 1]", "gU, gW"),
    (METHOD, "self.hs[t + 1], self.hs[t])", "self.hs[t + 1], self.hs[t + 1])", "carry = self._step"),
    (METHOD, "self.hs[t + 1], self.hs[t])", "self.hs[t], self.hs[t])", "carry = self._step"),
    (METHOD, "self.xs[t], self.hs", "self.xs[-1], self.hs", "carry = self._step"),
]
INSIDE: list[tuple[str, str, str, str]] = [
    (ONE, "np.outer(dz, before)", "np.outer(dz, h)", "dW = np.outer"),
    (ONE, "np.outer(dz, before)", "np.outer(dz, np.zeros(5))", "dW = np.outer"),
    (ONE, "1 - h**2", "1 - h", "dz = dh"),
    (ONE, "1 - h**2", "1 - before**2", "dz = dh"),
    (NESTED, "W.T @ dz\n    dW", "W @ dz if W.shape[0] == 5 == W.shape[1] else W.T @ dz\n    dW", "dx = W"),
    (TWICE, "dRec = np.outer(dz, before)", "dRec = np.outer(dz, h)", "dRec ="),
    (TWICE, "dRec = np.outer(dz, before)", "dRec = np.outer(dz, before**2)", "dRec ="),
    (TWICE, "dh * (1 - h**2)", "dh * (1 - before**2)", "dz = dh"),
    (METHOD, "np.outer(dz, before)", "np.outer(dz, h)", "self.dW += np"),
    (METHOD, "(1 - h * h)", "(1 - before * before)", "dz = (1"),
]


@each("text, old, new, line", [*AT_CALL, *INSIDE])
def test_the_line_that_is_wrong_is_named_and_no_other(text: str, old: str, new: str, line: str, tmp_path: Path) -> None:
    assert text.count(old) == 1
    tracer = sys.gettrace()
    report = audited(text.replace(old, new), tmp_path)
    assert sys.gettrace() is tracer
    assert len(report.findings) == 1 and report.findings[0].source.startswith(line), str(report)


def test_two_calls_with_wrong_things_are_both_named(tmp_path: Path) -> None:
    text = TWICE.replace("b[t], b[t + 1], V", "b[t + 1], b[t + 1], V").replace("a[t], a[t + 1]", "a[t + 1], a[t + 1]")
    report = audited(text, tmp_path)
    assert [f.source[:6] for f in report.findings] == ["gP, gQ", "gU, gW"], str(report)


def test_what_is_handed_on_is_told_with_what_is_due(tmp_path: Path) -> None:
    (one,) = audited(ONE.replace("hs[t], hs[t - 1], dh)", "hs[t], hs[t], dh)"), tmp_path).findings
    assert (one.function, one.step, one.kind, one.parameters) == ("backward", 1, "a wrong index", ("W",))
    assert (one.makes, one.due) == ("hs[t] at step 2", "hs[t] should be hs[t] at step 1")


@each(
    "lines, at, alone",
    [
        (["a = b", "c = a"], 3, True),
        (["a = b", "c = a", "d = a"], 3, False),
        (["a = b", "c = a", "a = d", "e = a"], 3, True),
        (["a = b", "c = a", "a = a + c"], 3, False),
        (["a = b", "d = c", "e = a"], 3, False),
        (["a = b", "c = f(", "    a)"], 3, True),
        (["c = a", "a = b", "c = a"], 4, True),
    ],
)
def test_what_is_bound_may_be_read_once(lines: list[str], at: int, alone: bool) -> None:
    text = "def f():\n    " + "\n    ".join(lines)
    tree = ast.parse(text)
    statement = next(x for x in ast.walk(tree) if isinstance(x, ast.Assign) and x.lineno == at)
    bound = next(k for k, row in enumerate(text.splitlines(), 1) if row.strip().startswith("a = b"))
    assert handed._is_alone(tree, "a", bound, statement) is alone
