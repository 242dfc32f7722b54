"""An op of the user's, in five lines, has all that the built-in ones have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.ops.slopes import along, directions, inner
from tinygraph.core.op import Spec
from tinygraph.core.scope import Kept
from tinygraph.core.traced import Live, Tracing


class SoftSign(tg.Op):
    def forward(self, x: Any) -> Any:
        return x / (1 + np.abs(x))

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz / (1 + np.abs(x)) ** 2


class BiasedProduct(tg.Op):
    """z = scale (x @ w) + b, a rule with three inputs, a setting, and a sum for the bias."""

    def forward(self, x: Any, w: Any, b: Any, scale: Any = 1.0) -> Any:
        return scale * np.matmul(x, w) + b

    def backward(self, gz: Any, z: Any, x: Any, w: Any, b: Any, scale: Any = 1.0) -> Any:
        return scale * (gz @ w.T), scale * (x.T @ gz), np.sum(gz, axis=0)


soft_sign = SoftSign()
biased_product = BiasedProduct()
ARRAYS = [
    np.array([[0.5, -1.5, 2.0], [1.0, 0.3, -0.7]]),
    np.array([[1.0, 2.0], [0.5, -1.0], [0.2, 0.9]]),
    np.array([0.1, -0.4]),
]


class Ramp(tg.Op):
    """z = 0, step, ... of ``count`` numbers, of no input."""

    def forward(self, count: int = 2, step: float = 1.0) -> Any:
        return step * np.arange(float(count))

    def backward(self, gz: Any, z: Any, count: int = 2, step: float = 1.0) -> Any:
        return ()


def test_an_op_without_inputs_takes_its_settings_by_place() -> None:
    ramp = Ramp()
    for node in (ramp(3), ramp(count=3), ramp(3, step=1.0), ramp(3, 1.0)):
        assert node.value.tolist() == [0.0, 1.0, 2.0] and node.inputs == ()
    assert ramp().value.tolist() == [0.0, 1.0]
    with pytest.raises(tg.GraphError, match=r"(?s)wrong number of arguments.*0 inputs, count, step.*3 arguments"):
        ramp(3, 1.0, 2)
    w = tg.parameter([1.0, 2.0, 4.0])
    assert tg.grad(tg.sum(ramp(3, 2.0) * w), w).value.tolist() == [0.0, 2.0, 4.0]


def test_names_and_labels() -> None:
    node = soft_sign(tg.constant([1.0]), name="squash")
    assert (soft_sign.name, biased_product.name) == ("soft_sign", "biased_product")
    assert (node.name, node.op, node.label()) == ("squash", soft_sign, "soft_sign 'squash'")
    assert repr(soft_sign) == "<op soft_sign>"
    with tg.step(4), tg.scope("cell"):
        assert (soft_sign(1.0).step, soft_sign(1.0).scope) == (4, "cell")


def test_it_is_drawn_by_its_name() -> None:
    source = tg.draw(soft_sign(tg.parameter([1.0], name="x"), name="squash")).source
    assert "soft_sign" in source and "squash" in source


def test_values_inference_and_local_functions() -> None:
    x = np.array([[-3.0, 0.25]])
    np.testing.assert_array_equal(soft_sign.forward(x), [[-0.75, 0.2]])
    np.testing.assert_array_equal(soft_sign(x).value, [[-0.75, 0.2]])
    np.testing.assert_allclose(soft_sign.backward(np.ones((1, 2)), soft_sign.forward(x), x), [[1 / 16, 0.64]])
    assert biased_product.infer(*(Spec(a.shape, a.dtype) for a in ARRAYS)) == Spec((2, 2), np.dtype(float))
    assert biased_product.flops(*(Spec(a.shape, a.dtype) for a in ARRAYS)) == 4
    spec = Spec((2, 3), np.dtype(bool))
    assert (spec.ndim, spec.size, Spec((), spec.dtype).ndim, Spec((), spec.dtype).size) == (2, 6, 0, 1)


@pytest.mark.parametrize("scale", [1.0, -2.0])
def test_gradients_of_both_orders(scale: float) -> None:
    def loss(*nodes: Any) -> tg.Node:
        return tg.sum(soft_sign(biased_product(*nodes, scale=scale)) * np.array([[1.0, 2.0], [3.0, -4.0]]))

    def slope_along(*arrays: Any) -> tg.Node:
        nodes = [tg.parameter(a) for a in arrays]
        return tg.sum(tg.stack([tg.sum(g * d) for g, d in zip(tg.grad(loss(*nodes), nodes), v, strict=True)]))

    v, u = directions(ARRAYS, 1), directions(ARRAYS, 2)
    assert slope_along(*ARRAYS).item() == pytest.approx(along(lambda *a: loss(*a).item(), ARRAYS, v), rel=1e-7)
    nodes = [tg.parameter(a) for a in ARRAYS]
    total = tg.sum(tg.stack([tg.sum(g * d) for g, d in zip(tg.grad(loss(*nodes), nodes), v, strict=True)]))
    second = inner([g.value for g in tg.grad(total, nodes)], u)
    assert second == pytest.approx(along(lambda *a: slope_along(*a).item(), ARRAYS, u), rel=1e-7)
    loss(*nodes).backward()  # type: ignore[attr-defined]
    for node, g in zip(nodes, tg.grad(loss(*nodes), nodes), strict=True):
        np.testing.assert_allclose(node.grad, g.value, rtol=1e-14)


def test_settings_work_by_place_and_by_name() -> None:
    by_place, by_name = biased_product(*ARRAYS, 3.0), biased_product(*ARRAYS, scale=3.0)
    np.testing.assert_array_equal(by_place.value, by_name.value)
    assert by_place.attributes == by_name.attributes == {"scale": 3.0}


def test_bad_calls_name_the_op() -> None:
    with pytest.raises(tg.GraphError, match=r"biased_product: [\s\S]*got +biased_product\(\(2, 3\) float64"):
        biased_product(ARRAYS[0], ARRAYS[0], ARRAYS[2])
    with pytest.raises(tg.GraphError, match=r"soft_sign: wrong number[\s\S]*expected +1 inputs[\s\S]*got +2 arg"):
        soft_sign(1.0, 2.0)
    with pytest.raises(tg.GraphError, match=r"biased_product has no setting bias[\s\S]*expected +scale"):
        biased_product(*ARRAYS, bias=0)


def test_traced_an_error_names_the_op_as_it_does_eagerly() -> None:
    """By its name, the node's and the step, whether `forward`, `infer` or numpy says it."""
    x, told = tg.constant(np.ones((2, 3))), []
    calls = {
        "concatenate 'joined' at step 2: shapes differ": lambda: tg.concatenate([x, x[:, :1].T], name="joined"),
        "matmul 'product' at step 2: inner sizes differ": lambda: tg.matmul(x, x, name="product"),
        "biased_product 'both' at step 2: ": lambda: biased_product(x, x, x, name="both"),
    }
    for begins, call in calls.items():
        with pytest.raises(tg.GraphError) as eager, tg.step(2):
            call()
        with pytest.raises(tg.GraphError) as traced, Kept(), Tracing(), tg.step(2):
            call()
        assert str(eager.value).startswith(begins) and str(traced.value).startswith(begins)
        told.append(str(eager.value) == str(traced.value))
        assert eager.value.__cause__ is None or isinstance(eager.value.__cause__, ValueError)
    assert told == [True] * 3


