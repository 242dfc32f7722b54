"""Two pictures as one: side by side or one over the other, one scale, one legend, and a mark where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ParamSpec, Protocol, cast

from ..core.errors import GraphError, shown
from ..core.graph import ancestors
from .colours import INK
from .differences import Differences, differences, rims, threshold
from .drawing import Drawing
from .labels import clean, width
from .options import Options, roots_of
from .picture import Note, Picture, Use
from .shown.phases import steps_of
from .unmarked.steps import marked
from .words import told, translated
from .write.beside import edges
from .write.plain import plain

APART, OVER, HEAD = 70.0, 24.0, 15.0
"""Space between two pictures and over each, and the size of its title."""
WIDE, HIGH = 2600.0, 1300.0
"""The largest pictures with all details."""
ROW = 2000.0
"""Wider pairs stand one over the other."""
LISTED, BRIEF = (12, 100), (5, 44)
"""Most lines of differences, and characters of a line; the same in a picture that fits an area."""
LEVELS = ("op", "cell", "layer", "outline", "whole")
"""Levels from the most to the least detail."""
PARTS = ("boxes", "arrows", "bands", "notes", "cuts", "tiles", "openings", "rims")
"""The parts of a picture that have places."""

Couple = tuple[Picture, Picture]
DrawCall = ParamSpec("DrawCall")


class _Comparing(Protocol[DrawCall]):
    """`draw` with its `compare`, and with `live` from a wing above, for checks of types."""

    compare: Callable[..., Drawing]
    live: Callable[..., Any]

    def __call__(self, *args: DrawCall.args, **options: DrawCall.kwargs) -> Drawing: ...


def with_compare(compare: Callable[..., Drawing]) -> Callable[[Callable[DrawCall, Drawing]], _Comparing[DrawCall]]:
    """Returns what makes ``compare`` an attribute of a function."""

    def joined(function: Callable[DrawCall, Drawing]) -> _Comparing[DrawCall]:
        both = cast("_Comparing[DrawCall]", function)
        both.compare = compare
        return both

    return joined


def two_titles(titles: Any) -> list[str] | None:
    """Returns the titles over both, as they are shown.

    Raises:
        GraphError: they are not two texts.
    """
    listed = isinstance(titles, Sequence) and not isinstance(titles, (str, bytes))
    if titles is not None and (not listed or len(titles) != 2):
        expected = 'titles=["before", "after"]'
        raise GraphError("compare: titles must be two texts", expected=expected, got=shown(titles))
    return None if titles is None else [clean(str(x)) for x in titles]


def with_own_tokens(pair: Sequence[Any], view: str, options: Options) -> list[tuple[Any, Options]]:
    """Returns each network with its options: a dict of tokens may hold steps that one of the two has not."""
    tokens = options.tokens
    if view == "compiled" or not isinstance(tokens, Mapping):
        return [(x, options) for x in pair]
    steps = [{*steps_of([*marked(x, ancestors(x)).values()])} for x in map(roots_of, pair)]
    kept = [{t: x for t, x in tokens.items() if t in own or t not in set().union(*steps)} for own in steps]
    return [(x, replace(options, tokens=own)) for x, own in zip(pair, kept, strict=True)]


def in_pairs(candidates: Iterable[Iterator[Picture]]) -> Iterator[Couple]:
    """Yields pictures of both, from the most to the least detail; one waits for the other to come to its level."""
    a, b = candidates
    x, y = next(a, None), next(b, None)
    first, second = x, y
    while first and second and (x or y):
        if x and y and x.level != y.level:
            if LEVELS.index(x.level) < LEVELS.index(y.level):
                first, x = x, next(a, None)
            else:
                second, y = y, next(b, None)
        else:
            first, second = x or first, y or second
            x, y = next(a, None), next(b, None)
        if first.level == second.level or not (x and y):
            yield replace(first), replace(second)


def shared_ends(pair: Couple) -> tuple[float, float] | None:
    """Returns the ends of a colour scale for both pictures; None if they have none."""
    ends = [x.scale or (x.ruler and x.ruler.span) for x in pair]
    known = [x for x in ends if x]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def roomy(pairs: Iterable[Couple]) -> Iterator[Couple]:
    """Yields the first pair of pictures that are small enough to be looked at, else the last."""
    for pair in pairs:
        last = pair
        bounds = [edges(x) for x in pair]
        if all(x.right - x.left <= WIDE and x.top - x.foot <= HIGH for x in bounds):
            break
    yield last


def compared(
    pairs: Iterable[Couple], titles: Sequence[str] | None, title: str | None, lang: str, *, brief: bool
) -> Iterator[Picture]:
    """Yields each pair as one picture, in the two arrangements, the wide one first if it is not too wide."""
    for pair in pairs:
        names = titles or [told(x, lang, pair[0].names | pair[1].names) for x in _titles(pair)]
        apart = differences(*pair)
        least, differs = threshold(apart.changed, apart.common, linear=pair[0].ruler is not None)
        first, second = (translated(x, lang, titled=False) for x in pair)
        lines = _lines(apart, pair, names, lang)
        listed = _first_ones(lines, lang, *LISTED)
        marked = [x for x in apart.changed if x.far >= least]
        first.rims = [*rims(apart.alone[0], False), *rims([x.first for x in marked], True)]
        second.rims = [*rims(apart.alone[1], False), *rims([x.second for x in marked], True)]
        bounds = [edges(x) for x in (first, second)]
        wide = sum(x.right - x.left for x in bounds) + APART
        told_apart = zip(names, (plain(replace(x, title=None)).splitlines() for x in (first, second)), strict=True)
        texts = [line for name, own in told_apart for line in ("", f"== {name}", *own)]
        for stacked in (wide > ROW, wide <= ROW):
            picture = _joined((first, second), names, stacked)
            picture.title = title or told("Two networks on one scale", lang)
            picture.listed = _first_ones(lines, lang, *BRIEF) if brief else listed
            picture.lang, picture.differs, picture.view = lang, differs, "compare"
            picture.plain_text = [picture.title, *texts, "", *listed]
            yield picture


def _titles(pair: Couple) -> tuple[str, str]:
    a, b = ((x.title or "").rpartition(", ")[0] or x.title or "" for x in pair)
    if a.partition(",")[0] != b.partition(",")[0]:
        return a.partition(",")[0], b.partition(",")[0]
    return (a, b) if a != b else ("first", "second")


def _joined(pair: Couple, names: Sequence[str], stacked: bool) -> Picture:
    """Returns both pictures in their places; the second is at the right of the first, or under it."""
    a, b = edges(pair[0]), edges(pair[1])
    down = (a.foot - APART - b.top) if stacked else a.top - b.top
    parts = pair[0], moved(pair[1], a.left - b.left if stacked else a.right + APART - b.left, down, len(pair[0].boxes))
    picture = Picture(scale=pair[0].scale or pair[1].scale, ruler=pair[0].ruler, names=pair[0].names | pair[1].names)
    picture.border = (1e9, a.foot - APART / 2) if stacked else (a.right + APART / 2, -1e9)
    for name in PARTS:
        setattr(picture, name, [x for part in parts for x in getattr(part, name)])
    for part, title in zip(parts, names, strict=True):
        bounds = edges(part)
        x, y = bounds.left + width(title, HEAD, True) / 2, bounds.top + OVER
        picture.notes.append(Note(x, y, title, INK, HEAD))
    picture.keys = list(dict.fromkeys([*pair[0].keys, *pair[1].keys]))
    subtitles = [x.subtitle for x in pair]
    said = [f"{name}: {words}" for name, words in zip(names, subtitles, strict=True) if words]
    picture.subtitle = subtitles[0] if subtitles[0] == subtitles[1] else "; ".join(said)
    picture.uses, picture.truncation, picture.beside = [*_uses(pair, names)], names[0], f"‖∂‖ {names[1]}"
    return picture


def moved(picture: Picture, right: float, up: float, boxes: int) -> Picture:
    """Returns a picture at another place, whose boxes have larger numbers."""
    ways = dict.fromkeys(("x", "left", "right", "at"), right) | dict.fromkeys(("y", "foot", "top"), up)

    def put(part: Any) -> Any:
        places = {name: getattr(part, name, None) for name in ways}
        return replace(part, **{name: at + ways[name] for name, at in places.items() if at is not None})

    arrows = [
        replace(x, tail=x.tail + boxes, head=x.head + boxes, points=[(a + right, b + up) for a, b in x.points])
        for x in picture.arrows
    ]
    parts: dict[str, Any] = {name: [put(x) for x in getattr(picture, name)] for name in PARTS if name != "arrows"}
    return replace(picture, arrows=arrows, **parts)


def _uses(pair: Couple, names: Sequence[str]) -> Iterator[Use]:
    """Yields the parameters of both: a row where name and shape are the same, with the uses and norms of both."""
    first, second = ({(x.name, x.shape): x for x in picture.uses} for picture in pair)
    has_norms = any(x.norm is not None for x in (*first.values(), *second.values()))
    for key in dict.fromkeys([*first, *second]):
        a, b = first.get(key), second.get(key)
        known = a or b
        assert known is not None
        norms = ((a and a.norm) or "–", (b and b.norm) or "–") if has_norms else (None, None)
        name = known.name if a and b else f"{known.name} · {names[0 if a else 1]}"
        size = known.size * (first.keys() == second.keys())  # of two other networks no sum is true
        uses = f"{a.uses}×, {b.uses}" if a and b and a.uses != b.uses else known.uses
        yield replace(known, name=name, uses=uses, norm=norms[0], full=norms[1], size=size)


def _lines(apart: Differences, pair: Couple, names: Sequence[str], lang: str) -> list[str]:
    """Returns what differs in words: how much, what is in one only, scopes as a whole, and the largest first."""
    kept = pair[0].names | pair[1].names
    if not apart.changed and not any(apart.alone):
        return [told("nothing differs", lang)]
    lines = [told(f"{len(apart.changed)} of {apart.common} differ" if apart.common else "nothing in common", lang)]
    for name, side, other in zip(names, apart.alone, pair[::-1], strict=True):
        scopes = {getattr(box.node, "scope", "") for box in other.boxes} | {""}
        within = [(x.name, getattr(getattr(x.part, "node", None), "scope", "")) for x in side]
        parts = Counter(told(x if scope in scopes else clean(scope), lang, kept) for x, scope in within)
        if parts:
            listed = ", ".join(f"{x} × {n}" if n > 1 else x for x, n in parts.items())
            lines.append(f"{told(f'in {name} only', lang)}: {listed}")
    return lines + [x.words(lang, kept) for x in apart.changed]


def _first_ones(lines: list[str], lang: str, most: int, longest: int) -> list[str]:
    head, *rest = lines
    more = [told(f"and {len(rest) - most} more", lang)] if len(rest) > most else []
    return [head, *(clean(line, longest) for line in rest[:most]), *more]
