"""grad, backward and their errors."""

import gc
import weakref

import numpy as np
import pytest

import tinygraph as tg

RNG = np.random.default_rng(0)


def test_structure_of_wrt_is_kept():
    a, b, c = (tg.parameter(RNG.normal(size=2)) for _ in range(3))
    y = tg.sum(a * b * c)
    g = tg.grad(y, {"first": a, "rest": [b, (c, None)]})
    assert np.allclose(g["first"].value, b.value * c.value)
    assert isinstance(g["rest"][1], tuple) and g["rest"][1][1] is None
    assert np.allclose(g["rest"][1][0].value, a.value * b.value)


def test_orders_up_to_four_of_a_polynomial():
    x = tg.parameter(1.5)
    y, expected = x**5, [5 * 1.5**4, 20 * 1.5**3, 60 * 1.5**2, 120 * 1.5]
    for slope in expected:
        y = tg.grad(y, x)
        assert y.item() == pytest.approx(slope, rel=1e-14)


def test_backward_accumulates_and_zero_grad_forgets():
    w = tg.parameter([1.0, -2.0])
    for n in (1, 2, 3):
        tg.sum(w * w).backward()
        assert np.array_equal(w.grad, n * 2 * w.value)
    tg.zero_grad({"w": [w]})
    assert w.grad is None


def test_backward_and_grad_agree_on_a_graph_with_shared_nodes():
    w, x = tg.parameter(RNG.normal(size=(3, 3))), tg.constant(RNG.normal(size=(5, 3)))
    h = tg.tanh(x @ w)
    y = tg.mean((h @ w + h[:, ::-1] * h) ** 2) + tg.sum(w[0] * w[:, 1]) + w[2, 2]
    y.backward()
    assert np.allclose(w.grad, tg.grad(y, w).value, rtol=1e-13, atol=0)


def test_the_gradient_kept_in_grad_is_nobody_elses_array():
    a, b = tg.parameter(np.ones(3)), tg.parameter(np.ones(3))
    seed = np.ones(3)
    (a + b).backward(seed)
    a.grad += 100
    assert b.grad.tolist() == [1, 1, 1] and seed.tolist() == [1, 1, 1]


def test_gradient_of_inner_and_constant_nodes():
    x = tg.constant([1.0, 2.0])
    h = x * x
    y = tg.sum(h * h)
    gh, gx = tg.grad(y, (h, x))
    assert gh.value.tolist() == [2, 8] and gx.value.tolist() == [4, 32]
    assert tg.grad(y, y).item() == 1


def test_unreached_parameters_get_zeros_or_an_error():
    a, b = tg.parameter(2.0, name="a"), tg.parameter(np.ones((2, 3), np.float32), name="b")
    g = tg.grad(a * a, [a, b])[1]
    assert g.shape == (2, 3) and g.dtype == np.float32 and not g.value.any()
    with pytest.raises(tg.GraphError, match="'b'"):
        tg.grad(a * a, [a, b], strict=True)
    assert tg.grad(a * a, [a], strict=True)[0].item() == 4
    (a * a).backward()
    assert b.grad is None


def test_gy_weighs_the_elements():
    x = tg.parameter([1.0, 2.0])
    assert tg.grad(x * x, x, gy=[1.0, 10.0]).value.tolist() == [2.0, 40.0]
    for wrong in (lambda: tg.grad(x * x, x), lambda: tg.grad(x * x, x, gy=[1.0]), lambda: (x * x).backward()):
        with pytest.raises(tg.GraphError):
            wrong()
    assert x.grad is None


@pytest.mark.parametrize(
    "call",
    [
        lambda x: tg.grad(x, [x, 3]),
        lambda x: tg.grad(x, []),
        lambda x: tg.grad(2.0, x),
        lambda x: tg.constant(1.0).backward(),
        lambda x: tg.stop_gradient(x).backward(),
    ],
)
def test_bad_calls_raise_one_clear_error(call):
    with pytest.raises(tg.GraphError):
        call(tg.parameter(1.0))


def test_integers_have_no_gradient():
    c, w = tg.constant([1, 2]), tg.parameter([1.5, 2.5])
    with pytest.raises(tg.GraphError, match="floating"):
        tg.grad(tg.sum(c * w), [w, c])


def test_a_stale_slice_and_a_stale_weight_outside_of_wrt_are_refused():
    w = tg.parameter(np.ones((2, 2)), name="w")
    h = tg.tanh(w @ np.ones(2))
    sliced, y = tg.sum(w[0]), tg.sum(w @ h)
    w.value = np.full((2, 2), 2.0)
    for call in (sliced.backward, lambda: tg.grad(y, h)):
        with pytest.raises(tg.GraphError, match="after this graph was computed"):
            call()


def test_gradient_nodes_know_step_scope_and_origin():
    w = tg.parameter(0.5)
    with tg.step(7), tg.scope("cell"):
        h = tg.tanh(w)
    h2 = h * h
    g = tg.grad(h2, w)
    assert (g.step, g.scope, g.origin) == (7, "cell", h)
    assert tg.tanh(w).origin is None and tg.tanh(w).step is None


