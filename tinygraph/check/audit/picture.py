"""The picture of an audit: the unrolled graph, the lines that make its gradients, and where one departs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ...draw import draw, placed
from ...draw.drawing import Drawing
from ...draw.labels import number, width
from ...draw.picture import Arrow, Box, Note, Picture
from .findings import Finding
from .marks import Marks, Way

WARNING, LINE = "#d400c8", "#2c5282"
"""What departs, and numbers of lines."""


def drawn(marks: Marks, findings: Sequence[Finding], title: str) -> Drawing:
    """The picture, with each finding that has a place in it.

    Args:
        marks: what was found out of the passes.
        findings: of these the first is painted widest.
        title: above the picture.
    """
    picture = draw(marks.loss, gradients=True, level="op", params="ghost", layout="time", title=title).picture
    assert picture is not None
    boxes = _Boxes(picture, marks)
    for box in picture.boxes:
        _number(picture, box, boxes.line_at(box))
    order = list(dict.fromkeys((f.file, f.line) for f in findings))
    departing = sorted((order.index((file, n)), n, e) for file, n, e in marks.departing if (file, n) in order)
    lines: dict[Way, list[int]] = {}
    for _, line, edge in departing:
        lines.setdefault(edge, []).append(line)
    for edge, numbers in lines.items():
        boxes.paint(edge, f"line {', '.join(map(str, numbers))}", first=numbers[0] == departing[0][1])
    _side_by_side(picture, marks)
    if any(note.colour == LINE for note in picture.notes):
        picture.keys.append((LINE, "number: the line that makes this gradient"))
    if departing:
        picture.keys.append((WARNING, "here the hand-written gradient departs"))
    return placed(picture, "time")


def _number(picture: Picture, box: Box, line: int | None) -> None:
    if line is not None:
        picture.notes.append(Note(box.x - box.width / 2 + 9, box.y + box.height / 2 + 6, str(line), LINE, 9))


def _side_by_side(picture: Picture, marks: Marks) -> None:
    picture.truncation, picture.beside = "right", "by hand"
    for use in picture.uses:
        norm = marks.hand.get(use.name)
        use.full = "none" if norm is None else number(norm)


class _Boxes:
    """The boxes of a picture by the nodes that they show."""

    def __init__(self, picture: Picture, marks: Marks) -> None:
        self.picture, self.marks = picture, marks
        self._at: dict[int, list[int]] = {}
        for k, box in enumerate(picture.boxes):
            if box.node is not None:
                self._at.setdefault(int(box.node.serial), []).append(k)

    def line_at(self, box: Box) -> int | None:
        """The line that makes the gradient of a box; of a parameter at one step, that of this use."""
        if box.node is None:
            return None
        own = int(box.node.serial)
        if box.role != "parameter":
            return self.marks.lines.get((own, own))
        k = self.picture.boxes.index(box)
        users = [a.tail for a in self.picture.arrows if a.head == k and a.tail != k]
        nodes = [x for u in users for x in _held(self.picture.boxes[u])]
        numbers = [n for x in nodes if (n := self.marks.lines.get((own, x))) is not None]
        return numbers[0] if numbers else None

    def paint(self, edge: Way, text: str, *, first: bool) -> None:
        """Paint the arrow of a gradient, or of all that come back into a box."""
        arrow = self._arrow(edge)
        if arrow is None:
            return
        arrow.colour, arrow.width = WARNING, 5.0 if first else 2.5
        arrow.tip = f"{text} makes another gradient"
        (x, y), size = _middle(arrow), 12.0 if first else 10.0
        self.picture.notes.append(Note(x + 10 + width(text, size, True) / 2, y, text, WARNING, size))

    def _arrow(self, edge: Way) -> Arrow | None:
        source, user = edge
        heads, tails = self._at.get(source, []), self._at.get(user, [])
        back = [a for a in self.picture.arrows if self._comes_back(a)]
        both = [a for a in back if a.head in heads and a.tail in tails]
        near = [a for a in back if a.head in heads and (user == source or len(heads) == 1)]
        return next(iter([*both, *near, *(a for a in back if a.tail in tails)]), None)

    def _comes_back(self, arrow: Arrow) -> bool:
        head, tail = self.picture.boxes[arrow.head].node, self.picture.boxes[arrow.tail].node
        return head is not None and tail is not None and head.serial < tail.serial


def _held(box: Box) -> list[int]:
    """Serial numbers of a box's node and, of a sum over several boxes, of what it adds."""
    if box.node is None:
        return []
    inner = [x for x in box.node.inputs if x.op is not None and x.op.name == "add" == box.node.op.name]  # type: ignore[union-attr]
    return [int(box.node.serial), *(int(x.serial) for x in inner)]


def _middle(arrow: Arrow) -> tuple[float, float]:
    """A place on the longest stretch of an arrow."""
    ends = arrow.points[::3]
    (a, b), (c, d) = max(pairwise(ends), key=lambda pair: abs(pair[0][0] - pair[1][0]) + abs(pair[0][1] - pair[1][1]))
    return (a + c) / 2, (b + d) / 2
