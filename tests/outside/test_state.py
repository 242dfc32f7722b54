"""State that a compiled function keeps outside of its arguments and results: refused at the first call, put back."""

import functools
import sys
import threading
import types
from collections import deque

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each

X = np.array([1.0, -2.0])
W = np.array([[0.5, -0.2], [0.1, 0.3]])
TABLE: dict = {"h": None}
LIST: list = []
QUEUE: deque = deque(maxlen=2)
LOCAL = threading.local()
MODULE = types.ModuleType("one_of_the_users")
MODULE.h = None
latest = None
sys.modules["one_of_the_users"] = MODULE


class Holder:
    h = None

    def step(self, x):
        self.h = x * 2
        return x

    def __call__(self, x):
        return self.step(x)


class Slotted:
    __slots__ = ("h", "inner")


OF_CLASS, SLOTTED, DEEP = Holder(), Slotted(), {"models": [Holder()]}
SLOTTED.h = None


def global_name(x):
    global latest
    latest = x * 2
    return x


def global_dict(x):
    TABLE["h"] = x * 2
    return x


def global_list(x):
    LIST.append(x * 2)
    return x


def bounded_queue(x):
    QUEUE.append(x * 2)
    return x


def thread_local(x):
    LOCAL.h = x * 2
    return x


def other_module(x):
    MODULE.h = x * 2
    return x


def slot(x):
    SLOTTED.h = x * 2
    return x


def by_setattr(x):
    setattr(DEEP["models"][0], "h", x)  # noqa: B010
    return x


def of_the_class(x):
    Holder.h = x * 2
    return x


def default(x, kept=[]):  # noqa: B006
    kept.append(x * 2)
    return x


def of_itself(x):
    of_itself.h = x * 2
    return x


def by_a_helper(x):
    return global_list(x)


def in_a_gradient(x):
    w = tg.parameter(X)
    return tg.value_and_grad(lambda x: tg.sum(global_list(x) * w), w)(x)


def closure():
    h = 0.0

    def fn(x):
        nonlocal h
        h = x + h
        return h

    return fn


def in_a_cell(x):
    def cell(x_t, h):
        DEEP["models"][0].h = h = tg.tanh(x_t + h)
        return h, h

    return tg.unroll(cell, tg.stack([x, x]), np.zeros(2))[0]


@functools.lru_cache
def remembered(x):
    return x * 2


KEEPERS = [global_name, global_dict, global_list, bounded_queue, thread_local, other_module, slot, by_setattr,
           of_the_class, default, of_itself, by_a_helper, in_a_gradient, closure(), in_a_cell, Holder(), Holder().step,
           functools.partial(lambda kept, x: (kept.append(x * 2), x)[1], LIST)]  # fmt: skip


@each_backend
@each("fn", KEEPERS)
def test_a_node_that_is_kept_is_refused_and_what_was_there_is_put_back(fn, backend):
    compiled = tg.compile(fn, backend=backend)
    for _ in range(2):
        with pytest.raises(tg.GraphError, match=r"held a node[\s\S]*return it"):
            compiled(X)
    assert latest is None and TABLE == {"h": None} and LIST == [] and not QUEUE and not vars(LOCAL)
    assert MODULE.h is None and SLOTTED.h is None and DEEP["models"][0].h is None and Holder.h is None
    assert not default.__defaults__[0] and not hasattr(of_itself, "h")


@each_backend
@each("kept", [[1.0, "a"], deque([1.0, "a"], maxlen=2)])
def test_what_a_list_held_is_put_back_in_order(kept, backend):
    def fn(x):
        kept.append(x * 2)
        return x

    with pytest.raises(tg.GraphError, match="held a node"):
        tg.compile(fn, backend=backend)(X)
    assert [*kept] == [1.0, "a"]


@each_backend
def test_the_state_of_a_method(backend):
    class Model:
        def __init__(self):
            self.w, self.h = tg.parameter(W), None

        def cell(self, x, h):
            h = tg.tanh(x + h @ self.w)
            return h, h

        def kept(self, xs):
            outputs, self.h = tg.unroll(self.cell, xs, np.zeros((1, 2)) if self.h is None else self.h)
            return tg.sum(outputs)

        def handed_on(self, xs, h):
            outputs, h = tg.unroll(self.cell, xs, h)
            return tg.sum(outputs), h

    xs, plain, model = np.ones((3, 1, 2)), Model(), Model()
    expected = [plain.kept(xs).item() for _ in range(3)]
    np.testing.assert_allclose(expected, [4.9070, 5.0820, 5.0817], atol=5e-5)
    with pytest.raises(tg.GraphError, match=r"self\.h held a node[\s\S]*float64 \(1, 2\)[\s\S]*argument and return it"):
        tg.compile(model.kept, backend=backend)(xs)
    assert model.h is None
    step, h = tg.compile(model.handed_on, backend=backend), np.zeros((1, 2))
    for total in expected:
        y, h = step(xs, h)
        assert_near(y, np.asarray(total))


@each_backend
def test_a_traced_value_that_is_let_go_before_the_return_is_fine(backend):
    def fn(x):
        LOCAL.h = x * 2
        try:
            return LOCAL.h + 1
        finally:
            del LOCAL.h

    assert_near(tg.compile(fn, backend=backend)(X), 2 * X + 1)


@each_backend
def test_an_error_on_the_way_leaves_nothing_behind(backend):
    def fn(x):
        TABLE["h"] = x * 2
        LIST.append(x)
        return x if x[0] > 0 else -x

    with pytest.raises(tg.GraphError, match=r"tg\.where"):
        tg.compile(fn, backend=backend)(X)
    assert TABLE == {"h": None} and LIST == []


@pytest.mark.parametrize("kind", [list, dict, str])
def test_a_class_of_pythons_own_is_looked_through_once(kind):
    """Of it only what the code names is looked at, such as ``copy`` and ``count``."""

    def fn(x):
        return x * len(kind()) + len([1, 2].copy()) * "aba".count("a") + len({}.keys())

    assert tg.compile(fn, backend="numpy")(np.ones(2)).tolist() == [4.0, 4.0]


def test_the_error_names_first_what_had_not_changed_while_the_graph_stayed():
    class Model:
        def __init__(self):
            self.calls, self.scale = [0], [2.0]

        def run(self, x):
            return x * self.scale[0] * (1 + 0 * len(self.calls))

    model = Model()
    fn = tg.compile(model.run, backend="numpy")
    for k in range(3):  # looks at calls 2 and 3
        assert fn(X).tolist() == (2 * X).tolist()
        model.calls[0] = k + 1
    model.scale[0] = 3.0
    fn(X)
    with pytest.raises(tg.GraphError, match=r"self\.scale\[0\] that the function") as error:
        fn(X)
    assert "self.calls[0]" in str(error.value)


def test_a_function_that_raises_when_it_is_traced_again_is_refused():
    calls = []

    def fn(x):
        calls.append(x.shape)
        if len(calls) > 1:
            raise KeyError("it runs once")
        return 2 * x

    with pytest.raises(tg.GraphError, match=r"^compile: the function changes calls[\s\S]*take the state as"):
        tg.compile(fn, backend="numpy")(X)
