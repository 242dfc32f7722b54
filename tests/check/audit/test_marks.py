"""Marks of a picture: which line makes the gradient between which two nodes, held against gradients by plain loops."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import picture
from tinygraph.check.audit.blame import Blame
from tinygraph.check.audit.book import Book
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.findings import findings_of
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.marks import Marks, _edge, marks_of
from tinygraph.check.audit.right import Right, Thing
from tinygraph.check.audit.source import source_of
from tinygraph.check.audit.written import Written
from tinygraph.core.graph import ancestors
from tinygraph.draw.picture import Arrow
from tinygraph.recording.recorded import code_of

from .test_written import DATA, WEIGHTS, back, loss, none, states


def doubled(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """`back` with one more factor of 2."""
    hs = states(W, U, b, xs)
    dW, dU, db, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(b)
    for t in reversed(range(len(xs))):
        dh = 2 * (hs[t + 1] - ts[t]) + late
        dz = 2 * dh * (1 - hs[t + 1] ** 2)
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        db += dz
        late = U.T @ dz
    return dW, dU, db


def marks(backward: Any, of: Any = loss) -> tuple[Marks, Any]:
    subject = Functions(backward, of, WEIGHTS, DATA)
    case = Cases(subject).case(3)
    outcome = subject.on_nodes(case)
    blame = Blame(Written(outcome, Right(outcome, 3)))
    return marks_of(outcome, blame, findings_of(subject, case, blame)), outcome


def line(function: Any, text: str) -> int:
    source = source_of(code_of(function))
    return next(n for n in range(source.tree.lineno, 10**6) if source.line(n).strip().startswith(text))


def named(own: Marks, name: str) -> list[Any]:
    """The nodes of the picture's graph of a name, or of an op, in the order of steps."""
    return [x for x in ancestors([own.loss]) if x.name == name or (x.op is not None and x.op.name == name)]


def test_the_graph_of_the_picture_has_the_steps_and_no_copies() -> None:
    own, outcome = marks(back)
    nodes = ancestors([own.loss])
    assert own.loss.value == outcome.loss.value and not any(x.op is tg.ops.copy for x in nodes)
    assert {x.name for x in nodes if isinstance(x, tg.Parameter)} == {*WEIGHTS}
    assert [x.step for x in named(own, "tanh")] == [0, 1, 2] and [x.step for x in named(own, "power")] == [0, 1, 2]
    assert all(x.step is None for x in nodes if x.op is None)


def test_of_a_right_pass_each_gradient_has_its_line_and_both_norms_are_equal() -> None:
    own, outcome = marks(back)
    assert own.departing == ()
    for name, g in outcome.gradients.items():
        norm = own.hand[name]
        assert norm is not None and np.isclose(norm, np.linalg.norm(g.value))
    states_of, sums = named(own, "tanh"), [x.inputs[0] for x in named(own, "tanh")]
    for t, (h, z) in enumerate(zip(states_of, sums, strict=True)):
        assert own.lines[h.serial, h.serial] == line(back, "dh = "), t
        assert own.lines[z.serial, h.serial] == line(back, "dz = ") == own.lines[z.serial, z.serial], t
        readers = [x for x in named(own, "matmul") if h is x.inputs[1]]
        assert [own.lines[h.serial, x.serial] for x in readers] == [line(back, "late = ")] * (t < 2), t
        for product in (x for x in named(own, "matmul") if x.step == t):
            weight = product.inputs[0]
            told = {"W": "dW += ", "U": "dU += "}[weight.name]
            if not (weight.name == "U" and t == 0):  # times zeros
                assert own.lines[weight.serial, product.serial] == line(back, told), t


@each("backward, text", [(doubled, "dz = ")])
def test_what_departs_is_the_first_gradient_that_the_line_makes(backward: Any, text: str) -> None:
    own, _ = marks(backward)
    last = named(own, "tanh")[-1]
    (file, number, edge), *others = own.departing
    assert (file, number, others) == (__file__, line(backward, text), [])
    assert edge == (last.inputs[0].serial, last.serial)
    assert not {edge, (last.inputs[0].serial,) * 2} & {*own.lines} and own.lines[last.serial, last.serial]


