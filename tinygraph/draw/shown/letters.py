"""Letters of nodes: the names that the author of a cell wrote, f, i, g, o, c, h, and x₀ and h₀ for what enters it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from types import CodeType, MappingProxyType
from typing import Any

import numpy as np

from ...core.leaves import Constant, Parameter
from ...core.node import Node
from ...core.trail import LONGEST, trail_of
from .lines import is_authors, naming
from .loops import window
from .padding import computed, is_masked

WindowKey = tuple[int, int]
"""A step, and the last one of the sliding window that runs it, or -1."""
INPUTS = ("x", "x′", "x″")
DELAYS = 4
"""So many steps later a state may be read for its starts to be known."""
NO_LOOPS: Mapping[Node, int] = MappingProxyType({})
_SPELT = "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi psi omega"
GREEK = dict(zip(_SPELT.split(), "αβγδεζηθκλμνξρστφψω", strict=True))
"""Letters that code spells out."""


def letters(nodes: list[Node], loop: Mapping[Node, int] = NO_LOOPS) -> dict[Node, str]:
    """Maps nodes to the names in the lines that made them.

    The lines of its first two steps tell those of all steps of a loop: of later ones only what those lack has a trail,
    which tells that of later ones of the same form. ``loop``: the number of each node's loop.
    """
    named, timed, steps = _written(nodes), stepped(nodes), dict[WindowKey, list[Node]]()
    for x in timed:
        steps.setdefault((x.step or 0, -1 if (end := window(x)) is None else end), []).append(x)
    steps = dict(sorted(steps.items(), key=lambda item: item[0][0]))  # windows of one step stand together
    told = {t for t, members in steps.items() if not named.keys().isdisjoint(members)}
    if told:
        _through_time(named, steps, told)
    for x in timed:  # where a mask keeps a state, or rows start anew, it has the letter of the new state
        if x not in named and (new := _mixed(x)) in named and new.step == x.step:
            named[x] = named[new]
    return named | {x: name for x, name in starts(named, timed, loop).items() if not x.name}


def stepped(nodes: list[Node]) -> list[Node]:
    """Returns the results of ops with a step, without cuts."""
    return [x for x in nodes if x.step is not None and (op := x.op) and op.name != "stop_gradient"]


def _mixed(x: Node) -> Node:
    """Returns the new state that a mask mixes with the old one, ``where`` or ``m * old + (1 - m) * new``, else x."""
    if is_masked(x):
        return computed(x)
    sides = [[y] for y in x.inputs[1:]] if x.op is not None and x.op.name == "where" else []
    if x.op is not None and x.op.name == "add":
        sides = [[*y.inputs] for y in x.inputs if y.op is not None and y.op.name == "multiply"]
    fresh = sorted(([y for y in side if _is_of(x.step, y)] for side in sides), key=len)
    is_mask = len(sides) == 2 and all(y.ndim for side in sides for y in side)
    return fresh[1][0] if is_mask and [*map(len, fresh)] == [0, 1] else x


def _is_of(step: int | None, x: Node) -> bool:
    """Whether a step computes a node, or takes it from a parameter; ``1 - m`` of data is data."""
    if x.op is not None and x.op.name == "subtract":
        x = x.inputs[1]
    return isinstance(x, Parameter) or (x.op is not None and x.step == step)


def _written(nodes: list[Node]) -> dict[Node, str]:
    """Maps nodes with a trail to their names; of several nodes with one name in one call, the last has it."""
    cut_short: dict[Node, set[CodeType]] = {}
    calls = _Calls()
    claims: dict[tuple[Any, ...], tuple[tuple[str, ...], list[Node]]] = {}
    trails = [(x, trail_of(x)) for x in nodes if len(x._place) > 3 and x.origin is None]
    for node, trail in sorted(trails, key=lambda x: x[0].serial):
        authors = [code for code, _ in trail if is_authors(code.co_filename)]
        calls.go_on((node.step, node.scope), trail, authors)
        names, place = naming(trail)
        if names:
            around = place[len(place) > 1 and place[0][0].co_name.startswith("<")][0]  # whose comprehension it is
            call = calls.count.get((node.step, node.scope, around))
            claims.setdefault((node.step, node.scope, call, place), (names, []))[1].append(node)
        elif len(trail) >= LONGEST and not authors:
            cut_short.update((x, {code for code, _ in trail}) for x in node.inputs if x.step == node.step)
    owners: dict[Hashable, tuple[Node, str]] = {}
    # A trail that ends at its line does not tell who called it: that is the one whom another node of the line tells.
    callers: dict[Hashable, Any] = {(*x, place[0]): place[1:2] for *x, place in claims if place[1:]}
    for (step, scope, call, place), (names, members) in claims.items():
        for name, node in _shared(names, members):
            caller = place[1:2] or callers.get((step, scope, call, place[0]), ())
            key = (step, scope, call, name, place[0][0], caller)
            # What one of unknown lines goes on with is not what the line has in the end.
            within = {code for code, _ in trail_of(node)[1 : -len(place)]}
            if within.isdisjoint(cut_short.get(node, ())) and (
                key not in owners or owners[key][0].serial < node.serial
            ):
                word, _, index = name.partition("_")
                owners[key] = node, "_".join([GREEK[word], *[index] * bool(index)]) if word in GREEK else name
    return dict(owners.values())


class _Calls:
    """Numbers the calls of each function at each step: one begins where its lines go back, or its caller's call."""

    def __init__(self) -> None:
        self.count: dict[tuple[Any, ...], int] = {}
        self._last: dict[tuple[Any, ...], tuple[Any, int]] = {}

    def go_on(self, where: tuple[int | None, str], trail: list[tuple[CodeType, int]], codes: list[CodeType]) -> None:
        caller: Any = None  # unknown of the first of a trail
        for code, position in reversed(trail):
            if code in codes:
                key = (*where, code)
                before, last = self._last.get(key, (None, -1))
                caller = before if caller is None else caller
                self.count[key] = self.count.get(key, 0) + (position < last or None is not before != caller)
                self._last[key] = caller, position
                caller = code, self.count[key]