def test_a_node_that_left_a_compiled_function_has_no_value() -> None:
    with Kept(), Tracing():
        left = tg.constant([1.0, 2.0]) * 2.0
    for call in (lambda: left + 1.0, lambda: tg.sum(left, name="total"), lambda: soft_sign(left)):
        with pytest.raises(tg.GraphError, match="multiply belongs to a compiled function and has no value") as error:
            call()
        assert "test_op.py" in str(error.value) and "return it from the function" in str(error.value)
    with pytest.raises(tg.GraphError, match="cannot be read"):
        Live(Spec((), np.dtype(float))).read()


def _broken(result: Any) -> tg.Op:
    class Broken(tg.Op):
        def forward(self, x: Any, y: Any) -> Any:
            return x * y

        def backward(self, gz: Any, z: Any, x: Any, y: Any) -> Any:
            return result(gz, x, y)

    return Broken()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda gz, x, y: gz, r"broken: backward returned a wrong number[\s\S]*expected +2[\s\S]*got +1"),
        (lambda gz, x, y: (gz, gz, gz), r"broken: backward returned a wrong number[\s\S]*expected +2[\s\S]*got +3"),
        (
            lambda gz, x, y: (gz * y, gz * x),
            r"broken: backward returned a gradient of the wrong shape for parameter 'y'"
            r"[\s\S]*expected +\(3,\)[\s\S]*got +\(2, 3\)[\s\S]*fix +.*sum_to",
        ),
    ],
)
@pytest.mark.parametrize(
    "way", [lambda z, nodes: tg.grad(z, nodes), lambda z, nodes: z.backward()], ids=["grad", "backward"]
)
def test_a_wrong_rule_is_refused(rule: Any, message: str, way: Any) -> None:
    nodes = [tg.parameter(np.ones((2, 3)), "x"), tg.parameter(np.ones(3), "y")]
    with pytest.raises(tg.GraphError, match=message):
        way(tg.sum(_broken(rule)(*nodes)), nodes)
    assert all(node.grad is None for node in nodes)


def test_an_op_without_rule_says_which_one_is_missing() -> None:
    class Half(tg.Op):
        def forward(self, x: Any) -> Any:
            return x / 2

    with pytest.raises(tg.GraphError, match=r"half has no gradient[\s\S]*fix +define Half.backward"):
        x = tg.parameter(1.0)
        tg.grad(Half()(x), x)
    with pytest.raises(tg.GraphError, match=r"nothing has no forward[\s\S]*fix +define Nothing.forward"):
        type("Nothing", (tg.Op,), {})()()
