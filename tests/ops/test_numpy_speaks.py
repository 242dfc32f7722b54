"""Forward functions written for NumPy, run on nodes as they are; and what must not be done to a node."""

import traceback

import numpy as np
import pytest

import tinygraph as tg

RNG = np.random.default_rng(4)


def logistic(a):
    return 1 / (1 + np.exp(-a))


def row_rnn(xs, w_in, w_rec, w_out, b):
    """Row vectors, np.dot, a hand-written logistic, many steps to one output."""
    h = np.zeros((1, w_rec.shape[0]))
    kept = []
    for x in xs:
        h = logistic(np.dot(x, w_in) + np.dot(h, w_rec) + b)
        kept.append(h)
    return np.dot(kept[-1], w_out) + np.outer(kept[0], np.ones(1)).sum()


def column_rnn(xs, w_in, w_rec, w_out, b):
    """Column vectors, an output at every step, joined by np.array as the articles do."""
    h = np.zeros((w_rec.shape[0], 1))
    ys = []
    for t in range(len(xs)):
        h = np.tanh(np.dot(w_in.T, xs[t].reshape(-1, 1)) + np.dot(w_rec, h) + b.reshape(-1, 1))
        ys.append(np.dot(w_out.T, h))
    return np.array(ys)


def batched_rnn(xs, w_in, w_rec, w_out, b):
    """Batched indexing X[:, t, :], softmax by hand, np.stack over time."""
    h = np.zeros((xs.shape[1], w_rec.shape[0]))
    ys = []
    batch = np.swapaxes(xs, 0, 1)
    for t in range(batch.shape[1]):
        h = np.maximum(batch[:, t, :] @ w_in + h @ w_rec + b, 0.1)
        e = np.exp(h @ w_out - np.max(h @ w_out))
        ys.append(e / e.sum(axis=-1, keepdims=True))
    return np.stack(ys) ** 2


def column_softmax(xs, w_in, w_rec, w_out, b):
    """np.asarray around a product, np.exp and np.max of what comes out."""
    z = np.asarray(np.dot(w_in.T, xs[0].reshape(-1, 1)))
    e = np.exp(z - np.max(z))
    return (e / e.sum(axis=0)) * np.arange(5.0).reshape(5, 1) + 0 * np.sum(w_rec) + 0 * np.sum(w_out) + 0 * np.sum(b)


@pytest.mark.parametrize(
    "forward, shape",
    [
        (row_rnn, (3, 1, 2)),
        (column_rnn, (3, 2)),
        (batched_rnn, (3, 4, 2)),
        (column_softmax, (3, 2)),
    ],
)
def test_forward_functions_run_unchanged(forward, shape):
    xs = RNG.normal(size=shape)
    arrays = [RNG.normal(size=s) * 0.5 for s in ((2, 5), (5, 5), (5, 3), (5,))]
    expected = forward(xs, *arrays)
    got = forward(xs, *map(tg.parameter, arrays))
    values = np.vectorize(lambda n: n.item())(got) if isinstance(got, np.ndarray) else got.value
    assert values.shape == expected.shape and np.allclose(values, expected, rtol=1e-13)
    weigh = np.arange(1.0, expected.size + 1).reshape(expected.shape)
    tg.check.gradients(lambda *ws: np.sum(forward(xs, *ws) * weigh), arrays, order=1)


CALLS = {
    "reductions": lambda a: (
        np.sum(a, axis=0) + np.mean(a, 1)[:3] * np.max(a) + np.min(a, axis=(0, 1), keepdims=True)[0]
    ),
    "shapes": lambda a: np.reshape(a, (2, 6)) @ np.ravel(a)[:6] + np.expand_dims(np.squeeze(a[:1]), 1)[:2, 0],
    "moves": lambda a: np.moveaxis(a[None], 0, 2)[..., 0] + np.transpose(np.swapaxes(a, 0, 1)),
    "joins": lambda a: np.concatenate([a, np.ones((1, 3))]) @ np.stack([a[0], a[1]], axis=1),
    "choices": lambda a: np.where(a > 0, a, -2 * a) + np.clip(a, -0.5, 0.5) + np.minimum(a, 0.3) + np.abs(a),
    "logs": lambda a: (
        np.log2(a * a + 1) + np.log10(a * a + 2) + np.reciprocal(a + 9) + np.positive(a) + np.sqrt(a**2 + 1)
    ),
    "lookups": lambda a: np.take(a, [2, 0, 2], axis=0) + a[np.array([1, 1, 3])] + np.split(a, 2, axis=0)[1][[0, 0, 1]],
    "products": lambda a: (
        np.einsum("ij,kj->ik", a, a) + np.outer(a[:, 0], a[:, 1]) + np.dot(a, a.T) + np.matmul(a, a.T)
    ),
    "mask": lambda a: a[np.array([True, False, True, False])] * a.T.reshape(4, 3)[:2],
    "method": lambda a: a.sum(axis=1) + a.mean(0).max() + a.T.ravel().min() + a.reshape(-1, 2).transpose(1, 0)[0, :4],
    "reflected": lambda a: np.ones((4, 3)) - a * np.float64(2) + np.arange(3) / (a + 9) + np.eye(4) @ a,
}


