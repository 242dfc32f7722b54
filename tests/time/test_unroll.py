"""Unrolling, and both truncation windows against graphs in which the state is cut by hand."""

import numpy as np
import pytest

import tinygraph as tg

T, B, I, H = 7, 2, 3, 4  # noqa: E741  the axes' own letters
RNG = np.random.default_rng(3)
XS, H0 = RNG.normal(size=(T, B, I)), RNG.normal(size=(B, H))
WX, WH = RNG.normal(size=(I, H)) * 0.5, RNG.normal(size=(H, H)) * 0.5


def weights():
    return {"wx": tg.parameter(WX, "wx"), "wh": tg.parameter(WH, "wh"), "h0": tg.parameter(H0, "h0")}


def cell_of(p):
    def cell(x, h):
        h = tg.tanh(x @ p["wx"] + h @ p["wh"])
        return h, h

    return cell


def loss_of(outputs):
    return tg.sum(outputs * outputs * np.arange(1.0, T + 1).reshape(T, 1, 1))


def plain_states(xs, order):
    h, states = H0, {}
    for t in order:
        h = states[t] = np.tanh(xs[t] @ WX + h @ WH)
    return np.stack([states[t] for t in range(T)]), h


def hand_gradient(reach, order):
    """sum over t of the gradient of loss_t, the state ``reach(n)`` steps of the walk earlier held fixed.

    Written in plain numpy: for the n-th step of the walk, backpropagate through the steps
    first(n)..n and stop. The initial state is reached if the walk's first step is, and it is not cut.
    """
    states, _ = plain_states(XS, order)
    g = {"wx": np.zeros_like(WX), "wh": np.zeros_like(WH), "h0": np.zeros_like(H0)}
    for n, t in enumerate(order):
        gh = 2 * (t + 1) * states[t]
        for m in range(n, reach(n) - 1, -1):
            before = states[order[m - 1]] if m else H0
            raw = gh * (1 - states[order[m]] ** 2)
            g["wx"] += XS[order[m]].T @ raw
            g["wh"] += before.T @ raw
            gh = raw @ WH.T
            if m == 0 and uncut(n, reach):
                g["h0"] += gh
    return g


def uncut(n, reach):
    return not (reach.window == "sliding" and n >= reach.k)


def reach_of(window, k):
    def reach(n):
        return max(0, n - k) if window == "sliding" else n - n % k

    reach.window, reach.k = window, k
    return reach


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    "window, k",
    [
        ("chunk", 1),
        ("chunk", 3),
        ("chunk", 7),
        ("chunk", 99),
        ("sliding", 1),
        ("sliding", 2),
        ("sliding", 5),
        ("sliding", 99),
    ],
)
def test_windows_against_numpy_by_hand(window, k, reverse):
    p = weights()
    outputs, final = tg.unroll(cell_of(p), XS, p["h0"], truncate=k, window=window, reverse=reverse)
    order = list(range(T))[::-1] if reverse else list(range(T))
    states, last = plain_states(XS, order)
    assert np.allclose(outputs.value, states, rtol=1e-14) and np.allclose(final.value, last, rtol=1e-14)
    loss_of(outputs).backward()
    expected = hand_gradient(reach_of(window, k), order)
    for name, parameter in p.items():
        got = np.zeros(parameter.shape) if parameter.grad is None else parameter.grad
        assert np.abs(got - expected[name]).max() <= 1e-12 * max(1, np.abs(expected[name]).max()), name


def test_chunks_against_a_graph_cut_by_hand():
    p, q = weights(), weights()
    outputs, _ = tg.unroll(cell_of(p), XS, p["h0"], truncate=3)
    loss_of(outputs).backward()
    h, total, cell = q["h0"], 0.0, cell_of(q)
    for t in range(T):
        if t in (3, 6):
            h = tg.stop_gradient(h)
        h, _ = cell(XS[t], h)
        total = total + tg.sum(h * h) * (t + 1.0)
    total.backward()
    assert all(np.allclose(p[k].grad, q[k].grad, rtol=1e-12, atol=1e-14) for k in p)


def test_no_truncation_is_the_full_gradient():
    p = weights()
    tg.check.gradients(lambda **_: loss_of(tg.unroll(cell_of(p), XS, p["h0"])[0]), p)


def test_structures_steps_and_outputs():
    def cell(x, state):
        (a, b), c = state["ab"], state["c"]
        a, c = a + x["left"], c * 2.0
        return {"a": a, "both": (b, x["right"])}, {"ab": (a, b), "c": c}

    inputs = {"left": np.ones((3, 2)), "right": np.arange(6.0).reshape(3, 2)}
    state = {"ab": (np.zeros(2), np.ones(2)), "c": 1.0}
    outputs, final = tg.unroll(cell, inputs, state)
    assert (
        outputs["a"].value[:, 0].tolist() == [1, 2, 3] and outputs["both"][1].value.tolist() == inputs["right"].tolist()
    )
    assert final["c"].item() == 8 and final["ab"][0].step == 2
    assert [x.step for x in outputs["a"].inputs] == [0, 1, 2]


def test_inputs_get_gradients_through_time():
    xs = tg.parameter(XS, "xs")
    p = weights()
    tg.check.gradients(lambda xs: tg.unroll(cell_of(p), xs, H0, reverse=True)[0], [xs], order=2)


@pytest.mark.parametrize(
    "settings, problem",
    [
        ({"truncate": 0}, "truncate"),
        ({"truncate": -1}, "truncate"),
        ({"truncate": 1.5}, "truncate"),
        ({"truncate": True}, "truncate"),
        ({"truncate": 2, "window": "slide"}, "window"),
        ({"window": "sliding"}, "reach"),
    ],
)
def test_bad_settings(settings, problem):
    with pytest.raises(tg.GraphError, match=problem):
        tg.unroll(lambda x, h: (h, h), XS, H0, **settings)


@pytest.mark.parametrize(
    "inputs", [np.zeros((0, 2)), np.float64(3.0), {"a": np.zeros((2, 1)), "b": np.zeros((3, 1))}, ()]
)
def test_bad_inputs(inputs):
    with pytest.raises(tg.GraphError, match="number of steps"):
        tg.unroll(lambda x, h: (h, h), inputs, H0)


def test_a_cell_that_gives_no_pair_is_named():
    with pytest.raises(tg.GraphError, match="step 0 did not return a pair"):
        tg.unroll(lambda x, h: h, XS, H0)
