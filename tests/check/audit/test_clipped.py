"""Clipping: how many numbers tell a limit, which gradients it leaves out, and what is no clipping."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.clipped import Clipping, clipping_in

W = np.array([[3.0, -8.0, 0.5], [6.0, -4.0, 7.0]])


def clipping(*runs: tuple[dict[str, Any], dict[str, Any]]) -> Clipping:
    return clipping_in([*runs], 1.5e-8)


@each("numbers, told", [([3.0, -8.0, 5.0], False), ([3.0, -8.0, 5.0, 0.0], False), ([3.0, -8.0, 5.0, 1e-3], True)])
def test_a_limit_that_nobody_writes_is_told_by_more_than_three_numbers(numbers: list[float], told: bool) -> None:
    due = np.array(numbers)
    assert clipping(({"w": np.clip(due, -1.37123, 1.37123)}, {"w": due})).how == "clipped at 1.371" * told


def test_what_one_gradient_tells_holds_for_others_that_tell_nothing() -> None:
    two = np.array([3.0, -8.0])
    for due in ({"w": W, "b": two}, {"b": two, "w": W}):
        own = clipping(({name: np.clip(g, -1.37123, 1.37123) for name, g in due.items()}, due))
        assert own.words(0, "w") == own.words(0, "b") == "clipped at 1.371" and own.left_out == ()


def test_what_a_limit_does_not_reach_is_not_left_out() -> None:
    small, large = np.array([0.5, -1.0]), np.array([5.0, -9.0])
    due = {"w": W, "small": small, "large": large}
    own = clipping(({"w": np.clip(W, -2, 2), "small": small, "large": large}, due))
    assert own.left_out == ("large",) and own.left_out_by == "clipping by value leaves out large"
    assert clipping(({"w": np.clip(W, -2, 2), "small": small, "large": -large}, due)).left_out == ()


def test_what_is_clipped_in_another_run_is_not_left_out() -> None:
    def shortened(g: Any) -> Any:
        return g / max(1.0, float(np.linalg.norm(g)) / 0.5)

    tiny = W / 1e3
    runs = [{"w": W, "v": tiny}, {"w": tiny, "v": W}]
    own = clipping(*(({name: shortened(g) for name, g in due.items()}, due) for due in runs))
    assert own.how == "clipped to the norm 0.5" and own.left_out == ()
    assert [own.words(k, "w") for k in range(2)] == ["clipped to the norm 0.5", ""]


@each("own", [W[0], W[:1], W.T, W[:, :2], W * np.nan, np.where(W > 6, np.inf, W), np.zeros_like(W), None])
def test_what_has_no_number_or_another_shape_is_not_clipped(own: Any) -> None:
    assert clipping(({"w": own}, {"w": W})).how == ""
    assert clipping(({"w": own, "v": np.clip(W, -2, 2)}, {"w": W, "v": W})).limits == {(0, "v"): "clipped at 2"}
