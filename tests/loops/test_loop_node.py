"""The node of a loop: its work is that of its body at every step, and it runs in compiled functions alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tests.passes.graphs import loops_of, trace
from tinygraph.core.graph import ancestors
from tinygraph.core.op import Spec

B, I, H = 2, 3, 4  # noqa: E741
W = tg.parameter(np.ones((I, H)))


def work(node: Any) -> int:
    return int(node.op.flops(*(Spec(x.shape, x.dtype) for x in node.inputs), **node.attributes))


@each("T", [2, 7])
def test_its_work_is_that_of_all_steps(T: int) -> None:
    def cell(x: Any, h: Any) -> Any:
        h = x @ W + h
        return h, h

    graph = trace(lambda xs: tg.unroll(cell, xs, np.zeros((B, H)))[0], np.ones((T, B, I)))
    (over,) = loops_of(graph.results)
    inside = [n for n in ancestors(over.attributes["body"].nexts) if n.op is not None]
    assert sorted(n.op.name for n in inside if n.op is not None) == ["add", "matmul"]
    assert work(over) == T * (2 * B * I * H + B * H)
    picked = [n for n in ancestors(graph.results) if n.op is not None and n.op.selects]
    assert picked and all(work(n) == 0 for n in picked)


def test_it_does_not_run_by_itself() -> None:
    graph = trace(lambda xs: tg.unroll(lambda x, h: (x, h + x), xs, np.zeros(I))[1], np.ones((3, I)))
    (over,) = loops_of(graph.results)
    with pytest.raises(tg.GraphError, match=r"runs only in compiled functions[\s\S]*tg\.compile"):
        over.op.forward(*(np.zeros(x.shape) for x in over.inputs), **over.attributes)
    assert over.op.infer(**over.attributes) == Spec((), np.dtype(bool))


def test_a_loop_in_a_loop_does_the_work_of_both() -> None:
    def cell(x: Any, h: Any) -> Any:
        _, last = tg.unroll(lambda y, s: (y, s * y), x, h)
        return last, last

    graph = trace(lambda xs: tg.unroll(cell, xs, np.ones(I))[0], np.ones((5, 6, I)))
    (over,) = loops_of(graph.results)
    assert work(over) == 5 * 6 * I