@pytest.mark.parametrize("name", CALLS)
def test_numpy_functions_give_numpys_numbers(name):
    a = RNG.normal(size=(4, 3))
    got = CALLS[name](tg.parameter(a))
    assert np.allclose(got.value, CALLS[name](a), rtol=1e-14, atol=1e-15)
    tg.check.gradients(CALLS[name], [a], order=2)


def raises_and_names_this_file(call):
    with pytest.raises((tg.GraphError, ValueError)) as caught:
        call()
    assert "test_numpy_speaks.py" in "".join(traceback.format_exception(caught.value))
    return caught.value


def assign(array, at, node):
    array[at] = node


@pytest.mark.parametrize(
    "change",
    [
        lambda w, a: w.__iadd__(1.0),
        lambda w, a: w.__imul__(a),
        lambda w, a: w.__imatmul__(a),
        lambda w, a: a.__iadd__(w),
        lambda w, a: a.__imul__(w),
        lambda w, a: assign(w, 0, 1.0),
        lambda w, a: assign(a, slice(None), w),
        lambda w, a: assign(a, (slice(None), 0), w[:, 0]),
        lambda w, a: assign(a, (0, 0), w[0, 0]),
        lambda w, a: np.tanh(a, out=w),
        lambda w, a: np.add(w, w, out=a),
        lambda w, a: np.sum(w, axis=0, out=a[0]),
        lambda w, a: a.fill(w[0, 0]),
        lambda w, a: np.copyto(a, w),
        lambda w, a: np.add.at(a, [0], w[0]),
        lambda w, a: assign(a, slice(None), np.array([w[0], w[1], w[2]])),
        lambda w, a: float(w[0, 0]),
        lambda w, a: np.array(w, dtype=float),
        lambda w, a: setattr(np.tanh(w), "value", a),
    ],
)
def test_what_would_change_in_place_raises_and_changes_nothing(change):
    w, a = tg.parameter(np.ones((3, 3)), name="w"), np.full((3, 3), 7.0)
    raises_and_names_this_file(lambda: change(w, a))
    assert (a == 7).all() and (w.value == 1).all()


def test_the_message_shows_the_line_and_the_way_out():
    w, states = tg.parameter(np.ones(3), name="w"), np.zeros((2, 3))
    with pytest.raises(tg.MutationError, match=r"(?s)states\[0\] = np\.tanh\(w\).*np\.stack"):
        states[0] = np.tanh(w)


def test_sum_of_losses_by_plus_equals_is_right():
    w = tg.parameter([1.0, 2.0])
    total = 0
    for n in range(1, 4):
        total += np.sum(w * w) * n
    total *= 2.0
    assert tg.grad(total, w).value.tolist() == [24.0, 48.0]


def test_nodes_without_gradient_are_plain_numbers():
    c = tg.constant([1.0, 2.0])
    assert np.array(c).tolist() == [1.0, 2.0] and float(c[0]) == 1.0 and int(np.argmax(c)) == 1
    assert bool(c[0] < 2) and [x.item() for x in c] == [1.0, 2.0] and len(c) == 2
    stopped = tg.stop_gradient(tg.parameter([3.0]))
    assert float(stopped[0]) == 3.0


def test_large_arrays_are_not_spelled_out():
    w = tg.parameter(np.zeros((400, 400)))
    assert "np.stack" in str(raises_and_names_this_file(lambda: np.array([w, w])))


@pytest.mark.parametrize(
    "call",
    [
        np.fft.fft,
        np.linalg.eig,
        np.linalg.svd,
        lambda w: np.add.reduceat(w, [0, 1]),
        lambda w: np.add(w, w, where=False),
        lambda w: np.dot(w, np.ones((2, 2, 1))),
        lambda w: np.unwrap(w),
    ],
)
def test_what_is_not_supported_says_so(call):
    raises_and_names_this_file(lambda: call(tg.parameter(np.ones(3))))


def test_comparisons_have_no_gradient():
    w = tg.parameter([1.0, -1.0])
    assert (w > 0).value.tolist() == [True, False]
    assert tg.grad(tg.sum((w >= 0) * w), w).value.tolist() == [1.0, 0.0]
    assert tg.grad(tg.sum(tg.sign(w) * w), w).value.tolist() == [1.0, -1.0]
