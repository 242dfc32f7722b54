"""Arrays that a compiled function reaches by itself: read once, wherever they enter; a change is refused."""

import gc
import weakref

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each

X = np.array([1.0, -2.0, 3.0])
TABLE = np.arange(12.0).reshape(4, 3)


class Weighted(tg.Op):
    """z = x times an array that is a setting"""

    def forward(self, x, kernel=None):
        return x * kernel

    def backward(self, gz, z, x, kernel=None):
        return gz * kernel


weighted = Weighted()


def cell(x, h):
    h = tg.tanh(x + h)
    return h, h


ENTRIES = {
    "beside a node": (lambda x, a: x * a, 2 * X),
    "alone": (lambda x, a: tg.sum(x) + tg.sum(tg.exp(a)), 2 * X),
    "both": (lambda x, a: tg.sum(x * a) + tg.sum(tg.exp(a)), 2 * X),
    "a view": (lambda x, a: x * a[1], TABLE),
    "backwards": (lambda x, a: x * a[::-1], 2 * X),
    "a part that numpy computes": (lambda x, a: x * (a * 2 - 1), 2 * X),
    "a number of it": (lambda x, a: x * float(a[0]), 2 * X),
    "a decision": (lambda x, a: x if a[0] > 0 else -x, 2 * X),
    "a constant": (lambda x, a: x + tg.constant(a), 2 * X),
    "the result": (lambda x, a: (x, a), 2 * X),
    "an index": (lambda x, a: x[a], np.array([0, 2])),
    "an index of a table": (lambda x, a: tg.take(x, a, axis=0), np.array([2, 2, 0])),
    "a mask": (lambda x, a: x[a], np.array([True, False, True])),
    "a condition": (lambda x, a: tg.where(a, x, 0.0), np.array([True, False, True])),
    "a setting": (lambda x, a: weighted(x, kernel=a), 2 * X),
    "labels": (lambda x, a: tg.softmax_cross_entropy(x[None], a), np.array([2])),
    "a state": (lambda x, a: tg.unroll(cell, tg.stack([x, x]), a)[0], 2 * X),
    "inputs": (lambda x, a: tg.unroll(lambda x_t, h: (x_t * h, h), a, x)[0], TABLE),
    "lengths": (lambda x, a: tg.unroll(cell, tg.stack([x, x]), np.zeros(3), lengths=a)[0], np.array([1, 2, 0])),
    "in a cell": (lambda x, a: tg.unroll(lambda x_t, h: (x_t * a, h), tg.stack([x, x]), 0.0)[0], 2 * X),
    "gy": (lambda x, a: tg.vjp(lambda x: x * x, x)[1](a), 2 * X),
    "in a list": (lambda x, a: x * [a[0], a[1], 2.0], 2 * X),
}


@each_backend
@pytest.mark.parametrize("name", ENTRIES)
def test_an_array_that_changed_is_refused_at_the_second_call_and_stays_refused(name, backend):
    """And the numbers of a plan never change with it: frozen, in constants, indices, masks, settings, states."""
    fn, array = ENTRIES[name]
    array = array.copy()
    before = array.copy()
    compiled = tg.compile(lambda x: fn(x, array), backend=backend)
    first = compiled(X)
    compiled.plan._function.calls_left = 1000
    array[...] = 1 - array.astype(int) if array.dtype.kind in "ib" else -array
    again = compiled(X)
    for a, b in zip(*(r if isinstance(r, tuple) else (r,) for r in (first, again)), strict=True):
        assert_near(a, b, 0.0)
    compiled.plan._function.calls_left = 1
    for _ in range(3):
        with pytest.raises(tg.GraphError, match=r"has changed[\s\S]*argument"):
            compiled(X)
    array[...] = before
    compiled(X)


def test_the_message_names_shape_dtype_line_and_fix():
    mask = np.ones(3, int)

    def fn(x):
        return x * mask

    compiled = tg.compile(fn, backend="numpy")
    compiled(X)
    mask[0] = 7
    with pytest.raises(tg.GraphError) as caught:
        compiled(X)
    message = str(caught.value)
    assert f"{mask.dtype} (3,)" in message and "test_arrays.py" in message and "return x * mask" in message
    assert "pass it as an argument" in message


@each_backend
def test_it_is_looked_for_at_calls_2_3_5_9_and_17(backend):
    refused = []
    for call in range(2, 20):
        mask = np.ones(3)
        compiled = tg.compile(lambda x, m=mask: x * m, backend=backend)
        for _ in range(call - 1):
            compiled(X)
        mask[:] = 2
        try:
            assert_near(compiled(X), X)
        except tg.GraphError:
            refused.append(call)
    assert refused == [2, 3, 5, 9, 17]


