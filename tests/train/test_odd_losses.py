"""Losses and clippers of odd forms give the same numbers compiled and not, or a clear error."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.train import SGD, clip_by_value, fit, step

BACKENDS = pytest.mark.parametrize("backend", ["eager", "numpy"])


@BACKENDS
@pytest.mark.parametrize("pair", [False, True])
def test_a_loss_of_one_element_may_have_axes(backend, pair):
    w = tg.parameter([1.0, 2.0])

    def loss(x):
        mean = tg.sum(w * x, keepdims=True)
        return (mean, x + 1.0) if pair else mean

    run = step(loss, w, SGD(w, 0.1), backend=backend)
    result = run(np.array([3.0, 4.0]))
    value = result[0] if pair else result
    assert value.shape == () and value == 11.0 and (not pair or result[1].tolist() == [4.0, 5.0])
    assert fit(run, [np.array([3.0, 4.0])], steps=1, quiet=True).loss.shape == (1,)
    np.testing.assert_allclose(w.value, [1.0 - 0.6, 2.0 - 0.8])


@BACKENDS
def test_a_clipper_may_order_its_dict_anew(backend):
    w = {"b": tg.parameter([0.0, 0.0]), "a": tg.parameter([0.0, 0.0])}
    run = step(
        lambda x: tg.sum(w["a"] * x + 10.0 * w["b"] * x),
        w,
        SGD(w, 1.0),
        clip=lambda g: {k: clip_by_value(g[k], 5.0) for k in sorted(g)},
        backend=backend,
    )
    run(np.array([1.0, 2.0]))
    assert w["a"].value.tolist() == [-1.0, -2.0] and w["b"].value.tolist() == [-5.0, -5.0]


@BACKENDS
@pytest.mark.parametrize("clip", [lambda g: None, lambda g: g[:1], lambda g: g[::-1], lambda g: {"0": g[0], "1": g[1]}])
def test_a_clipper_that_returns_something_else_is_refused(backend, clip):
    w = [tg.parameter([1.0, 2.0]), tg.parameter([3.0])]
    run = step(lambda x: tg.sum(w[0] * x) + tg.sum(w[1] * x), w, SGD(w, 0.1), clip=clip, backend=backend)
    with pytest.raises(tg.GraphError, match="clip returned"):
        run(np.array([1.0, 2.0]))
    assert w[0].value.tolist() == [1.0, 2.0] and w[1].value.tolist() == [3.0]


def test_a_norm_beyond_the_largest_number_is_left_out_uncompiled_too():
    w = tg.parameter([1.0])
    run = step(lambda x: tg.sum(w * x), w, SGD(w, 0.1), nonfinite="skip", backend="eager")
    run(np.array([1e200]))
    assert run.skipped == 1 and w.item() == 1.0
