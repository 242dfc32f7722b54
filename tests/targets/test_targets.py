"""Every scenario through every target: what it does not list as impossible is right, and what it lists fails."""

from __future__ import annotations

from functools import cache

import pytest

from .every import TARGETS
from .scenarios import SCENARIOS, Scenario
from .target import Target, wrong

QUICK = [scenario for scenario in SCENARIOS if scenario.quick]
REST = [scenario for scenario in SCENARIOS if not scenario.quick]
PARTS = 3
"""So many tests a target, for the workers of pytest."""


@cache
def ready(name: str) -> Target:
    """The target; skips the test where it lacks something."""
    target = TARGETS[name]()
    if target.missing():
        pytest.skip(f"{name} needs {target.missing()}")
    return target


def hold(target: Target, scenarios: list[Scenario]) -> None:
    """All of these scenarios are right, or listed."""
    target.prepare(scenarios)
    told = []
    for scenario in scenarios:
        error, listed = wrong(target, scenario), target.refuses(scenario)
        if error and not listed:
            told.append(f"{scenario.name}: {error}")
        if listed and not error:
            told.append(f"{scenario.name} is right, although it is listed as {listed!r}: {target.cannot[listed]}")
    assert not told, f"{target.name}, {len(told)} of {len(scenarios)}:\n" + "\n".join(told)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", TARGETS)
def test_a_target_does_what_it_does_not_list_as_impossible(name: str, part: int) -> None:
    hold(ready(name), QUICK[part::PARTS])


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", TARGETS)
def test_a_target_does_the_rest(name: str, part: int) -> None:
    """Gradients, lengths and feedback of all cells; `.ci/run` runs it with the targets' packages."""
    hold(ready(name), REST[part::PARTS])


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_impossible_is_there(name: str) -> None:
    target = TARGETS[name]()
    for pattern, reason in target.cannot.items():
        assert any(target.refuses(scenario) == pattern for scenario in SCENARIOS), f"{pattern!r} fits nothing"
        assert len(reason) > 10, f"{pattern!r}: say why"


class Lame(TARGETS["numpy"]):
    """Right, but for one cell; and it lists another, which it can."""

    cannot = {"GRU/value": "it limps, it says"}  # noqa: RUF012

    def run(self, scenario: Scenario) -> list:
        results = super().run(scenario)
        return [y + 1e-6 for y in results] if scenario.cell == "RNN" else results


def test_the_list_is_exact() -> None:
    with pytest.raises(AssertionError, match=r"RNN/value: result 0 errs by") as caught:
        hold(Lame(), [Scenario("GRU", "value"), Scenario("RNN", "value"), Scenario("MGU", "value")])
    assert "GRU/value is right, although it is listed" in str(caught.value) and "MGU" not in str(caught.value)


def test_the_scenarios_are_complete() -> None:
    uses = {"value", "gradient", "reverse", "lengths", "feedback", "state", "sizes"}
    assert len(SCENARIOS) == len({s.name for s in SCENARIOS}) > 57 * len(uses)
    assert {s.use for s in SCENARIOS} == uses == {s.use for s in QUICK}
