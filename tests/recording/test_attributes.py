"""Buffers that an object made before the recording may be written by its methods, where nobody else has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

X = np.random.default_rng(1).normal(size=(4, 3))
SHARED = np.zeros((4, 3))


class Net:
    def __init__(self, w: Any) -> None:
        self.w, self.h = w, np.zeros((5, 3))
        self.total, self.counts, self.data = np.zeros(3), np.zeros(4, dtype=int), np.ones((4, 3))
        self.shared, self.view = SHARED, self.data[1:]

    def forward(self, xs: Any) -> Any:
        for t, x in enumerate(xs):
            self.h[t + 1] = np.tanh(x * self.w + self.h[t])
            self.total += self.h[t + 1]
            self.counts[t] += 1
        self.data[0] = 2.0
        return np.sum(self.total * self.data.sum(axis=0))

    def numbers(self) -> None:
        self.total[1] += 3.0

    def write_shared(self) -> None:
        self.shared[0] = self.w

    def write_viewed(self) -> None:
        self.data[0] = self.w

    __call__ = forward


class Holder:
    def __init__(self, parts: list[Net]) -> None:
        self.parts = {"nets": parts}

    def run(self, xs: Any) -> Any:
        return sum(net.forward(xs) for net in self.parts["nets"])


W = np.array([0.5, -1.0, 0.25])
FORMS: dict[str, Any] = {
    "a method": lambda w: (Net(w).forward, (X,)),
    "an object": lambda w: (Net(w), (X,)),
    "an argument": lambda w: (lambda net, xs: net.forward(xs), (Net(w), X)),
    "in a list of an attribute": lambda w: (Holder([Net(w), Net(w * 2)]).run, (X,)),
}


@each("name", FORMS)
def test_an_object_that_was_made_outside(name: str) -> None:
    def run(w: Any) -> Any:
        fn, args = FORMS[name](w)
        return fn(*args)

    def ours(w: Any) -> Any:
        fn, args = FORMS[name](w)
        return tg.recorded(fn)(*args)

    assert ours(tg.parameter(W)).item() == pytest.approx(run(W), rel=1e-13)
    tg.check.gradients(ours, [W], order=1)


def test_afterwards_it_has_what_was_written() -> None:
    net, right = Net(tg.parameter(W)), Net(W)
    total, data, counts = net.total, net.data, net.counts
    del total
    tg.recorded(net.forward)(X)
    right.forward(X)
    np.testing.assert_allclose(net.h, right.h, 1e-13)
    np.testing.assert_allclose(net.total, right.total, 1e-13)
    assert isinstance(net.h, tg.Node) and net.data is data and net.counts is counts and counts.tolist() == [1] * 4
    np.testing.assert_array_equal(net.data, right.data)


def test_numbers_are_written_into_the_array_itself() -> None:
    net = Net(tg.parameter(W))
    place = id(net.total)
    tg.recorded(net.numbers)()
    assert type(net.total) is np.ndarray and id(net.total) == place and net.total.tolist() == [0, 3, 0]


@each("method", ["write_shared", "write_viewed"])
def test_what_somebody_else_has_is_refused(method: str) -> None:
    net = Net(tg.parameter(W))
    with pytest.raises(tg.MutationError, match=r"test_attributes\.py:\d+"):
        tg.recorded(getattr(net, method))()
    assert not SHARED.any() and net.data.all()


def test_after_an_error_arrays_of_numbers_are_back() -> None:
    net = Net(tg.parameter(W))
    with pytest.raises((tg.GraphError, ValueError, TypeError)):
        tg.recorded(net.forward)("no array")
    assert type(net.h) is type(net.total) is np.ndarray


def test_epochs_of_training_are_those_of_plain_numpy() -> None:
    """From the second on the buffer holds nodes; its first row is never written, its last one is read before."""

    class Wrapped(Net):
        def forward(self, xs: Any) -> Any:
            self.total[...] = 0.0
            for t in range(4):
                self.h[t] = np.tanh(xs[t] * self.w + self.h[t - 1] + self.h[4])
                self.total += self.h[t] ** 2
            return np.sum(self.total)

    net, plain, w, move = Wrapped(tg.parameter(W)), Wrapped(W), W.copy(), np.array([1.0, 2.0, -1.0])
    for _ in range(3):
        ends = []
        for sign in (1, -1):
            twin = Wrapped(w + 1e-6 * sign * move)
            twin.h[...] = plain.h
            ends.append(twin.forward(X))
        loss = tg.recorded(net.forward)(X)
        assert loss.item() == pytest.approx(plain.forward(X), rel=1e-12)
        (g,) = tg.grad(loss, [net.w])
        assert np.sum(g.value * move) == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)
        net.w.value = net.w.value - 0.1 * g.value
        w = plain.w = net.w.value.copy()


def test_a_loss_in_a_second_recording_has_the_gradient_of_the_first() -> None:
    class Split(Net):
        def step(self, xs: Any) -> None:
            for t, x in enumerate(xs):
                self.h[t + 1] = np.tanh(x * self.w + self.h[t])

        def loss(self) -> Any:
            return np.sum(self.h**2)

        def more(self) -> None:
            self.h[0] += self.h[4]

    def run(w: Any, call: Any) -> Any:
        net = Split(w)
        call(net.step)(X)
        call(net.more)()
        return call(net.loss)()

    z = run(tg.parameter(W), tg.recorded)
    assert z.item() == pytest.approx(run(W, lambda fn: fn), rel=1e-13)
    tg.check.gradients(lambda w: run(w, tg.recorded), [W], order=1)


def test_within_a_recording_another_name_sees_what_an_inner_one_writes() -> None:
    def outer(w: Any) -> Any:
        net = Net(w)
        rows = net.h
        tg.recorded(net.forward)(X)
        return np.sum(rows**2)

    def plain(w: Any) -> Any:
        net = Net(w)
        net.forward(X)
        return np.sum(net.h**2)

    assert tg.recorded(outer)(tg.parameter(W)).item() == pytest.approx(plain(W), rel=1e-13)


BUFFER, LOOKED_AT = np.zeros((5, 3)), np.zeros(3)
ALSO = LOOKED_AT


def of_a_notebook(w: Any) -> Any:
    for t, x in enumerate(X):
        BUFFER[t + 1] = np.tanh(x * w + BUFFER[t])
    return np.sum(BUFFER[1:] ** 2)


def known_by_two_names(w: Any) -> None:
    LOOKED_AT[:] = w


def test_an_array_of_the_file_itself() -> None:
    right = of_a_notebook(W)
    BUFFER[...] = 0.0
    for _ in range(2):
        w = tg.parameter(W)
        z = tg.recorded(of_a_notebook)(w)
        assert z.item() == pytest.approx(right, rel=1e-13) and isinstance(BUFFER, tg.Node)
    tg.check.gradients(lambda v: tg.recorded(of_a_notebook)(v), [W], order=1)
    with pytest.raises(tg.MutationError, match="LOOKED_AT"):
        tg.recorded(known_by_two_names)(tg.parameter(W))


class Cached(Net):
    """Its buffers are in a list and in a dict."""

    def __init__(self, w: Any) -> None:
        super().__init__(w)
        self.rows = [np.zeros(3) for _ in range(4)]
        self.state = {"h": np.zeros(3), "steps": np.zeros(1)}
        self.twice = [np.zeros(3)] * 2

    def forward(self, xs: Any) -> Any:
        for t, x in enumerate(xs):
            self.rows[t][:] = np.tanh(x * self.w + self.state["h"])
            self.state["h"][...] = self.rows[t]
            self.state["steps"][0] += 1
        return sum(np.sum(row * row) for row in self.rows) * self.state["steps"][0]

    def write_twice(self) -> None:
        self.twice[0][:] = self.w


def test_arrays_in_a_list_or_a_dict_of_an_object() -> None:
    z, right = tg.recorded((net := Cached(tg.parameter(W))).forward)(X), (plain := Cached(W)).forward(X)
    assert z.item() == pytest.approx(right, rel=1e-13)
    assert type(net.state["steps"]) is np.ndarray and net.state["steps"][0] == 4.0
    np.testing.assert_allclose(net.rows[2], plain.rows[2], 1e-13)
    tg.check.gradients(lambda w: tg.recorded(Cached(w).forward)(X), [W], order=1)
    with pytest.raises(tg.MutationError, match="twice"):
        tg.recorded(net.write_twice)()


class Renewed(Net):
    """It puts others in the place of its buffers, or takes them away."""

    def forward(self, xs: Any) -> Any:
        self.total += xs[0] * self.w
        self.total = self.total * 2.0
        self.h[0] = 1.0
        del self.h
        return np.sum(self.total)


def test_a_buffer_that_is_replaced_or_taken_away_in_the_call_stays_so() -> None:
    net, right = Renewed(tg.parameter(W)), Renewed(W)
    assert tg.recorded(net.forward)(X).item() == pytest.approx(right.forward(X), rel=1e-13)
    assert not hasattr(net, "h") and isinstance(net.total, tg.Node)
    np.testing.assert_allclose(net.total.value, right.total, 1e-13)
    (g,) = tg.grad(np.sum(net.total), [net.w])
    np.testing.assert_allclose(g.value, 2.0 * X[0], 1e-13)


def test_as_many_objects_are_looked_at_as_the_limit_says() -> None:
    from tinygraph.recording import attributes

    class Row:
        def __init__(self) -> None:
            self.h = np.zeros(2)

        def write(self) -> None:
            self.h[0] = 1.0

    rows = tuple(Row() for _ in range(3 * attributes.MOST_OBJECTS))
    assert attributes.MOST_OBJECTS == 1000 == len([*attributes._of(rows)])


def test_a_list_of_buffers_may_become_shorter_in_the_call() -> None:
    class Short(Cached):
        def forward(self, xs: Any) -> Any:
            self.rows[3][:] = xs[0]
            self.rows[0][:] = xs[1]
            last = self.rows.pop()
            return np.sum(last * self.w)

    net = Short(tg.parameter(W))
    assert tg.recorded(net.forward)(X).item() == pytest.approx(np.sum(X[0] * W), rel=1e-13)
    assert len(net.rows) == 3 and type(net.rows[0]) is np.ndarray and net.rows[0].tolist() == X[1].tolist()
