"""Which traced ops the lower band does: each that computes numbers, whatever the plan calls it."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

from .functions import called, draw, halves, title

OPS: dict[str, Any] = {
    "sum": lambda x: tg.sum(x, axis=0),
    "mean": lambda x: tg.mean(x, axis=0),
    "mean of all": tg.mean,
    "max": lambda x: tg.max(x, axis=1),
    "sum_to": lambda x: tg.ops.sum_to(x, shape=(4,)),
    "exp": tg.exp,
    "matmul": lambda x: x @ np.eye(4),
}


@each_backend
@each("name", OPS)
def test_an_op_that_computes_numbers_is_not_told_to_be_done_by_no_action(name: str, backend: str) -> None:
    step = called(lambda x: OPS[name](tg.tanh(x)) * 2.0, backend, np.ones((3, 4)))
    before, after = halves(draw(step))
    gone = [title(box) for box in before if box.dashed or box.role == "removed"]
    assert not gone and not any(box.dashed for box in after), gone
    text = tg.draw(step, "compiled").text()
    assert "done by no action" not in text.split("before: what was traced")[1].split("after:")[0]


@each_backend
@each("view", [lambda x: tg.reshape(x, (4, 3)), lambda x: x[1:], lambda x: tg.transpose(x)])
def test_a_view_is_done_by_no_action_and_moves_no_bytes(view: Any, backend: str) -> None:
    step = called(lambda x: tg.exp(view(x)), backend, np.ones((3, 4)))
    before, _ = halves(draw(step))
    assert [box.dashed for box in before] == [True, False]
    assert any("no number is computed" in line for line in before[0].tip)
    (line,) = [x for x in tg.draw(step, "compiled").text().splitlines() if x.startswith("-   ") and "done" not in x]
    assert not line.rstrip().endswith(" B") and " B " not in line and "FLOP" not in line
