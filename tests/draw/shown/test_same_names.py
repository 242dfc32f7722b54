"""Names of parameters of the same name, of cells in two directions and of cells that run within the steps of others."""

from __future__ import annotations

import numpy as np

import tinygraph as tg


def two_ways(more: bool = False) -> tg.Node:
    xs = np.random.default_rng(0).normal(size=(4, 2, 3))
    there, _ = tg.unroll(tg.cells.RNN(3, 4, rng=0), xs)
    back, _ = tg.unroll(tg.cells.GRU(3, 4, rng=1), xs, reverse=True)
    both = np.concatenate([there, back], axis=2)
    return tg.sum(tg.unroll(tg.cells.RNN(8, 4, rng=2), both)[0] if more else both)


def test_parameters_of_two_directions_are_called_as_their_cells() -> None:
    drawn = tg.draw(two_ways(), level="cell").picture
    cells = {box.title[0].text for box in drawn.boxes}
    assert {"forward", "backward"} <= cells
    assert {use.name.partition(".")[0] for use in drawn.uses} == {"forward", "backward"}


def test_of_three_cells_each_has_the_layer_and_direction_of_its_cell() -> None:
    drawn = tg.draw(two_ways(more=True), level="cell").picture
    cells = {box.title[0].text for box in drawn.boxes}
    layers = {use.name.partition(".")[0] for use in drawn.uses}
    assert layers == {"layer 1 forward", "layer 1 backward", "layer 2 forward"} and layers <= cells


def nested() -> tg.Node:
    """An inner cell reads 4 letters within each of the outer one's 3 steps."""
    letters, words = tg.cells.RNN(2, 3, rng=0), tg.cells.GRU(3, 4, rng=1)

    def cell(word, h):
        return words(tg.unroll(letters, word)[1], h)

    return tg.sum(tg.unroll(cell, np.random.default_rng(4).normal(size=(3, 4, 1, 2)), np.zeros((1, 4)))[0])


def test_a_cell_within_the_steps_of_another_is_counted_as_often_as_it_runs() -> None:
    drawn = tg.draw(nested(), level="layer").picture
    counts = sorted(box.title[0].text.partition(" × ")[2] for box in drawn.boxes if " × " in box.title[0].text)
    assert counts == ["12", "3"]


def test_a_title_names_three_parts_at_most() -> None:
    cell, h = tg.cells.GRU(3, 4, rng=1), np.zeros((1, 4))
    for seed in range(6):
        _, h = tg.unroll(cell, np.random.default_rng(seed).normal(size=(2 + seed % 2, 1, 3)), h)
    assert "6 parts" in str(tg.draw(tg.sum(h)).picture.title)
    assert "6 部分" in tg.draw(tg.sum(h), lang="zh").text()
