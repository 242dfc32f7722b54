"""State in buffers, arrays of objects, subclasses of ndarray and context variables is looked at as other state is."""

from array import array
from contextvars import ContextVar

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each

X = np.array([1.0, -2.0])


class Own(np.ndarray):
    pass


def add(state):
    state[0] = state[0] + 1


def item(state):
    return float(state[0])


def objects():
    cells = np.empty(2, object)
    cells[:] = [1.0, 2.0]
    return cells, item, add


def lists_in_objects():
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = [1.0], [2.0]
    return cells, lambda s: s[0, 0][0], lambda s: add(s[0, 0])


def in_context():
    rate = ContextVar("rate", default=1.0)
    return rate, lambda s: s.get(), lambda s: s.set(s.get() + 1)


STATES = [lambda: (bytearray(b"\x01\x02"), item, add), lambda: (array("d", [1.0]), item, add),
          lambda: (memoryview(bytearray(b"\x01")), item, add), objects, lists_in_objects, in_context,
          lambda: (np.ones(2).view(Own), item, add),
          lambda: (bytearray(), len, lambda s: s.append(1)),
          lambda: (array("i"), len, lambda s: s.append(1))]  # fmt: skip


@each_backend
@each("make", STATES)
def test_what_changes_there_is_refused(make, backend):
    state, read, write = make()

    def writing(x):
        write(state)
        return x * float(read(state))

    with pytest.raises(tg.GraphError, match="function changes"):
        tg.compile(writing, backend=backend)(X)
    compiled = tg.compile(lambda x: x * float(read(state)), backend=backend)
    for _ in range(9):
        assert_near(compiled(X), X * float(read(state)))
    write(state)
    compiled.plan._function.calls_left = 1
    with pytest.raises(tg.GraphError, match="has changed"):
        compiled(X)


@each_backend
def test_a_node_that_is_kept_there_is_refused(backend):
    kept, cells = ContextVar("kept", default=None), np.empty(1, object)

    def in_a_variable(x):
        kept.set(x * 2)
        return x

    def in_an_array(x):
        cells[0] = x * 2
        return x

    for fn in (in_a_variable, in_an_array):
        with pytest.raises(tg.GraphError, match="held a node"):
            tg.compile(fn, backend=backend)(X)
    assert kept.get() is None


@each_backend
def test_a_place_in_an_array_of_objects_is_named(backend):
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = 1.0, 2.0
    compiled = tg.compile(lambda x: x * cells[0, 1], backend=backend)
    compiled(X)
    cells[0, 1] = 3.0
    compiled.plan._function.calls_left = 1
    with pytest.raises(tg.GraphError, match=r"cells\.flat\[1\]"):
        compiled(X)
