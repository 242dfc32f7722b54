"""The seeds' passes: the auditor names their wrong lines, against the loss that each is held against, and no other."""

from __future__ import annotations

import tinygraph as tg
from tests.each import each

from .judge import named_in
from .passes import loaded
from .seeds import ALL_SEEDS, Seed


@each("seed", ALL_SEEDS, ids=[seed.name for seed in ALL_SEEDS])
def test_exactly_the_wrong_lines_of_a_seed_are_named(seed: Seed) -> None:
    assert sorted(named_in(seed, tg.check.audit)) == sorted(seed.wrong)


def test_of_a_pass_that_goes_back_from_each_step_the_lines_of_its_truncation_are_named() -> None:
    seed = next(seed for seed in ALL_SEEDS if seed.name == "004")
    arguments, keywords = seed.call(loaded(seed.file))
    report = tg.check.audit(*arguments, **keywords, repair=False)
    assert report.wrong == ("U", "W")
    loop, word = sorted(line for line, why in seed.wrong.items() if "too few" in why or "word t" in why)
    by_line = {finding.line: finding for finding in report.findings}
    assert by_line[loop].kind == "a wrong range" and by_line[loop].due == "2 steps back, as truncate = 2 says"
    assert "for the loss of step 1" in by_line[word].due and by_line[word].function == "backward", str(report)
    assert by_line[word].due.startswith("words[t] should be an input at step 0") and by_line[word].step == 0
    first, other = sorted(line for line, why in seed.wrong.items() if "state" in why)
    assert by_line[first].makes == "zeros" and by_line[first].due.startswith("h_before should be h at step 0")
    assert by_line[other].makes == "h at step 1" and by_line[other].due.startswith("h_before should be h at step 0")
