"""Cases: where time lies is told by how deep the graph grows, and the numbers are drawn anew, the same each time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.cases import SCALE, Cases


class Depth:
    """A subject whose graph has so many operations in a row for each row of x and each column, and others beside."""

    def __init__(self, rows: int = 0, columns: int = 0, beside: int = 0, most: int = 99, **arguments: Any) -> None:
        self.grows, self.beside, self.most, self.runs = (rows, columns), beside, most, 0
        self.parameters = {"w": np.ones((40, 50)), "n": np.arange(6), "f": np.ones(300, np.float32)}
        self.arguments = arguments or {"x": np.ones((6, 4))}

    def on_nodes(self, case: Any) -> Any:
        self.runs += 1
        x = case.arguments["x"]
        shape = (len(x), len(x[0])) if isinstance(x, list) else x.shape
        if shape[0] > self.most:
            raise ValueError(shape)
        loss = tg.parameter(np.ones(2))
        for _ in range(sum(a * b for a, b in zip(self.grows, shape, strict=True))):
            loss = np.tanh(loss)
        wide = [np.tanh(loss) for _ in range(self.beside * sum(shape))]
        return SimpleNamespace(loss=loss, gradients={"w": np.stack([loss, *wide]), "n": None})


@each(
    "rows, columns, axis, runs",
    [
        (5, 0, 0, 3),  # deep enough: no other axis is tried
        (0, 5, 1, 5),
        (2, 6, 1, 5),
        (6, 2, 0, 3),
        (3, 4, 1, 5),
        (4, 3, 0, 5),
        (3, 3, 0, 5),
        (0, 0, None, 5),
    ],
)
def test_time_is_the_axis_along_which_the_graph_grows_deepest(rows: int, columns: int, axis: int, runs: int) -> None:
    subject: Any = Depth(rows, columns)
    cases = Cases(subject)
    assert cases.places == ({} if axis is None else {("x",): axis})
    assert cases.steps == (None if axis is None else (6, 4)[axis]) and subject.runs == runs
    assert [case.steps for case in cases.probes()] == ([1, 2, 4] if cases.places else [None])
    for steps in (1, 3, 9) if cases.places else ():
        assert cases.case(steps).arguments["x"].shape[axis] == steps


def test_what_grows_wide_alone_or_does_not_run_with_other_lengths_has_no_time() -> None:
    wide: Any = Depth(beside=3)
    assert Cases(wide).places == {("x",): 0}  # by no depth, but the first whose graph grows
    late: Any = Depth(5, 0, most=2)
    assert Cases(late).places == {} and late.runs == 1
    listed: Any = Depth(0, 0, x=[np.ones(3)] * 5, k=5)
    assert Cases(listed).places == {}
    grown: Any = Depth(6, 0, x=[np.ones(3)] * 5, k=5)
    cases = Cases(grown)
    assert (cases.places, cases.steps) == ({("x",): 0}, 5)
    assert cases.case(2).arguments["k"] == 2 and len(cases.case(2).arguments["x"]) == 2
    assert cases.case(None).arguments["k"] == 5


def test_numbers_are_drawn_of_the_kind_that_is_there_and_each_case_once() -> None:
    subject: Any = Depth(5)
    cases, again, other = Cases(subject), Cases(subject), Cases(subject, seed=1)
    own = cases.case(2)
    assert cases.case(2) is own and cases.case(None) is cases.case(None) and cases.case(None).steps == 6
    for name, x in own.parameters.items():
        assert x.dtype == (np.float32 if name == "f" else np.float64) and x.shape == subject.parameters[name].shape
        np.testing.assert_array_equal(x, again.case(2).parameters[name])
        for case in (cases.case(2, 1), cases.case(4), other.case(2)):
            assert not np.array_equal(x, case.parameters[name])
    assert abs(own.parameters["w"].std() - SCALE) < 0.05 and abs(own.parameters["w"].mean()) < 0.05
    assert not np.array_equal(own.arguments["x"], subject.arguments["x"][:2])


def test_the_authors_own_steps_are_told_of_each_draw() -> None:
    subject: Any = Depth(5)
    cases = Cases(subject)
    assert [cases.case(None, draw).steps for draw in (0, 1)] == [6, 6] and cases.case(3, 1).steps == 3
