"""What the gradient check says and takes: rows in words and as HTML, forms of arguments, limits, kinks alone."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check import kinks
from tinygraph.check.gradients import GradientError, Report, Row

FINE = Row(1, "w", 1e-9, 0.5, 0.5)
WRONG = Row(2, "a_long_name_of_one", 0.25, 1.0, 0.75)
KINKED = Row(1, "v", 0.5, 1.0, 0.5, "v[0] = 0")
NONE = Row(1, "n", float("nan"), float("nan"), 2.0)


def test_rows_stand_in_columns_with_a_word_for_what_is_off() -> None:
    head, *lines, last = str(Report((FINE, WRONG, KINKED, NONE), 1e-6)).splitlines()
    assert head.split() == ["order", "parameter", "error", "analytic", "numeric"] and last == "allowed error 1.0e-06"
    assert [line.split() for line in lines] == [
        ["1", "w", "1.0e-09", "0.5", "0.5"],
        ["2", "a_long_name_of_one", "2.5e-01", "1", "0.75", "<-", "wrong"],
        ["1", "v", "5.0e-01", "1", "0.5", "<-", "kink"],
        ["1", "n", "nan", "nan", "2", "<-", "wrong"],
    ]
    ends = {line.partition("  <-")[0].rstrip() for line in lines}
    assert len({len(line) for line in ends}) == 1 and len(head) == len(next(iter(ends)))
    assert len({len(line) for line in str(Report((FINE,), 1.0)).splitlines()[:2]}) == 1


def test_in_a_notebook_the_rows_are_a_table_with_red_ones() -> None:
    html = Report((FINE, WRONG, KINKED), 1e-6)._repr_html_()
    rows = [re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", row) for row in re.findall(r"<tr.*?</tr>", html, re.S)]
    assert rows[0] == ["order", "parameter", "error", "analytic", "numeric", ""]
    assert rows[1:] == [
        ["1", "w", "1.0e-09", "0.5", "0.5", ""],
        ["2", "a_long_name_of_one", "2.5e-01", "1", "0.75", "wrong"],
        ["1", "v", "5.0e-01", "1", "0.5", "kink"],
    ]
    assert "check of gradients, allowed error 1.0e-06" in html
    grounds = ["229" in row or "background" in row for row in re.findall(r"<tr.*?</tr>", html, re.S)[1:]]
    assert grounds == [False, True, True]


def test_a_report_passes_if_each_error_is_small_enough() -> None:
    assert Report((FINE,), 1e-9).passed and not Report((FINE,), 9e-10).passed and not Report((FINE, NONE), 1.0).passed
    assert Report((FINE, WRONG), 1.0).largest_error == 0.25
    assert "wrong" not in str(Report((FINE, WRONG), 0.25)) and "b (" not in str(
        GradientError(Report((FINE, WRONG), 0.2))
    )
    assert "wrong gradient of a_long_name_of_one\n" in str(GradientError(Report((FINE, WRONG), 1e-9)))
    nameless = tg.parameter(np.ones(2))
    assert [row.name for row in tg.check.gradients(tg.tanh, [nameless], order=1).rows] == [nameless.label()] != [""]


@each(
    "rows, words, absent",
    [
        ((FINE, WRONG, KINKED), "wrong gradient of a_long_name_of_one\n", "kink at"),
        ((FINE, KINKED, KINKED), r"a kink at v\[0\] = 0: a derivative jumps there", "wrong gradient"),
        ((WRONG, NONE), "wrong gradient of a_long_name_of_one, n\n", "kink"),
    ],
)
def test_an_error_names_the_wrong_ones_or_the_kinks(rows: tuple[Row, ...], words: str, absent: str) -> None:
    error = GradientError(Report(rows, 1e-6))
    assert re.search(words, str(error)) and absent not in str(error).splitlines()[0] and error.report.rows == rows


def names(fn: Any, arguments: Any) -> list[str]:
    return [row.name for row in tg.check.gradients(fn, arguments, order=1).rows]


A, B = np.array([0.5, 1.5]), np.array([[1.0, 2.0], [0.5, -1.0]])


def test_arguments_come_in_each_form_and_have_the_names_of_the_function() -> None:
    assert names(lambda w, v: w * v, [A, A + 1]) == ["w", "v"]
    assert names(lambda w, v: w * v, (A, A + 1)) == ["w", "v"]
    assert names(lambda w, v: w * v, {"v": A, "w": A + 1}) == ["v", "w"]
    assert names(lambda w: w * w, A) == ["w"]
    assert names(lambda *more: more[0] * more[1], [A, A + 1])[0] == "more"
    assert names(lambda parts: parts[0] @ parts[1]["x"], [[B, {"x": A}]]) == ["parts", "parts"]
    w = tg.parameter(A, "own")
    assert names(lambda: w * w, [w]) == ["own"] and names(lambda x: x * w, [w]) == ["own"]
    assert names(lambda w, k: w * k, [A, np.array([2, 3])]) == ["w"]
    assert names(lambda w, k: w * k, [A.astype(np.float32), np.array([True, False])]) == ["w"]


def test_the_numbers_are_the_derivative_along_a_direction() -> None:
    """Of w @ c for a fixed c both are c @ v of one v of length 1, whatever the weights of the sum are."""
    for seed in range(5):
        (row,) = tg.check.gradients(lambda w: w * np.array([3.0, 4.0]), [A], order=1, seed=seed).rows
        assert row.analytic == pytest.approx(row.numeric, rel=1e-9) and 0 < row.analytic <= 1.5 * 5
    first, other = (tg.check.gradients(lambda w: w**3, [A], seed=seed) for seed in (0, 1))
    assert first == tg.check.gradients(lambda w: w**3, [A]) and first.rows != other.rows
    assert [row.order for row in first.rows] == [1, 2] and len(
        tg.check.gradients(lambda w: w**3, [A], order=3).rows
    ) == 3


@each(
    "call, words",
    [
        (lambda: tg.check.gradients(lambda w: w, [A], order=11), r"each order takes(?s:.*)at most 10(?s:.*)11"),
        (lambda: tg.check.gradients(lambda w: w, [A], order=0), "order"),
        (lambda: tg.check.gradients(lambda w: w, [A], tolerance=0.0), "tolerance"),
        (lambda: tg.check.gradients(lambda w: w, [A], tolerance=-1.0), "tolerance"),
        (lambda: tg.check.gradients(lambda: tg.parameter(A), []), r"nothing to check(?s:.*)0 arguments, order 2"),
        (
            lambda: tg.check.gradients(lambda k: k, [np.array([1])], order=1),
            r"nothing to check(?s:.*)1 arguments, order 1",
        ),
        (lambda: tg.check.gradients(lambda w: [w], [A]), r"must return one node(?s:.*)list"),
    ],
)
def test_what_cannot_be_checked_is_told(call: Any, words: str) -> None:
    with pytest.raises(tg.GraphError, match=words):
        call()


def test_ten_orders_are_taken_and_a_tolerance_is_kept() -> None:
    report = tg.check.gradients(lambda w: tg.sin(w), [np.array(0.5)], order=10, tolerance=1e-3)
    assert len(report.rows) == 10 and report.tolerance == 1e-3
    assert tg.check.gradients(lambda w: w, [A]).tolerance == pytest.approx(np.finfo(float).eps ** 0.5)
    mixed = tg.check.gradients(lambda w, v: w * v, [A, A.astype(np.float32)], order=1)
    assert mixed.tolerance == pytest.approx(float(np.finfo(np.float32).eps) ** 0.5)


def line(f: Any, at: float, reach: float) -> kinks.Kink | None:
    x = tg.parameter(np.array([at]), "x")
    kink = kinks.find(lambda: tg.sum(f(x)), x, np.array([1.0]), reach)
    assert x.value.tolist() == [at]
    return kink


@each("at", [0.0, 1e-4, -3e-4])
@each("slopes", [(0.0, 1.0), (-1.0, 1.0), (2.0, 0.5)])
def test_a_kink_is_found_where_it_is_with_half_of_its_jump(at: float, slopes: tuple[float, float]) -> None:
    low, high = slopes
    kink = line(lambda x: tg.where(x > 0, x * high, x * low), at, 1e-3)
    assert kink is not None and kink.t == pytest.approx(-at, abs=1e-7)
    assert abs(high - low) / 2 - 1e-6 <= kink.bend <= abs(high - low) + 1e-6


@each("bent, told", [(0.6, True), (2.0, True), (6.0, True), (40.0, False)])
def test_a_kink_is_found_on_a_curve_too_unless_it_is_much_weaker(bent: float, told: bool) -> None:
    """In the first round its jump of 2 is a part of 2 + bent / 2: from 0.87 to 0.4, and 0.09."""
    kink = line(lambda x: tg.abs(x - 0.013) + bent * x * x, 0.0, 1.0)
    assert (kink is not None) == told
    assert kink is None or kink.t == pytest.approx(0.013, abs=1e-3)


@each("f", [tg.sin, tg.exp, lambda x: x**3 * 1e4, lambda x: x * 0.0, lambda x: tg.relu(x + 1.0), lambda x: x / 0.0])
def test_what_is_smooth_or_no_number_has_none(f: Any) -> None:
    with np.errstate(all="ignore"):
        assert line(f, 0.3, 1e-3) is None


def test_the_place_of_a_kink_is_one_element() -> None:
    x = tg.parameter(np.array([[0.4, 2e-5, -0.7], [0.3, 1.0, 2.0]]), "w")
    v = np.array([[0.5, 1.0, 0.5], [-0.25, 0.5, 0.1]])
    kink = kinks.find(lambda: tg.sum(tg.relu(x)), x, v, 1e-3)
    assert kink is not None
    told = kinks.place(lambda: tg.sum(tg.relu(x)), kink, x, v, 1e-3)
    assert told == "w[0, 1] = 2e-05, 2.0e-05 beside it"
    both = tg.parameter(np.zeros(3), "b")  # no element alone meets the kink
    least = kinks.place(lambda: tg.relu(tg.min(both)), kinks.Kink(0.0, 1.0), both, np.array([0.0, 1.0, 1.0]), 1e-3)
    assert least == "b[1] = 0"
    one = tg.parameter(np.array(0.0), "s")
    assert kinks.place(lambda: tg.abs(one), kinks.Kink(0.0, 1.0), one, np.array(1.0), 1e-3) == "s = 0"
    assert (
        kinks.place(lambda: tg.abs(one), kinks.Kink(1e-6, 1.0), one, np.array(1.0), 1e-3) == "s = 0, 1.0e-06 beside it"
    )


@each(
    "compare, right",
    [
        (lambda k: (0.0, False), True),
        (lambda k: (1.0, True), False),
        (lambda k: (1.0, False), False),
        (lambda k: (0.0, False) if k % 2 else (1.0, True), True),
        (lambda k: (0.0, False) if k < 5 else (1.0, False), False),
        (lambda k: (1.0, True) if k < 5 else (0.0, False), True),
        (lambda k: (float("nan"), False), False),
    ],
)
def test_around_a_kink_a_gradient_is_right_if_it_fits_somewhere_and_is_wrong_nowhere(compare: Any, right: bool) -> None:
    x, seen = tg.parameter(np.array([1.0, 2.0])), list[Any]()

    def next_one() -> tuple[float, bool]:
        seen.append(x.value.copy())
        return compare(len(seen) - 1)

    own = kinks.right_around(next_one, x, 1e-3, 0.5, np.random.default_rng(0))
    assert own is right and x.value.tolist() == [1.0, 2.0]
    if right:
        offsets = np.array(seen) - [1.0, 2.0]
        assert len(seen) == 6 and np.abs(offsets).max() < 0.021 and (offsets != 0).all()
        np.testing.assert_allclose(offsets[::2], -offsets[1::2], atol=1e-12)


@pytest.mark.parametrize("report", [3, "wrong"])
def test_an_error_of_no_report_is_refused(report: Any) -> None:
    with pytest.raises(tg.GraphError, match=r"GradientError: .* has no attribute 'rows'"):
        GradientError(report)
