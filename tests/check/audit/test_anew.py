"""What is due for the loss of each step alone, as far back as a pass goes, against plain loops over both steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.anew import PairThing, RightAnew, pairs_of, steps_back
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.table import right_gradients

T, I, H = 4, 3, 5  # noqa: E741
rng = np.random.default_rng(8)
WEIGHTS = {"Wx": rng.normal(size=(H, I)), "Wh": rng.normal(size=(H, H)) / 2, "V": rng.normal(size=(2, H))}
DATA = {"xs": rng.normal(size=(T, I, 1)), "ts": rng.normal(size=(T, 2, 1))}


def loss(Wx: Any, Wh: Any, V: Any, xs: Any, ts: Any) -> Any:
    h, total = np.zeros((H, 1)), 0.0
    for x, t in zip(xs, ts, strict=True):
        a = Wx @ x + Wh @ h
        h = np.tanh(a)
        total = total + np.sum((V @ h - t) ** 2)
    return total


def mean_loss(Wx: Any, Wh: Any, V: Any, xs: Any, ts: Any) -> Any:
    return loss(Wx, Wh, V, xs, ts) / -2.0


def product_of_losses(Wx: Any, Wh: Any, V: Any, xs: Any, ts: Any) -> Any:
    return np.exp(loss(Wx, Wh, V, xs, ts) * 0.01)


def backward(back: int) -> Any:
    def passes(Wx: Any, Wh: Any, V: Any, xs: Any, ts: Any) -> Any:
        hs = [np.zeros((H, 1))]
        for x in xs:
            hs.append(np.tanh(Wx @ x + Wh @ hs[-1]))
        dWx, dWh, dV = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(V)
        for t in range(len(xs)):
            dy = 2 * (V @ hs[t + 1] - ts[t])
            dV += dy @ hs[t + 1].T
            dh = V.T @ dy
            for i in range(t, max(-1, t - back - 1), -1):
                da = dh * (1 - hs[i + 1] ** 2)
                dWx += da @ xs[i].T
                dWh += da @ hs[i].T
                dh = Wh.T @ da
        return dWx, dWh, dV

    return passes


def anew(back: int, of: Any = loss) -> tuple[RightAnew, dict[Any, np.ndarray], Any]:
    """The right graph, and by plain loops the adjoint of each pair and the gradients of the truncated pass."""
    subject = Functions(backward(back), of, WEIGHTS, DATA)
    case = Cases(subject).case(T)
    outcome, p, xs, ts = subject.on_nodes(case), case.parameters, case.arguments["xs"], case.arguments["ts"]
    hs = [np.zeros((H, 1))]
    for x in xs:
        hs.append(np.tanh(p["Wx"] @ x + p["Wh"] @ hs[-1]))
    due: dict[Any, np.ndarray] = {}
    for t in range(T):
        dh = p["V"].T @ (2 * (p["V"] @ hs[t + 1] - ts[t]))
        for i in range(t, max(-1, t - back - 1), -1):
            due[t, i] = dh * (1 - hs[i + 1] ** 2)
            dh = p["Wh"].T @ due[t, i]
    return RightAnew(outcome, T, back), due, (xs, hs, subject.gradients(case), outcome)


@each("back", [1, 2, 3])
def test_the_adjoint_of_each_pair_and_the_gradients_of_all(back: int) -> None:
    right, due, (xs, hs, hand, outcome) = anew(back)
    assert right.is_whole and {*due} == {*pairs_of(T, back)}
    for (t, i), array in due.items():
        named = [
            x
            for x in right.things
            if x.kind == "adjoint" and str(x).endswith(f"of a at step {i} for the loss of step {t}")
        ]
        assert named and all(isinstance(x, PairThing) and x.when is None for x in named)
        for x in named:
            np.testing.assert_allclose(x.array, array, rtol=1e-9)
    assert not any("for the loss" in str(x) and x.kind == "value" for x in right.things)
    for name in WEIGHTS:
        np.testing.assert_allclose(right.gradients[name], hand[name], rtol=1e-9)
    np.testing.assert_allclose(right.gradients["Wx"], sum(a @ xs[i].T for (_, i), a in due.items()), rtol=1e-9)
    parts = [x.array for x in right.things if x.kind == "part" and str(x).startswith("a part of the adjoint of Wh at")]
    for (t, i), a in due.items():
        assert any(np.allclose(part, a @ hs[i].T, rtol=1e-9) for part in parts), (t, i)
        assert right.is_part("Wh", a @ hs[i].T)
    if back < T - 1:
        assert steps_back(outcome, T) == back


def test_sums_grow_within_a_step_and_over_all() -> None:
    right, due, (xs, _, _, _) = anew(2)
    parts = {pair: a @ xs[pair[1]].T for pair, a in due.items()}
    sums = [x for x in right.things if x.kind == "sum" and ": " not in x.of and x.of.startswith("Wx")]
    order = pairs_of(T, 2)
    for k, (t, i) in enumerate(order):
        within = sum(parts[t, j] for j in range(i, t + 1))
        whole = sum(parts[pair] for pair in order[: k + 1])
        own = [x.array for x in sums if f"at step {i} for the loss of step {t}" in str(x)]
        assert any(np.allclose(x, within, rtol=1e-9) for x in own) and any(
            np.allclose(x, whole, rtol=1e-9) for x in own
        )
    last = [x.array for x in sums if x.of == f"Wx up to step {T - 1}"]
    assert any(np.allclose(x, sum(parts.values()), rtol=1e-9) for x in last)


def test_losses_that_are_scaled_are_told_apart_and_others_are_no_sum() -> None:
    right, due, _ = anew(3, mean_loss)
    assert right.is_whole
    one = next(
        x for x in right.things if str(x).endswith("of a at step 1 for the loss of step 2") and x.kind == "adjoint"
    )
    np.testing.assert_allclose(one.array, due[2, 1] / -2, rtol=1e-9)
    assert not anew(3, product_of_losses)[0].is_whole


def twice_loss(Wx: Any, Wh: Any, V: Any, xs: Any, ts: Any) -> Any:
    """With a weight that each step reads twice."""
    h, total = np.zeros((H, 1)), 0.0
    for x, t in zip(xs, ts, strict=True):
        h = np.tanh(Wx @ x + Wh @ h + Wh @ (h * h))
        total = total + np.sum((V @ h - t) ** 2)
    return total


def test_a_weight_that_a_step_reads_twice_has_the_sum_of_both() -> None:
    right, _, (_, _, _, outcome) = anew(T - 1, twice_loss)
    due = right_gradients(outcome)
    assert right.is_whole and {*due} == {*WEIGHTS}
    for name, g in due.items():
        np.testing.assert_allclose(right.gradients[name], g, rtol=1e-9)


def test_gradients_that_are_no_nodes_do_not_matter_for_how_far_it_goes_back() -> None:
    *_, (_, _, _, outcome) = anew(2)
    for other in (None, np.ones(3)):
        assert steps_back(replace(outcome, gradients={**outcome.gradients, "U": other}), T) == 2


def counted_loss(Wx: Any, Wh: Any, V: Any, xs: Any, ts: Any) -> Any:
    """With whole numbers in the sum, and a sigmoid in the place of tanh."""
    h, total = np.zeros((H, 1)), 0.0
    for x, t in zip(xs, ts, strict=True):
        h = 1 / (1 + np.exp(-(Wx @ x + Wh @ h)))
        total = total + np.sum((V @ h - t) ** 2 * np.array([[1], [2]]))
    return total


def test_whole_numbers_have_no_adjoint_and_what_is_within_a_sigmoid_is_nobodys_aim() -> None:
    right, *_ = anew(T - 1, counted_loss)
    assert right.is_whole
    names = {x.of for x in right.things if x.kind == "adjoint"}
    assert any(name.startswith("h at") for name in names) and not any("exp" in name for name in names)
    assert not any(name.startswith(("xs", "ts", "x at", "t at")) for name in names), "of data"
    assert all(x.array.size > 1 for x in right.things if x.kind == "adjoint")


def test_a_parameter_without_a_gradient_is_no_reason_to_doubt_the_sum() -> None:
    def with_k(k: Any, xs: Any, ts: Any, Wx: Any, Wh: Any, V: Any) -> Any:
        return loss(Wx, Wh, V, xs, ts)

    def back(k: Any, xs: Any, ts: Any, Wx: Any, Wh: Any, V: Any) -> Any:
        return {"k": np.zeros(2), **dict(zip(WEIGHTS, backward(3)(Wx, Wh, V, xs, ts), strict=True))}

    subject = Functions(back, with_k, {"k": np.ones(2), **WEIGHTS}, DATA)
    assert RightAnew(subject.on_nodes(Cases(subject).case(T)), T, 3).is_whole
