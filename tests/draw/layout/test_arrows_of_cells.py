"""No arrow of the library's cells runs over a box: at each op, with padding and without, forward and with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.shown.test_letters import PAPERS, cell_of, kinds
from tests.draw.test_free_of_arrows import struck
from tests.each import each


def drawn(name: str, lengths: Any, **options: Any) -> Any:
    cell, rng = cell_of(kinds()[name]), np.random.default_rng(3)
    xs = rng.normal(size=(3, 2, 4)).astype(np.float32)
    y, _ = tg.unroll(cell, xs, cell.initial_state(2), lengths=lengths)
    return tg.draw(tg.mean(y), max_nodes=None, **options).picture


@each("gradients", [False, True])
@each("lengths", [None, [3, 2]])
@each("name", PAPERS)
def test_no_arrow_of_a_cell_runs_over_a_box(name: str, lengths: Any, gradients: bool) -> None:
    for level in ("op", "cell"):
        assert not [x for x in struck(drawn(name, lengths, level=level, gradients=gradients)) if x[1] == "box"]
