"""The rule in a gradient's box: a line for each gradient that is asked for, and for each name in these lines."""

from __future__ import annotations

import inspect
import itertools
import re
from typing import Any

from tests.each import each
from tests.ops.case import Case
from tests.ops.test_every_op import CASES, leaves
from tinygraph.draw.views.formulas import rule
from tinygraph.draw.views.mirror import MOST, local_rule, rule_line

WITHOUT = {"mean", "solve", "write_at"}
"""Ops whose own code gives one of its names a second value."""
LISTS = {"concatenate", "stack", "einsum", "write"}
"""Ops whose inputs have one name together."""
OPS = {case.name: case for case in CASES if case.differentiable and rule(type(case.op)).backward}
every_op = each("name", OPS.keys() - WITHOUT)


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
