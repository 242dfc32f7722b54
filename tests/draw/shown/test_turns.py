"""Cells of which a part runs only every so many steps, drawn with dots: the rest is there, and so is the loss."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

import tinygraph as tg

A, B, C, U = (tg.parameter(np.random.default_rng(i).normal(size=(4, 4)) / 2, name) for i, name in enumerate("ABCU"))


def in_turns(steps: int, every: int, *, back: bool = False) -> tg.Node:
    """A fast state reads a slow one, which moves every so many steps only."""
    x = np.random.default_rng(0).normal(size=(steps, 2, 4))
    fast = slow = tg.constant(np.zeros((2, 4)))
    for t in range(steps)[:: -1 if back else 1]:
        with tg.step(t):
            if t % every == 0:
                slow = tg.tanh(x[t] @ U + slow @ A, name="slow")
            fast = tg.tanh(x[t] @ U + fast @ B + slow @ C, name="fast")
    return tg.mean(fast**2, name="loss")


def titles(loss: tg.Node, **options: Any) -> dict[int | None, list[str]]:
    picture, titles = (
        tg.draw(loss, level="op", max_nodes=None, **options).picture,
        defaultdict[int | None, list[str]](list),
    )
    for box in picture.boxes:
        if box.node is not None:
            titles[box.node.step].append("".join(part.text for part in box.title))
    return {step: sorted(titles[step]) for step in titles}


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("every", [2, 3])
@pytest.mark.parametrize("steps", [[0, -1], [0, 1, -1], [0, 1, -2, -1], [0, 1, 2, -1]])
def test_all_that_stands_at_steps_shown_is_drawn(every: int, steps: list[int], *, back: bool) -> None:
    loss = in_turns(9, every, back=back)
    whole, brief = titles(loss), titles(loss, steps=steps)
    for step in {None, *(step % 9 for step in steps)}:
        assert brief[step] == whole[step]
