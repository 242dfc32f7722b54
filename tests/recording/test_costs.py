"""What a write looks at: the readers since the array was made or last written, however long the program is by then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
import tinygraph.numpy as tnp
from tests.each import each
from tinygraph.recording import record


def new_rows(steps: int) -> Any:
    w, total = tg.parameter([0.5, -0.2]), 0.0
    for _ in range(steps):
        row = tnp.zeros(2)
        row[0] = w[0] + total
        row[1] = row[0] * w[1]
        total = row[0] * 0.5 + row[1]
    return total


def one_buffer(steps: int) -> Any:
    w, rows = tg.parameter([0.5, -0.2]), tnp.zeros((steps, 2))
    for t in range(steps):
        rows[t] = np.tanh(w + rows[t - 1])
    return np.sum(rows)


def a_sum_in_place(steps: int) -> Any:
    w, total = tg.parameter([0.5, -0.2]), tnp.zeros(2)
    for t in range(steps):
        total += w * float(t)
    return np.sum(total)


@each("program", [new_rows, one_buffer, a_sum_in_place])
def test_a_longer_program_looks_no_farther_back_at_each_write(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    place = record.bisect_right

    def counted(stamps: list[int], since: int) -> int:
        nonlocal looked
        start = place(stamps, since)
        looked += len(stamps) - start
        return start

    monkeypatch.setattr(record, "bisect_right", counted)
    counts = []
    for steps in (20, 40):
        looked = 0
        tg.recorded(program)(steps)
        counts.append(looked)
    assert 0 < counts[1] <= 2.2 * counts[0], counts
