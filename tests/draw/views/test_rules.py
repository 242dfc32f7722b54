"""The rule in a gradient's box: a line for each gradient that is asked for, and for each name in these lines."""

from __future__ import annotations

import inspect
import itertools
import re
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tests.ops.case import Case
from tests.ops.test_every_op import CASES, leaves
from tinygraph.draw.views.formulas import rule
from tinygraph.draw.views.mirror import MOST, local_rule, rule_line

LISTS = {"concatenate", "stack", "einsum", "write"}
"""Ops whose inputs have one name together."""
OPS = {case.name: case for case in CASES if case.differentiable and rule(type(case.op)).backward}
every_op = each("name", OPS)


def node_of(case: Case) -> Any:
    return case.op(*leaves(case, case.arrays(float)), **case.attributes)


def parts(lines: Any) -> list[tuple[str, set[str]]]:
    """Of each line what it defines and what it reads."""
    halves = [line.partition(" = ") for line in lines]
    return [(name, set(re.findall(r"[A-Za-z_]\w*", value))) for name, _, value in halves]


@every_op
def test_a_rule_defines_what_it_reads_and_reads_what_it_defines(name: str) -> None:
    node = node_of(OPS[name])
    whole = parts(rule(type(node.op)).backward)
    every = {x for x, _ in whole}
    names = [*inspect.signature(node.op.forward).parameters]
    gradients = {f"g{x}" for x in names}
    asked = [node.inputs[k] for k in OPS[name].differentiable]
    for reached in itertools.chain.from_iterable(itertools.combinations(asked[:3], n) for n in (1, 2, 3)):
        shown = parts(local_rule(node, {*reached}))
        defined = [x for x, _ in shown]
        assert len({*defined}) == len(defined) and {*defined} <= every
        assert set().union(*(names for _, names in shown)) & every <= {*defined}, (shown, whole)
        if every & gradients and name not in LISTS:
            read = set().union(*(names for _, names in shown))
            meant = {f"g{x}" for x, i in zip(names, node.inputs, strict=False) if i in {*reached}}
            assert {*defined} & gradients == meant & every and {*defined} - read <= gradients, shown


@every_op
def test_the_line_of_a_rule_is_short_and_holds_its_gradients(name: str) -> None:
    node = node_of(OPS[name])
    lines = local_rule(node, set(node.inputs))
    text = rule_line(lines)
    assert text and len(text) <= MOST
    last = [line.partition(" = ")[2] for line in lines]
    assert len(", ".join(last)) > MOST or len(lines) > len(node.inputs) or text == ", ".join(last)


def test_a_name_that_gradients_share_is_told_once() -> None:
    node = node_of(OPS["divide"])
    assert local_rule(node, set(node.inputs)) == ["slope = gz / y", "gx = gz / y", "gy = -(slope * x / y)"]
    assert local_rule(node, {node.inputs[0]}) == ["gx = gz / y"]
    node = node_of(OPS["hypot"])
    assert local_rule(node, {node.inputs[1]}) == ["r = where(z == 0, 1, z)", "gy = gz * (y / r)"]


def test_rules_of_ops_whose_code_uses_a_name_twice() -> None:
    """A mean's box was empty, and that of solve said gb = gb."""
    for name, lines in {
        "mean": ["count = max(x.size // max(z.size, 1), 1)", "gx = spread(gz / count, x, axis)"],
        "solve": ["gb = solve(x.T, gz)", "gx = -(gb @ z.T)"],
        "inv": ["gx = -(z.T @ gz @ z.T)"],
        "pick": ["gx = scatter(gz, *arrays, shape=x.shape, index=index)"],
    }.items():
        node = node_of(OPS[name])
        assert local_rule(node, set(node.inputs)) == lines, name
        assert rule_line(lines) not in ("", "gb"), name
    node = node_of(OPS["write_at"])
    assert [line.partition(" = ")[0] for line in local_rule(node, set(node.inputs))] == ["gx", "stays", "gv"]
    x, v, *_ = node.inputs
    assert [line.partition(" = ")[0] for line in local_rule(node, {v})] == ["stays", "gv"]
    assert [line.partition(" = ")[0] for line in local_rule(node, {x})] == ["gx"]


def test_a_mean_over_an_axis_has_its_rule_in_its_box() -> None:
    x = tg.parameter(np.ones((3, 2)), name="x")
    for axis in (0, 1, None):
        boxes = tg.draw(tg.sum(tg.mean(x, axis=axis) ** 2), "backward").picture.boxes
        (box,) = [b for b in boxes if b.role == "gradient" and b.title[0].text == "∂mean"]
        assert "spread(gz / count" in box.below


def test_a_rule_of_joined_arrays_of_which_the_first_is_of_whole_numbers() -> None:
    whole, x = tg.constant(np.arange(2)), tg.parameter(np.ones(2), name="x")
    for arrays in ([whole, x], [x, whole], [whole, whole, x]):
        node = tg.concatenate(arrays)
        assert [line.partition(" = ")[0] for line in local_rule(node, {x})] == ["ends", "before", "garrays"]
        assert local_rule(node, set()) == []


