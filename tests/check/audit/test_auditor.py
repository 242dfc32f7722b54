"""The auditor as a whole: loops within loops, losses that are no sum, passes that do other things on nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.check.audit import auditor
from tinygraph.check.audit.auditor import ANEW

from .test_anew import DATA, WEIGHTS, backward, loss, product_of_losses
from .test_truncation import WEIGHTS as WIDE
from .test_truncation import X, Y, clipped, windows
from .test_truncation import loss as wide_loss


def audit(*arguments: Any, **keywords: Any) -> Any:
    return tg.check.audit(*arguments, repair=False, **keywords)


def doubled(Wx: Any, Wh: Any, V: Any, xs: Any, ts: Any) -> Any:
    """Anew from each step, over all of them, with a factor that is wrong."""
    hs = [np.zeros((5, 1))]
    for x in xs:
        hs.append(np.tanh(Wx @ x + Wh @ hs[-1]))
    dWx, dWh, dV = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(V)
    for t in range(len(xs)):
        dy = 2 * (V @ hs[t + 1] - ts[t])
        dV += 3 * dy @ hs[t + 1].T
        dh = V.T @ dy
        for i in range(t, -1, -1):
            da = dh * (1 - hs[i + 1] ** 2)
            dWx += da @ xs[i].T
            dWh += da @ hs[i].T
            dh = Wh.T @ da
    return dWx, dWh, dV


def test_where_a_pass_goes_back_anew_a_wrong_line_is_named() -> None:
    report = audit(doubled, loss, WEIGHTS, DATA)
    assert [f.source for f in report.findings] == ["dV += 3 * dy @ hs[t + 1].T"] and ANEW not in report.notes, report


def test_of_a_loss_that_is_no_sum_over_steps_it_is_said_that_lines_may_be_named_falsely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = audit(backward(3), product_of_losses, WEIGHTS, DATA)
    assert not report.passed and report.findings and ANEW in report.notes, report
    with monkeypatch.context() as patch:
        patch.setattr(auditor, "findings_of", lambda *_: [])
        silent = audit(backward(3), product_of_losses, WEIGHTS, DATA)
    assert silent.findings == () and ANEW not in silent.notes, silent


def fixed_loss(Wx: Any, Wh: Any, V: Any, xs: Any, ts: Any) -> Any:
    """Of four steps, whatever there is."""
    h, total = np.zeros(5), 0.0
    for t in range(4):
        h = np.tanh(Wx @ xs[t] + Wh @ h)
        total = total + np.sum((V @ h - ts[t]) ** 2)
    return total


def fixed(Wx: Any, Wh: Any, V: Any, xs: Any, ts: Any) -> Any:
    hs = [np.zeros(5)]
    for t in range(4):
        hs.append(np.tanh(Wx @ xs[t] + Wh @ hs[-1]))
    dWx, dWh, dV = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(V)
    for t in range(4):
        dy = 2 * (V @ hs[t + 1] - ts[t])
        dV += 3 * np.outer(dy, hs[t + 1])
        dh = V.T @ dy
        for i in range(t, -1, -1):
            da = dh * (1 - hs[i + 1] ** 2)
            dWx += np.outer(da, xs[i])
            dWh += np.outer(da, hs[i])
            dh = Wh.T @ da
    return dWx, dWh, dV


def test_where_no_time_is_known_loops_within_loops_are_followed_too() -> None:
    data = {"xs": DATA["xs"][:, :, 0], "ts": DATA["ts"][:, :, 0]}
    report = audit(fixed, fixed_loss, WEIGHTS, data)
    assert {row.steps for row in report.rows} == {None} and report.wrong == ("V",)
    assert not any("could not be followed" in note for note in report.notes), report
    assert report.findings[0].source == "dV += 3 * np.outer(dy, hs[t + 1])", report


def test_a_line_that_has_no_like_is_missed_after_the_one_that_makes_what_it_needs() -> None:
    def embedded(W: Any, E: Any, xs: Any) -> Any:
        return sum(np.sum(np.tanh(W @ np.tanh(E @ x)) ** 2) for x in xs)

    def lost(W: Any, E: Any, xs: Any) -> Any:
        dE = np.zeros_like(E)
        for t in range(len(xs)):
            u = np.tanh(E @ xs[t])
            h = np.tanh(W @ u)
            dz = 2 * h * (1 - h**2)
            du = W.T @ dz * (1 - u**2)
            dE += du @ xs[t].T
        return {"E": dE}

    weights = {"W": WEIGHTS["Wh"], "E": WEIGHTS["Wx"]}
    report = audit(lost, embedded, weights, {"xs": DATA["xs"]})
    assert [(f.source, f.kind) for f in report.findings] == [("dz = 2 * h * (1 - h**2)", "a line is missing")], report


def test_a_pass_that_returns_arrays_for_nodes_alone_is_followed() -> None:
    def shy(W: Any, v: Any) -> Any:
        return (None if type(W) is np.ndarray else 2 * W), 3 * v

    report = audit(shy, lambda W, v: np.sum(W * W) + np.sum(v * v), {"W": np.ones(3), "v": np.ones(2)}, {})
    assert report.wrong == ("W", "v") and report.findings, report
    assert not any("could not be followed" in note for note in report.notes), report


def test_a_truncated_pass_that_is_clipped_is_called_both() -> None:
    report = audit(clipped(windows(1)), wide_loss, WIDE, {"x": X, "y": Y})
    assert report.passed and any("truncated after 1 step back" in note for note in report.notes), report
    assert {"truncated", "clipped at 0.5"} <= {row.name for row in report.rows}, report
