"""Ctrl-C in a step, in backward, in loading: everything is as before or everything is new."""

import signal
import sys
import time

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tests.interrupts import interrupted
from tinygraph.train import SGD, Adam, Optimizer, clip_by_norm, clip_by_value

SHAPES = [(2,), (), (3, 2)]
GRADIENTS = [np.full(shape, 0.5) for shape in SHAPES]


class Momentum(Optimizer):
    """An optimizer as a user writes it."""

    moments = ("velocity", "squares")

    def update(self, w, g, moments, numbers):
        velocity, squares = 0.9 * moments["velocity"] + g, moments["squares"] + g**2
        return w - numbers["rate"] * velocity / np.sqrt(squares), {"velocity": velocity, "squares": squares}


def parameters():
    return [tg.parameter(np.ones(shape)) for shape in SHAPES]


def values(nodes):
    return [p.value.copy() for p in nodes]


def trained(make, steps):
    """The values after each number of steps without interrupts."""
    p = parameters()
    optimizer, course = make(p), [values(p)]
    for _ in range(steps):
        optimizer.step(GRADIENTS)
        course.append(values(p))
    return course


def same(a, b):
    return all(map(np.array_equal, a, b))


@each("make", [lambda p: SGD(p, 0.1), lambda p: Adam(p, 0.1), lambda p: Momentum(p, 0.1)], ids=["SGD", "Adam", "own"])
def test_a_step_that_is_interrupted_is_done_or_not_begun(make):
    course, taken = trained(make, 3), set()
    p = parameters()
    optimizer = make(p)
    optimizer.step(GRADIENTS)
    start, state = values(p), dict(vars(optimizer))
    for at in interrupted(lambda: optimizer.step(GRADIENTS)):
        done = next((n for n in (1, 2) if same(values(p), course[n])), None)
        assert done, f"at instruction {at} the parameters are at different steps"
        taken.add(done)
        optimizer.step(GRADIENTS)
        assert same(values(p), course[done + 1]), f"at instruction {at} parameters and state are apart"
        tg.core.together.set_together([(x, "_value", v) for x, v in zip(p, start, strict=True)])
        vars(optimizer).update({k: v.copy() if isinstance(v, (list, dict)) else v for k, v in state.items()})
    assert taken == {1, 2}


class Stops(Optimizer):
    """Fails at its second parameter, or returns what does not fit."""

    def __init__(self, parameters, answer):
        super().__init__(parameters, 0.1)
        self.answer = answer

    def update(self, w, g, moments, numbers):
        return (w - g, moments) if w.shape == SHAPES[0] else self.answer(w)


@each(
    "answer, error",
    [
        (lambda w: 1 / 0, ZeroDivisionError),
        (lambda w: (np.ones(7), {}), tg.GraphError),
        (lambda w: (1j, {}), tg.GraphError),
        (lambda w: (w.astype(np.float32), {}), tg.GraphError),
        (lambda w: (w, {"more": w}), tg.GraphError),
    ],
)
def test_a_rule_that_fails_or_does_not_fit_moves_nothing(answer, error):
    p = parameters()
    optimizer = Stops(p, answer)
    with pytest.raises(error):
        optimizer.step(GRADIENTS)
    assert same(values(p), values(parameters())) and optimizer.steps == 0


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_signals_in_training_leave_all_parameters_at_one_step():
    """Equal parameters with equal gradients stay equal."""
    p = [tg.parameter(np.ones(50)) for _ in range(30)]
    optimizer, gradients = Adam(p, 1e-3), [np.ones(50)] * 30
    end, came = time.perf_counter() + 2.0, 0

    def ring(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, ring)
    try:
        while time.perf_counter() < end:
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-4 + 2e-3 * np.random.default_rng(came).random())
                while True:
                    optimizer.step(gradients)
            except KeyboardInterrupt:
                came += 1
            assert all((x.value == p[0].value).all() for x in p), f"after {came} interrupts"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert came > 20


def test_backward_fills_all_gradients_or_none():
    p = [tg.parameter(np.ones(2)) for _ in range(4)]
    loss = tg.sum(p[0] * p[1] + p[2] * p[3])
    loss.backward()
    one, counts = [x.grad for x in p], set()
    for at in interrupted(loss.backward, every=3):
        ratios = {float(r) for x, g in zip(p, one, strict=True) for r in x.grad / g}
        assert len(ratios) == 1, f"at instruction {at} gradients are from {ratios} calls"
        counts |= ratios
        tg.core.together.set_together([(x, "grad", g) for x, g in zip(p, one, strict=True)])
    assert 1.0 in counts and counts <= {1.0, 2.0}


def test_zero_grad_empties_all_or_none():
    p = parameters()
    for x in p:
        x.grad = np.ones(x.shape)
    for at in interrupted(lambda: tg.zero_grad(p)):
        assert len({x.grad is None for x in p}) == 1, at


def test_parameters_are_loaded_all_or_none():
    cell = tg.cells.LSTM(2, 3, rng=0, dtype=np.float64)
    old = cell.state_dict()
    new = {name: array + 1 for name, array in old.items()}
    for at in interrupted(lambda: cell.load_state_dict(new), every=5):
        now = cell.state_dict()
        moved = {float((now[name] - old[name]).mean().round(9)) for name in old}
        assert moved in ({0.0}, {1.0}), f"at instruction {at}: {moved}"
        cell.load_state_dict(old)
    assert (cell.state_dict()["weight_ih"] == new["weight_ih"]).all()


@each("clip", [lambda g: clip_by_norm(g, 0.1), lambda g: clip_by_value(g, 0.1)])
def test_clipping_that_is_interrupted_leaves_the_gradients(clip):
    gradients = [g.copy() for g in GRADIENTS]
    for _ in interrupted(lambda: clip(gradients), every=7):
        assert same(gradients, GRADIENTS)