def test_a_graph_from_before_an_update_is_refused():
    w = tg.parameter([1.0])
    y = tg.sum(w * w)
    w.value = w.value - 0.5
    for call in (y.backward, lambda: tg.grad(y, w)):
        with pytest.raises(tg.GraphError, match="after this graph was computed"):
            call()
    assert w.grad is None
    still, moved = tg.parameter([1.0], name="still"), tg.parameter([1.0], name="moved")
    y = tg.sum(still * moved)
    moved.value = [2.0]
    with pytest.raises(tg.GraphError, match=r"the value of parameter 'moved' was set") as caught:
        y.backward()
    assert "still" not in str(caught.value)
    tg.sum(w * w).backward()
    assert w.grad.tolist() == [1.0]


def test_an_error_in_a_rule_leaves_no_trace():
    class Broken(tg.Op):
        def forward(self, x):
            return x * 1

        def backward(self, gz, z, x):
            raise RuntimeError("rule")

    a, b = tg.parameter(1.0), tg.parameter(2.0)
    with tg.step(1):
        y = Broken()(a * b) + b
    for call in (y.backward, lambda: tg.grad(y, a)):
        with pytest.raises(RuntimeError):
            call()
    assert a.grad is None and b.grad is None and tg.tanh(a).step is None and tg.tanh(a).origin is None


@pytest.mark.parametrize(
    "result, problem",
    [
        (lambda gz: (gz, gz), "wrong number"),
        (lambda gz: gz[:1], "wrong shape"),
        (lambda gz: (), "wrong number"),
    ],
)
def test_wrong_rules_are_named(result, problem):
    class Wrong(tg.Op):
        def forward(self, x):
            return x * 1

        def backward(self, gz, z, x):
            return result(gz)

    x = tg.parameter([1.0, 2.0], name="x")
    with tg.step(4):
        y = Wrong()(x, name="mine")
    with pytest.raises(tg.GraphError, match=f"wrong 'mine' at step 4: backward returned a .*{problem}"):
        tg.sum(y).backward()


def test_mixed_dtypes_give_each_input_its_own():
    a, b = tg.parameter(np.ones(2, np.float32)), tg.parameter(np.full(2, 3.0))
    y = tg.sum(a * b)
    y.backward()
    assert y.dtype == np.float64 and a.grad.dtype == np.float32 and b.grad.dtype == np.float64
    assert tg.grad(y, a).dtype == np.float32
    assert (a * 2.0).dtype == np.float32 and (1 / (1 + np.exp(-a))).dtype == np.float32


def test_graph_is_freed_without_the_cycle_collector():
    w = tg.parameter(RNG.normal(size=(3, 3)))
    gc.collect()
    gc.disable()
    try:
        h = tg.constant(np.ones(3))
        for t in range(20):
            with tg.step(t):
                h = tg.tanh(w @ h)
        y = tg.sum(h)
        y.backward()
        g = tg.grad(y, w)
        refs = [weakref.ref(h), weakref.ref(y), weakref.ref(g)]
        del h, y, g
        assert [r() for r in refs] == [None] * 3
    finally:
        gc.enable()


@pytest.mark.parametrize("gy", [np.array([1.0, 2.0]), np.array([1, 2]), [1.0, 2.0], tg.constant([1.0, 2.0])])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_seed_takes_the_dtype_of_what_is_differentiated(gy, dtype):
    """gy is often float64 or integers, where y is float32: the gradient is y's, at once and on the way."""
    w = tg.parameter(np.array([1.0, 3.0], dtype))
    y = w * 1.0
    assert tg.grad(y, y, gy).dtype == dtype and tg.grad(y, w, gy).dtype == dtype
    assert tg.vjp(lambda x: x * x, np.ones(2, dtype))[1](gy)[0].dtype == dtype
    y.backward(gy)
    assert w.grad.dtype == dtype and w.grad.tolist() == [1, 2]
    seen = []
    spy = Spy(seen)
    tg.grad(spy(w), w, gy)
    spy(w).backward(gy)
    assert seen == [dtype, dtype]


class Spy(tg.Op):
    """z = x; it notes the dtype of each gradient that arrives."""

    def __init__(self, seen):
        self.seen = seen

    def forward(self, x):
        return x * 1

    def backward(self, gz, z, x):
        self.seen.append(gz.dtype.type)
        return gz


@pytest.mark.parametrize("order", [("f4", "f8"), ("f8", "f4"), ("f4", "f4")])
@pytest.mark.parametrize("rows", [3, 200])
def test_products_of_one_weight_with_inputs_of_two_dtypes(order, rows):
    """Their factors are joined; the sum is made in the wider dtype, and the gradient has the weight's own."""
    w = tg.parameter(np.array([[0.5, -1.0], [2.0, 0.25]], np.float32))
    xs = [RNG.normal(size=(rows, 2)).astype(dtype) for dtype in order]
    loss = sum(tg.sum(tg.square(x @ w)) for x in xs)
    loss.backward()
    assert w.grad.dtype == np.float32
    expected = sum(2 * x.astype(float).T @ (x.astype(float) @ w.value.astype(float)) for x in xs)
    np.testing.assert_allclose(w.grad, expected, rtol=2e-5)
    np.testing.assert_allclose(w.grad, tg.grad(loss, w).value, rtol=2e-5)
