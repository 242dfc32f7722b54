"""What a page calls its states and weights, which rate it shows, and what enters it, in models of odd forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.live.page import equations

from .networks import TARGETS, XS, H, Leaky, T, in_node, needs_node, same, stepped


def without_names(x: Any, state: Any) -> Any:
    """Nothing of it has a name."""
    a, b = state
    first = x @ A + a @ B
    return tg.relu(first + b) * 1.5, (first * 0.5, b * 0.5 + 1.0)


A, B = tg.parameter(np.random.default_rng(3).normal(size=(3, H))), tg.parameter(np.eye(H) / 2)
STATE = np.full((1, H), 0.25), np.ones(H)


def test_what_has_no_name_is_numbered() -> None:
    data = tg.draw.live(without_names, (XS, STATE)).data
    assert data["title"] == "without_names" and data["output_state"] == -1 and not data["last"]
    assert [w["name"] for w in data["weights"]] == ["W1", "W2"]
    assert [w["shape"] for w in data["weights"]] == [[3, H], [H, H]]
    states = [r["state"] for r in data["rows"] if r["kind"] == "state"]
    assert sorted(states) == [0, 1] and len({r["name"] for r in data["rows"]}) == len(data["rows"])
    assert [s["name"] for s in data["states"]] == [
        next(r["name"] for r in data["rows"] if r["state"] == k) for k in (0, 1)
    ]
    assert [s["first"] for s in data["states"]] == [[0.25] * H, [1.0] * H]
    assert [s["shape"] for s in data["states"]] == [[1, H], [1, H]], "a state without a batch axis gets one"


@needs_node
def test_a_function_with_states_is_computed(tmp_path: Path) -> None:
    page = tg.draw.live(without_names, (XS, STATE), TARGETS)
    code = "net.run(); console.log(JSON.stringify([net.loss, net.steps.map((s) => [...s.y])]));"
    loss, outputs = in_node(tmp_path, page, code)
    a, b = STATE
    right = []
    for x in XS:
        first = x @ A.value + a @ B.value
        right.append((np.maximum(first + b, 0) * 1.5).ravel())
        a, b = first * 0.5, b * 0.5 + 1.0
    same(outputs, right)
    same(loss, np.mean((np.array(right) - TARGETS) ** 2))


def test_rates_of_several_groups_have_no_slider() -> None:
    cell = tg.cells.RNN(3, H, rng=0, dtype=np.float64)
    one = tg.train.SGD(cell.parameters(), 0.1)
    two = tg.train.SGD(cell.parameters(), 0.1, groups={"bias_*": {"learning_rate": 0.01}})
    rate = tg.draw.live(cell, XS, optimizer=one).data["rate"]
    assert isinstance(rate, str) and tg.draw.live(cell, XS, optimizer=two).data["rate"] is None


@needs_node
@each("name", ["GRU", "LSTM"])
def test_gradients_of_what_enters_a_step(tmp_path: Path, name: str) -> None:
    """Those of the inputs, by finite differences of tinygraph's own loss."""
    cell = getattr(tg.cells, name)(3, H, rng=0, dtype=np.float64)
    page = tg.draw.live(cell, XS, TARGETS)
    slopes = in_node(tmp_path, page, "net.run(); console.log(JSON.stringify(net.steps.map((s) => [...s.d.x])));")

    def loss(xs: Any) -> float:
        return tg.mean((tg.unroll(cell, xs[:, None])[0] - TARGETS[:, None]) ** 2).item()

    right = np.zeros_like(XS)
    for at in np.ndindex(XS.shape):
        one = np.zeros_like(XS)
        one[at] = 1e-5
        right[at] = (loss(XS + one) - loss(XS - one)) / 2e-5
    same(slopes, right, 1e-8)


@needs_node
def test_a_page_of_single_precision_computes_in_double(tmp_path: Path) -> None:
    cell = tg.cells.GRU(3, H, rng=0)
    double = tg.cells.GRU(3, H, rng=1, dtype=np.float64)
    for name, p in cell.parameters().items():
        double.parameters()[name].value = p.value.astype(np.float64)
    assert cell.weight_hh.dtype == np.float32
    page = tg.draw.live(cell, XS, TARGETS)
    code = "net.run(); console.log(JSON.stringify([net.loss, net.gradients.map((g) => [...g])]));"
    loss, gradients = in_node(tmp_path, page, code)
    right = stepped(double)
    same(loss, right[0])
    same(gradients, right[3])


