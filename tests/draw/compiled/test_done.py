"""Which traced ops the lower band does: each that computes numbers, whatever the plan calls it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each
from tinygraph.draw.compiled import planned, traced
from tinygraph.draw.compiled.items import LoopCard

from .functions import NETWORKS, called, cards, chips, draw, flat, halves, title

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


def times_of(parts: Any, times: int = 1) -> dict[int, int]:
    """How often each item runs in a call: once for each step of all cards around it."""
    out: dict[int, int] = {}
    for part in parts:
        is_card = isinstance(part, LoopCard)
        out |= times_of(part.parts, times * part.steps) if is_card else dict.fromkeys(part.items, times)
    return out


@each("name", NETWORKS)
def test_the_facts_of_an_op_are_those_of_its_node_and_of_all_its_steps(name: str) -> None:
    plan = called(NETWORKS[name]()).plan
    before, journal = traced(plan.before), plan.journal()
    after = planned(journal, before.parameters)
    for i, times in times_of(before.parts).items():
        item = before.items[i]
        (node,) = item.nodes
        assert node.op is not None and item.kind == node.op.name
        size = int(np.prod(node.shape))
        assert item.tip[0] == f"{node.op.name} {'×'.join(map(str, node.shape)) or 'scalar'} {node.dtype}"
        assert item.below == ("×".join(map(str, node.shape)) or "scalar")
        told = re.fullmatch(r"([\d,]+) FLOP(?: × (\d+) steps)?", item.tip[1])
        assert told and int(told[1].replace(",", "")) * times == item.flops and int(told[2] or 1) == times
        if node.op.name == "matmul":
            assert item.flops == 2 * size * node.inputs[0].shape[-1] * times
        elif node.op.name in ("tanh", "add", "multiply", "exp"):
            assert item.flops == size * times
        assert item.bytes == (0 if item.flops else size * node.dtype.itemsize * times)
        assert item.is_view == (
            node.op.name
            in (
                "transpose",
                "swapaxes",
                "reshape",
                "getitem",
                "broadcast_to",
                "stop_gradient",
                "put",
                "concatenate",
                "stack",
            )
        )
    repeats = {i: np.prod([*around, 1]) for i, (_, around) in enumerate(flat(plan.actions))}
    assert times_of(after.parts) == repeats and len(times_of(before.parts)) == len(before.items)
    for i, item in enumerate(after.items):
        times = repeats[i]
        told = re.fullmatch(r"([\d,]+) FLOP, ([\d,]+) bytes(?: × (\d+) steps)?", item.tip[1])
        assert told and [int(x.replace(",", "")) * times for x in told.groups()[:2]] == [item.flops, item.bytes]
        assert int(told[3] or 1) == times and not item.is_view


def test_marks_that_no_line_has_are_not_explained() -> None:
    text = tg.draw(called(tg.tanh, xs=np.ones(3)), "compiled").text()
    assert "tanh" in text and "no action" not in text and "[n]" not in text


def test_operands_of_both_bands_have_their_names() -> None:
    """Parameters by their names, turned or not, data, zeros, numbers; one that has no name gets a letter."""
    w, v = tg.parameter(np.ones((3, 4)), name="W"), tg.parameter(np.ones((4, 4)))

    def step(x: Any) -> Any:
        h = tg.transpose(w) @ tg.transpose(x)
        return (
            tg.tanh(v @ h) * 0.5 + tg.transpose(tg.transpose(v)) @ h - np.zeros((4, 2)) + np.arange(8.0).reshape(4, 2)
        )

    before, after = halves(draw(called(step, xs=np.ones((2, 3)))))
    told = [title(box) for box in before]
    assert any(x.startswith("W.T @") or x.endswith("W.T @ ·") or "W.T" in x for x in told)
    assert any("θ2" in x or "θ1" in x for x in told) and not any(".T.T" in x for x in told)
    assert any("0.5" in x for x in told) and any("zeros" in x for x in told) and any("data" in x for x in told)
    below = [title(box) for box in after]
    assert any("W.T" in x for x in below) and any("θ" in x for x in below)


@each_backend
def test_a_parameter_without_a_name_has_one_letter_in_both_bands(backend: str) -> None:
    """Joined before its loop the second weight is read first below, but it is the second above."""
    a, b = (tg.parameter(np.ones((4, 4)) * k) for k in (1, 2))

    def loss(xs: Any) -> Any:
        def cell(x: Any, h: Any) -> Any:
            h = tg.tanh(h @ a + x @ b)
            return h, h

        return tg.sum(tg.unroll(cell, xs, np.zeros((2, 4)))[0])

    picture = draw(called(loss, backend, np.ones((3, 2, 4))))
    before, after = halves(picture)
    (above,) = [chips(box) for box in before if title(box).startswith("state @")]
    (below,) = [chips(box) for box in after if cards(picture, box) and "@" in title(box)]
    assert above == below == ["θ1"]


def test_jax_has_no_actions_to_show() -> None:
    pytest.importorskip("jax")
    with pytest.raises(tg.GraphError, match="JAX compiles this function as a whole") as error:
        draw(called(tg.tanh, "jax", np.ones(3)))
    assert 'tg.compile(fn, "numpy")' in str(error.value)
