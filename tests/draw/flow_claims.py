"""What a flow picture claims: each norm, each median, and each verdict, from gradients of `Recomputed`."""

from __future__ import annotations

import math
import re

import numpy as np

from tests.draw.claims import NUMBER, agrees
from tinygraph.draw.norms.states import states
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.phases import phases

LEAST = 8


def after_time(right):
    """What is computed from the losses of the steps: nodes without a step, and sums of losses of several steps."""
    sums, outer = set(), set()
    for x in right.nodes:
        adds = x.op is not None and x.op.name == "add" and x.size == 1
        if adds and any(y in sums or (y.op is not None and y.step != x.step) for y in x.inputs):
            sums.add(x)
    queue = [right.root]
    while queue:
        x = queue.pop()
        if x.op is not None and x not in outer and (x.step is None or x in sums):
            outer.add(x)
            queue += x.inputs
    return outer


def seeds_of(right):
    """Maps each step t to the gradients with which what leaves the recurrence at t enters it."""
    outer = after_time(right)
    if right.root not in outer:
        return {right.root.step: {right.root: np.ones(right.root.shape)}}, outer
    seeds = {}
    for x in right.nodes:
        if x.step is not None and x not in outer and x.op is not None and x.dtype.kind == "f":
            entering = sum(right.piece(u, slot) for u, slot in right.users[x] if u in outer)
            if np.any(entering):
                seeds.setdefault(x.step, {})[x] = entering
    return dict(sorted(seeds.items())), outer


def norms_of(right, state, losses):
    at = {}
    for t, gradients in losses.items():
        for s, nodes in state.at.items():
            reached = [gradients[x] for x in nodes if x in gradients]
            if reached:
                at[t, s] = np.linalg.norm(sum(reached))
    return at


def wrong_claims(picture, right):
    """The claims of a flow picture that do not hold, and how many were looked at."""
    wrong, count = [], 0
    (seeds, outer), root = seeds_of(right), right.root
    losses = {t: right.spread(seed, lambda x: x not in outer) for t, seed in seeds.items()}
    entering = {x for seed in seeds.values() for x in seed}
    heads = [note.text for note in picture.notes]
    for state in states(fold([root]), [root])[:4]:
        at = norms_of(right, state, losses)
        pattern = re.compile(rf"‖∂ loss at (\d+) / ∂ {re.escape(state.heading)} at (\d+)‖ = {NUMBER}$")
        for tile in picture.tiles:
            if m := pattern.match(tile.tip):
                norm = at.get((int(m[1]), int(m[2])), 0.0)
                count += 1
                if not agrees(m[3], norm, 4) or (tile.text and not agrees(tile.text, norm, 2)):
                    wrong.append((tile.tip, tile.text, norm))
        after = heads[heads.index(state.heading) + 1 :]
        for told, right_words in zip(after, verdicts(at, state, right, entering), strict=False):
            count += 1
            if not matches(told, *right_words):
                wrong.append((state.heading, told, right_words))
    return wrong, count


def entrance(state, right, losses):
    """The step from which distances are counted: that of the loss, or where a later phase reads the state's loop."""
    times = phases([right.root])
    members = [x for nodes in state.at.values() for x in nodes]
    same = {times.of[x] for x in members} == {times.of[x] for x in losses}
    loops = {times.loop[x] for x in members}
    if same:
        return "many" if loops & times.seen_whole else None
    entered = set().union(*(times.entered.get(i, set()) for i in loops))
    return min(entered) if len(entered) == 1 and min(entered) >= 0 else "many"


def verdicts(at, state, right, losses):
    """(side, word, factor) for each line over a matrix; no factor without a verdict."""
    start = entrance(state, right, losses)
    if start == "many":
        return [("", "no verdict", None)]
    apart = {(t, s): (t if start is None else start) - s for t, s in at}
    sides = [side for side in (1, -1) if any(n and apart[key] * side > 0 for key, n in at.items())]
    lines = []
    for side in sides or [1]:
        name = {1: "t > s", -1: "t < s"}[side] if len(sides) > 1 else ""
        rows = {}
        for (t, s), n in at.items():
            if n and apart[t, s] * side >= 0:
                rows.setdefault(t, {})[abs(apart[t, s])] = n
        length = 1 + max(max(row) for row in rows.values())
        if length < LEAST:
            lines.append((name, "no verdict", None))
            continue
        ends = [(min(d for d in row if d), max(row), row) for row in rows.values() if len([d for d in row if d]) > 1]
        rise = sum(math.log(row[b] / row[a]) for a, b, row in ends)
        factor = math.exp(rise / sum(b - a for a, b, _ in ends))
        whole = factor ** (length - 1)
        word = "vanishing" if whole < 0.1 else "exploding" if whole > 10 else ""
        lines.append((name, word or ("falling" if factor < 0.9 else "growing" if factor > 1.1 else "steady"), factor))
    return lines


def matches(told, side, word, factor):
    if factor is None:
        return told.startswith(f"{side} {word}".strip())
    m = re.match(rf"(?:(t [<>] s) )?(\w+): × {NUMBER} a step(?:, (.*))?$", told)
    if m is None or (m[1] or "") != side or m[2] != word or not agrees(m[3], factor, 2):
        return False
    return m[4] is None or pace_holds(m[4], factor)


def pace_holds(text, factor):
    decades = abs(math.log10(factor))
    m = re.match(rf"10-fold (less|more) every {NUMBER} steps$", text)
    return m is not None and (m[1] == "less") == (factor < 1) and agrees(m[2], 1 / decades, 2)
