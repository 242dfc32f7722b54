"""What a picture claims in numbers, each held against the same number from arrays."""

from __future__ import annotations

import colorsys
import math
import re
from collections import defaultdict

import numpy as np

import tinygraph as tg
from tinygraph.draw.shown.phases import phases

NUMBER = r"(-?(?:\d[\d.]*(?:e-?\d+)?|∞)|NaN)"


def number(text):
    return {"∞": math.inf, "-∞": -math.inf, "NaN": math.nan}.get(text) if text[-1] in "∞N" else float(text)


def agrees(text, value, digits):
    """Whether a printed number is a value, up to half a unit of its last digit and the error of differences."""
    shown = number(text)
    if not math.isfinite(value) or not math.isfinite(shown):
        return shown == value or (math.isnan(shown) and math.isnan(value))
    if shown == 0 or value == 0:
        return abs(shown - value) < 1e-9
    return abs(shown - value) <= abs(value) * 0.502 * 10 ** (1 - digits) + 1e-9 * abs(value) + 1e-12


def found(pattern, text):
    match = re.search(pattern, text)
    return match and match[1]


def is_red(colour):
    """Whether a reader calls it red: its hue, and strong enough to have one."""
    hue, _, strength = colorsys.rgb_to_hls(*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)))
    return (hue < 0.06 or hue > 0.95) and strength > 0.3


def indexes(nodes):
    """The parts of arrays that a graph reads, as code: ``4:8``."""
    texts = set()
    for x in nodes:
        index = x.attributes.get("index", ())
        for entry in index if isinstance(index, tuple) else (index,):
            is_slice = isinstance(entry, slice)
            texts.add(f"{'' if entry.start is None else entry.start}:{entry.stop}" if is_slice else str(entry))
    return texts


