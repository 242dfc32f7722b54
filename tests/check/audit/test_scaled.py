"""A pass whose gradients are scaled in a line of their own: of each fault one line is named, and not two."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import tinygraph as tg
from tests.each import each

from .passes import loaded

RIGHT = """
import numpy as np


def loss(W, U, b, V, xs, ts):
    h, total = np.zeros((4, 5)), 0.0
    for x, t in zip(xs, ts):
        h = np.tanh(x @ W + h @ U + b)
        total = total + np.mean((h @ V - t) ** 2)
    return total


def backward(W, U, b, V, xs, ts):
    hs = [np.zeros((4, 5))]
    for x in xs:
        hs.append(np.tanh(x @ W + hs[-1] @ U + b))
    dW, dU, db, dV = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(V)
    late, n = np.zeros((4, 5)), 4 * 2
    for t in reversed(range(len(xs))):
        dy = 2 * (hs[t + 1] @ V - ts[t])
        dy = dy / n
        dV += hs[t + 1].T @ dy
        dh = dy @ V.T + late
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += xs[t].T @ dz
        dU += hs[t].T @ dz
        db += dz.sum(axis=0)
        late = dz @ U.T
    return dW, dU, db, dV
"""
FIRST, SECOND, SLOPE = "dy = 2 * (hs[t + 1] @ V - ts[t])", "dy = dy / n", "dz = dh * (1 - hs[t + 1] ** 2)"
SUM, CARRY, TURNED = "dU += hs[t].T @ dz", "late = dz @ U.T", "a transpose too many or missing"
SIGN, SCALE, LESS, INDEX = "a wrong sign", "a wrong constant factor", "a factor missing", "a wrong index"


@each(
    "old, new, kind",
    [
        (SECOND, "dy = dy / (2 * n)", SCALE),
        (SECOND, "dy = dy * n", LESS),
        (SECOND, "dy /= n * n", LESS),
        (SECOND, "dy /= -n", SIGN),
        (FIRST, "dy = 2 * (hs[t + 1] @ V + ts[t])", SIGN),
        (FIRST, "dy = 2 * (ts[t] - hs[t + 1] @ V)", SIGN),
        (FIRST, "dy = 2 * (hs[t] @ V - ts[t])", INDEX),
        (FIRST, "dy = 2 * (hs[t + 1] @ V - ts[0])", INDEX),
        (FIRST, "dy = -2 * ts[t]", "a term missing"),
        (FIRST, "h = hs[1]\n        dy = 2 * (h @ V - ts[0])", INDEX),
        (FIRST, "h = hs[-1]\n        dy = 2 * (h @ V - ts[-1])", INDEX),
        (FIRST, "h, y = hs[1], ts[0]\n        dy = 2 * (h @ V - y)", INDEX),
        (FIRST, "h, y = hs[t], ts[t]\n        dy = 2 * (h @ V - y)", INDEX),
        (SLOPE, "dz = 2 * dh * (1 - hs[t + 1] ** 2)", SCALE),
        (SLOPE, "dz = -dh * (1 - hs[t + 1] ** 2)", SIGN),
        (SLOPE, "dz = dh", LESS),
        (SLOPE, "dz = dh * (1 - hs[t + 1] ** 2) * dh", "a factor too many"),
        (SLOPE, "dz = dh * (1 - hs[t + 1] ** 2) - late", "a term too many"),
        (SLOPE, "dz = dh * (1 - hs[1] ** 2)", INDEX),
        (SLOPE, "dz = late * (1 - hs[t + 1] ** 2)", "another variable"),
        (SUM, "G = dz.T @ hs[t]\n        dU += G", "operands in the wrong order"),
        (SUM, "G = (hs[t].T @ dz).T\n        dU += G", "operands in the wrong order"),
        (SUM, "dU += dz.T @ hs[t]", TURNED),
        (CARRY, "late = (U.T @ dz.T).T", TURNED),
        (CARRY, "late = (U @ dz.T).T * 2", SCALE),
        ("db += dz.sum(axis=0)", "db += dz.mean(axis=0)", LESS),
        ("dh = dy @ V.T + late", "dh = late", "a term missing"),
        # Nobody can tell which of two lines has the wrong factor.
        (SECOND, "dy = dy / 4", None),
        (SECOND, "dy = dy", None),
        (SECOND, "dy = dy / n * 2", None),
        (FIRST, "dy = 3 * (hs[t + 1] @ V - ts[t])", None),
        (FIRST, "dy = hs[t + 1] @ V - ts[t]", None),
    ],
)
def test_of_one_fault_one_line_is_named(old: str, new: str, kind: str | None, tmp_path: Path) -> None:
    assert RIGHT.count(old) == 1
    file = tmp_path / f"scaled{len([*tmp_path.iterdir()])}.py"
    file.write_text(RIGHT.replace(old, new), encoding="utf-8")
    module, rng = loaded(file), np.random.default_rng(3)
    weights = {name: rng.normal(size=s) / 2 for name, s in {"W": (3, 5), "U": (5, 5), "b": (5,), "V": (5, 2)}.items()}
    data = {"xs": rng.normal(size=(4, 4, 3)), "ts": rng.normal(size=(4, 4, 2))}
    report = tg.check.audit(module.backward, module.loss, weights, data, repair=False)
    (first,) = report.findings
    assert first.source in ((new.splitlines()[0],) if kind else (FIRST, SECOND, new)), str(report)
    assert kind is None or first.kind == kind, str(report)
    assert {*first.parameters} == {*report.wrong}, str(report)
