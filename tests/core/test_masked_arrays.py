"""A masked array is refused wherever an array comes in: its mask would be ignored."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

M = np.ma.array([1.0, 2.0], mask=[False, True])
COUNTS = np.ma.array([1, 2], mask=[False, True])
XS = np.ones((3, 2, 2))


def cell(x, h):
    h = tg.tanh(x + h)
    return h, h


def unrolled(lengths):
    return tg.unroll(cell, XS, np.zeros((2, 2)), lengths=lengths)[0]


@each_backend
@each("fn, argument", [
    (lambda x: x * 2, M), (lambda xs: xs[0] * 2, [M]), (lambda d: d["x"] * 2, {"x": M}), (unrolled, COUNTS),
    (lambda x: x * 2, np.ma.masked), (lambda x: x * 2, np.ma.array(M.data)),
])  # fmt: skip
def test_as_an_argument_of_a_compiled_function(fn, argument, backend):
    with pytest.raises(tg.GraphError, match=r"masked array[\s\S]*array\.filled"):
        tg.compile(fn, backend=backend)(argument)


def optimized(gradient):
    tg.train.Adam([tg.parameter([1.0, 2.0])], 0.1).step([gradient])


def loaded(array):
    rnn = tg.cells.RNN(2, 2)
    rnn.load_state_dict({name: np.ma.array(value, mask=True) for name, value in rnn.state_dict().items()})


USES = [lambda m: unrolled(COUNTS), optimized, loaded, lambda m: tg.train.clip_by_norm([m], 1.0),
        lambda m: tg.train.clip_by_value([m], 1.0), lambda m: tg.parameter([1.0, 2.0])[COUNTS],
        lambda m: tg.parameter([1.0, 2.0])[m > 0]]  # fmt: skip


@each("use", USES)
def test_as_lengths_gradient_index_or_loaded(use):
    with pytest.raises(tg.GraphError, match="masked array"):
        use(M)