class Dropped(tg.Module):
    """A net in training, with dropout and another first state than zeros."""

    def __init__(self) -> None:
        self.cell, self.drop = Leaky(3, H, rng=0, dtype=np.float64), tg.Dropout(0.5, rng=0)

    def __call__(self, xs: Any) -> Any:
        return self.drop(tg.unroll(self.cell, xs)[0])


@needs_node
def test_a_net_in_training_is_shown_as_it_answers(tmp_path: Path) -> None:
    net = Dropped()
    page = tg.draw.live(net, XS, TARGETS)
    assert net.training and net.drop.training
    outputs = in_node(tmp_path, page, "net.run(); console.log(JSON.stringify(net.steps.map((s) => [...s.y])));")
    same(outputs, tg.unroll(net.cell, XS[:, None])[0].value.reshape(T, H))


def test_a_page_is_saved_into_folders_that_are_made_and_over_itself(tmp_path: Path) -> None:
    page, other = (tg.draw.live(tg.cells.RNN(3, H, rng=0), XS, title=title) for title in ("first", "second"))
    place = tmp_path / "deep" / "down" / "page.html"
    for own in (page, other, page):
        assert own.save(place) == str(place) and place.read_text(encoding="utf-8") == own.html
    assert [x.name for x in place.parent.iterdir()] == ["page.html"]


def counting(x: Any, state: Any) -> Any:
    """Hands on a number that counts steps, and one that stays."""
    h, count, rate = state
    h = np.tanh(x @ A + h * rate + 0.25 * count)
    return h, (h, count + 1, rate)


START = np.full((1, H), 0.5), np.array([[2]]), np.full((1, H), 0.75)


def test_states_that_count_or_stay_are_told_with_the_others() -> None:
    data = tg.draw.live(counting, (XS, START)).data
    assert [s["real"] for s in data["states"]] == [True, False, True]
    assert [s["first"] for s in data["states"]] == [[0.5] * H, [2], [0.75] * H]
    assert [s["size"] for s in data["states"]] == [H, 1, H] and data["output_state"] == 0
    assert [s["name"] for s in data["states"]] == ["h", "s2", "s3"]
    rows = {r["state"]: (r["kind"], r["size"]) for r in data["rows"]}
    assert rows == {0: ("state", H), 1: ("state", 1)}, "what stays is no row"


@needs_node
def test_states_that_count_or_stay_are_computed_and_get_gradients(tmp_path: Path) -> None:
    page = tg.draw.live(counting, (XS, START), TARGETS)
    code = """net.run(); console.log(JSON.stringify([net.loss, net.steps.map((s) => [...s.y]),
        net.steps.map((s) => s.after.map((x) => [...x])), net.gradients.map((g) => [...g])]));"""
    loss, outputs, after, gradients = in_node(tmp_path, page, code)
    h, rate = START[0], START[2]
    right = []
    for t, x in enumerate(XS):
        h = np.tanh(x @ A.value + h * rate + 0.25 * (2 + t))
        right.append(h.ravel())
        same(after[t], [h.ravel(), [3 + t], rate.ravel()])
    same(outputs, right)
    same(loss, np.mean((np.array(right) - TARGETS) ** 2))
    ys, _ = tg.unroll(counting, XS[:, None], START)
    same(gradients, [g.value.ravel() for g in tg.grad(tg.mean((ys - TARGETS[:, None]) ** 2), [A])])


def test_equations_are_the_first_block_of_a_docstring_else_the_lines_of_the_step() -> None:
    def two_blocks(x: Any, h: Any) -> Any:
        """A cell::

            h = a
              + b

            y = h

        and then::

            z = 3
        """
        return h, h

    assert equations(two_blocks) == "h = a\n  + b\n\ny = h"

    def without(x: Any, h: Any) -> Any:
        """No block: none."""
        return h, h

    code = equations(without)
    assert code.startswith("def without(x: Any, h: Any) -> Any:\n    ") and code.endswith("\n    return h, h")

    class Net(tg.Module):
        def __init__(self, *cells: Any) -> None:
            self.cells = [*cells]

        def __call__(self, xs: Any) -> Any:
            return xs

    net = Net(tg.Linear(3, H), Leaky(3, H), Leaky(H, H))
    assert equations(net) == equations(Leaky(3, H)) != "", "of a net the lines of its last cell"
    both = equations(Net(tg.cells.GRU(3, H), Leaky(3, H)))
    assert both == equations(tg.cells.GRU(3, H)), "what has equations stands for what has none"
