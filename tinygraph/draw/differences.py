"""What differs between two pictures: boxes and numbers that are in one only, or say something else."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .labels import HEAD
from .picture import Band, Box, Picture, Rim, Tile
from .words import NONE, UsersNames, told

FOLDS = (1, 1.1, 1.2, 1.5, 2, 5, 10, 100, 1000)
"""Differences of so many times and more are marked: the least of these at which half of all have no mark."""
SHARES = (0, 0.01, 0.05, 0.1, 0.25, 0.5)
"""The same for linear scales, as parts of the whole scale."""
OUT, LOW = 3.0, 20.0
"""How far the frame of a box stands out; that of a lower one, a line of a list with others near, a fifth of it."""
_TIP = re.compile(r"(.+?)(?: =|:) (\S+)(?: · .*)?")
_TIMES = re.compile(r" × \d+\b")
_VALUE = re.compile(r" (-?\d\S*|nan|-?inf)$")
_STEP = re.compile(r" at (?:t = )?\d+(?: of \d+)?|\[[\d–]+\]")


@dataclass
class Claim:
    """What a box or a tile says: its ``place`` in both pictures, its ``words`` and its ``number``."""

    part: Box | Tile
    place: tuple[str, ...]
    words: str
    number: float | None = None

    @property
    def name(self) -> str:
        """Returns what it is, without its step."""
        return _STEP.sub("", self.place[0]) or self.place[0]

    @property
    def kind(self) -> list[Any]:
        """Returns what it says besides numbers: its op and its shape."""
        shape = getattr(getattr(self.part, "node", None), "shape", "")  # as text that of a vector looks like a number
        said = (_VALUE.sub("", x) for x in self.words.split(" · ") if not x.startswith("‖"))
        return [shape, *(x for x in said if x and _number(x) is None)]

    @property
    def numbers(self) -> list[float | None]:
        """Returns its number, and the value that its words end with."""
        value = _VALUE.search(self.words.partition(" · ")[0])
        return [self.number, _number(value[1]) if value else None]


@dataclass
class Difference:
    """What both pictures claim at one place, and how far their numbers are from each other.

    ``far``: how many times, or the part of a linear scale.
    """

    first: Claim
    second: Claim
    far: float

    def words(self, lang: str, kept: UsersNames = NONE) -> str:
        """Returns what both claims say, as far as it differs."""
        first, second = self.first, self.second
        form = str if first.place == second.place else _bare
        where = ", ".join(told(form(x), lang, kept) for x in dict.fromkeys(first.place) if x)
        parts = first.words.split(" · "), second.words.split(" · ")
        pairs = parts, parts[::-1]
        one, other = (" · ".join(told(x, lang, kept) for x in own if x not in rest) for own, rest in pairs)
        return f"{where}: {one or '–'} {told('against', lang)} {other or '–'}"


class Differences(NamedTuple):
    """What differs between two pictures.

    ``alone``: the claims of either that the other has not; ``changed``: the largest difference first; ``common``: how
    many claims both have.
    """

    alone: tuple[list[Claim], list[Claim]]
    changed: list[Difference]
    common: int


def differences(a: Picture, b: Picture) -> Differences:
    rest = list(_claims(a)), list(_claims(b))
    both: list[tuple[Claim, Claim]] = []
    for form in (str, _bare):  # what is left over is told apart without the names of cells
        first, second = (_keyed(x, form) for x in rest)
        both += [(first[key], second[key]) for key in first if key in second]
        rest = [first[k] for k in first if k not in second], [second[k] for k in second if k not in first]
    ends = [[x for x in own if isinstance(x.part, Box) and x.part.role == "loss" and len(x.place) == 1] for own in rest]
    if [len(x) for x in ends] == [1, 1]:  # each has the name of the user's line, such as ``before`` and ``after``
        both.append((ends[0][0], ends[1][0]))
        rest = [x for x in rest[0] if x not in ends[0]], [x for x in rest[1] if x not in ends[1]]
    rest = _drawn(rest[0], b), _drawn(rest[1], a)
    scale = a.ruler.span if a.ruler else None
    changed = [
        Difference(x, y, _farthest(x, y, scale) if x.kind == y.kind else math.inf)
        for x, y in both
        if x.words != y.words
    ]
    return Differences(rest, sorted(changed, key=lambda x: -x.far), len(both))


def _bare(place: str) -> str:
    return re.sub(r"(?<=∂ )\S+ · ", "", place)


def _keyed(claims: list[Claim], form: Callable[[str], str]) -> dict[tuple[object, ...], Claim]:
    """Maps places to claims; the n-th claim of a place in one picture is compared with the n-th in the other."""
    ranks: Counter[tuple[str, ...]] = Counter()
    keyed: dict[tuple[object, ...], Claim] = {}
    for claim in claims:
        place = tuple(map(form, claim.place))
        keyed[(*place, ranks[place])] = claim
        ranks[place] += 1
    return keyed


def _claims(picture: Picture) -> Iterator[Claim]:
    columns = list(_columns(picture))
    for box in picture.boxes:
        if box.role != "dots":
            at = [x for band, x in columns if band.left <= box.x <= band.right and band.foot <= box.y <= band.top]
            name, rest = _name(box)
            words = " · ".join(x for x in (rest, box.below.replace("\n", " · ")) if x)
            yield Claim(box, (name, *(at[0] if at else [])), words, box.norm)
    for tile in picture.tiles:
        said = _TIP.fullmatch(tile.tip)
        if said and "steps from" not in tile.tip:
            yield Claim(tile, (said[1],), said[2], _number(said[2]))


def _columns(picture: Picture) -> Iterator[tuple[Band, list[str]]]:
    """Yields columns or cards, their titles, and the name over those of a phase; the steps of each begin anew."""
    names = [note.text for note in picture.notes if note.size == HEAD]
    phase, last = 0, -1
    for band in picture.bands:
        step = re.match(r"t = (\d+)", band.title)
        phase, last = phase + (step is not None and int(step[1]) <= last), int(step[1]) if step else last
        yield band, [band.title, *names[phase : phase + 1]]


def _drawn(claims: list[Claim], other: Picture) -> list[Claim]:
    """Returns the claims but those of steps for which the other picture has dots: it has them, too."""
    spans = [(re.findall(r"\d+", title), names) for _, (title, *names) in _columns(other) if "…" in title]
    hidden = {(f"t = {t}", *names) for (first, last), names in spans for t in range(int(first), int(last) + 1)}
    return [x for x in claims if x.place[1:] not in hidden]


def _name(box: Box) -> tuple[str, str]:
    """Returns what a box is called, and what else its title says: of a cell at several steps, how many these are."""
    title = " ".join(part.text for part in box.title)
    if times := _TIMES.search(title):
        return title.replace(times[0], ""), times[0].strip()
    name, equals, rest = title.partition(" = ")
    name = name.removesuffix("ₜ")  # the difference tells the step
    words = " ".join(part.text for part in box.title if part.kind != "value")
    value = " ".join(part.text for part in box.title if part.kind == "value")
    return (name, rest) if equals else (words, value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _farthest(x: Claim, y: Claim, scale: tuple[float, float] | None) -> float:
    known = [(a, b) for a, b in zip(x.numbers, y.numbers, strict=True) if a is not None or b is not None]
    return max((_far(a, b, scale) for a, b in known), default=math.inf)


def _far(a: float | None, b: float | None, scale: tuple[float, float] | None) -> float:
    if a is None or b is None or not math.isfinite(a - b):
        return math.inf
    if scale is not None:
        return abs(a - b) / (scale[1] - scale[0])
    return max(a / b, b / a) if a * b > 0 else math.inf


def threshold(changed: Sequence[Difference], count: int, *, linear: bool) -> tuple[float, str]:
    """Returns from where on differences are marked, and what the legend says of it.

    It is the least step at which no more than half of what both pictures say is marked, but some of it.
    """
    if not any(math.isfinite(x.far) for x in changed):
        return 0, "differs"
    marked = {n: sum(x.far >= n for x in changed) for n in (SHARES if linear else FOLDS)}
    few = [n for n in marked if 0 < marked[n] <= max(count / 2, 3)]
    least = few[0] if few else max((n for n in marked if marked[n]), default=0)
    if least in (FOLDS[0], SHARES[0]):
        return least, "differs"
    differs = f"differs by {100 * least:g}% of the scale or more" if linear else f"differs {least:g}-fold or more"
    return least, differs + ", or in its op" * any(x.first.kind != x.second.kind for x in changed)


def rims(claims: Sequence[Claim], dashed: bool) -> Iterator[Rim]:
    """Yields a frame for each box and tile; tiles of a matrix that is in one picture only have one together."""
    together: dict[str, list[Box | Tile]] = {}
    for i, claim in enumerate(claims):
        alone = isinstance(claim.part, Tile) and not dashed
        together.setdefault(claim.name if alone else str(i), []).append(claim.part)
    for group in together.values():
        left, right = min(x.x - x.width / 2 for x in group), max(x.x + x.width / 2 for x in group)
        foot, top = min(x.y - x.height / 2 for x in group), max(x.y + x.height / 2 for x in group)
        out = (OUT if group[0].height > LOW else OUT / 5) if isinstance(group[0], Box) else 0.0
        yield Rim((left + right) / 2, (foot + top) / 2, right - left + 2 * out, top - foot + 2 * out, dashed)