def _shared(names: tuple[str, ...], members: list[Node]) -> list[tuple[str, Node]]:
    """Which of the nodes that a line made get its names: the last, or where it unpacks the last ones, in order."""
    made = sorted(members, key=lambda x: x.serial)
    if len(names) == 1 and not names[0].startswith("*"):
        siblings = [
            x for x in made[:-1] if x.op is made[-1].op and [*map(id, x.inputs)] == [*map(id, made[-1].inputs)] != []
        ]
        return [] if siblings else [(names[0], made[-1])]  # a list of several has no node of its own
    made = [x for x in made if x.op is made[-1].op]
    star = next((i for i, name in enumerate(names) if name.startswith("*")), None)
    if star is None:
        return [*zip(names, made[-len(names) :], strict=True)] if len(made) % len(names) == 0 else []
    after = len(names) - star - 1
    if len(made) < star + after:
        return []
    return [*zip(names[:star], made, strict=False), *zip(names[star + 1 :], made[len(made) - after :], strict=True)]


def _through_time(named: dict[Node, str], steps: dict[WindowKey, list[Node]], told: set[WindowKey]) -> None:
    """Gives the nodes of all steps the names of those of the first two ``told``, or of an odd one before it."""
    models = {t: (steps[t], [(x.op, x.scope) for x in steps[t]]) for t in sorted(told)[:2]}
    known: dict[int, Hashable] = {}
    by_form: dict[Hashable, list[str | None]] = {}
    for t, members in steps.items():
        kinds = [(x.op, x.scope) for x in members]
        same = next((model for model, its in models.values() if kinds == its), None)
        if same is members:
            continue
        if same is not None:
            pairs: Any = zip(members, [named.get(x) for x in same], strict=True)
        else:
            by_form = by_form or _by_form(named, models, known)
            pairs = _alike(_forms(members, known), by_form)
        own = {(x.scope, named[x]) for x in members if x in named}
        named.update((x, name) for x, name in pairs if name and x not in named and (x.scope, name) not in own)
        if same is None and t in told:
            models[t] = members, kinds


def _by_form(
    named: dict[Node, str], models: dict[WindowKey, tuple[list[Node], Any]], known: dict[Any, Any]
) -> dict[Hashable, list[str | None]]:
    """Maps forms to the names of the nodes that have it, in the last of the steps that have it."""
    named_forms: dict[Hashable, list[str | None]] = {}
    for members, _ in models.values():
        new: dict[Hashable, list[str | None]] = {}
        for x, form in _forms(members, known):
            new.setdefault(form, []).append(named.get(x))
        named_forms |= new
    return named_forms


def _alike(forms: list[tuple[Node, Hashable]], by_form: dict[Hashable, list[str | None]]) -> list[tuple[Node, Any]]:
    """Pairs nodes with names: the n-th of a form has that of the n-th of this form, also where the forms repeat."""
    ranks: dict[Hashable, int] = {}
    pairs = []
    for x, form in forms:
        ranks[form] = rank = ranks.get(form, -1) + 1
        names = by_form.get(form)
        if names:
            pairs.append((x, names[rank % len(names)]))
    return pairs


