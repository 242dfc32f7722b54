"""The seeds' passes: the auditor names their wrong lines, against the loss that each is held against, and no other."""

from __future__ import annotations

import tinygraph as tg
from tests.each import each

from .judge import named_in
from .passes import loaded
from .seeds import ALL_SEEDS, Seed

# 004 goes back anew from each step, so that its lines make what no right graph of the whole loss holds.
FOLLOWED = [seed for seed in ALL_SEEDS if seed.name != "004"]


@each("seed", FOLLOWED, ids=[seed.name for seed in FOLLOWED])
def test_exactly_the_wrong_lines_of_a_seed_are_named(seed: Seed) -> None:
    assert sorted(named_in(seed, tg.check.audit)) == sorted(seed.wrong)


def test_of_a_pass_that_goes_back_from_each_step_it_is_said_that_lines_may_be_named_falsely() -> None:
    seed = next(seed for seed in ALL_SEEDS if seed.name == "004")
    arguments, keywords = seed.call(loaded(seed.file))
    report = tg.check.audit(*arguments, **keywords, repair=False)
    assert report.wrong == ("U", "W")
    assert any("goes back anew from each step" in note for note in report.notes), report.notes
