"""At every door a masked array, whose mask would be ignored, is refused, and so is a tensor that numpy cannot read."""

from functools import partial

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


def gru(*sizes):
    return tg.cells.GRU(*(sizes or (3, 4)), rng=0)


P = tg.parameter(np.arange(3.0), "p")
ROWS = np.ones((2, 3))


def streamed(x):
    stream = tg.train.Streaming(gru())
    stream(ROWS)
    stream(x)


DOORS = {  # each takes (2, 3), steps of one sequence or rows of a batch
    "a library's cell": partial(tg.unroll, gru()),
    "a cell": lambda x: tg.unroll(cell, x, np.zeros(3)),
    "several inputs": lambda x: tg.unroll(lambda xs, h: cell(xs[0] + xs[1], h), (x, x), np.zeros(3)),
    "a state": lambda x: tg.unroll(gru(3, 3), np.ones((5, 2, 3)), x),
    "a layer": tg.Recurrent(gru()),
    "layers": tg.Recurrent(tg.cells.Stack([gru(), gru(4, 2)])),
    "both directions": tg.Recurrent(tg.cells.Bidirectional(gru(), gru())),
    "fed back": lambda x: tg.unroll(gru(3, 3), x, feedback=lambda y: y),
    "one step": lambda x: gru()(x, np.zeros((2, 4))),
    "a stream": lambda x: tg.train.Streaming(gru())(x),
    "a stream that runs": streamed,
    "a stream's state": lambda x: tg.train.Streaming(gru(3, 3), x),
    "a check": lambda x: tg.check.gradients(lambda a: tg.sum(a * P), [x]),
    "a list": lambda x: tg.constant([x, x]),
    "a metric": lambda x: tg.train.rmse(x, ROWS),
    "what counts": lambda x: tg.train.rmse(ROWS, ROWS, counted=x),
    "a scale": tg.train.Standard,
    "a batch": tg.train.bucketed,
    "lengths of a batch": lambda x: tg.train.bucketed(np.ones((4, 2, 3)), lengths=x),
    "logits": tg.train.sample,
    "drawn numbers": lambda x: tg.noise(lambda shape: x, (2, 3)),
    "a loaded weight": lambda x: gru().load_state_dict(dict.fromkeys(gru().state_dict(), x)),
}


@each("door", DOORS)
def test_at_every_door(door):
    with pytest.raises(tg.GraphError, match=r"masked array[\s\S]*array\.filled"):
        DOORS[door](np.ma.array(ROWS * 1e6, mask=True))


@each("door", DOORS)
def test_a_tensor_that_numpy_cannot_read_is_refused_with_what_to_call(door):
    torch = pytest.importorskip("torch")
    ones = torch.ones(2, 3)
    tensors = {"x.float()": ones.bfloat16(), "x.to_dense()": ones.to_sparse(), "holds numbers": ones.to("meta")}
    if door != "a loaded weight":  # state_dict(keep_vars=True) has such
        tensors["x.detach()"] = ones.requires_grad_()
    for fix, tensor in tensors.items():
        with pytest.raises(tg.GraphError) as error:
            DOORS[door](tensor)
        assert fix in str(error.value).partition("\n  fix ")[2]


def test_a_tensor_of_plain_numbers_is_taken_by_a_cell_alone():
    torch = pytest.importorskip("torch")
    y, _ = gru()(torch.ones(2, 3), np.zeros((2, 4), np.float32))
    np.testing.assert_array_equal(y.value, gru()(np.float32(ROWS), np.zeros((2, 4), np.float32))[0].value)


@each("operator", [lambda m: m - P, lambda m: m * P, lambda m: m / P, lambda m: m**P, lambda m: m < P, np.ma.subtract])
def test_before_an_operator(operator):
    """numpy's masked arrays compute with arrays of nodes, which fail later, or ignore masks."""
    m = np.ma.array([1.0, 2.0, 3.0], mask=[True, False, False])
    call = partial(operator, b=P) if operator is np.ma.subtract else operator
    with pytest.raises(tg.GraphError, match="masked array"):
        call(m)
