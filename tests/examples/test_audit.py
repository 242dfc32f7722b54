"""The example of an audit names both wrong lines of its network, mends them, and trains the better for it."""

from __future__ import annotations

import re
from pathlib import Path

import audit
import audit_net
import numpy as np
import pytest

RIGHT = {34: "            dz = (1 - self.hs[t + 1] ** 2) * dh", 38: "            later = self.Wh.T @ dz"}


@pytest.fixture(scope="module")
def printed() -> str:
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr("builtins.print", lambda *words: lines.append(" ".join(map(str, words))))
        audit.main()
    return "\n".join(lines)


def test_the_two_wrong_lines_are_named_first_and_mended(printed: str) -> None:
    named = [int(n) for n in re.findall(r"audit_net\.py:(\d+) \(", printed)]
    assert {*named[:2]} == {*RIGHT}
    assert all(f"+{line}" in printed for line in RIGHT.values())
    assert "after the repairs: audit: all gradients are right" in printed


def test_the_right_gradient_learns_more_though_both_losses_fall(printed: str) -> None:
    rows = re.findall(r"^(?:wrong|right) +(\d.*)$", printed, re.MULTILINE)
    wrong, right = ([float(x) for x in row.split()] for row in rows)
    assert wrong[0] == right[0] and wrong == sorted(wrong, reverse=True) and right == sorted(right, reverse=True)
    assert right[-1] < wrong[-1] / 2


def test_what_is_wrong_are_these_two_lines(tmp_path: Path) -> None:
    """By central differences, of the file as it is and with other lines."""
    lines = Path(audit_net.__file__).read_text(encoding="utf-8").split("\n")
    assert _error(audit_net) > 0.01
    for n, line in RIGHT.items():
        assert lines[n - 1] != line
        lines[n - 1] = line
    (tmp_path / "right.py").write_text("\n".join(lines), encoding="utf-8")
    assert _error(audit.loaded(tmp_path / "right.py")) < 1e-7


def _error(module: object) -> float:
    rng = np.random.default_rng(2)
    xs, ts = (list(rng.normal(size=(4, n, 3))) for n in (3, 2))
    net = module.Delay(3, 5, 2)  # type: ignore[attr-defined]
    before = {name: x.copy() for name, x in vars(net).items()}
    net.forward(xs)
    net.backward(xs, ts, 1.0)
    worst = 0.0
    for name, x in before.items():
        hand = x - getattr(net, name)
        for at in np.ndindex(x.shape):
            ends = []
            for eps in (1e-5, -1e-5):
                other = module.Delay(3, 5, 2)  # type: ignore[attr-defined]
                getattr(other, name)[at] += eps
                ends.append(module.loss(other.forward(xs), ts))  # type: ignore[attr-defined]
            worst = max(worst, abs((ends[0] - ends[1]) / 2e-5 - hand[at]))
    return worst
