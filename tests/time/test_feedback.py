"""Outputs fed back: against loops in plain numpy, uncompiled and compiled."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend

T, B, H, V = 6, 3, 4, 5
RNG = np.random.default_rng(11)
TABLE, WH, WY = RNG.normal(size=(V, H)), RNG.normal(size=(H, H)) * 0.7, RNG.normal(size=(H, V)) * 2
H0 = RNG.normal(size=(B, H))
TOKENS = RNG.integers(0, V, (T, B))


def cell_of(p):
    def cell(token, h):
        h = tg.tanh(tg.take(p["table"], token, axis=0) + h @ p["wh"])
        return h @ p["wy"], h

    return cell


def parameters():
    return {"table": tg.parameter(TABLE), "wh": tg.parameter(WH), "wy": tg.parameter(WY)}


def best(y):
    return tg.argmax(y, axis=-1)


def by_numpy(forced, order=None, lengths=None):
    """Logits (T, B, V), the tokens eaten (T, B), and the last state."""
    logits, eaten, last = np.zeros((T, B, V)), np.zeros((T, B), int), H0.copy()
    for b in range(B):
        own = [t for t in (order or range(T)) if lengths is None or t < lengths[b]]
        h, fed = H0[b], None
        for t in own:
            token = TOKENS[t, b] if fed is None or forced[t, b] else fed
            h = np.tanh(TABLE[token] + h @ WH)
            logits[t, b], eaten[t, b] = h @ WY, token
            fed = logits[t, b].argmax()
        last[b] = h
    return logits, eaten, last


NEVER, ALWAYS = np.zeros((T, B), bool), np.ones((T, B), bool)
SOME = RNG.random((T, B)) < 0.5
PROMPT = np.broadcast_to((np.arange(T) < 3)[:, None], (T, B))


@pytest.mark.parametrize("forced", [NEVER, ALWAYS, SOME, PROMPT])
@pytest.mark.parametrize("reverse, lengths", [(False, None), (True, None), (False, [6, 2, 4]), (True, [3, 6, 1])])
def test_generation_against_numpy(forced, reverse, lengths):
    settings = {} if lengths is None else {"lengths": lengths}
    logits, last = tg.unroll(
        cell_of(parameters()), TOKENS, H0, reverse=reverse, feedback=tg.Feedback(best, teacher=forced), **settings
    )
    expected, _, state = by_numpy(forced, list(range(T))[:: -1 if reverse else 1], lengths)
    np.testing.assert_allclose(logits.value, expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(last.value, state, rtol=1e-13)


def test_the_cases_differ():
    assert len({by_numpy(forced)[1].tobytes() for forced in (NEVER, ALWAYS, SOME, PROMPT)}) == 4


@each_backend
@pytest.mark.parametrize("lengths", [None, [6, 2, 4]])
def test_compiled_with_the_teacher_as_an_argument(backend, lengths):
    p, settings = parameters(), {} if lengths is None else {"lengths": lengths}
    weights = RNG.normal(size=(T, B, V))

    def loss(forced):
        logits, _ = tg.unroll(cell_of(p), TOKENS, H0, feedback=tg.Feedback(best, teacher=forced), **settings)
        return tg.sum(logits * weights)

    step = tg.compile(tg.value_and_grad(loss, p), backend=backend)
    for forced in (NEVER, SOME, PROMPT):
        y, g = step(forced)
        assert y == pytest.approx((by_numpy(forced, None, lengths)[0] * weights).sum(), rel=1e-12)
        _, expected = tg.value_and_grad(loss, p)(forced)
        for name in p:
            np.testing.assert_allclose(g[name], expected[name].value, rtol=1e-11, atol=1e-13)


def test_gradients_go_through_what_is_fed_back():
    w, v = tg.parameter(0.7), tg.parameter(0.4)

    def outputs(w, v):
        def cell(x, h):
            h = tg.tanh(w * x + v * h)
            return h, h

        return tg.unroll(cell, np.full(T, 0.9), 0.0, feedback=lambda y: y * 1.5)[0]

    tg.check.gradients(outputs, [w, v], order=2)
    x, h, seen = 0.9, 0.0, []
    for _ in range(T):
        h = np.tanh(0.7 * x + 0.4 * h)
        seen.append(h)
        x = 1.5 * h
    np.testing.assert_allclose(outputs(w, v).value, seen, rtol=1e-14)


def test_truncation_cuts_the_way_through_what_is_fed_back():
    w = tg.parameter(0.7)

    def cell(x, s):
        return w * x, s

    outputs, _ = tg.unroll(cell, np.full(4, 2.0), (), feedback=lambda y: y, truncate=2)
    # y_t = 2 w^(t+1); the input of step 2 is cut off from w.
    assert tg.grad(outputs[2], w).item() == pytest.approx(2 * 0.7**2)
    assert tg.grad(outputs[3], w).item() == pytest.approx(2 * 0.7**2 * 2 * 0.7)


@pytest.mark.parametrize("teacher, shares", [(0.25, [0.25] * T), (np.linspace(0, 1, T), np.linspace(0, 1, T))])
def test_probabilities_of_each_step(teacher, shares):
    taken = np.zeros(T)
    feedback = tg.Feedback(lambda y: y, teacher, rng=0)
    for _ in range(200):
        outputs, _ = tg.unroll(lambda x, s: (x * 0.0, x), np.ones(T), 0.0, feedback=feedback)
        eaten, _ = tg.unroll(
            lambda x, s: (x * 0.0 + tg.stop_gradient(x), s),
            np.ones(T),
            0.0,
            feedback=tg.Feedback(lambda y: y * 0.0, teacher, feedback.rng),
        )
        assert not outputs.value.any()
        taken += eaten.value
    assert taken[0] == 200
    np.testing.assert_allclose(taken[1:] / 200, np.asarray(shares)[1:], atol=0.08)


def test_a_probability_for_each_sequence_draws_for_each():
    feedback = tg.Feedback(lambda y: y * 0.0, np.full((T, 200), 0.5), rng=1)
    eaten, _ = tg.unroll(lambda x, s: (x * 1.0, s), np.ones((T, 200)), 0.0, feedback=feedback)
    shares = eaten.value[1:].mean(axis=1)
    assert ((shares > 0.3) & (shares < 0.7)).all()


@pytest.mark.parametrize("teacher", [0.0, 1.0, np.arange(T) % 2 == 0])
def test_sequences_that_are_turned_round_take_their_teacher_along(teacher):
    lengths, cell = [6, 2, 4], cell_of(parameters())
    settings = {"lengths": lengths, "reverse": True, "feedback": tg.Feedback(best, teacher)}
    expected, _ = tg.unroll(cell, TOKENS, H0, **settings)
    found, _ = tg.unroll(cell, TOKENS, H0, truncate=2, **settings)
    np.testing.assert_array_equal(found.value, expected.value)


def test_sampling_with_noise_compiled():
    rng, p = np.random.default_rng(0), parameters()

    def sampled(y):
        return tg.argmax(y + tg.noise(gumbel, y.shape), axis=-1)

    def gumbel(shape):
        return rng.gumbel(size=shape)

    @tg.compile
    def texts():
        def cell(token, h):
            y, h = cell_of(p)(token, h)
            return (y, token), h

        return tg.unroll(cell, TOKENS, H0, feedback=lambda y: sampled(y[0]))[0][1]

    drawn = {texts().tobytes() for _ in range(20)}
    assert len(drawn) > 10
    assert {tuple(np.frombuffer(t, TOKENS.dtype)[:B]) for t in drawn} == {tuple(TOKENS[0])}


@pytest.mark.parametrize(
    "feedback, problem",
    [
        (lambda: tg.Feedback(lambda y: y), "choose did not return an input"),
        (lambda: tg.Feedback(best, teacher=1.5), "probability"),
        (lambda: tg.Feedback(best, teacher=np.ones((B, T), bool)), "teacher does not match"),
        (lambda: True, "must be a function of y_t"),
        (lambda: lambda y, state: y, "must be a function of y_t"),
        (lambda: tg.Feedback(best, rng="a"), "(?s)seed or a numpy Generator.*'a'"),
    ],
)
def test_bad_feedback_is_named(feedback, problem):
    with pytest.raises(tg.GraphError, match=problem):
        tg.unroll(cell_of(parameters()), TOKENS, H0, feedback=feedback())


@pytest.mark.parametrize("teacher, expected", [(0.0, [1, 1, 1]), (1.0, [1, 10, 100]), ([0.0, 1.0, 0.0], [1, 10, 10])])
def test_a_teacher_that_is_sure_draws_nothing(teacher, expected):
    """A compiled function has no noise of 0 and 1, and the generator stays where it was."""
    rng = np.random.default_rng(0)
    before, xs = rng.bit_generator.state, np.array([1.0, 10.0, 100.0])
    feedback = tg.Feedback(lambda y: y, np.array(teacher), rng)

    def inputs(xs):
        return tg.unroll(lambda x, s: (x, s), xs, 0.0, feedback=feedback)[0]

    np.testing.assert_array_equal(inputs(xs).value, expected)
    np.testing.assert_array_equal(tg.compile(inputs)(xs), expected)
    assert rng.bit_generator.state == before
