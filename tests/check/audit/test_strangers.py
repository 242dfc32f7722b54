"""Styles of people who know nothing of the auditor: moments of Adam inside, a loop over examples, layer norm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each

from .passes import loaded

ADAM = """
import numpy as np


class Elman:
    def __init__(self):
        r = np.random.RandomState(0)
        self.p = {"Wx": r.randn(5, 3) * 0.5, "Wh": r.randn(5, 5) * 0.5, "Wy": r.randn(2, 5) * 0.5}
        self.m = {k: np.zeros_like(v) for k, v in self.p.items()}
        self.v = {k: np.zeros_like(v) for k, v in self.p.items()}

    def forward(self, xs):
        self.xs, self.hs = xs, [np.zeros((5, 1))]
        for x in xs:
            self.hs.append(np.tanh(self.p["Wx"] @ x + self.p["Wh"] @ self.hs[-1]))
        self.ys = [self.p["Wy"] @ h for h in self.hs[1:]]
        return self.ys

    def backward(self, ts):
        g, late = {k: np.zeros_like(v) for k, v in self.p.items()}, 0
        for t in reversed(range(len(ts))):
            dy = self.ys[t] - ts[t]
            g["Wy"] += dy @ self.hs[t + 1].T
            raw = (1 - self.hs[t + 1] ** 2) * (self.p["Wy"].T @ dy + late)
            g["Wx"] += raw @ self.xs[t].T
            g["Wh"] += raw @ self.hs[t].T
            late = self.p["Wh"].T @ raw
        self.g = g
        return g

    def update(self, k, lr=0.001):
        for n in self.p:
            self.m[n] = 0.9 * self.m[n] + 0.1 * self.g[n]
            self.v[n] = 0.999 * self.v[n] + 0.001 * self.g[n] ** 2
            self.p[n] -= lr * (self.m[n] / (1 - 0.9**k)) / (np.sqrt(self.v[n] / (1 - 0.999**k)) + 1e-8)


def loss(ys, ts):
    return sum(np.sum((y - t) ** 2) for y, t in zip(ys, ts)) / 2
"""
EXAMPLES = """
import numpy as np


class Last:
    def __init__(self):
        r = np.random.default_rng(0)
        self.W, self.U, self.v = r.normal(0, 0.5, (5, 5)), r.normal(0, 0.5, (5, 3)), r.normal(0, 0.5, 5)

    def forward(self, xs):
        self.kept, preds = [], []
        for example in xs:
            h, steps = np.zeros(5), []
            for x in example:
                prev, h = h, np.tanh(self.W @ h + self.U @ x)
                steps.append((x, prev, h))
            self.kept.append(steps)
            preds.append(self.v @ h)
        self.preds = np.array(preds)
        return self.preds

    def backward(self, ys):
        self.dW, self.dU, self.dv = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.v)
        for steps, p, y in zip(self.kept, self.preds, ys):
            d = 2 * (p - y) / len(ys)
            self.dv += d * steps[-1][2]
            dh = d * self.v
            for x, prev, h in reversed(steps):
                dz = dh * (1 - h**2)
                self.dW += np.outer(dz, prev)
                self.dU += np.outer(dz, x)
                dh = self.W.T @ dz


def loss(p, y):
    return np.mean((p - y) ** 2)
"""
NORM = """
import numpy as np


def norm(z, g):
    mu = z.mean(-1, keepdims=True)
    s = np.sqrt(((z - mu) ** 2).mean(-1, keepdims=True) + 1e-5)
    xh = (z - mu) / s
    return g * xh, (xh, s)


def norm_back(dy, cache, g):
    xh, s = cache
    dxh = dy * g
    dz = (dxh - dxh.mean(-1, keepdims=True) - xh * (dxh * xh).mean(-1, keepdims=True)) / s
    return dz, (dy * xh).sum(0)


def loss(x, y, W, U, g):
    h, kept, total = np.zeros((x.shape[1], 5)), [], 0.0
    for t in range(len(x)):
        a, c = norm(h @ W + x[t] @ U, g)
        kept.append((h, np.tanh(a), c))
        h = kept[-1][1]
        total = total + np.sum((h - y[t]) ** 2) / 2
    return total, kept


def backward(x, y, W, U, g, kept):
    dW, dU, dg, dh = 0.0 * W, 0.0 * U, 0.0 * g, 0.0
    for t in reversed(range(len(x))):
        before, h, c = kept[t]
        dh = dh + (h - y[t])
        da = dh * (1 - h * h)
        dz, b = norm_back(da, c, g)
        dg += b
        dW += before.T @ dz
        dU += x[t].T @ dz
        dh = dz @ W.T
    return dW, dU, dg
"""


def audited(text: str, folder: Path) -> Any:
    file, rng = folder / "by_hand.py", np.random.default_rng(4)
    file.write_text(text, encoding="utf-8")
    m = loaded(file)
    if text.count("norm_back"):
        weights = {"W": rng.normal(size=(5, 5)), "U": rng.normal(size=(3, 5)), "g": 1 + rng.normal(size=5) / 2}
        arguments = {"x": rng.normal(size=(4, 2, 3)), "y": rng.normal(size=(4, 2, 5))}
        return tg.check.audit(m.backward, m.loss, weights, arguments, repair=False)
    net, shapes = (m.Elman(), ((4, 3, 1), (4, 2, 1))) if hasattr(m, "Elman") else (m.Last(), ((2, 4, 3), (2,)))
    inputs, targets = (rng.normal(size=shape) for shape in shapes)
    return tg.check.audit(net, loss=m.loss, inputs=inputs, targets=targets, repair=False)


@each("text", [ADAM, EXAMPLES, NORM])
def test_a_right_pass_passes_and_nothing_is_told_of_it(text: str, tmp_path: Path) -> None:
    report = audited(text, tmp_path)
    assert report.passed and not report.notes, str(report)


@each(
    "text, old, new",
    [
        (ADAM, "raw @ self.hs[t].T", "raw @ self.hs[t + 1].T"),
        (EXAMPLES, "np.outer(dz, prev)", "np.outer(dz, h)"),
        (NORM, "norm_back(da, c, g)", "norm_back(dh, c, g)"),
    ],
)
def test_of_a_wrong_one_the_line_alone_is_named(text: str, old: str, new: str, tmp_path: Path) -> None:
    assert text.count(old) == 1
    report = audited(text.replace(old, new), tmp_path)
    assert len(report.findings) == 1 and new in report.findings[0].source, str(report)
    assert report.findings[0].kind in ("another variable", "a wrong index") and not report.notes
