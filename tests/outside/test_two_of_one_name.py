"""What a compiled function reads, where several things are called by one name: each of them is looked at."""

import functools
import types

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each

X = np.array([1.0, -2.0])


class Layer:
    def __init__(self, k):
        self.k = k

    def __call__(self, x):
        return x * self.k


def closures():
    def make(k):
        def set_k(new):
            nonlocal k
            k = new

        return lambda x: x * k, set_k

    return [make(2.0), make(3.0)]


def arrays_of_closures():
    def make(k):
        return lambda x: x * (k * 1), k.fill

    return [make(np.full(2, 2.0)), make(np.full(2, 3.0))]


def lists_of_closures():
    def make(k):
        return lambda x: x * k[0], lambda new: k.__setitem__(0, new)

    return [make([2.0]), make([3.0])]


def methods():
    layers = [Layer(2.0), Layer(3.0)]
    return [(layer.__call__, functools.partial(setattr, layer, "k")) for layer in layers]


def defaults():
    def make(k):
        def scale(x, k=k):
            return x * k

        return scale, lambda new: setattr(scale, "__defaults__", (new,))

    return [make(2.0), make(3.0)]


def defaults_of_one_function():
    def scale(x, a=2.0, b=3.0):
        return x * a * b

    return [
        (scale, lambda new: setattr(scale, "__defaults__", (new, 3.0))),
        (scale, lambda new: setattr(scale, "__defaults__", (2.0, new))),
    ]


def classes():
    def make(value):
        class Scale:
            k = value

            def __call__(self, x):
                return x * self.k

        return Scale(), lambda new: setattr(Scale, "k", new)

    return [make(2.0), make(3.0)]


def globals_of_modules():
    def make(value):
        module = types.ModuleType("one_of_two")
        exec("def scale(x):\n    return x * k", module.__dict__)
        module.k = value
        return module.scale, lambda new: setattr(module, "k", new)

    return [make(2.0), make(3.0)]


def values_of_odd_keys():
    table = {(1, 2): 2.0, (3, 4): 3.0}
    return [(lambda x, key=key: x * table[key], lambda new, key=key: table.update({key: new})) for key in table]


KINDS = [
    closures,
    arrays_of_closures,
    lists_of_closures,
    methods,
    defaults,
    defaults_of_one_function,
    classes,
    globals_of_modules,
    values_of_odd_keys,
]


@each_backend
@each("make, which", [(make, which) for make in KINDS for which in (0, 1)])
def test_each_of_two_is_looked_at(make, which, backend):
    pairs = make()
    fns = [fn for fn, _ in pairs]
    compiled = tg.compile(lambda x: fns[0](x) + fns[1](x), backend=backend)
    assert_near(compiled(X), (fns[0](X) + fns[1](X)))
    pairs[which][1](7.0)
    with pytest.raises(tg.GraphError, match="has changed"):
        compiled(X)


@each_backend
@each("which", [0, 1])
def test_an_array_that_one_of_two_writes_to_is_seen(which, backend):
    def make(writes):
        k = np.ones(2)

        def scale(x):
            if writes:
                k[:] += 1
            return x * k

        return scale

    fns = [make(which == 0), make(which == 1)]
    with pytest.raises(tg.GraphError, match="function changes"):
        tg.compile(lambda x: fns[0](x) + fns[1](x), backend=backend)(X)
