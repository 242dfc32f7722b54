"""A picture that plays: columns light up in the order of computation, then the gradient comes back in red."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from ...core.errors import GraphError
from ..colours import DEAD
from ..labels import clean
from ..picture import Box, Picture
from ..words import asset
from .beside import Extent
from .look import Paint
from .marks import run
from .plain import CARRIES, by_band, is_norm
from .svg import PAD, parts_of, svg

PALE = 0.25
"""How much is seen of what is not computed yet."""
BEAT, LONGEST = 0.9, 24.0
"""Seconds of a stage, and of all stages at most."""
PLAYED = ("unrolled", "both")


@dataclass
class Score:
    """When each part of a picture is played.

    Attributes:
        forward, backward: the stage of each box in each of the two passes.
        said: the words of each stage.
    """

    picture: Picture
    forward: list[int]
    backward: list[int]
    said: list[str]

    @property
    def beat(self) -> float:
        """Seconds of a stage."""
        return min(BEAT, LONGEST / len(self.said))


def playing(picture: Picture) -> str:
    """Returns the text of an SVG file that plays once when it is opened and ends in the whole picture.

    What plays is CSS, which leaves all as it is where it is unknown, printed, or not wanted.
    """
    score = score_of(picture)
    return svg(picture, partial(_marks, score), asset("write/playing.css").format(pale=PALE, beat=score.beat))


def score_of(picture: Picture) -> Score:
    """Returns when each part of a picture is played.

    Raises:
        GraphError: it is of a view that has no steps to play.
    """
    if picture.view not in PLAYED:
        fix = 'view="unrolled"; or save it as .svg, or .png'
        expected = f"one of the views {', '.join(PLAYED)}"
        raise GraphError(f"the view {picture.view!r} has no steps to play", expected=expected, fix=fix)
    column = {i: c for c, boxes in by_band(picture).items() for i in boxes}
    drawn = [(x.tail, x.head) for x in picture.arrows if x.colour in CARRIES]
    links = [(a, b) for a, b in [*drawn, *picture.unseen] if a < b]
    last = len(picture.boxes) - 1
    timed = len(picture.bands) > 1

    def cost(a: int, b: int) -> int:
        return int(not timed or column.get(a) != column.get(b))

    forward = _ranks(last + 1, [(a, b, cost(a, b)) for a, b in links])
    cut = {(x.head, x.tail) for x in picture.arrows if x.colour == DEAD}
    returning = [(last - b, last - a, cost(a, b)) for a, b in links if (a, b) not in cut]
    backward = _ranks(last + 1, returning)[::-1]
    names = [picture.bands[column[i]].title if i in column else _name(box) for i, box in enumerate(picture.boxes)]
    look = Paint(picture.lang)
    said = [f"{look.say('forward')}: {words}" for words in _said(forward, names)]
    if picture.scale is None:
        return Score(picture, forward, [], said)
    count = len(said)
    said += [f"{look.say('backward')}: {words}" for words in _said(backward, names)]
    return Score(picture, forward, [count + k for k in backward], said)


def _ranks(count: int, links: list[tuple[int, int, int]]) -> list[int]:
    """Returns the stage of each box: the longest way to it, in which a link to another column costs 1."""
    into: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    out: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for a, b, cost in links:
        into[b].append((a, cost))
        out[a].append((b, cost))
    first = [0] * count
    for b in range(count):
        first[b] = max((first[a] + cost for a, cost in into[b]), default=0)
    for a in reversed(range(count)):
        if any(not cost for _, cost in out[a]):
            first[a] = min(first[b] - cost for b, cost in out[a])
    stages = {stage: k for k, stage in enumerate(sorted(set(first)))}
    return [stages[stage] for stage in first]


def _said(stages: list[int], names: list[str]) -> Iterator[str]:
    """Yields what each stage computes: its columns, or what has none."""
    for k in range(max(stages, default=0) + 1):
        shown = list(dict.fromkeys(name for stage, name in zip(stages, names, strict=True) if stage == k))
        yield clean(", ".join(shown[:4]) + ", …" * (len(shown) > 4), 100)


def _name(box: Box) -> str:
    """Returns the words of a title, and the parameters if an op stands before them."""
    words = " ".join(part.text for part in box.title if part.kind == "text")
    return words if words[-1:].isalnum() else " ".join(part.text for part in box.title if part.kind != "value")


def _marks(score: Score, look: Paint, outer: Extent) -> Iterator[str]:
    """Yields the parts of a file, each with its stage; a box is there twice, the second time with its gradient."""
    picture = score.picture
    boxes = [_cold(box) for box in picture.boxes] if score.backward else picture.boxes
    for kind, i, mark in parts_of(replace(picture, boxes=boxes, arrows=[], notes=[], cuts=[]), look):
        yield _timed(score, "lit", score.forward[i], mark) if kind == "boxes" else mark + "\n"
    if score.backward:
        for _, i, mark in parts_of(Picture(boxes=picture.boxes), look):
            yield _timed(score, "on", score.backward[i], mark)
    for kind, i, mark in parts_of(replace(picture, bands=[], boxes=[]), look):
        if kind == "arrows":
            arrow = picture.arrows[i]
            back = bool(score.backward) and not (arrow.colour in CARRIES and arrow.tail < arrow.head)
            how, stages = ("on", score.backward) if back else ("lit", score.forward)
            yield _timed(score, how, stages[arrow.head], mark)
        elif kind == "notes" and score.backward and (box := picture.notes[i].box) is not None:
            yield _timed(score, "on", score.backward[box], mark)
        else:
            yield mark + "\n"
    for k, words in enumerate(score.said):
        line = run(look, "title start", outer.left, PAD - 3 - outer.foot, words)
        yield _timed(score, "said", k, line)


def _timed(score: Score, how: str, stage: int, mark: str) -> str:
    """Returns a mark that is ``lit``, comes ``on`` or is ``said`` at a stage."""
    return f'<g data-{how}="{stage}" style="animation-delay:{score.beat * stage:.2f}s">{mark}</g>\n'


def _cold(box: Box) -> Box:
    """Returns a box as it is before the gradient comes: white, without a norm."""
    if box.role in ("dots", "parameter"):
        return box
    rows = [[x for x in row.split(" · ") if not is_norm(x)] for row in box.below.split("\n")]
    return replace(box, fill="#ffffff", below="\n".join(" · ".join(row) for row in rows))
