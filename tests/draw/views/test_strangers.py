"""Networks as strangers write them: what their pictures said wrongly before."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each

W, V = (tg.parameter(np.random.default_rng(i).normal(size=(4, 4)) / 2, n) for i, n in enumerate("WV"))


def boxes(root: Any, **options: Any) -> dict[str, Any]:
    picture = tg.draw(root, level="op", **options).picture
    return {" ".join(part.text for part in box.title if part.kind != "value"): box for box in picture.boxes}


def test_an_input_is_no_start_and_a_start_no_input_where_names_are_too_long() -> None:
    the_state_of_the_network_after_a_step: Any = np.zeros((2, 4))
    for t in range(3):
        the_state_of_the_network_after_a_step = np.tanh(
            np.full((2, 4), t + 1.0) + the_state_of_the_network_after_a_step @ W
        )
    shown = boxes(tg.sum(the_state_of_the_network_after_a_step))
    assert {"x₀", "x₁", "x₂", "h₀"} <= shown.keys() and not any("x′" in title for title in shown)
    assert shown["h₀"].role == "state" and {shown[f"x{n}"].role for n in "₀₁₂"} == {"input"}


def test_both_terms_of_a_loss_that_steps_add_up_are_losses() -> None:
    h: Any = np.zeros((2, 4))
    first: Any = 0
    second: Any = 0
    for t in range(3):
        h = np.tanh(np.full((2, 4), t + 1.0) + h @ W)
        first = first + tg.mean(tg.softmax_cross_entropy(h @ V, np.array([0, 1])))
        second = second + tg.mean(h**2)
    shown = boxes(first / 3 + 0.1 * second)
    sums = [box.role for title, box in shown.items() if title.startswith(("firstₜ = ", "secondₜ = "))]
    assert len(sums) > 3 and set(sums) == {"loss"}
    leak: Any = tg.constant(1.0)
    for t in range(3):
        with tg.step(t):
            leak = 0.9 * leak + tg.sum(W[t])
    assert {box.role for title, box in boxes(leak * 2.0).items() if title.startswith("leakₜ = ")} == {"state"}


def test_a_stack_of_no_steps_is_none_of_steps_and_a_weight_of_an_einsum_is_a_chip() -> None:
    x, kernel = tg.constant(np.ones((2, 8, 4)), "x"), tg.parameter(np.ones((3, 4, 5)), "K")
    windows = tg.stack([x[:, i : i + 3] for i in range(6)], axis=1)
    (box,) = (
        b for title, b in boxes(tg.mean(np.einsum("btkc,kcd->btd", windows, kernel))).items() if "einsum" in title
    )
    assert box.below == "2×6×5 · stack of 6" and [p.text for p in box.title if p.kind == "chip"] == ["K"]
    h = tg.unroll(tg.cells.RNN(4, 4, rng=0), np.ones((1, 2, 4), np.float32))[0]
    assert any(b.below.endswith("over 1 step") for b in boxes(tg.mean(h**2)).values())


@each("ndim", [2, 3])
def test_a_product_with_a_turned_array_says_so(ndim: int) -> None:
    x = tg.constant(np.ones((2, 5, 4)[3 - ndim :]), "x")
    q, k = x @ W, x @ V
    last = (0, 2, 1) if ndim == 3 else None
    for turned in (np.swapaxes(k, -1, -2), np.swapaxes(k, ndim - 2, ndim - 1), np.transpose(k, last)):
        assert "q @ k.T" in boxes(tg.sum(q @ turned))
    twice = np.swapaxes(np.swapaxes(k, -1, -2), -1, -2)
    assert "q * k" in boxes(tg.sum(q * twice)) and "x @ tanh.T" in boxes(
        tg.sum(x @ np.swapaxes(np.tanh(x + 1), -1, -2))
    )
