"""Texts at the foot of columns keep off the arrows: each at the place nearest to the middle that is free."""

from __future__ import annotations

import numpy as np
import pytest

from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.layout.clearance import _gap, _passes, clear_badges, clear_headings, clear_of_arrows
from tinygraph.draw.picture import Arrow, Band, Cut, Picture


def arrow(*ends: tuple[float, float]) -> Arrow:
    """A way of straight pieces."""
    points = [ends[0]]
    for (x, y), (u, v) in zip(ends, ends[1:], strict=False):  # noqa: RUF007
        points += [((2 * x + u) / 3, (2 * y + v) / 3), ((x + 2 * u) / 3, (y + 2 * v) / 3), (u, v)]
    return Arrow(0, 1, points, "", 1.0)


@each("seed", range(60))
def test_a_text_takes_the_free_place_nearest_to_the_middle(seed: int) -> None:
    """Ten points from each arrow and each end; where no gap is wide enough, the middle of the widest."""
    rng = np.random.default_rng(seed)
    left, right = -float(rng.integers(0, 100)), float(rng.integers(50, 300))
    xs = rng.uniform(left, right, int(rng.integers(0, 6)))
    spans = sorted((x, min(x + d, right)) for x, d in zip(xs, rng.choice([0.0, 0.0, 40.0], len(xs)), strict=True))
    wide = float(rng.uniform(10, 120))
    tried = np.arange(left, right, 0.05)
    room = wide / 2 + 10
    rooms = [(-np.inf, left + room), *((a - room, b + room) for a, b in spans), (right - room, np.inf)]
    free = tried[[not any(a < x < b for a, b in rooms) for x in tried]]
    x = _gap((left, right), wide, spans)
    middle = (left + right) / 2
    if len(free):
        assert (
            x == pytest.approx(free[np.argmin(abs(free - middle))], abs=0.06)
            or abs(abs(x - middle) - abs(free - middle).min()) < 0.06
        )
        assert not any(a + 1e-9 < x < b - 1e-9 for a, b in rooms)
    else:
        bare = tried[[not any(a - 0.03 <= x <= b + 0.03 for a, b in spans) for x in tried]]
        gaps = np.split(bare, np.flatnonzero(np.diff(bare) > 0.06) + 1)
        widest = max(gaps, key=len)
        assert x == pytest.approx((widest[0] + widest[-1]) / 2, abs=0.1)


@each(
    "ends, x",
    [
        ([(0, 0), (10, 100)], 4.0),
        ([(10, 100), (0, 0)], 4.0),
        ([(0, 0), (5, 20), (5, 60), (50, 90)], 5.0),
        ([(0, 50), (10, 100)], None),
        ([(0, 100), (10, 41)], None),
        ([(0, 10), (10, 39)], None),
        ([(0, 0), (90, 0), (90, 80)], 90.0),
        ([(0, 90), (30, 20), (60, 90)], None),
        ([(0, 40), (0, 0)], 0.0),
        ([(7, 0), (7, 40)], 7.0),
    ],
)
def test_where_an_arrow_passes_a_height(ends: list[tuple[float, float]], x: float | None) -> None:
    """At 40; one that starts and ends above it only dips into it, as to the box behind, and is no way from below."""
    assert _passes(arrow(*ends), 40.0) == (None if x is None else pytest.approx(x))


def test_only_headings_that_an_arrow_would_cross_move() -> None:
    bands = [Band(200.0 * k, 200.0 * k + 180, -50, 300, f"t = {k}", "token" * (k == 2)) for k in range(4)]
    card = Band(0, 800, -50, 300, "cell", times=3)
    ways = [arrow((x, -100), (x, 0)) for x in (90, 290, 340, 490, 190)]
    above = arrow((690, 10), (690, 200))
    picture = Picture(bands=[card, *reversed(bands)], arrows=[*ways, above])
    clear_headings(picture)
    assert bands[3].at is None and bands[3].middle == 690 and card.at is None
    for band, xs in zip(bands, ([90], [290, 340], [490]), strict=False):
        wide = width(band.title, 14, True) + (width(band.token, 12) + 14 if band.token else 0)
        assert band.at is not None and band.middle == band.at
        assert all(abs(band.at - x) >= min(wide / 2 + 10, 45) for x in (*xs, band.left, band.right))
    before = [band.at for band in bands]
    clear_headings(Picture(bands=bands, arrows=[above]))
    assert [band.at for band in bands] == before
    clear_headings(Picture(bands=[], arrows=ways))


def test_a_heading_keeps_off_an_arrow_that_runs_along_its_line() -> None:
    """From a box at the left of the middle to the right, at the height of the heading, and then down."""
    bands = [Band(200.0 * k, 200.0 * k + 180, -50, 300, f"t = {k}") for k in range(3)]
    level = arrow((60, 0), (60, -28), (300, -28), (300, -90))
    clear_headings(Picture(bands=bands, arrows=[level]))
    wide = width("t = 0", 14, True)
    assert bands[0].at == pytest.approx(60 - wide / 2 - 10) and bands[2].at is None
    assert bands[1].at is not None and bands[1].at >= 300 + wide / 2 + 10 - 1e-9
    low = [Band(0.0, 180.0, -50, 300, "t = 0")]
    clear_headings(Picture(bands=low, arrows=[arrow((60, 0), (60, -40), (170, -40), (170, -90))]))
    assert low[0].middle == pytest.approx(90, abs=12), "under the line of text"


def test_a_name_over_columns_keeps_off_what_passes_within_its_height() -> None:
    ways = [arrow((100, 0), (100, 400)), arrow((20, 0), (20, 400)), arrow((300, 0), (300, 400))]
    picture = Picture(arrows=ways)
    assert clear_of_arrows(picture, (0.0, 250.0), 60.0, 200.0) == pytest.approx(140.0)
    assert clear_of_arrows(picture, (100.0, 300.0), 60.0, 200.0) == pytest.approx(200.0)
    low = Picture(arrows=[arrow((125, 0), (125, 195))])
    assert clear_of_arrows(low, (0.0, 250.0), 60.0, 200.0) in (pytest.approx(85.0), pytest.approx(165.0))
    assert clear_of_arrows(low, (0.0, 250.0), 60.0, 220.0) == pytest.approx(125.0)
    slanted = Picture(arrows=[arrow((100, 180), (160, 220))])
    x = clear_of_arrows(slanted, (0.0, 250.0), 60.0, 200.0)
    assert min(abs(x - at) for at in (121, 130, 139)) >= 40 - 1e-9


def test_a_badge_steps_beside_the_arrows_that_would_cross_it_or_is_left_out() -> None:
    """It is 126 points wide, and its line still meets it."""
    ways = [arrow((x, -200), (x, 0)) for x in (460, 1010, 1090, 1400)]
    cuts = [Cut(x, -50, 100) for x in (100.0, 500.0, 1050.0, 1401.0)]
    clear_badges(Picture(cuts=cuts, arrows=[*ways, arrow((80, 0), (120, 60)), arrow((80, -300), (120, -95))]))
    assert [(cut.badge, cut.aside) for cut in cuts[:2]] == [(True, 0), (True, 460 + 69 - 500)]
    assert not cuts[2].badge and not cuts[3].badge
    level = Cut(500.0, -50, 100)
    clear_badges(Picture(cuts=[level, Cut(900.0, -50, 100, badge=False)], arrows=[arrow((470, 0), (470, -200))]))
    assert level.aside == 470 + 69 - 500 and level.badge