class Claims:
    """The claims of a picture of one root with a column for each step; ``wrong`` collects those that do not hold.

    ``ops``: the picture of the same root with a box for each op, which tells what has a box and what is a state.
    """

    def __init__(self, picture, right, ops):
        self.picture, self.right, self.wrong, self.count = picture, right, [], 0
        self.ops = {b.node: b for b in ops.boxes if b.node is not None}
        self.loop = phases([right.root]).loop
        self.readers = defaultdict(list)
        for user in self.ops:
            for x in self._read(user):
                self.readers[x].append(user)
        self.boxes = {i: b for i, b in enumerate(picture.boxes) if b.role != "dots" and b.node is not None}
        self.held = {i: self._held(b) for i, b in self.boxes.items()}

    def check(self, holds, *what):
        self.count += 1
        if not holds:
            self.wrong.append(what)

    def number(self, text, value, digits, *what):
        if text is not None:
            self.check(agrees(text, value, digits), *what, text, value)

    def _held(self, box):
        """The ops that a box stands for: itself, or those of its loop over time, at its step if it has one."""
        if found(r"^(\d+ (?:ops|of them))", box.below) is None:
            return [box.node]
        data = "of them" in box.below
        at = self.loop.get(box.node, self.loop.get(self._timed(box.node)))
        return [
            x
            for x, b in self.ops.items()
            if self.loop.get(x) == at
            and (x.step == box.node.step or box.node.step is None)
            and (data or self._scope(x) == box.node.scope)
            and b.role in (("input",) if data else ("op", "state"))
        ]

    def _scope(self, x):
        """The scope of an op; one without a scope belongs to what reads it at its step, else to what it reads."""
        if x.scope:
            return x.scope
        near = [*self.readers[x], *self._read(x)]
        return next((y.scope for y in near if y in self.loop and self.loop[y] == self.loop[x] and y.scope), "")

    def _timed(self, twin):
        """The node of which a box outside of time shows a copy without its step."""
        return next((x for x in self.ops if x.serial == twin.serial), None)

    def shown(self, i):
        """The nodes whose gradient a box shows: the states among those that it holds, else the last."""
        states = [x for x in self.held[i] if x in self.ops and self.ops[x].role == "state"]
        return states or self.held[i][-1:]

    def norm(self, nodes):
        return math.hypot(*(np.linalg.norm(self.right.gradient.get(x, 0.0)) for x in nodes))

    def of_boxes(self):
        for i, box in self.boxes.items():
            node, name = box.node, " ".join(p.text for p in box.title)
            value = self.right.value.get(node, self.right.value.get(self._timed(node)))
            joined = len(self.held[i]) > 1
            for part in box.title:
                if part.kind == "value":
                    self.number(part.text, value.item(), 4, "value", name)
            if box.norm is not None:
                norm = self.norm(self.shown(i))
                self.check(np.isclose(box.norm, norm, rtol=1e-4, atol=1e-9), "norm of", name, box.norm, norm)
                texts = [found(f"^‖∂‖ {NUMBER}", x) for x in box.tip] or [None]
                for text, digits in [(found(f"‖∂‖ {NUMBER}", box.below), 2), *((x, 4) for x in texts)]:
                    self.number(text, norm, digits, "norm in", name)
            else:
                self.check("‖∂‖" not in box.below, "a norm without a number", name)
            for line in box.tip:
                if line.startswith(("mean ", "value ")) and not joined:
                    self._statistics(line, value, name)
            sizes = "×".join(map(str, value.shape))
            self.check(not value.shape or sizes in box.below.split(" · "), "shape", name, box.below, value.shape)
            count = found(r"^(\d+) (?:ops|of them)", box.below)
            self.check(count is None or int(count) == len(self.held[i]), "held", name, count, len(self.held[i]))

    def _statistics(self, line, value, name):
        if line.startswith("value "):
            self.number(line[6:], value.item(), 6, "tip", name)
            return
        of = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max}
        for word, text in re.findall(f"(mean|std|min|max) {NUMBER}", line):
            right, size = of[word](value), np.abs(value).max()
            self.check(agrees(text, right, 3) or abs(number(text) - right) < 1e-6 * size, word, name, text, right)

    def of_arrows(self):
        """Each arrow backward has the norm of what comes back along it, and there is one for each way forward."""
        if not any("‖∂‖" in arrow.tip for arrow in self.picture.arrows):
            return
        home = {x: i for i, held in self.held.items() for x in held}
        along = defaultdict(list)
        for i, held in self.held.items():
            for user in held:
                for x, g in self.right.paths(user, home.keys() | self.ops.keys()):
                    if home.get(x, i) != i:
                        along[i, home[x]].append((x, g))
        drawn = defaultdict(list)
        for arrow in self.picture.arrows:
            text = found(f"^‖∂‖ {NUMBER}", arrow.tip)
            if text is not None and arrow.tail in self.boxes and arrow.head in self.boxes:
                drawn[arrow.tail, arrow.head].append(text)
        for (user, source), texts in drawn.items():
            ways = along.get((user, source), [])
            name = [" ".join(p.text for p in self.boxes[i].title) for i in (user, source)]
            if len(texts) == len(ways) > 1:
                right = sorted(np.linalg.norm(g) for _, g in ways)
                texts = sorted(texts, key=number)
            else:
                sums = defaultdict(float)
                for x, g in ways:
                    sums[x] = sums[x] + g
                right = [math.hypot(*map(np.linalg.norm, sums.values()))]
            self.check(len(texts) == len(right), "arrows", *name, texts, right)
            for text, norm in zip(texts, right, strict=False):
                self.number(text, norm, 4, "arrow", *name)

    def of_notes(self):
        """The numbers beside states are what later steps send back to each, or all steps after it together."""
        numbers = [note for note in self.picture.notes if re.fullmatch(rf"{NUMBER}|[-\d:, ]+", note.text)]
        told = [note.text for note in numbers if is_red(note.colour)]
        for note in numbers:
            self.check(is_red(note.colour) or note.text in indexes(self.right.nodes), "slice", note.text)
        if not told:
            return
        joined = any(len(held) > 1 for held in self.held.values())
        states = defaultdict(list)
        for x, box in self.ops.items():
            if x.step is not None:
                is_joined = joined and box.role == "state"
                states[(self.loop[x], x.step, x.scope) if is_joined else x].append(x)
        back = self._returned()
        returned = [math.hypot(*(np.linalg.norm(back.get(x, 0.0)) for x in group)) for group in states.values()]
        for text in told:
            right = [r for r in returned if agrees(text, r, 2)]
            self.check(right, "note", text, returned)
            returned = [r for r in returned if r is not right[0]] if right else returned
        drawn = sum(any(np.any(back.get(x, 0.0)) for x in self.shown(i)) for i in self.boxes)
        self.check(len(told) >= drawn, "notes", len(told), drawn)

    def _returned(self):
        """Maps each op to what comes back to it from other steps."""
        back = {}
        for user in self.ops:
            for x, along in self.right.paths(user, self.ops) if user.step is not None else ():
                if x.step is not None and x.step != user.step:
                    back[x] = back.get(x, 0.0) + along
        return back

    def of_table(self, uncut=None):
        """Shape, number of uses and norms of each parameter."""
        named = {x: x.name for x in self.right.nodes if isinstance(x, tg.Parameter)}
        for use in self.picture.uses:
            same = [x for x, name in named.items() if use.name == name]
            (node,) = same or [x for x, name in named.items() if use.name == f"{self._place(x)}.{name}"]
            users = {u for u in self.ops if any(y is node for y in self._read(u))}
            self.check(use.uses == len(users), "uses", use.name, use.uses, len(users))
            self.check(use.shape == "×".join(map(str, node.shape)), "shape", use.name, use.shape)
            if use.norm is not None:
                self.number(use.norm, np.linalg.norm(self.right.gradient[node]), 2, "table", use.name)
            if use.full is not None:
                self.number(use.full, np.linalg.norm(uncut.gradient[node]), 2, "without cuts", use.name)
        self.check(len(self.picture.uses) == len(named), "rows", len(self.picture.uses), len(named))

    def _place(self, parameter):
        told = phases([self.right.root])
        first = [u for u in self.right.nodes if u in told.of and any(y is parameter for y in u.inputs)]
        return told.names[told.of[first[0]]] if first else ""

    def _read(self, user):
        """What an op reads itself, or through nodes without a box."""
        for x in user.inputs:
            yield x
            if x not in self.ops and x.op is not None:
                yield from self._read(x)

    def of_scale(self):
        if self.picture.scale is not None:
            low, high = self.picture.scale
            norms = [b.norm for i, b in self.boxes.items() if b.norm and b.node is not self.right.root]
            self.check(all(low * (1 - 1e-9) <= n <= high * (1 + 1e-9) for n in norms), "scale", low, high)
            if norms and max(norms) > 10 * min(norms):
                self.check(np.allclose([low, high], [min(norms), max(norms)], rtol=1e-6), "ends", low, high)

    def of_columns(self):
        """What stands under a band is the step of the boxes in it; what the dots stand for is the rest."""
        steps = sorted({x.step for x in self.right.nodes if x.step is not None})
        for band in self.picture.bands:
            inside = {b.node.step for b in self.boxes.values() if band.left < b.x < band.right and b.node in self.loop}
            inside -= {None}
            t, dots = found(r"^t = (\d+)$", band.title), re.match(r"t = (\d+) … (\d+)$", band.title)
            self.check(t is None or inside <= {int(t)}, "column", band.title, inside)
            self.check(dots is None or not inside, "dots", band.title)
        told = found(r"(the dots are \d+ steps of \d+)", self.picture.subtitle)
        if told:
            count, of = map(int, re.findall(r"\d+", told))
            spans = [re.match(r"t = (\d+) … (\d+)$", band.title) for band in self.picture.bands]
            hidden = sum(int(m[2]) - int(m[1]) + 1 for m in spans if m)
            self.check((count, of) == (hidden, len(steps)), "hidden", told, hidden, len(steps))
