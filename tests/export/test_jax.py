"""Pure functions of JAX: within `jit`, `grad` and `vmap`, on two devices, on two processes, and as a backend."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tests.house.sources import ROOT
from tests.told import told

jax = pytest.importorskip("jax")

T, B, I, H = 6, 4, 3, 5  # noqa: E741  the axes' names
rng = np.random.default_rng(0)
XS, LABELS = rng.normal(size=(T, B, I)), rng.integers(0, 2, size=(T, B))


@pytest.fixture(autouse=True)
def two_wide_devices() -> None:
    from tests.targets.jax import ready

    ready()


def network() -> tuple[Any, dict[str, tg.Parameter]]:
    cell, V = tg.cells.GRU(I, H, rng=0, dtype=np.float64), tg.parameter(rng.normal(size=(H, 2)), "V")

    def loss(xs: Any, labels: Any) -> Any:
        return tg.mean(tg.softmax_cross_entropy(tg.unroll(cell, xs)[0] @ V, labels))

    return loss, {**cell.parameters(), "V": V}


def close(got: Any, right: Any) -> None:
    for name, g in right.items():
        np.testing.assert_allclose(np.asarray(got[name]), g.value, 1e-12, 1e-15)


def test_jax_differentiates_it_and_maps_it() -> None:
    loss, parameters = network()
    pure = tg.export.jax(loss, parameters)
    close(jax.jit(jax.grad(pure))(pure.values, XS, LABELS), tg.grad(loss(XS, LABELS), parameters))
    both = jax.vmap(lambda xs: pure(pure.values, xs, LABELS))(np.stack([XS, 2 * XS]))
    np.testing.assert_allclose(both, [loss(XS, LABELS).item(), loss(2 * XS, LABELS).item()], 1e-12)


def test_a_parameter_that_is_a_result_is_an_array_of_jaxs_too() -> None:
    w = tg.parameter([1.0, 2.0])
    pure = tg.export.jax(lambda x: (w, w * x), w)
    values, product = pure(pure.values, np.ones(2))
    assert isinstance(values, jax.Array) and isinstance(product, jax.Array)


def test_two_devices_give_the_gradient_of_one_and_gather_nothing() -> None:
    loss, parameters = network()
    gradient = tg.value_and_grad(loss, parameters)
    step = jax.jit(tg.export.jax(gradient, parameters, devices=2, split={"xs": 1, "labels": 1}))
    values = {name: p.value for name, p in parameters.items()}
    close(step(values, XS, LABELS)[1], tg.grad(loss(XS, LABELS), parameters))
    text = step.lower(values, XS, LABELS).compile().as_text()
    assert "all-reduce" in text and "all-gather" not in text


def test_labels_become_rows_in_the_floats_that_jax_has_and_no_warning_comes() -> None:
    pure = tg.export.jax(lambda labels: 2.0 * tg.one_hot(labels, 3))
    for wide, dtype in ((False, "float32"), (True, "float64")):
        with jax.enable_x64(wide):
            rows = pure({}, np.array([2, 0]))
        assert rows.dtype == dtype and rows.tolist() == [[0, 0, 2], [2, 0, 0]]


def test_sums_and_counts_of_a_ragged_batch() -> None:
    cell = tg.cells.RNN(I, H, rng=0, dtype=np.float64)
    lengths = np.array([6, 2, 1, 3])

    def sums(xs: Any, lengths: Any) -> Any:
        outputs, _ = tg.unroll(cell, xs, lengths=lengths)
        return tg.sum(tg.square(outputs)), tg.sum(lengths)

    pure = tg.export.jax(sums, cell.parameters(), devices=2, split={"xs": 1, "lengths": 0}, combine="sum")
    total, count = pure(pure.values, XS, lengths)
    alone, _ = sums(XS, lengths)
    assert int(count) == 12 and float(total) == pytest.approx(alone.item(), rel=1e-12)


@each(
    "call, words, lines",
    [
        (
            lambda f, p: tg.export.jax(f, p, devices=2, split={"xs": 1, "labels": 1})(0, XS[:, :3], LABELS[:, :3]),
            "divide",
            "egf",
        ),
        (lambda f, p: tg.export.jax(f, p, devices=99, split={"xs": 1}), "so many devices", "egf"),
        (lambda f, p: tg.export.jax(f, p, devices=2, split={"z": 1}), "no argument", "e"),
        (lambda f, p: tg.export.jax(f, p)({"V": 1}, XS, LABELS), "do not fit", "eg"),
        (lambda f, p: tg.export.jax(f, {"V": 1.0}), "a parameter is none", "egf"),
        (lambda f, p: tg.export.jax(f, p, combine="max"), "combine", "eg"),
        (lambda f, p: tg.export.jax(lambda x: x + tg.noise(rng.random, (3,)))({}, np.ones(3)), "outside", "gf"),
        (lambda f, p: tg.export.jax(tg.Dropout(0.5, rng=0))({}, np.ones(3)), r"net.eval\(\)", "gf"),
        (lambda f, p: tg.export.jax(f, p, devices=2, split=["xs"]), "no dict of axes", "eg"),
        (lambda f, p: tg.export.jax(f, p, devices=2, split={"xs": 1.0}), "no dict of axes", "eg"),
        (lambda f, p: tg.export.jax(f, p, devices=2, split={"xs": 1, "labels": True}), "no dict of axes", "eg"),
        (lambda f, p: tg.export.jax(f, p, devices=0), "so many devices", "egf"),
        (lambda f, p: tg.export.jax(f, p, devices=2, split={"xs": 3, "labels": 1})(0, XS, LABELS), "divide", "egf"),
        (lambda f, p: tg.export.jax(tg.cells.GRU), "can be called", "gf"),
        (lambda f, p: tg.export.jax(tg.train.step(f, p, tg.train.Adam(p)), p), 'backend="jax"', "f"),
    ],
    ids=[
        *("divide", "devices", "split", "values", "parameter", "combine", "noise", "dropout", "names"),
        *("float", "truth", "none"),
        *("axis", "class", "step"),
    ],
)
def test_a_wrong_call_is_one_error(call: Any, words: str, lines: str) -> None:
    with pytest.raises(tg.GraphError, match=words) as refusal:
        call(*network())
    assert told(refusal.value) == lines


def test_values_fit_by_keys_lengths_and_shapes() -> None:
    """Lists stand for tuples, and keys may come in any order; what does not fit is named."""
    a, b, c = (tg.parameter(np.full(shape, 2.0), name) for shape, name in (((2,), "a"), ((2, 3), "b"), ((), "c")))
    pure = tg.export.jax(lambda x: x * (tg.sum(a) + tg.sum(b) + c), {"a": a, "more": [b, (c,)]})
    right: Any = {"more": (np.ones((2, 3)), [1.0]), "a": np.array([3.0, 4.0])}
    assert float(pure(right, 2.0)) == 2 * (7 + 6 + 1) and float(pure(pure.values, 1.0)) == 18.0
    wrong: list[tuple[Any, str]] = [
        (right | {"a": np.ones(3)}, "at <parameter 'a'"),
        (right | {"a": {"a": np.ones(2)}}, "at <parameter 'a'"),
        ({"a": right["a"]}, "at {"),
        (right | {"other": 1.0}, "at {"),
        ([right["a"], right["more"]], "at {"),
        (None, "at {"),
        (right | {"more": right["more"][:1]}, "at ["),
        (right | {"more": {0: right["more"][0], 1: [1.0]}}, "at ["),
        (right | {"more": np.ones(2)}, "at ["),
        (right | {"more": (np.ones((2, 3)), 1.0)}, "at ("),
        (right | {"more": (np.ones((3, 2)), [1.0])}, "at <parameter 'b'"),
    ]
    for values, place in wrong:
        with pytest.raises(tg.GraphError, match="the values do not fit the parameters") as refusal:
            pure(values, 1.0)
        assert place in str(refusal.value) and told(refusal.value) == "eg", str(refusal.value)
        assert "arrays in the nesting and of the shapes of pure.values" in str(refusal.value)
    single = tg.export.jax(lambda x: x * tg.sum(a), a)
    assert float(single(np.ones(2), 3.0)) == 6.0
    with pytest.raises(tg.GraphError, match="do not fit"):
        single([np.ones(2)], 3.0)


def test_axes_from_the_end_arguments_by_name_and_dropout_in_evaluation() -> None:
    loss, parameters = network()
    split = {"xs": -2, "labels": -1}
    pure = tg.export.jax(loss, parameters, devices=2, split=split)
    assert float(pure(pure.values, XS, LABELS)) == pytest.approx(loss(XS, LABELS).item(), rel=1e-12)
    by_name = tg.export.jax(loss, parameters)
    assert float(by_name(by_name.values, labels=LABELS, xs=XS)) == pytest.approx(loss(XS, LABELS).item(), rel=1e-12)
    stack = tg.cells.Stack.of(tg.cells.GRU, I, H, num_layers=2, dropout=0.5, rng=0, dtype=np.float64)
    net = tg.Recurrent(stack)
    pure = tg.export.jax(net)
    with pytest.raises(tg.GraphError, match="draws random numbers"):
        pure(pure.values, XS)
    net.eval()
    np.testing.assert_allclose(pure(pure.values, XS)[0], net(XS)[0].value, 1e-12)


E = tg.parameter(rng.normal(size=(3, 2)), "E")
ROWS = tg.cells.RNN(2, 2, rng=0, dtype=np.float64)
LIMITED: dict[str, tuple[Any, Any, tuple[Any, ...]]] = {
    "take": (lambda i: E[i], np.array([0, -3, 2]), (3, -4)),
    "take of columns": (lambda i: np.take(E, i, axis=1), np.array([1, -2]), (2, -3)),
    "pick": (lambda i: E[1:, i][:, None], np.array([0, 1]), (2, -3)),
    "pick after": (lambda i: E[None, ..., i, 1], np.array([0, 1]), (3, -4)),
    "labels": (lambda i: tg.softmax_cross_entropy(E, i), np.array([0, 1, 1]), (2, -1)),
    "one-hot": (lambda i: tg.one_hot(i, 3), np.array([0, 2], np.uint8), (3, 255)),
    "lengths": (lambda i: tg.unroll(ROWS, np.ones((4, 2, 2)), lengths=i)[1], np.array([4, 0]), (5, -1)),
    "in a loop": (lambda i: tg.unroll(lambda k, h: (h + E[k],) * 2, i, np.zeros(2))[0], np.array([0, 1]), (3, -4)),
    "gradient alone": (lambda i: tg.grad(tg.sum(E[i] * 2.0), E), np.array([0, 1]), (3, -4)),
    "written": (tg.recorded(lambda i: written(i)), np.array([0, 1]), (3, -4)),
}


def written(i: Any) -> Any:
    x = E[:, 0] * 1
    x[i] = 5.0
    return x * 1


def test_what_is_out_of_range_raises_or_is_not_a_number() -> None:
    """In a compiled function it raises as by numpy; a pure one, which cannot raise, gives NaN in every place."""
    for name, (fn, right, wrong) in LIMITED.items():
        step, pure = tg.compile(fn, backend="jax"), jax.jit(tg.export.jax(fn, [E]))
        expected = tg.compile(fn, backend="numpy")
        np.testing.assert_allclose(step(right), expected(right), 1e-12, err_msg=name)
        np.testing.assert_allclose(pure([E.value], right), expected(right), 1e-12, err_msg=name)
        for number in wrong:
            bad = right.copy()
            bad[-1] = number
            with pytest.raises(tg.GraphError) as theirs:
                expected(bad)
            with pytest.raises(tg.GraphError) as ours:
                step(bad)
            assert str(ours.value) == str(theirs.value), name
            assert np.isnan(pure([E.value], bad)).all(), name


def test_a_gradient_by_jax_through_what_is_out_of_range_is_not_a_number() -> None:
    pure = tg.export.jax(lambda i: tg.sum(E[i]), [E])
    assert np.isfinite(jax.grad(pure)([E.value], np.array([0, 1]))[0]).all()
    assert np.isnan(jax.grad(pure)([E.value], np.array([0, 3]))[0][0]).all()
    many = jax.vmap(pure, (None, 0))([E.value], np.array([[0, 1], [0, 3]]))
    assert np.isnan(many).tolist() == [False, True]


def test_an_op_of_the_user_is_called_back() -> None:
    class Cubed(tg.Op):
        """z = x³"""

        def forward(self, x: Any) -> Any:
            return x**3

        def backward(self, gz: Any, z: Any, x: Any) -> Any:
            return gz * 3 * x**2

    cubed, w = Cubed(), tg.parameter(2.0, "w")
    pure = tg.export.jax(tg.value_and_grad(lambda x: tg.sum(cubed(w * x)), [w]), [w])
    value, (slope,) = jax.jit(pure)([2.0], np.arange(3.0))
    assert float(value) == 72.0 and float(slope) == 108.0


def test_as_a_backend_it_reads_parameters_and_draws_anew_at_each_call() -> None:
    loss, parameters = network()
    step = tg.compile(tg.value_and_grad(loss, parameters), backend="jax")
    for _ in range(2):
        value, gradients = step(XS, LABELS)
        assert value.dtype == np.float64 and value == pytest.approx(loss(XS, LABELS).item(), rel=1e-12)
        close(gradients, tg.grad(loss(XS, LABELS), parameters))
        parameters["V"].value = -parameters["V"].value
    noisy = tg.compile(lambda x: x + tg.noise(lambda shape: rng.normal(size=shape), x.shape), backend="jax")
    assert (noisy(np.zeros(3)) != noisy(np.zeros(3))).all()


def test_a_training_step_by_jax_is_that_by_numpy() -> None:
    ends = []
    for backend in ("numpy", "jax"):
        w = tg.parameter(np.ones(3), "w")
        adam = tg.train.Adam([w], learning_rate=0.1)
        step = tg.train.step(lambda x, w=w: tg.mean(tg.square(w * x - 2.0)), [w], adam, clip=1.0, backend=backend)
        for _ in range(5):
            step(np.arange(1.0, 4.0))
        ends.append(w.value)
    np.testing.assert_allclose(*ends, 1e-12)


def test_two_processes_give_the_gradient_of_one() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    places = {"JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT), "XLA_FLAGS": ""}
    command = [sys.executable, str(ROOT / "examples" / "jax_processes.py"), address, "2"]
    pair = [
        subprocess.Popen(
            [*command, str(k)],
            env={**os.environ, **places},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for k in (0, 1)
    ]
    for process in pair:
        said = process.communicate(timeout=240)[0]
        line = re.search(r"apart (\S+), (\S+) ms, one process (\S+) ms, all-gather False", said)
        assert line, said[-2000:]
        assert float(line[1]) < 1e-12 and float(line[2]) > 0 < float(line[3])
