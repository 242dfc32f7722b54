"""Layers of a network without time: a product with parameters and the ops after it until the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from string import ascii_lowercase

from ...core.node import Node
from ..labels import clean
from .folding import Chip, Folded
from .letters import known

PRODUCTS = ("matmul", "einsum", "take")
LOSS = -1
"""The place of losses, beside scopes and the numbers of layers."""
Homes = tuple[dict[Node, Hashable], dict[Hashable, str]]
"""Maps each joined box to the key of its group, and each key to the title of the joined box."""
LayerOf = dict[Node, float | str]
"""Maps boxes to the number of their layer, to 0.5 more, a float, if they are between layers, to scope or ``LOSS``."""
Boxes = dict[int, list[Node]]
NodeLists = dict[Node, list[Node]]


def depths(folded: Folded) -> dict[Node, int]:
    """Maps boxes to the most products with parameters one behind the other on a way to them; nothing where time is."""
    depth: dict[Node, int] = {}
    for x in folded.nodes if not folded.steps else ():
        depth[x] = max((depth[y.source] for y in folded.arrows[x]), default=0) + _weighs(folded, x)
    return depth


def _weighs(folded: Folded, x: Node) -> bool:
    return x.op is not None and x.op.name in PRODUCTS and Chip in map(type, folded.operands[x])


def layered(ends: tuple[int, int] | None, folded: Folded, role: dict[Node, str], *_: object) -> Homes:
    """Returns layers, scopes and losses; with ``ends`` so many first and last layers, and those between as one.

    Boxes of one place that feed each other are one group, unless it and another one would feed each other both ways.
    What is between layers, and what a loss is made of, belong to the only group that reads them.
    """
    depth, readers = depths(folded), {x: list[Node]() for x in folded.nodes}
    for x in folded.nodes:
        for source in dict.fromkeys(link.source for link in folded.arrows[x]):
            readers[source].append(x)
    place = _places(ends, folded, depth) | dict.fromkeys(_losses(folded, role, readers), LOSS)
    groups: NodeLists = {}
    is_scoped = any(isinstance(k, str) for k in place.values())  # else a later layer never leads to an earlier one
    for x in [x for x in folded.nodes[::-1] if x.op is not None and (role[x] != "input" or depth[x])]:
        reading = [*{id(groups[y]): groups[y] for y in readers[x]}.values()]
        near = [by for by in reading if place[by[0]] == place[x] != LOSS]
        behind = _behind(reading, groups, readers) if is_scoped and near and len(reading) > 1 else {}
        near = [by for by in near if id(by) not in behind]
        is_part = isinstance(place[x], float) or (place[x] == LOSS and (x.size > 1 or not known(x, folded.letters)))
        if not near and is_part and len(reading) == 1:
            near, place[x] = reading, place[reading[0][0]]
        group = near[0] if len(near) == 1 else [y for by in near for y in by]
        groups |= dict.fromkeys([x, *group] if len(near) > 1 else [x], group)
        group.append(x)
    several = {id(by): sorted(by, key=lambda y: y.serial) for by in groups.values()}
    weighty = {id(groups[x]) for x in groups if isinstance(place[x], str) or (place[x] != LOSS and _weighs(folded, x))}
    layers = {key: by for key, by in several.items() if key in weighty}
    names = _named(folded, several, layers, place, depth)
    homes = {x: id(by) for x, by in groups.items() if id(by) in layers or len(by) > 1}
    return (homes, names) if layers else ({}, {})  # type: ignore[return-value]


def _places(ends: tuple[int, int] | None, folded: Folded, depth: dict[Node, int]) -> LayerOf:
    """Returns scopes and layers; where results of other layers meet, or a scope ends, is between layers."""
    first, last = (max(depth.values()),) * 2 if ends is None else (ends[0], max(depth.values()) - ends[1])
    place: LayerOf = {}
    level: dict[Node, float] = {}
    reads: dict[Node, set[Node]] = {}
    for x in folded.nodes:
        sources = [link.source for link in folded.arrows[x]]
        k = depth[x] if depth[x] <= first else max(depth[x] - last, 0) + first + 1
        at = max([k, 0.5, *(level[y] for y in sources)])
        near = [y for y in sources if place[y] == at]
        reads[x] = reads[near[0]].union(*(reads[y] for y in near[1:])) if near else set()
        if _weighs(folded, x):
            reads[x] = {*sources} or {x}
        elif isinstance(at, int) and at != first + 1 and not (near and _is_one(x, near, reads)):
            at += 0.5
        level[x] = at
        place[x] = x.scope if x.scope and ends is None else at
    return place


def _is_one(x: Node, near: list[Node], reads: dict[Node, set[Node]]) -> bool:
    """Whether what meets here is one layer: it reads something in common, or a sum of its products is taken."""
    terms = {y.op.name for y in near if y.op is not None} if x.op is not None and x.op.name == "add" else {""}
    return terms <= {"add", *PRODUCTS} or bool(set.intersection(*(reads[y] for y in near)))


def _losses(folded: Folded, role: dict[Node, str], readers: NodeLists) -> set[Node]:
    """Returns losses, their targets, and of what leads to them alone what compares an output, and what comes after.

    Until then an output goes on to one box, and not to one number: what several read, as KL terms do, is compared.
    """
    late: set[Node] = set()
    for x in reversed(folded.nodes):
        is_bare = not x.scope and Chip not in map(type, folded.operands[x])
        if role[x] == "loss" or (is_bare and readers[x] and late.issuperset(readers[x])):
            late.add(x)
    losses = {x for x in late if role[x] == "input"}
    for x in [x for x in folded.nodes if x in late and x not in losses]:
        name, sources = x.op.name if x.op is not None else "", {link.source for link in folded.arrows[x]}
        compares = name in ("log", "pick") or (name == "subtract" and len(sources) > 1)
        goes_on = any(len(readers[y]) == 1 and (x.size > 1 or y.size == 1) for y in sources)
        if role[x] == "loss" or compares or not goes_on or not losses.isdisjoint(sources):
            losses.add(x)
    return losses


def _behind(reading: list[list[Node]], groups: NodeLists, readers: NodeLists) -> dict[int, list[Node]]:
    """Returns the groups that read these groups, directly or not."""
    behind: dict[int, list[Node]] = {}
    waiting = [*reading]
    for group in waiting:
        beyond = {id(groups[y]): groups[y] for x in group for y in readers[x] if groups[y] is not group}
        waiting += [by for key, by in beyond.items() if key not in behind]
        behind |= beyond
    return behind


def _named(folded: Folded, groups: Boxes, layers: Boxes, place: LayerOf, depth: dict[Node, int]) -> dict[int, str]:
    """Returns names: scope, result (letters only if all but the last layer have some) or place of layers; losses."""
    rest = {key: "loss" if place[by[-1]] == LOSS else "between" for key, by in groups.items()}
    names = {key: clean(known(by[-1], folded.letters), 24) for key, by in groups.items()}
    told = Counter([names[key] for key in layers] + [known(x, folded.letters) for x in folded.nodes if x.op is None])
    scopes = {key: clean(k, 24) for key, by in layers.items() if isinstance(k := place[by[-1]], str)}
    spelt = {key for key in layers if names[key] and told[names[key]] == 1} - scopes.keys()
    if not spelt >= {*[key for key in layers if key not in scopes][1:]}:  # the last layer is the first here
        spelt = {key for key in spelt if layers[key][-1].name}
    numbered = _numbered(folded, {key: layers[key] for key in layers.keys() - spelt - scopes.keys()}, depth)
    return {key: word or rest[key] for key, word in names.items()} | scopes | numbered


def _numbered(folded: Folded, layers: Boxes, depth: dict[Node, int]) -> dict[int, str]:
    """Returns ``layer 2``, or ``layer 2a`` and ``layer 2b`` of those at one place with different parameters."""
    beside: dict[str, dict[frozenset[Node], int]] = {}
    told: dict[int, tuple[str, int]] = {}
    for key, by in sorted(layers.items(), key=lambda item: item[1][0].serial):
        at = [depth[x] for x in by if _weighs(folded, x)]
        name = " … ".join(dict.fromkeys(f"layer {k}" for k in (min(at), max(at))))
        peers = beside.setdefault(name, {})
        chips = frozenset(y.parameter for x in by for y in folded.operands[x] if isinstance(y, Chip))
        told[key] = name, peers.setdefault(chips, len(peers))
    letter = {key: ascii_lowercase[i % 26] * (i // 26 + 1) for key, (_, i) in told.items()}
    return {key: name + letter[key] * (len(beside[name]) > 1) for key, (name, _) in told.items()}
