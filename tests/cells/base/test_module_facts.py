"""What a module tells of itself: its generators, names that stand twice, a table for notebooks, blocks of weights."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.cells.base.input_gated import InputGated
from tinygraph.cells.base.packed import PackedCell


class Net(tg.Module):
    def __init__(self, *parts: Any) -> None:
        self.parts = parts


def test_generators_are_told_once_in_order_also_those_of_masks() -> None:
    first, second = np.random.default_rng(1), np.random.default_rng(2)
    zoneout = tg.cells.Zoneout(tg.cells.RNN(2, 3, rng=0), 0.5, rng=second)
    tg.unroll(zoneout, np.ones((2, 1, 2)))
    net = Net(tg.Dropout(0.5, rng=first), zoneout, {"again": first})
    told = net.generators()
    assert told[0] is first and any(g is second for g in told)
    assert len({id(g) for g in told}) == len(told) > 2, "masks draw from generators of their own"
    masks = [m.rng for m in zoneout._masks]
    assert masks and all(sum(g is rng for g in told) == 1 for rng in masks)
    assert Net(tg.parameter([1.0])).generators() == []


def test_two_parameters_of_one_name_are_refused_by_name() -> None:
    a, b = tg.parameter([1.0]), tg.parameter([2.0])
    net = Net({"a.b": a, "a": {"b": b}})
    with pytest.raises(tg.GraphError, match=r"Net: two parameters have the name 'parts\.0\.a\.b'"):
        net.parameters()
    net = Net({1: a, "1": b})
    with pytest.raises(tg.GraphError, match=r"the name 'parts\.0\.1'"):
        net.state_dict()
    assert list(Net({"a": a, "b": a}).parameters()) == ["parts.0.a"]


def test_the_table_for_notebooks_tells_each_array() -> None:
    net = Net(tg.cells.RNN(2, 3, rng=0), tg.Linear(3, 1, rng=0).freeze())
    html = net._repr_html_()
    text = re.sub(r"<[^>]+>", " ", html)
    total = 3 * 2 + 3 * 3 + 3 + 3 + 3 + 1
    assert f"{total}" in text.split("parts")[0] and "Net" in text
    for name, x in net.named_state().items():
        row = next(r for r in html.split("<tr") if str(name) in r)
        assert str(x.shape) in row and "float32" in row
        assert ("not trained" in row) == (not x.trained)
    assert "eval" not in html and "after eval()" in net.eval()._repr_html_()
    assert "<table" not in Net()._repr_html_() and "Net" in Net()._repr_html_()


def test_public_methods_of_our_modules_refuse_what_does_not_fit_and_users_own_are_left() -> None:
    for cls in (tg.cells.GRU, tg.cells.Stack, tg.Linear, tg.cells.Zoneout):
        own = {name: m for name, m in vars(cls).items() if inspect.isfunction(m)}
        public = {name for name in own if name in ("__init__", "__call__") or not name.startswith("_")}
        assert public and {name for name, m in own.items() if hasattr(m, "__wrapped__")} == public
    assert not hasattr(Net.__init__, "__wrapped__")


@each("base", [PackedCell, InputGated])
def test_the_blocks_of_a_cell_are_those_that_its_class_names(base: Any) -> None:
    class Own(base):  # type: ignore[misc]
        ih, hh = ("a", "b"), ("c",)

    own = {"weight_ih": ("a", "b"), "bias_ih": ("a", "b")}
    assert Own.gates == (own | {"weight_hh": ("c",), "bias_hh": ("c",)} if base is PackedCell else own)
    cell = Own(2, 3, rng=0)
    assert cell.weight_ih.shape == (6, 2) and cell.bias_ih.shape == (6,)
    if base is PackedCell:
        assert cell.weight_hh.shape == (3, 3)

        class More(Own):
            others = {"weight_more": ("d", "e", "f")}  # noqa: RUF012

        assert More.gates["weight_more"] == ("d", "e", "f") and More.gates["weight_hh"] == ("c",)


def test_names_that_other_libraries_have_are_told_and_may_be_the_users_own() -> None:
    cell = tg.cells.GRU(2, 3, rng=0)
    for name, fix in (("cuda", "there is one device"), ("zero_grad", "tg.zero_grad"), ("get_weights", "state_dict()")):
        assert not hasattr(cell, name) and name not in dir(cell)
        with pytest.raises(AttributeError, match=rf"GRU has no attribute '{name}'") as caught:
            getattr(cell, name)
        assert fix in str(caught.value)
    net = Net()
    net.weights = [1]  # type: ignore[attr-defined]
    assert net.weights == [1]  # type: ignore[attr-defined]
