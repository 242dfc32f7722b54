"""Attention of heads that a loop makes one by one: each has its own name and numbers."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.maps.by_hand import softmax
from tests.draw.maps.seen import blocks, matrix


def test_heads_of_a_loop_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    keys, queries = rng.normal(size=(4, 2, 3)), rng.normal(size=(3, 2, 3))
    mixes = [rng.normal(size=(3, 3)) for _ in range(2)]
    weights = [tg.parameter(mix, f"W{k}") for k, mix in enumerate(mixes)]

    def cell(q, h):
        for mix in weights:
            a = tg.softmax(np.einsum("bd,tbd->tb", q @ mix, keys), axis=0)
            h = h + np.einsum("tb,tbd->bd", a, keys)
        return h, h

    seen = blocks(tg.draw(tg.sum(tg.unroll(cell, queries, np.zeros((2, 3)))[0]), "attention"))
    assert [name.rpartition(" ")[2] for name in seen] == ["1", "2"]
    for block, mix in zip(seen.values(), mixes, strict=True):
        right = [softmax(np.einsum("d,td->t", q[0] @ mix, keys[:, 0]), axis=0) for q in queries]
        assert matrix(block) == pytest.approx(np.array(right), rel=0.05, abs=1e-3)