class Long(tg.Op):
    def forward(self, x: Any) -> Any:
        a = x + 1
        b = a * a
        c = b * a
        d = c * b
        e = d * c
        f = e * d
        return f * a  # seven lines are no help beside a picture

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * (x + 111111111) * (x + 222222222) * (x + 333333333) * (x + 444444444) * (x + 555555555) * x


class Short(Long):
    def forward(self, x: Any) -> Any:
        a = x + 1
        b = a * a
        c = b * a
        d = c * b
        e = d * c
        return e * a


def test_a_long_rule_is_none() -> None:
    assert rule(Long).forward == () and rule(Long).backward == ()
    assert len(rule(Short).forward) == 6 and rule(Short).forward[-1] == "z = e * a"


class Rounded(tg.Op):
    def forward(self, x: Any) -> Any:
        return x.astype(np.int64).astype(x.dtype, copy=False) * 2

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz


def test_a_cast_that_changes_numbers_stays_in_a_rule() -> None:
    (line,) = rule(Rounded).forward
    assert line == "z = x.astype(int64) * 2"


class Pair(tg.Op):
    def forward(self, x: Any) -> Any:
        a, b = x + 1, x * 2
        return a * b

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        gx = gz * 2
        return gx * x


class Aug(tg.Op):
    def forward(self, x: Any) -> Any:
        z = x * 2
        z += x
        return z

    def backward(self, gz: Any, z: Any, x: Any, y: Any = None, wanted: Any = (True,)) -> Any:
        return gz * 3 if wanted[0] else None


class Written(tg.Op):
    def forward(self, x: Any, y: Any) -> Any:
        out = np.zeros_like(x)
        out[0] = x[0] + y
        return out

    def backward(self, gz: Any, z: Any, x: Any, y: Any) -> Any:
        gy = gz[0]
        return np.where(x > 0, gz, 0.0), gy


class Branch(tg.Op):
    def forward(self, x: Any, axis: Any = None) -> Any:
        if axis is None:
            s = x.sum()
        elif axis:
            s = x.sum(axis=axis)
        return np.matmul(s, x)

    def backward(self, gz: Any, z: Any, x: Any, axis: Any = None) -> Any:
        if x.ndim == 0:
            return gz
        half = gz / 2
        return half + half.astype(x.dtype, copy=False)


class Loop(tg.Op):
    def forward(self, *xs: Any) -> Any:
        total = 0
        for x in xs:
            total = total + x
        return total

    def backward(self, gz: Any, z: Any, *xs: Any) -> Any:
        return [gz for _ in xs]


def test_rules_of_other_forms_of_code() -> None:
    """Pairs, locals with the name of a result, writes into a local, branches, loops, and what only saves work."""
    told = {kind: rule(kind) for kind in (Pair, Aug, Written, Branch, Loop)}
    assert {*told[Pair].forward} == {"a = x + 1", "b = x * 2", "z = a * b"} and told[Pair].forward[-1] == "z = a * b"
    assert told[Pair].backward == ("gx = gz * 2 * x",), "its own gx is another"
    assert told[Aug] == (("z = x * 2", "z += x"), ("gx = gz * 3",)), "y has a default: it is no input"
    assert told[Written].forward == ("z = zeros_like(x)", "z[0] = x[0] + y")
    assert {*told[Written].backward} == {"gx = where(x > 0, gz, 0.0)", "gy = gz[0]"}
    assert told[Branch] == (("s = x.sum(axis=axis)", "z = s @ x"), ("gx = gz",)), "the simplest of several returns"
    assert told[Loop] == ((), ("gxs = [gz for _ in xs]",)), "a loop is no formula"


class Around(tg.Op):
    """Calls of an op within it, turns of matrices, sums over what was spread; its code is read alone."""

    def forward(self, x: Any, y: Any) -> Any:
        return Tanh.of(x) @ swapaxes(Exp.forward(y), -1, -2)  # type: ignore[name-defined]  # noqa: F821

    def backward(self, gz: Any, z: Any, x: Any, y: Any) -> Any:
        return unbroadcast(gz * quotient(x, y), x.shape), matmul(_turned(y), swapaxes(gz, 0, 1))  # type: ignore[name-defined]  # noqa: F821


class Both(tg.Op):
    def forward(self, x: Any, y: Any) -> Any:
        return matmul(x, y, z) + quotient(x) + of(x)  # type: ignore[name-defined]  # noqa: F821

    def backward(self, gz: Any, z: Any, x: Any, y: Any) -> Any:
        return shared(gz, x.swap(-1, -2), y)  # type: ignore[name-defined]  # noqa: F821


class One(tg.Op):
    def forward(self, x: Any) -> Any:
        return x + 1, x

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return (gz if x.dtype == float else 2 * gz,)


def test_what_a_rule_of_other_ops_loses_and_what_it_keeps() -> None:
    assert rule(Around) == (("z = Tanh(x) @ Exp(y).T",), ("gx = gz * (x / y)", "gy = y.T @ swapaxes(gz, 0, 1)"))
    assert rule(Both) == (("z = matmul(x, y, z) + quotient(x) + of(x)",), ("g = shared(gz, x.swap(-1, -2), y)",))
    assert rule(One) == (("z = (x + 1, x)",), ("gx = gz",)), "several values of a single result; one of two dtypes"
