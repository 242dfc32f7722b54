"""The frame of the tasks: a budget by steps and by the clock, rows beside bars, packages that are missing."""

import math
import time

import numpy as np
import pytest

import tinygraph as tg
from models.task import Budget, MissingData, Result, Row, package


def test_the_rate_rises_and_falls_with_the_budget():
    rate = Budget(minutes=2, steps_a_minute=100, clock=False).falling(0.1, warm_up=0.1)
    rates = [rate(steps) for steps in range(201)]
    assert rates[0] == pytest.approx(0.001) and rates[10] == pytest.approx(0.05) and max(rates) == rates[20] == 0.1
    assert rates[110] == pytest.approx(0.1 * (0.01 + 0.99 * (1 + math.cos(math.pi / 2)) / 2))
    assert rates[200] == pytest.approx(0.001) and all(np.diff(rates[20:]) < 0)


def trained(budget, steps=1000):
    w = tg.parameter(1.0)
    step = tg.train.step(lambda x: (w - x) ** 2, w, tg.train.SGD(w, budget.falling(0.1)))
    return tg.train.fit(step, [np.zeros(())], steps=min(steps, budget.steps), callbacks=[budget], quiet=True)


def test_a_training_ends_by_steps_or_by_the_clock():
    free = Budget(minutes=0.001, steps_a_minute=30_000, clock=False)
    assert len(trained(free)) == free.steps == free.done == 30
    start = time.perf_counter()
    clocked = Budget(minutes=0.002, steps_a_minute=1e9)
    history = trained(clocked, steps=10**6)
    assert 1 <= len(history) == clocked.done < 10**6 and clocked.seconds >= 0.12
    assert time.perf_counter() - start < 20 and clocked.cpu_s > 0


def test_a_share_is_of_steps_and_of_time():
    half = Budget(minutes=2, steps_a_minute=50).share(0.5)
    assert (half.steps, half.minutes, half.clock) == (50, 1.0, True)
    assert Budget(2, 50, clock=False).share(0.25, steps_a_minute=1000).steps == 500


def test_a_budget_may_be_without_steps_or_without_a_clock_and_goes_on_after_a_resume():
    assert Budget.of(None, 2.0).steps > 10**8 and not Budget.of(7, None).clock
    assert Budget.of(7, None).spent(7) == 1.0 and Budget.of(10, 1.0).spent(5) == 0.5 and Budget.of(9, 0.0).spent(1) == 1
    later = Budget.of(None, 1.0)
    later.position = {"seconds": 30.0, "cpu_s": 12.5}
    assert later.spent(1) == pytest.approx(0.5, abs=0.01) and later.position["cpu_s"] >= 12.5


@pytest.mark.parametrize("figure", [1.9, 2.1])
@pytest.mark.parametrize("higher", [False, True])
def test_a_row_stands_beside_its_bar(figure, higher):
    row = Row("text", "bits", figure, bar=2.0, baselines={"gzip": 2.5}, higher=higher)
    assert row.reached is ((figure, higher) in [(1.9, False), (2.1, True)])
    assert row.told().endswith("reached" if row.reached else "missed by 0.1") and "gzip 2.5" in row.told()


def test_steps_and_processor_time_are_those_of_all_networks():
    budgets = (Budget(0.001, 5000, clock=False), Budget(0.001, 7000, clock=False))
    for budget in budgets:
        trained(budget)
    result = Result((), "", "", budgets, tg.draw(tg.parameter(1.0) * 2.0))
    assert result.steps == 12 and result.cpu_s == sum(b.cpu_s for b in budgets) > 0


def test_a_missing_package_is_named():
    with pytest.raises(MissingData, match=r"scikit-banana[\s\S]*pip install"):
        package("sklearn_banana", "scikit-banana")
