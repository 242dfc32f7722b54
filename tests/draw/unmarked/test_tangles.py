"""A loop that does nothing but run another one: where the inner one begins anew, told from what reads what."""

from __future__ import annotations

from typing import Any

import tinygraph as tg
from tests.each import each
from tinygraph.draw.unmarked.bytecode import read_code
from tinygraph.draw.unmarked.runs import Run, untangled

CODE = read_code((lambda: None).__code__)


def always(*_: Any) -> bool:
    return True


def chain(lengths: list[int]) -> list[tg.Node]:
    """Nodes of runs of these lengths: each reads the one before, but the first of a run."""
    nodes: list[tg.Node] = []
    for length in lengths:
        for i in range(length):
            nodes.append(tg.tanh(nodes[-1] if i else tg.constant([1.0])))
    return nodes


def told(lengths: list[int], reads: Any = always, *, outer_count: int = 1) -> tuple[Run, Any, list[tg.Node]]:
    nodes = chain(lengths)
    outer, inner = Run(CODE, 1, outer_count), Run(CODE, 2, len(nodes))
    return outer, untangled({x: ((outer, 0), (inner, i)) for i, x in enumerate(nodes)}, reads), nodes


@each("lengths", [[3, 3], [2, 2, 2], [1, 3], [3, 1], [2, 1, 3], [4, 2]])
def test_each_part_that_reads_nothing_of_the_one_before_is_a_run_of_its_own(lengths: list[int]) -> None:
    outer, nests, nodes = told(lengths)
    assert outer.count == len(lengths)
    at = iter(nodes)
    runs = []
    for k, length in enumerate(lengths):
        own = [next(at) for _ in range(length)]
        (piece,) = {nests[x][1][0] for x in own}
        runs.append(piece)
        assert [nests[x] for x in own] == [((outer, k), (piece, i)) for i in range(length)]
        assert (piece.count, piece.begin, piece.code) == (length, 2, CODE)
    assert len({id(run) for run in runs}) == len(lengths)


@each("lengths", [[5], [1, 1, 1, 1]])
def test_one_run_or_iterations_that_all_stand_alone_stay_as_they_are(lengths: list[int]) -> None:
    outer, nests, nodes = told(lengths)
    assert outer.count == 1 and [nests[x][1][1] for x in nodes] == list(range(len(nodes)))


def test_what_is_read_to_add_to_it_is_no_state() -> None:
    outer, nests, nodes = told([2, 2], lambda x, y: False)
    assert outer.count == 1 and [nests[x][1][1] for x in nodes] == [0, 1, 2, 3], "then no iteration goes on"


def test_only_an_outer_loop_of_one_iteration_with_one_loop_in_it_is_told_anew() -> None:
    outer, _, _ = told([2, 2], outer_count=3)
    assert outer.count == 3
    nodes = chain([2, 2])
    outer, inner, other = Run(CODE, 1), Run(CODE, 2, 4), Run(CODE, 3, 2)
    for more in (((outer, 0),), ((outer, 0), (other, 0))):
        extra = tg.exp(tg.constant([1.0]))
        nests = {x: ((outer, 0), (inner, i)) for i, x in enumerate(nodes)} | {extra: more}
        assert untangled(dict(nests), always) == nests and outer.count == 1, "something else is in it"
    call = Run(CODE, None)
    nests = {x: ((outer, 0), (call, 0), (inner, i)) for i, x in enumerate(nodes)}
    assert untangled(nests, always)[nodes[2]][0] == (outer, 1), "calls between are no loops"
    short = {x: ((outer, 0), (Run(CODE, 2, 1), 0)) for x in nodes[:1]}
    assert untangled(dict(short), always) == short
