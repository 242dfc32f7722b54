"""The notes of steps in a rolled view touch no arrow, as in the picture of the notebook of a cell of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.test_free_of_arrows import on_arrow, struck, text_width


class Turning(tg.cells.Cell):
    def __init__(self, size: int) -> None:
        super().__init__(1, 2 * size, rng=0)
        self.W, self.angle = self.weight(2 * size, 1), self.bias(size)

    def __call__(self, x: Any, h: Any) -> tuple[Any, Any]:
        a, b = tg.split(h, 2, axis=1)
        c, s = tg.cos(self.angle), tg.sin(self.angle)
        h = tg.add(tg.concatenate([c * a - s * b, s * a + c * b], axis=1), x @ self.W.T, name="h")
        return h, h


def test_two_halves_of_a_state_that_start_beside_each_other() -> None:
    outputs, _ = tg.unroll(Turning(8), np.ones((5, 2, 1), np.float32))
    picture = tg.draw(outputs, "rolled").picture
    notes = [n for n in picture.notes if n.text == "t = 0 only"]
    assert len(notes) == 2 and not list(struck(picture))
    for note in notes:
        wide = text_width(note.text, note.size) / 2 + 3
        away = np.abs(np.concatenate([on_arrow(x) for x in picture.arrows]) - (note.x, note.y)) / (wide, note.size / 2)
        assert away.max(axis=1).min() > 1, "3 points from each arrow"
