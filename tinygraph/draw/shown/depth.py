"""Layers of a network without time: a product with parameters and the ops after it until the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from ...core.node import Node
from ..labels import clean
from .folding import Chip, Folded
from .letters import known

Homes = tuple[dict[Node, Hashable], dict[Hashable, str]]
"""Maps each joined box to the key of its group, and each key to the title of the joined box."""
Depths = dict[Node, int | str]
Boxes = dict[int, list[Node]]
LOSS = -1
"""The place of losses, beside scopes and the numbers of layers."""


def depths(folded: Folded) -> dict[Node, int]:
    """Maps boxes to the most products with parameters one behind the other on a way to them; nothing where time is."""
    depth: dict[Node, int] = {}
    for x in folded.nodes if not folded.steps else ():
        weighs = (
            x.op is not None and x.op.name in ("matmul", "einsum", "take") and Chip in map(type, folded.operands[x])
        )
        depth[x] = max((depth[y.source] for y in folded.arrows[x]), default=0) + weighs
    return depth


def layered(ends: tuple[int, int] | None, folded: Folded, role: dict[Node, str], *_: object) -> Homes:
    """Returns layers, scopes and losses; with ``ends`` so many first and last layers, and those between as one.

    Boxes of one depth that feed each other are one layer, so that layers never feed each other both ways. What lies
    before them, and what a loss is made of, belong to the only group that reads them.
    """
    depth, letters = depths(folded), folded.letters
    first, last = (max(depth.values()),) * 2 if ends is None else (ends[0], max(depth.values()) - ends[1])
    place: Depths = {x: k if k <= first else max(k - last, 0) + first + 1 for x, k in depth.items()}
    place |= {x: x.scope for x in folded.nodes if x.scope and ends is None}
    place |= {x: LOSS for x in folded.nodes if role[x] == "loss"}
    groups: dict[Node, list[Node]] = {}
    readers: dict[Node, list[Node]] = {x: [] for x in folded.nodes}
    for x in [x for x in folded.nodes[::-1] if x.op is not None and (role[x] != "input" or depth[x])]:
        near = [y for y in readers[x] if place[y] == place[x] != LOSS]
        is_part = not place[x] or (place[x] == LOSS and (x.size > 1 or not known(x, letters)))
        if not near and is_part and len({id(groups[y]) for y in readers[x]}) == 1:
            near = readers[x][:1]
        group = groups[x] = groups[near[0]] if near else []
        group.append(x)
        for other in [groups[y] for y in near if groups[y] is not group]:
            if groups[other[0]] is other:
                group += other
                groups |= dict.fromkeys(other, group)
        for link in folded.arrows[x]:
            readers[link.source].append(x)
    several = {id(x): sorted(x, key=lambda y: y.serial) for x in groups.values()}
    layers = {key: by for key, by in several.items() if place[by[-1]] != LOSS and any(place[x] for x in by)}
    names = _named(folded, several, layers, place, depth)
    homes = {x: id(by) for x, by in groups.items() if id(by) in layers or len(by) > 1}
    return (homes, names) if layers else ({}, {})  # type: ignore[return-value]


def _named(folded: Folded, groups: Boxes, layers: Boxes, place: Depths, depth: dict[Node, int]) -> dict[int, str]:
    """Returns names: scope, result (letters only if all but the last layer have some) or place of layers; losses."""
    names = {key: clean(known(by[-1], folded.letters), 24) for key, by in groups.items()}
    told = Counter([names[key] for key in layers] + [known(x, folded.letters) for x in folded.nodes if x.op is None])
    scopes = {key: clean(str(k), 24) for key, by in layers.items() for x in by if isinstance(k := place[x], str)}
    spelt = {key for key in layers if names[key] and told[names[key]] == 1} - scopes.keys()
    if not spelt >= {*[key for key in layers if key not in scopes][1:]}:  # the last layer is the first here
        spelt = {key for key in spelt if layers[key][-1].name}
    for key in layers.keys() - spelt - scopes.keys():
        at = [depth[x] for x in layers[key] if depth[x]]
        names[key] = " … ".join(dict.fromkeys(f"layer {k}" for k in (min(at), max(at))))
    return {key: word or "loss" for key, word in names.items()} | scopes
