"""State that a compiled function writes: refused if its numbers depend on it, else left alone."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each

X = np.array([1.0, -2.0])
MADE: list = []


def counting():
    class Model:
        count = 0

        def step(self, x):
            self.count += 1
            return x * self.count

    return Model().step


def flipping():
    mask = np.array([1.0, 0.0])

    def fn(x):
        nonlocal mask
        mask = 1 - mask
        return x * mask

    return fn


def written_in_place():
    mask = np.array([1.0, 0.0])

    def fn(x):
        mask[:] = 1 - mask
        return x * (mask * 1)

    return fn


def by_the_length_of_a_list():
    seen = []

    def fn(x):
        seen.append(1.0)
        return x * len(seen)

    return fn


def first_time_alone():
    done = set()

    def fn(x):
        if done:
            return x
        done.add("done")
        return x * 2

    return fn


def of_an_iterator():
    numbers = iter([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    return lambda x: x * next(numbers)


def of_a_generator():
    def numbers():
        n = 0.0
        while True:
            n += 1
            yield n

    running = numbers()
    return lambda x: x * running.send(None)


def parameter_made_anew():
    return lambda x: x * tg.parameter(np.random.default_rng().normal(size=2))


def cell_made_anew():
    return lambda x: tg.cells.RNN(2, 2, dtype=np.float64)(x[None], np.zeros((1, 2)))[0]


MOVING = [counting, flipping, written_in_place, by_the_length_of_a_list, first_time_alone, of_an_iterator,
          of_a_generator, parameter_made_anew, cell_made_anew]  # fmt: skip


@each_backend
@each("make", MOVING)
def test_numbers_that_depend_on_what_a_call_changes_are_refused(make, backend):
    with pytest.raises(tg.GraphError, match=r"function changes|another graph|random numbers"):
        tg.compile(make(), backend=backend)(X)


@each_backend
def test_what_is_put_into_an_argument_is_refused(backend):
    def fn(x, states):
        states[0] = x * 2
        return x

    with pytest.raises(tg.GraphError, match="among its arguments"):
        tg.compile(fn, backend=backend)(X, [X, X])


@each_backend
def test_state_that_no_number_depends_on_is_fine(backend):
    """Made at first use, remembered, written to a log, counted: the graph is the same at every call."""
    log, cache, table = [], {}, {}

    class Model:
        def __init__(self):
            self.w, self.calls = None, 0

        def step(self, x):
            if self.w is None:
                self.w = tg.parameter(np.random.default_rng().normal(size=2))
            if "mask" not in cache:
                cache["mask"] = np.array([1.0, 3.0])
            table.setdefault(x.shape, len(table))
            self.calls += 1
            log.append(x.shape)
            return x * self.w * cache["mask"]

    model = Model()
    compiled = tg.compile(model.step, backend=backend)
    for _ in range(10):
        y = compiled(X)
        assert_near(y, X * model.w.value * [1.0, 3.0])
    model.w.value = np.ones(2)
    assert_near(compiled(X), X * [1.0, 3.0])


@each_backend
def test_a_list_that_is_only_appended_to_is_not_looked_at(backend):
    traced = []

    def fn(x):
        traced.append(x.shape)
        return x * 2

    compiled = tg.compile(fn, backend=backend)
    for _ in range(10):
        compiled(X)
        traced.append("between")
    assert traced.count((2,)) == 1


def warming_up(steps):
    def make():
        class Model:
            n = 0

            def step(self, x):
                self.n += 1
                return x * max(0.0, (self.n - steps) / 10)

        return Model().step

    return make


def in_periods_of_five():
    turns = {"n": 0}

    def fn(x):
        turns["n"] += 1
        return x if turns["n"] % 5 else -x

    return fn


@each_backend
@each("make", [*map(warming_up, (1, 2, 3, 7)), in_periods_of_five])
def test_state_that_takes_effect_after_some_calls_is_refused_at_the_first(make, backend):
    with pytest.raises(tg.GraphError, match="function changes"):
        tg.compile(make(), backend=backend)(X)


@each_backend
def test_state_that_takes_effect_later_is_found_at_the_looks(backend):
    compiled = tg.compile(warming_up(20)(), backend=backend)
    with pytest.raises(tg.GraphError, match=r"function changes self\.n"):
        for _ in range(9):
            compiled(X)


@each_backend
def test_a_counter_is_traced_some_times_and_what_is_made_once_only_twice(backend):
    counts, cache = {"n": 0}, {}

    def counting(x):
        counts["n"] += 1
        return x * 2

    def caching(x):
        MADE.append(1)
        if "mask" not in cache:
            cache["mask"] = np.ones(2)
        return x * cache["mask"]

    MADE.clear()
    counter, cached = (tg.compile(fn, backend=backend) for fn in (counting, caching))
    for _ in range(40):
        assert_near(counter(X), 2 * X)
        assert_near(cached(X), X)
    assert counts["n"] <= 40 and len(MADE) == 2
