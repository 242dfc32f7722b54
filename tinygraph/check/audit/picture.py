"""The picture of an audit: the unrolled graph, the lines that make its gradients, and where one departs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from ...core.leaves import Parameter
from ...core.node import Node
from ...draw import draw
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
    picture = draw(marks.loss, gradients=True, level="op", title=title).picture
    boxes = _Boxes(picture, marks)
    for box in picture.boxes:
        if box.node is not None:
            _number(picture, box, marks.lines.get((box.node.serial, box.node.serial)))
        _number(picture, box, boxes.line_of_parameter(box), below=True)
    order = list(dict.fromkeys((f.file, f.line) for f in findings))
    departing = sorted((order.index((file, n)), n, e) for file, n, e in marks.departing if (file, n) in order)
    lines: dict[Way, list[int]] = {}
    for _, line, edge in departing:
        lines.setdefault(edge, []).append(line)
    for edge, numbers in lines.items():
        boxes.paint(edge, f"line {', '.join(map(str, numbers))}", first=numbers[0] == departing[0][1])
    _side_by_side(picture, marks)
    if any(note.colour == LINE for note in picture.notes):
        picture.keys.append((LINE, "number: the line that makes this gradient; below a box, that of its parameter"))
    if departing:
        picture.keys.append((WARNING, "here the hand-written gradient departs"))
    return Drawing(picture)


def _number(picture: Picture, box: Box, line: int | None, *, below: bool = False) -> None:
    """Write the number over the box at its left, or under it at its right."""
    if line is not None:
        side = 1 if below else -1
        place = box.x + side * (box.width / 2 - 9), box.y - side * (box.height / 2 + 6)
        picture.notes.append(Note(*place, str(line), LINE, 9))


def _side_by_side(picture: Picture, marks: Marks) -> None:
    picture.truncation, picture.beside = "right", "by hand"
    for use in picture.uses:
        norm = marks.hand.get(use.name)
        use.full = "none" if norm is None else number(norm)


class _Boxes:
    """The boxes of a picture by the nodes that they show."""

    def __init__(self, picture: Picture, marks: Marks) -> None:
        self.picture, self.marks = picture, marks
        self._at = {int(box.node.serial): k for k, box in enumerate(picture.boxes) if box.node is not None}
        self._uses = {k: list(_uses(box.node, self._at)) for k, box in enumerate(picture.boxes) if box.node is not None}

    def line_of_parameter(self, box: Box) -> int | None:
        """The first line that makes the gradient of this box's use of a parameter."""
        uses = self._uses.get(self._at[box.node.serial], []) if box.node is not None else []
        return next((self.marks.lines[way] for way in uses if way in self.marks.lines), None)

    def paint(self, edge: Way, text: str, *, first: bool) -> None:
        """Paint the arrow of a gradient, or of all that come back into a box."""
        arrow = self._arrow(edge)
        if arrow is None:
            return
        arrow.colour, arrow.width = WARNING, 5.0 if first else 2.5
        arrow.tip = f"{text} makes another gradient"
        (x, y), size = _middle(arrow), 12.0 if first else 10.0
        side = -1 if arrow.head == arrow.tail else 1
        self.picture.notes.append(Note(x + side * (10 + width(text, size, True) / 2), y, text, WARNING, size))

    def _arrow(self, edge: Way) -> Arrow | None:
        source, user = edge
        head, tail = self._at.get(source), self._at.get(user)
        uses = [k for k, ways in self._uses.items() if edge in ways or (source == user and source in dict(ways))]
        back = [a for a in self.picture.arrows if self._comes_back(a)]
        both = [a for a in back if a.head == head and a.tail == tail]
        near = [a for a in back if a.head == head]
        stubs = [self._stub(k) for k in uses[:1]]
        return next(iter([*stubs, *both, *near, *(a for a in back if a.tail == tail)]), None)

    def _stub(self, k: int) -> Arrow:
        """A new short arrow out of a box, for the gradient of the parameter that it uses."""
        box, others = self.picture.boxes[k], sum(a.tail == a.head == k for a in self.picture.arrows)
        x, y = box.x - box.width / 2 + 12 + 14 * others, box.y - box.height / 2
        stub = Arrow(k, k, [(x, y - d) for d in (0.0, 8.0, 16.0, 24.0)], WARNING, 2.5)
        self.picture.arrows.append(stub)
        return stub

    def _comes_back(self, arrow: Arrow) -> bool:
        head, tail = self.picture.boxes[arrow.head].node, self.picture.boxes[arrow.tail].node
        return head is not None and tail is not None and head.serial < tail.serial


def _uses(user: Node, boxes: Mapping[int, int]) -> Iterator[Way]:
    """The ways from parameters to a box: to its node, or to what it reads that has no box of its own."""
    users = [user]
    for reader in users:
        yield from ((x.serial, reader.serial) for x in reader.inputs if isinstance(x, Parameter))
        users += [x for x in reader.inputs if not isinstance(x, Parameter) and x.serial not in boxes]


def _middle(arrow: Arrow) -> tuple[float, float]:
    """A place on the longest stretch of an arrow."""
    ends = arrow.points[::3]
    (a, b), (c, d) = max(pairwise(ends), key=lambda pair: abs(pair[0][0] - pair[1][0]) + abs(pair[0][1] - pair[1][1]))
    return (a + c) / 2, (b + d) / 2