@each_backend
def test_arrays_that_do_not_change_and_arrays_of_the_function_itself_are_fine(backend):
    mask, nan, scratch = np.ones(3), np.array([np.nan, 0.0, 1.0]), np.zeros(3)

    def fn(x):
        scratch[:] = 3
        y = x * scratch
        scratch[:] = 5
        return y * scratch * np.full(3, 2.0) * mask * [1.0, 1.0, 1.0] * np.where(np.isnan(nan), 1.0, 1.0) + 0 * nan

    compiled = tg.compile(fn, backend=backend)
    for _ in range(20):
        assert_near(compiled(X)[1:], 30 * X[1:])


@each_backend
def test_a_change_that_no_number_depends_on_is_fine(backend):
    shape_alone, losses = np.ones(3), np.zeros(50)

    def fn(x):
        return x * np.ones_like(shape_alone) + 0 * len(losses)

    compiled = tg.compile(fn, backend=backend)
    for k in range(20):
        losses[k] = compiled(X)[0]
        shape_alone[:] = k
    assert losses[:20].sum() == 20


def test_a_plan_keeps_no_array_of_the_users_alive():
    big = np.ones(100_000)
    held = weakref.ref(big)

    def fn(x, holder={"array": big}):  # noqa: B006  emptied below
        return x * holder["array"][:3]

    compiled = tg.compile(fn, backend="numpy")
    compiled(X)
    fn.__defaults__[0]["array"] = np.ones(3)
    del big
    gc.collect()
    assert held() is None
    for _ in range(4):
        assert_near(compiled(X), X)


@each_backend
def test_a_parameter_is_read_anew_and_another_one_in_its_place_is_refused(backend):
    class Model:
        w = tg.parameter(np.ones(3))

    model = Model()
    model.w = tg.parameter(np.ones(3))
    compiled = tg.compile(lambda x: x * model.w, backend=backend)
    compiled(X)
    model.w.value = np.full(3, 2.0)
    assert_near(compiled(X), 2 * X)
    model.w = tg.parameter(np.full(3, 2.0))
    with pytest.raises(tg.GraphError, match=r"model\.w"):
        compiled(X)


@each_backend
def test_plain_state_that_changed_outside_is_refused_by_name(backend):
    class Model:
        def __init__(self):
            self.scale, self.unused = 2.0, 0

        def apply(self, x):
            return x * self.scale

    model = Model()
    compiled = tg.compile(model.apply, backend=backend)
    for _ in range(9):
        assert_near(compiled(X), 2 * X)
        model.unused += 1
    model.scale = 3.0
    compiled.plan._function.calls_left = 1
    with pytest.raises(tg.GraphError, match=r"self\.scale"):
        compiled(X)


class Shared:
    """An object that numpy reads as an array without a copy."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


@each_backend
@each("wrap", [Shared, memoryview, lambda a: np.broadcast_to(a, (2, 3))])
def test_what_numpy_reads_without_a_copy_is_frozen_too(wrap, backend):
    array = np.ones(3)
    lent = wrap(array)
    compiled = tg.compile(lambda x: x * tg.constant(lent) + lent, backend=backend)
    first = compiled(X)
    compiled.plan._function.calls_left = 1000
    array[:] = 7
    assert_near(compiled(X), first, 0.0)
    compiled.plan._function.calls_left = 1
    with pytest.raises(tg.GraphError, match="has changed"):
        compiled(X)


@each_backend
def test_plans_of_one_function_share_the_copy_of_a_large_array(backend):
    table = np.ones((1000, 200))
    compiled = tg.compile(lambda ids: tg.take(table, ids, axis=0), backend=backend)
    copies = set()
    for n in range(1, 5):
        compiled(np.zeros(n, int))
        copies.add(id(compiled.plan._function._watch.door.entered[0].copy))
    assert len(copies) == 1
    table[999, 199] = 5.0
    assert compiled(np.full(7, 999))[0, 199] == 5.0
    with pytest.raises(tg.GraphError, match="has changed"):
        compiled(np.zeros(1, int))


@each_backend
def test_an_op_of_the_users_reads_its_own_array_at_each_call(backend):
    class Scaled(tg.Op):
        def __init__(self):
            self.scale = np.ones(3)

        def forward(self, x):
            return x * self.scale

        def backward(self, gz, z, x):
            return gz * self.scale

    scaled = Scaled()
    compiled = tg.compile(lambda x: scaled(x) + scaled(np.ones(3)), backend=backend)
    assert_near(compiled(X), X + 1)
    scaled.scale[:] = 3
    assert_near(compiled(X), 3 * X + 3)


@each_backend
def test_a_node_of_before_is_computed_from_parameters_that_are_still_the_same(backend):
    w = tg.parameter(X)
    doubled = tg.tanh(w) * 2
    compiled = tg.compile(lambda x: tg.value_and_grad(lambda: tg.sum(x * doubled), w)(), backend=backend)
    y, gw = compiled(X)
    assert_near(y, np.sum(X * 2 * np.tanh(X)))
    assert_near(gw, 2 * X / np.cosh(X) ** 2)
    w.value = np.zeros(3)
    for _ in range(2):
        with pytest.raises(tg.GraphError, match="set after a node"):
            compiled(X)
