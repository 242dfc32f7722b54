"""The seeds' passes: the auditor names their wrong lines, against the loss that each is held against, and no other."""

from __future__ import annotations

import tinygraph as tg
from tests.each import each

from .judge import named_in
from .seeds import ALL_SEEDS, Seed


@each("seed", ALL_SEEDS, ids=[seed.name for seed in ALL_SEEDS])
def test_exactly_the_wrong_lines_of_a_seed_are_named(seed: Seed) -> None:
    assert sorted(named_in(seed, tg.check.audit)) == sorted(seed.wrong)
