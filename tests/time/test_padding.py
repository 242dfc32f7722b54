"""Ragged batches: padding is as if it were not there, wherever it lies and whatever lies in it."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tinygraph.core.graph import ancestors

T, B, I, H = 6, 4, 3, 2  # noqa: E741  the axes' own letters
RNG = np.random.default_rng(5)
XS, H0 = RNG.normal(size=(T, B, I)), RNG.normal(size=(B, H))
WX, WH = RNG.normal(size=(I, H)) * 0.5, RNG.normal(size=(H, H)) * 0.5
WEIGHTS = RNG.normal(size=(T, B, H))
LENGTHS = np.array([6, 2, 0, 5])
MASK = np.array([[1, 0, 1, 1], [0, 0, 1, 1], [1, 1, 1, 1], [1, 0, 1, 1], [0, 1, 0, 1], [1, 0, 1, 1]], bool)


def parameters():
    return {"wx": tg.parameter(WX, "wx"), "wh": tg.parameter(WH, "wh"), "h0": tg.parameter(H0, "h0")}


def cell_of(p):
    def cell(x, h):
        h = tg.tanh(x @ p["wx"] + h @ p["wh"])
        return h, h

    return cell


def alone(real, reverse):
    """Outputs, last states and gradients, each sequence by itself: its real steps joined, the others left out."""
    outputs, last = np.zeros((T, B, H)), H0.copy()
    g = {"wx": np.zeros_like(WX), "wh": np.zeros_like(WH), "h0": np.zeros_like(H0)}
    for b in range(B):
        order = np.flatnonzero(real[:, b])[:: -1 if reverse else 1]
        states = [H0[b]]
        for t in order:
            states.append(np.tanh(XS[t, b] @ WX + states[-1] @ WH))
            outputs[t, b] = states[-1]
        last[b] = states[-1]
        gh = states[-1].copy() if len(order) else H0[b].copy()  # of sum(h * h) / 2 of the last state
        for n in range(len(order) - 1, -1, -1):
            raw = (gh + WEIGHTS[order[n], b]) * (1 - states[n + 1] ** 2)
            g["wx"] += np.outer(XS[order[n], b], raw)
            g["wh"] += np.outer(states[n], raw)
            gh = WH @ raw
        g["h0"][b] = gh
    return outputs, last, g


def loss_of(outputs, last):
    return tg.sum(outputs * WEIGHTS) + tg.sum(last * last) * 0.5


def real_of(settings):
    real = np.arange(T)[:, None] < settings.get("lengths", np.full(B, T))
    return real & settings.get("mask", True)


each_padding = pytest.mark.parametrize(
    "settings",
    [
        {"lengths": LENGTHS},
        {"mask": MASK},
        {"lengths": LENGTHS, "mask": MASK},
        {"mask": np.zeros((T, B), bool)},
        {"mask": np.ones((T, B), int)},
    ],
    ids=["lengths", "mask", "both", "nothing", "everything"],
)
each_direction = pytest.mark.parametrize("reverse", [False, True])


@each_padding
@each_direction
def test_padding_against_each_sequence_alone(settings, reverse):
    real, p = real_of({**settings, "mask": settings.get("mask", MASK | True).astype(bool)}), parameters()
    inputs = tg.parameter(np.where(real[..., None], XS, np.nan), "xs")
    outputs, last = tg.unroll(cell_of(p), inputs, p["h0"], reverse=reverse, **settings)
    expected_outputs, expected_last, expected = alone(real, reverse)
    np.testing.assert_allclose(outputs.value, expected_outputs, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(last.value, expected_last, rtol=1e-13, atol=1e-15)
    loss_of(outputs, last).backward()
    for name, x in p.items():
        np.testing.assert_allclose(x.grad, expected[name], rtol=1e-12, atol=1e-14, err_msg=name)
    assert (inputs.grad[~real] == 0).all() and np.isfinite(inputs.grad).all()


@each_backend
@each_padding
@each_direction
def test_compiled_with_the_padding_as_an_argument(settings, reverse, backend):
    real, p = real_of({**settings, "mask": settings.get("mask", MASK | True).astype(bool)}), parameters()

    def loss(xs, padding):
        return loss_of(*tg.unroll(cell_of(p), xs, p["h0"], reverse=reverse, **padding))

    step = tg.compile(tg.value_and_grad(loss, p), backend=backend)
    for shift in (0, 1):  # one plan, two paddings
        padding = {k: np.roll(v, shift, axis=-1) for k, v in settings.items()}
        shifted = np.roll(real, shift, axis=1)
        y, g = step(np.where(shifted[..., None], XS, np.nan), padding)
        outputs, last, expected = alone(shifted, reverse)
        assert y == pytest.approx((outputs * WEIGHTS).sum() + (last**2).sum() / 2, rel=1e-12)
        for name in p:
            np.testing.assert_allclose(g[name], expected[name], rtol=1e-11, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("window", ["chunk", "sliding"])
@each_direction
@pytest.mark.parametrize("compiled", [False, True])
def test_truncation_counts_from_each_sequences_own_first_step(window, reverse, compiled):
    p = parameters() | {"h0": tg.parameter(H0, "h0")}

    def loss(lengths=LENGTHS):
        outputs, last = tg.unroll(cell_of(p), XS, p["h0"], reverse=reverse, truncate=2, window=window, lengths=lengths)
        return tg.sum(outputs * WEIGHTS[:, : outputs.shape[1]]) + tg.sum(last)

    step = tg.value_and_grad(loss, p)
    step = tg.compile(step) if compiled else step

    def gradients(*lengths):
        """Compiled, lengths that are not given are known beforehand."""
        return {name: np.asarray(getattr(g, "value", g)) for name, g in step(*lengths)[1].items()}

    whole = gradients()
    for b in np.flatnonzero(LENGTHS):
        # One sequence's share: the others' inputs weigh nothing once they have no step.
        only = np.where(np.arange(B) == b, LENGTHS, 0)
        order = [b, *[k for k in range(B) if k != b]]
        shared = gradients(only)
        n = LENGTHS[b]
        weights = WEIGHTS[:, order]
        own = _alone(XS[:n, b : b + 1], H0[b : b + 1], weights[:n, :1], reverse, window)
        np.testing.assert_allclose(shared["wx"], own["wx"], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(whole["h0"][b], own["h0"][0], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(shared["h0"][b], own["h0"][0], rtol=1e-12, atol=1e-14)


def _alone(xs, h0, weights, reverse, window):
    """Without padding; test_unroll holds this against numpy by hand."""
    p = parameters() | {"h0": tg.parameter(h0, "h0")}
    outputs, last = tg.unroll(cell_of(p), xs, p["h0"], reverse=reverse, truncate=2, window=window)
    return {k: g.value for k, g in tg.grad(tg.sum(outputs * weights) + tg.sum(last), p).items()}


def test_a_constant_that_was_given_has_its_gradient():
    xs = tg.constant(XS)
    found = tg.grad(loss_of(*tg.unroll(cell_of(parameters()), xs, H0, lengths=LENGTHS)), xs)
    same = tg.parameter(XS)
    expected = tg.grad(loss_of(*tg.unroll(cell_of(parameters()), same, H0, lengths=LENGTHS)), same)
    assert found.value.any() and (found.value == expected.value).all()


def test_second_derivatives_go_round_the_padding():
    p = parameters()
    tg.check.gradients(lambda **_: loss_of(*tg.unroll(cell_of(p), XS, p["h0"], lengths=LENGTHS, mask=MASK)), p, order=2)


@each_direction
def test_outputs_may_be_held_instead(reverse):
    outputs, _ = tg.unroll(cell_of(parameters()), XS, H0, mask=MASK, reverse=reverse, zero_output=False)
    plain, _ = tg.unroll(cell_of(parameters()), XS, H0, mask=MASK, reverse=reverse)
    for b in range(B):
        seen = np.zeros(H)
        for t in list(range(T))[:: -1 if reverse else 1]:
            seen = plain.value[t, b] if MASK[t, b] else seen
            assert (outputs.value[t, b] == seen).all()


def test_tokens_structures_and_single_sequences():
    table = tg.parameter(RNG.normal(size=(5, H)))

    def cell(x, h):
        h = {"a": tg.tanh(tg.take(table, x["token"], axis=0) + h["a"] * x["scale"])}
        return h, h

    inputs = {"token": RNG.integers(0, 5, (T, B)), "scale": RNG.normal(size=(T, B, 1))}
    outputs, last = tg.unroll(cell, inputs, {"a": H0}, lengths=LENGTHS)
    for b, n in enumerate(LENGTHS):
        row = {k: x[:, b] for k, x in inputs.items()}
        one, end = tg.unroll(cell, row, {"a": H0[b]}, lengths=int(n))
        np.testing.assert_allclose(one["a"].value, outputs["a"].value[:, b], rtol=1e-14)
        np.testing.assert_allclose(end["a"].value, last["a"].value[b], rtol=1e-14)


@pytest.mark.parametrize("axis", [1, -2])
def test_time_on_another_axis(axis):
    p = parameters()
    expected, last = tg.unroll(cell_of(p), XS, H0, lengths=LENGTHS, mask=MASK, reverse=True)
    across, end = tg.unroll(cell_of(p), XS.swapaxes(0, 1), H0, lengths=LENGTHS, mask=MASK.T, reverse=True, axis=axis)
    assert (across.value.swapaxes(0, 1) == expected.value).all() and (end.value == last.value).all()


def test_time_on_the_third_axis_and_last():
    def cell(x, s):
        return x + s, s + x

    xs = RNG.normal(size=(2, 3, T, 5))
    outputs, _ = tg.unroll(cell, xs, 0.0, axis=2)
    np.testing.assert_allclose(outputs.value, np.cumsum(xs, axis=2), rtol=1e-12)
    outputs, _ = tg.unroll(cell, xs, 0.0, axis=-1)
    np.testing.assert_allclose(outputs.value, np.cumsum(xs, axis=3), rtol=1e-12)


def test_each_step_is_drawn_alike_and_without_padding_there_is_no_choice():
    def choices(lengths):
        outputs, _ = tg.unroll(cell_of(parameters()), XS, H0, lengths=lengths)
        return sorted(n.step for n in ancestors([outputs]) if n.op is tg.where and n.step is not None)

    assert choices([6, 6, 6, 5]) == [0, 1, 2, 3, 4]  # the last step's state is not looked at
    assert choices([6, 6, 6, 6]) == choices(6) == []


@pytest.mark.parametrize("window", ["chunk", "sliding"])
@each_direction
def test_lengths_without_any_padding_change_nothing(window, reverse):
    settings = {"reverse": reverse, "truncate": 2, "window": window}
    plain, p = (parameters() for _ in range(2))
    expected = loss_of(*tg.unroll(cell_of(plain), XS, plain["h0"], **settings))
    found = loss_of(*tg.unroll(cell_of(p), XS, p["h0"], lengths=[T] * B, mask=np.ones((T, B), bool), **settings))
    assert found.item() == expected.item()
    for a, b in zip(tg.grad(found, p).values(), tg.grad(expected, plain).values(), strict=True):
        np.testing.assert_array_equal(a.value, b.value)


def test_a_chunk_is_cut_where_its_first_step_is_masked():
    w = tg.parameter(1.0)
    outputs, _ = tg.unroll(lambda x, h: (x + w * h,) * 2, np.array([1.0, 10, 0, 0]), 0.0, truncate=2, mask=[1, 1, 0, 1])
    # y_3 = x_3 + w s, with s = 11 cut off.
    assert tg.grad(outputs[3], w).item() == 11
    back, _ = tg.unroll(
        lambda x, h: (x + w * h,) * 2, np.array([0.0, 0, 10, 1]), 0.0, truncate=2, mask=[1, 0, 1, 1], reverse=True
    )
    assert tg.grad(back[0], w).item() == 11


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint64, np.int32])
def test_lengths_of_any_integers(kind):
    lengths = np.array([6, 2, 0, 5], kind)
    settings = {"reverse": True, "truncate": 2}
    expected = tg.unroll(cell_of(parameters()), XS, H0, lengths=LENGTHS, **settings)[0].value
    assert (tg.unroll(cell_of(parameters()), XS, H0, lengths=lengths, **settings)[0].value == expected).all()
    run = tg.compile(lambda xs, n: tg.unroll(cell_of(parameters()), xs, H0, lengths=n, **settings)[0], "numpy")
    np.testing.assert_allclose(run(XS, lengths), expected, rtol=1e-13)
    long = np.ones((300, B, I))
    assert tg.compile(lambda n: tg.unroll(cell_of(parameters()), long, H0, lengths=n)[0])(lengths).shape == (300, B, H)


@pytest.mark.parametrize(
    "settings, problem",
    [
        ({"lengths": [1, 2]}, "lengths do not match"),
        ({"lengths": [1.0, 2, 3, 4]}, "lengths do not match"),
        ({"lengths": [7, 1, 1, 1]}, "a length is out of range"),
        ({"lengths": [-1, 1, 1, 1]}, "a length is out of range"),
        ({"mask": np.ones((B, T), bool)}, "mask does not match"),
        ({"mask": np.ones((T, B))}, "mask does not match"),
        ({"axis": 3}, "no such axis"),
        ({"axis": -4}, "no such axis"),
    ],
)
def test_bad_padding_is_named(settings, problem):
    with pytest.raises(tg.GraphError, match=problem):
        tg.unroll(cell_of(parameters()), XS, H0, **settings)


def test_a_state_without_rows_is_named():
    with pytest.raises(tg.GraphError, match="the leading axes of a state do not match"):
        tg.unroll(lambda x, n: (x, n + 1.0), XS, 0.0, lengths=LENGTHS)
    with pytest.raises(tg.GraphError, match="need the state before the first step"):
        tg.unroll(lambda x, h: (x, x if h is None else h + x), XS, None, lengths=LENGTHS)
