"""What a joined box is called: by its scope, as a cell where it has none, as the network where it is all."""

from __future__ import annotations

from typing import Any

import tinygraph as tg
from tests.draw.networks import lstm, perceptron, word_rnn
from tests.draw.recurrent import encoder_decoder, two_scopes
from tests.each import each

NAMES: dict[str, tuple[Any, list[str], list[str]]] = {
    "one step": (word_rnn(1), ["cell"], ["cell × 1"]),
    "two steps": (word_rnn(2), ["cell", "cell"], ["cell × 2"]),
    "one step of an lstm": (lstm(1), ["cell"], ["cell × 1"]),
    "scopes": (two_scopes(1), ["lower", "upper", "cell"], ["lower × 1", "upper × 1", "cell × 1"]),
    "scopes of two steps": (two_scopes(2), ["lower", "upper"] * 2, ["lower × 2", "upper × 2"]),
    "no time": (perceptron(), [], []),
    "two cells": (encoder_decoder(4, 3), ["encoder"] * 4 + ["decoder"] * 3, ["encoder × 4", "decoder × 3"]),
}


def joined(root: Any, level: str) -> list[str]:
    """The titles of boxes that hold the ops of a cell, without their parameters."""
    boxes = tg.draw(root, level=level, max_nodes=None).picture.boxes
    held = [box for box in boxes if box.role in ("op", "state") and box.node is not None and box.node.op is not None]
    return [box.title[0].text for box in held if all(part.text != "@" for part in box.title)]


@each("name", [name for name in NAMES if name != "no time"])
def test_the_boxes_of_cells_and_layers_are_called_so(name: str) -> None:
    root, cells, layers = NAMES[name]
    assert joined(root, "cell") == cells and joined(root, "layer") == layers


@each("name", NAMES)
def test_all_of_it_is_the_network(name: str) -> None:
    root, cells, _ = NAMES[name]
    (title,) = joined(root, "whole")
    assert title.split(" × ")[0] == "network" and (" × " in title) == bool(cells)
