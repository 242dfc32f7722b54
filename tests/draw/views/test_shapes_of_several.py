"""A box that stands for arrays of several shapes tells them, not one of them."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.networks import weights
from tests.each import each

W = weights(W=(2, 4), V=(3, 4), U=(4, 4), Z=(1, 4))
KINDS = {2: "W", 3: "V", 1: "Z"}


def network(*wide: int, rows: tuple[int, ...] = (2, 2, 2, 2)) -> Any:
    h: Any = np.zeros((2, 4))
    for t, high in enumerate(rows):
        with tg.step(t):
            h = tg.tanh(h @ W["U"] + sum(tg.constant(np.ones((high, k)) * (t + k)) @ W[KINDS[k]] for k in wide))
    return tg.mean(h)


def below(net: Any, view: str, word: str, **options: Any) -> list[tuple[str, str]]:
    boxes = tg.draw(net, view, **options).picture.boxes
    return [(x.below, x.tip[1]) for x in boxes if x.title[0].text.startswith(word)]


@each(
    "wide, sizes",
    [((2, 3), "2×2, 2×3"), ((3,), "2×3"), ((2, 3, 1), "2×2, 2×3, …")],
)
def test_a_box_of_data_tells_the_shapes_of_all(wide: tuple[int, ...], sizes: str) -> None:
    (told, tip), *_ = below(network(*wide), "unrolled", "x" if len(wide) == 1 else "data", level="whole")
    assert told == f"{4 * len(wide)} of them · {sizes}" and tip == f"{sizes} float64"


def test_a_rolled_box_tells_the_shapes_of_all_steps() -> None:
    (told, tip), *_ = below(network(3, rows=(2, 1, 2, 1)), "rolled", "x")
    assert told == "2×3, 1×3 · 4 of them" and tip == "2×3, 1×3 float64"
