"""The numbers of an array on a page: against numpy, for any finite numbers, and without a warning."""

from __future__ import annotations

import numpy as np
import pytest

from tests.each import each
from tinygraph.draw.write.page.facts import BINS, FEW, statistics

BIG = np.finfo(np.float64).max
ARRAYS = {
    "spread": np.random.default_rng(0).normal(size=500) * 3,
    "one value": np.full(7, 2.5),
    "two": np.array([1.0, 3.0]),
    "huge": np.array([-BIG / 1.01, 0.0, BIG / 1.01]),
    "half of it": np.array([-BIG / 5, BIG / 4, 1.0]),
    "small": np.array([0.0, 1.1e-300, 3e-300]),
    "denormal": np.array([0.0, 5e-324, 1e-323, 4e-323]),
    "next to each other": np.nextafter(1.0, [0.0, 2.0, 1.0]),
    "float32": np.linspace(-1, 1, 99, dtype=np.float32),
    "integers": np.arange(50),
    "holes": np.array([np.nan, 1.0, 2.0, np.inf, -np.inf, 4.0]),
}


@each("name", ARRAYS)
def test_the_facts_are_those_of_the_finite_numbers(name: str) -> None:
    x = ARRAYS[name].astype(np.float64)
    finite = x[np.isfinite(x)]
    facts = statistics(ARRAYS[name])
    assert facts.get("odd", 0) == x.size - finite.size
    assert [float(facts[k]) for k in ("low", "high")] == pytest.approx([finite.min(), finite.max()], rel=6e-3)
    if np.abs(finite).max() < 1e150:
        assert [float(facts[k]) for k in ("mean", "deviation")] == pytest.approx(
            [finite.mean(), finite.std()], rel=6e-3, abs=1e-305
        )
    assert (len(facts.get("elements", "").split(", ")) == x.size) == (x.size <= FEW)
    heights = [int(d, 36) for d in facts["bars"]]
    one_value, endless = finite.min() == finite.max(), finite.max() / 4 - finite.min() / 4 > BIG / 4
    assert len(heights) == (0 if one_value or endless else BINS)
    if len(heights) and name not in ("half of it", "next to each other", "denormal"):
        counts = np.histogram(finite, bins=BINS)[0]
        assert heights == [int(np.ceil(35 * c / counts.max())) for c in counts]
    assert not heights or (max(heights) == 35 and heights[0] and heights[-1])


@each("x", [np.zeros((0, 3)), np.array([np.nan, np.nan])])
def test_of_no_finite_number_there_is_no_fact_but_their_count(x: np.ndarray) -> None:
    assert statistics(x) == ({"odd": 2} if x.size else {})


def test_one_number_is_told_as_it_is() -> None:
    assert statistics(np.array([[0.123456]])) == {"one": "0.123456"}