def folded(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """A loss with other shapes, and with a sign, through which no gradient flows."""
    total = 0.0
    for x, t in zip(xs, ts, strict=True):
        h = np.tanh(U @ (W @ x) + b)
        flat = np.reshape(h * np.sign(h), -1)
        total = total + np.sum((np.reshape(flat, (2, 2)) - np.reshape(t, (2, 2))) ** 2)
    return total


def unfolded(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    one = np.sum(W) / np.sum(W)
    for x, t in zip(xs, ts, strict=True):
        h = np.tanh(U @ (W @ x) + b)
        dz = one * 2 * (np.abs(h) - t) * np.sign(h) * (1 - h**2)
        dW += U.T @ dz @ x.T
        dU += dz @ (W @ x).T
        db += dz
    return dW, dU, db


def test_the_graph_of_the_picture_computes_what_it_shows_and_numbers_have_no_line() -> None:
    own, _ = marks(unfolded, folded)
    nodes = ancestors([own.loss])
    for x in nodes:
        if x.op is not None:
            again = x.op.forward(*[y.value for y in x.inputs], **x.attributes)
            np.testing.assert_array_equal(np.asarray(again), x.value, err_msg=str(x))
    assert len(named(own, "reshape")) == 3 * 2 and own.departing == ()
    numbers = {x.serial for x in nodes if x.size == 1}
    assert own.lines and not any({*way} <= numbers for way in own.lines)


def stopping(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """`back` with plain sums, without what the first step adds to one gradient."""
    hs, late = states(W, U, b, xs), np.zeros_like(b)
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    for t in range(len(xs) - 1, -1, -1):
        dz = (late + 2 * (hs[t + 1] - ts[t])) * (1 - hs[t + 1] ** 2)
        if t > 0:
            dW = dW + dz @ xs[t].T
        dU, db = dU + dz @ hs[t].T, db + dz
        late = U.T @ dz
    return dW, dU, db


def test_a_sum_over_some_steps_is_not_the_whole_gradient() -> None:
    own, _ = marks(stopping)
    weights = {x.name: x.serial for x in ancestors([own.loss]) if isinstance(x, tg.Parameter)}
    assert {name for name, n in weights.items() if (n, n) in own.lines} == {"U", "b"}


def test_of_equal_gradients_the_first_that_a_pass_makes_is_meant() -> None:
    array, other = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    families = {"part": [(2, 9), (5, 9), (7, 8)], "adjoint": [(9, 9), (3, 3)]}
    things = [Thing(kind, "", None, edge, array) for kind, edges in families.items() for edge in edges]
    assert _edge(Book(things), array) == (5, 9) and _edge(Book(things[3:]), array) == (9, 9)
    assert _edge(Book(things), 2 * array) is None and _edge(Book(things), other) is None


def test_of_no_gradients_the_norms_are_those_of_what_is_returned() -> None:
    own, _ = marks(none)
    assert own.hand == {
        name: np.linalg.norm(x) for name, x in Cases(Functions(none, loss, WEIGHTS, DATA)).case(3).parameters.items()
    }


def chain() -> Any:
    """Boxes of four nodes in a row, whose gradients come back from each to those before; one arrow goes forwards."""
    weight, nodes = tg.parameter(WEIGHTS["U"], "w"), [tg.parameter(WEIGHTS["U"], "g")]
    for _ in range(3):
        nodes.append(np.tanh(nodes[-1]))
    nodes.append(nodes[-1] @ weight)
    boxes = [SimpleNamespace(node=x, x=100.0 * k, y=50.0, width=60.0, height=20.0) for k, x in enumerate(nodes)]
    ways = [(1, 2), (3, 2), (3, 1), (2, 1), (4, 3), (5, 1), (1, 5)]
    arrows = [Arrow(*way, [(100.0 * k, 0.0) for k in (way[0], 0, 0, way[1])], "black", 1.0) for way in ways]
    drawn: Any = SimpleNamespace(boxes=[*boxes, SimpleNamespace(node=None)], arrows=arrows, notes=[])
    return picture._Boxes(drawn, SimpleNamespace(lines={}))  # type: ignore[arg-type]


@each(
    "source, user, due",
    [
        (1, 3, (3, 1)),
        (1, 2, (2, 1)),
        (2, 3, (3, 2)),
        (1, None, (3, 1)),
        (1, 1, (3, 1)),
        (None, 2, (2, 1)),
        (None, 3, (3, 2)),
        (None, 1, None),
        (None, None, None),
    ],
)
def test_a_gradient_is_painted_on_the_arrow_between_its_nodes_or_else_at_one_of_them(
    source: int | None, user: int | None, due: tuple[int, int] | None
) -> None:
    boxes = chain()
    own = [-1 if k is None else boxes.picture.boxes[k].node.serial for k in (source, user)]
    boxes.paint((own[0], own[1] - (user is None)), "line 7", first=due == (3, 1))
    painted = [a for a in boxes.picture.arrows if a.colour != "black"]
    assert [(a.tail, a.head) for a in painted] == ([due] if due else []) and len(boxes.picture.arrows) == 7
    assert len(boxes.picture.notes) == len(painted)
    for arrow, note in zip(painted, boxes.picture.notes, strict=True):
        assert (arrow.width, note.size) == ((5.0, 12.0) if due == (3, 1) else (2.5, 10.0))
        assert arrow.tip == "line 7 makes another gradient" and note.text == "line 7" and note.x > 50 * sum(due or ())


def test_the_gradient_of_a_parameter_is_painted_on_a_short_arrow_of_its_own() -> None:
    boxes = chain()
    product = boxes.picture.boxes[4].node
    weight = product.inputs[1].serial
    for edge, x in (((weight, product.serial), 382.0), ((weight, weight), 396.0)):
        boxes.paint(edge, "line 7", first=True)
        stub, note = boxes.picture.arrows[-1], boxes.picture.notes[-1]
        assert (stub.tail, stub.head) == (4, 4) and stub.points == [(x, 40.0 - d) for d in (0.0, 8.0, 16.0, 24.0)]
        assert note.x < x - 10 and note.y == 28.0 and stub.width == 5.0
    assert len(boxes.picture.arrows) == 9


def test_a_box_uses_the_parameters_of_what_has_no_box_of_its_own() -> None:
    w, b, x = (tg.parameter(np.ones((2, 2)), name) for name in "wbx")
    inner = np.tanh(x * 2.0)
    product = inner @ w
    total = product + b
    own = [(p.serial, n.serial) for p, n in ((b, total), (w, product))]
    assert [*picture._uses(total, {total.serial: 0, inner.serial: 1})] == own
    assert [*picture._uses(total, {total.serial: 0, product.serial: 1})] == own[:1]
    assert [*picture._uses(total, {total.serial: 0})] == [*own, (x.serial, inner.inputs[0].serial)]