def _forms(members: list[Node], known: dict[Any, Any]) -> list[tuple[Node, Hashable]]:
    """What each node of a step computes, as a number: its op, its scope, parameters and inputs of the same step."""
    forms: dict[Node, Hashable] = {}
    for x in members:
        inner = tuple([forms.get(y) or (id(y) if isinstance(y, Parameter) else None) for y in map(uncut, x.inputs)])
        index = str(x.attributes.get("index")) if x.step == uncut(x.inputs[0]).step else ""
        forms[x] = known.setdefault((x.op, x.scope, index, inner), -len(known) - 1)
    return [*forms.items()]


def uncut(x: Node) -> Node:
    while x.op is not None and x.op.name == "stop_gradient":
        x = x.inputs[0]
    return x


def starts(named: dict[Node, str], timed: list[Node], loop: Mapping[Node, int]) -> dict[Node, str]:
    """Names the leaves that a first or last step takes where its neighbour takes a state: ``h₀``; "" if it has none.

    Of a state that is read two steps later the second step has a start, too, and the one before that is ``h₋₁``.
    """
    loops: dict[int | None, dict[int, list[Node]]] = {}
    for x in timed:
        loops.setdefault(loop.get(x), {}).setdefault(x.step or 0, []).append(x)
    leaves: dict[Node, tuple[str, int]] = {}
    for steps in loops.values():
        for way in ([*steps][: DELAYS + 1], [*steps][:-3:-1]):
            for k in reversed(range(len(way) - 1)):
                for p, q in _pairs(steps[way[k]], steps[way[k + 1]]):
                    if p.op is not None or isinstance(p, Parameter) or (k and p.step == way[k]):
                        continue
                    is_state = q.step not in (None, way[k + 1]) and q.op is not None and (k == 0 or q.step == way[0])
                    if is_state:
                        leaves.setdefault(p, (named.get(q, "").partition("[")[0], 0))
                    elif q in leaves and p is not q:
                        leaves.setdefault(p, (leaves[q][0], leaves[q][1] - 1))
    return {x: letter and letter + subscript(n) for x, (letter, n) in leaves.items()}


def _pairs(members: list[Node], others: list[Node]) -> Iterator[tuple[Node, Node]]:
    """Yields what two steps read at the same places."""
    for x, y in zip(members, others, strict=False):
        weights = [[id(p) for p in z.inputs if isinstance(p, Parameter)] for z in (x, y)]
        if x.op is not y.op or weights[0] != weights[1]:
            return  # what follows has no partner: a last step may lack what only a next one would use
        yield from zip(x.inputs, map(uncut, y.inputs), strict=False)


def subscript(n: int) -> str:
    return str(n).translate(str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉"))


def entrances(boxes: list[Node], known: dict[Node, str], loop: dict[Node, int]) -> dict[Node, str]:
    """Names what enters a graph without a name: x₀, x₁, ... what each step reads of up to three arrays, or x; h₀."""
    reads: dict[Node, Hashable] = {}
    ranks: dict[Hashable, int] = {}
    targets = {x: f"target{'' if x.step is None else subscript(x.step)}" for x in boxes if known.get(x) == "target"}
    boxes = [x for x in boxes if x not in targets]
    leaves = dict.fromkeys(x for x in boxes if is_data(x) and not re.search("₋|₀$", known.get(x, "")))
    starts = [x for x in leaves if (x.step is None or known.get(x) == "") and not np.any(x.value)]
    for x in boxes:
        op = x.op
        if op is not None and op.name == "getitem" and is_data(x.inputs[0]) and not x.name and x.step is not None:
            if known.get(x) or known.get(x.inputs[0], "x")[-1:] not in ("", "₀"):  # no part of a start without a name
                reads[x] = x.inputs[0]
        elif x in leaves and x.step is not None and known.get(x, "x"):
            ranks[loop.get(x), x.step] = rank = ranks.get((loop.get(x), x.step), -1) + 1
            reads[x] = loop.get(x), rank
    timed = any(x.step is not None for x in boxes)
    if not timed and len(leaves) == 1:
        return targets | {x: known.get(x, "x") for x in leaves}
    number = {source: i for i, source in enumerate(dict.fromkeys(reads.values()))}
    named = targets | {leaf: "h₀" for leaf in starts if timed and len(starts) == 1}
    if len(number) > len(INPUTS):
        return named
    return named | {x: known.get(x, INPUTS[number[reads[x]]]) + subscript(x.step or 0) for x in reads}


def known(node: Node, letters: dict[Node, str]) -> str:
    """The name that the user gave a node, else its letter."""
    return (node.name or "").strip() or letters.get(node, "")


def timeless(letter: str) -> str:
    """A letter without its step: ``x`` of ``x₃``."""
    return letter.rstrip("₋₀₁₂₃₄₅₆₇₈₉")


def is_data(x: Node) -> bool:
    return isinstance(x, Constant) and not (x.name or x.attributes) and x.dtype.kind == "f" and x.ndim > 0
