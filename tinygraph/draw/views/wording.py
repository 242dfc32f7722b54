"""Texts of a box: its title, the line below, and the tooltip."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ...core.node import Node
from ...core.traced import Traced
from ..labels import clean, number, op_words, shape, shapes
from ..norms.heat import Heat
from ..picture import MANY, Part
from ..shown.folding import LOSSES, Chip, Folded, Inline, Joined, Link, Operand, Padding, Several
from ..shown.letters import known
from ..shown.padding import is_zero
from ..shown.roles import LOOKUPS
from ..shown.slices import index_text
from .figures import figures, statistics
from .terms import MOST_CHIPS, formula, inlined, when


@dataclass
class Words:
    """``title``: its parts from left to right; ``below``: the second line; ``tip``: lines of the tooltip; ``name``.

    A tooltip is told when it is asked for, as of most pictures only the places are needed.
    """

    title: list[Part]
    below: str
    telling: list[str] | Callable[[], list[str]]
    name: str = ""

    @property
    def tip(self) -> list[str]:
        return self.telling() if callable(self.telling) else self.telling


def words(node: Node, folded: Folded, role: str, heat: Heat | None, *, values: bool = False) -> Words:
    """Returns all texts of one box."""
    if node in folded.dots:
        first, last = folded.span(node)
        return Words([Part("⋯")], "", [f"t = {first} … {last}, like the steps beside them"])
    operands = folded.operands[node]
    is_number = role == "loss" and node.size == 1 and not isinstance(node, Traced)
    value = [Part(number(node.item(), 4), "value")] if is_number else []
    if node in folded.parts:
        return _joined_words(node, folded.parts[node], operands, heat, value)
    name = clean(known(node, folded.letters) + when(node, node, folded))
    if node.op is not None:
        title = formula(node, operands, folded, bool(name))
    else:
        word = "data" if role != "state" else "zeros" if is_zero(node) else "state"
        title = [Part(clean(folded.names.get(node) or known(node, folded.letters)) or word)]
    if name and node.op is not None:
        title = [Part(name)] if node in folded.inputs and not node.name else [Part(f"{name} ="), *_short(title, name)]
    title += value
    size = "" if value and not node.shape else shape(node.shape)
    odd = [x for x in operands if type(x) is not Link and type(x) is not Chip]
    facts = [size, *_facts_of(node, odd), "" if heat is None else _norm(node, heat)]
    shown = values and not value and role != "parameter"
    if shown:
        facts.append(figures(node))
    tip = partial(_tip, node, operands, heat, len(folded.nodes) <= MANY, shown)
    return Words(title, " · ".join(filter(None, facts)), tip, name)


def _facts_of(node: Node, odd: list[Operand]) -> list[str]:
    """Returns what the second line says of stacks, targets and padding."""
    is_loss = node.op is not None and node.op.name in LOSSES
    targets = [f"target {x.text}" for x in odd if is_loss and type(x) is Inline and x.whole]
    stacks = dict.fromkeys(_stacked(x) for x in odd if isinstance(x, Several))
    return [*stacks, *targets, *(x.text for x in odd if isinstance(x, Padding))]


def _stacked(several: Several) -> str:
    n = len(several.links)
    timed = all(x.source.step is not None for x in several.links)
    return f"over {n} step{'s' * (n != 1)}" if timed else f"stack of {n}"


def _short(title: list[Part], name: str) -> list[Part]:
    """After a name an op is written as in papers: ``f = σ``; what it reads that had the name before is ``…``."""
    own = rf"(?<!\w){re.escape(name)}(?![\w₋])"
    op, *others = (x if name not in x.text or x.kind == "chip" else Part(re.sub(own, "…", x.text)) for x in title)
    return [op._replace(text=re.sub(r"^sigmoid\b", "σ", op.text.replace("(…)", ""))), *others]


def _joined_words(node: Node, joined: Joined, operands: list[Operand], heat: Heat | None, value: list[Part]) -> Words:
    """Texts of a joined box: its name and parameters, or value, its number of ops, the shape of its last op."""
    # The parameters of a cell at one step are in the table, which is read once.
    chips = inlined([x for x in operands if isinstance(x, Chip) and node.step is None])
    hidden = [Part(f"+{len(chips) - MOST_CHIPS}")] if len(chips) > MOST_CHIPS else []
    is_data = node.op is None or node.op.name in LOOKUPS
    count = f"{len(joined.held)} {'of them' if is_data else 'ops'}" if len(joined.held) > 1 else ""
    count += " with attention" * (joined.attends and not joined.name.startswith("attention"))
    sizes = shapes(joined.held if is_data else [node])
    facts = [count, sizes, "" if heat is None else _norm(node, heat)]
    title = [Part(clean(joined.name)), *chips[:MOST_CHIPS], *hidden]
    title += value if len({x.op for x in joined.held}) > 1 else []  # not of many losses, each with its own
    return Words(title, " · ".join(x for x in facts if x), partial(_joined_tip, joined, f"{sizes} {node.dtype}"))


def _joined_tip(joined: Joined, array: str) -> list[str]:
    ops = Counter("data" if x.op is None else clean(x.op.name) for x in joined.held)
    return [", ".join(f"{n} {name}" for name, n in ops.items()), array]


def _norm(node: Node, heat: Heat) -> str:
    if node.dtype.kind != "f":
        return ""
    norm = heat.norms.get(node)
    return "not computed" if norm is None else f"‖∂‖ {number(norm)}"


def _tip(node: Node, operands: list[Operand], heat: Heat | None, statistical: bool, values: bool) -> list[str]:
    scope = f" in {node.scope}" if node.scope else ""
    dtype = node.dtype
    lines = [node.label() + scope, f"{shape(node.shape)} {dtype}"]
    views = [view for x in operands if isinstance(x, Link) for view in x.views]
    lines += [f"reads {op_words(v.op.name if v.op else '')} {_settings(v)}, {shape(v.shape)}" for v in views]
    if node.attributes:
        lines.append(_settings(node))
    if statistical and node.size and dtype.kind == "f" and not isinstance(node, Traced):
        lines.append(statistics(node.value))
    norm = None if heat is None else heat.norms.get(node)
    if norm is not None:
        lines.append(f"‖∂‖ {number(norm, 4)}")
    parameters = {x.parameter: x.text for x in operands if values and isinstance(x, Chip)}
    return lines + [f"{clean(text)} = {figures(x)}" for x, text in parameters.items()]


def _settings(node: Node) -> str:
    return ", ".join(f"{k}={index_text(v)}" for k, v in node.attributes.items())
