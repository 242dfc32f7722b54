"""Every op of the vocabulary: value, inference, layouts, dtypes, gradients of order 1 and 2, the local functions."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.arrays import assert_close
from tests.each import each
from tinygraph.core.op import Spec

from . import (
    contraction_cases,
    elementwise_cases,
    linalg_cases,
    running_cases,
    structure_cases,
    writing_cases,
)
from .case import Case
from .slopes import along, directions, inner
from .vocabulary import NAMES

FILES = elementwise_cases, structure_cases, running_cases, contraction_cases, linalg_cases, writing_cases
CASES: list[Case] = [case for file in FILES for case in file.CASES]
ACTIVATIONS = ["elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "mish", "selu", "silu", "softsign"]
FUNCTIONS = {"split": "test_shape.py"} | dict.fromkeys(ACTIVATIONS, "test_activations.py")
"""Names of the vocabulary that are plain functions of ops, and the file that tests them."""


def one_test_an_op(cases: list[Case]) -> Any:
    return each("case", cases, [case.id for case in cases], by=lambda case: case.name)


every_case = one_test_an_op(CASES)
every_gradient = one_test_an_op([case for case in CASES if case.differentiable])
every_dtype = each("dtype", [np.float32, np.float64])

TOLERANCE = {np.float32: 2e-5, np.float64: 1e-12}


def close(got: Any, expected: Any, tolerance: float) -> None:
    assert_close(got, expected, tolerance, tolerance)


def leaves(case: Case, arrays: list[np.ndarray]) -> list[tg.Node]:
    return [tg.parameter(x) if i in case.floating else tg.constant(x) for i, x in enumerate(arrays)]


def chosen(case: Case, items: Any) -> list[Any]:
    return [items[i] for i in case.differentiable]


def gradients(case: Case, nodes: list[tg.Node], gz: Any) -> list[tg.Node]:
    return tg.grad(case.call(nodes), chosen(case, nodes), gz)


def weights(case: Case, seed: int = 5) -> np.ndarray:
    """A gradient that arrives, different at every place of the result."""
    return directions([case.answer(case.arrays(np.float64))], seed)[0]


def test_every_name_of_the_vocabulary_has_a_case() -> None:
    named = {case.name for case in CASES} | FUNCTIONS.keys()
    assert set(NAMES) == named, "write a Case in tests/ops/*_cases.py"
    assert {name for name in NAMES if not isinstance(getattr(tg.ops, name), tg.Op)} == FUNCTIONS.keys()


def test_every_op_has_a_case_without_elements() -> None:
    assert {case.name for case in CASES if any(x.size == 0 for x in case.inputs)} == {case.name for case in CASES}


def test_every_binary_op_is_stretched_on_both_sides() -> None:
    from tinygraph.ops.broadcasting import Elementwise

    for name in NAMES:
        op = getattr(tg.ops, name)
        if isinstance(op, Elementwise) and op.arity > 1:
            shapes = [[x.shape for x in case.inputs] for case in CASES if case.name == name]
            assert op.leads or any(a[-1] != b[-1] and len(a) < len(b) for a, b, *_ in map(_padded, shapes)), name
            assert any(a[-1] != b[-1] and len(b) < len(a) for a, b, *_ in map(_padded, shapes)), name


def _padded(shapes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    return [s or (1,) for s in shapes]


@every_dtype
@every_case
def test_value_shape_and_dtype(case: Case, dtype: Any) -> None:
    arrays = case.arrays(dtype)
    z, answer = case.call(arrays), case.answer(arrays)
    assert z.shape == answer.shape
    assert z.dtype == case.dtype(arrays)
    close(z.value, answer, TOLERANCE[dtype])


@every_dtype
@every_case
def test_inference_and_the_local_forward_agree_with_the_node(case: Case, dtype: Any) -> None:
    arrays = case.arrays(dtype)
    z = case.call(arrays)
    inferred = case.op.infer(*(Spec(x.shape, x.dtype) for x in arrays), **case.attributes)
    assert inferred == Spec(z.shape, z.dtype)
    local = case.op.forward(*arrays, **case.attributes)
    assert np.shape(local) == z.shape
    assert np.asarray(local).dtype == z.dtype
    np.testing.assert_array_equal(local, z.value)
    flops = case.op.flops(*(Spec(x.shape, x.dtype) for x in arrays), **case.attributes)
    assert isinstance(flops, int) and flops >= 0


@every_case
def test_the_result_has_the_name_that_the_call_gives(case: Case) -> None:
    arrays = case.arrays(np.float64)
    assert case.op(*leaves(case, arrays), name="z", **case.attributes).name == "z"
    assert case.op(*leaves(case, arrays), **case.attributes).name is None


def _strided(x: np.ndarray) -> np.ndarray:
    wide = np.full([2 * n for n in x.shape], np.asarray(77).astype(x.dtype))
    every_other = tuple(slice(None, None, 2) for _ in x.shape)
    wide[every_other] = x
    return wide[every_other]


def _backwards(x: np.ndarray) -> np.ndarray:
    turned = tuple(slice(None, None, -1) for _ in x.shape)
    return np.ascontiguousarray(x[turned]).reshape(x.shape)[turned]


@every_case
def test_the_memory_layout_does_not_matter(case: Case) -> None:
    plain, gz = case.arrays(np.float64), weights(case)
    for layout in (np.asfortranarray, _strided, _backwards):
        _same_in_layout(case, plain, gz, layout)


def _same_in_layout(case: Case, plain: list[np.ndarray], gz: np.ndarray, layout: Any) -> None:
    # np.asfortranarray gives an array without axes one.
    arrays, gz = [layout(x).reshape(x.shape) for x in plain], layout(gz).reshape(gz.shape)
    z = case.op.forward(*arrays, **case.attributes)
    close(z, case.op.forward(*plain, **case.attributes), 1e-14)
    if case.differentiable:
        left = case.op.backward(gz, z, *arrays, **case.attributes)
        right = case.op.backward(np.array(gz), z, *plain, **case.attributes)
        for a, b in zip(_listed(left), _listed(right), strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                close(a, b, 1e-13)
    for x, y in zip(arrays, plain, strict=True):
        np.testing.assert_array_equal(x, y, "an op changed its input")


def _listed(found: Any) -> list[Any]:
    return list(found) if isinstance(found, (list, tuple)) else [found]


@every_gradient
def test_gradient_against_differences_of_the_reference(case: Case) -> None:
    arrays, gz = case.arrays(np.float64), weights(case)
    for seed in (1, 2):
        moves = _moves(case, arrays, seed)
        slope = along(lambda *x: np.sum(gz * case.answer(list(x))), arrays, moves)
        found = gradients(case, leaves(case, arrays), gz)
        close(inner([g.value for g in found], chosen(case, moves)), slope, 1e-8)


def _moves(case: Case, arrays: list[np.ndarray], seed: int) -> list[np.ndarray]:
    """Random directions for the inputs that a gradient reaches; the others stay."""
    moves = directions(arrays, seed)
    return [
        v if i in case.differentiable else np.zeros_like(x) for i, (v, x) in enumerate(zip(moves, arrays, strict=True))
    ]


@every_gradient
def test_second_order_against_differences(case: Case) -> None:
    """s = <gradient, v> has the slope of the reference along v as its derivative by gz, and a Hessian by the inputs."""
    arrays, gz = case.arrays(np.float64), weights(case)
    v, u = _moves(case, arrays, 3), _moves(case, arrays, 4)

    def s(nodes: list[tg.Node], by: Any) -> tg.Node:
        total = tg.constant(0.0)
        for g, direction in zip(gradients(case, nodes, by), chosen(case, v), strict=True):
            total = total + tg.sum(g * direction)
        return total

    nodes, by = leaves(case, arrays), tg.parameter(gz)
    *second, by_gz = tg.grad(s(nodes, by), [*chosen(case, nodes), by])
    close(by_gz.value, along(lambda *x: case.answer(list(x)), arrays, v), 1e-8)
    slope = along(lambda *x: s(leaves(case, list(x)), gz).item(), arrays, u)
    close(inner([g.value for g in second], chosen(case, u)), slope, 1e-7)


@every_dtype
@every_gradient
def test_gradients_have_the_shape_and_dtype_of_their_inputs(case: Case, dtype: Any) -> None:
    arrays = case.arrays(dtype)
    gz = weights(case).astype(case.dtype(arrays))
    nodes = leaves(case, arrays)
    found = gradients(case, nodes, gz)
    exact = gradients(case, leaves(case, [x.astype(float) if x.dtype.kind == "f" else x for x in arrays]), gz)
    for g, x, right in zip(found, chosen(case, nodes), exact, strict=True):
        assert (g.shape, g.dtype) == (x.shape, x.dtype)
        close(g.value, right.value, 10 * TOLERANCE[dtype])


@every_dtype
@every_gradient
def test_the_local_backward_is_the_nodes_gradient(case: Case, dtype: Any) -> None:
    arrays = case.arrays(dtype)
    z = case.op.forward(*arrays, **case.attributes)
    gz = weights(case).astype(case.dtype(arrays))
    local = _listed(case.op.backward(gz, z, *arrays, **case.attributes))
    nodes = leaves(case, arrays)
    assert len(local) == len(arrays)
    for g, right in zip(chosen(case, local), gradients(case, nodes, gz), strict=True):
        assert not isinstance(g, tg.Node)
        assert (g.shape, g.dtype) == (right.shape, right.dtype)
        close(g, right.value, TOLERANCE[dtype])
    case.call(nodes).backward(gz)  # type: ignore[attr-defined]
    for x, right in zip(chosen(case, nodes), gradients(case, nodes, gz), strict=True):
        assert x.grad.dtype == x.dtype
        close(x.grad, right.value, TOLERANCE[dtype])


@each("odd", [0, 1])
@one_test_an_op([case for case in CASES if case.differentiable and len(case.floating) > 1])
def test_mixed_dtypes_promote_and_each_gradient_keeps_its_own(case: Case, odd: int) -> None:
    arrays = case.arrays(np.float64)
    arrays[case.floating[odd]] = arrays[case.floating[odd]].astype(np.float32)
    nodes = leaves(case, arrays)
    z = case.call(nodes)
    assert z.dtype == case.dtype(arrays)
    assert case.op.infer(*(Spec(x.shape, x.dtype) for x in arrays), **case.attributes).dtype == z.dtype
    gz = weights(case).astype(z.dtype)
    exact = gradients(case, leaves(case, [x.astype(float) if x.dtype.kind == "f" else x for x in arrays]), gz)
    for g, x, right in zip(tg.grad(z, chosen(case, nodes), gz), chosen(case, nodes), exact, strict=True):
        assert g.dtype == x.dtype
        close(g.value, right.value, 2e-4)


@one_test_an_op([case for case in CASES if not case.differentiable and case.floating])
def test_ops_without_gradient_say_so_by_zeros(case: Case) -> None:
    x = leaves(case, case.arrays(np.float64))
    found = tg.grad(case.call(x), chosen_floating(case, x), np.ones(case.call(x).shape))
    assert all(not g.value.any() and g.shape == n.shape for g, n in zip(found, chosen_floating(case, x), strict=True))


def chosen_floating(case: Case, nodes: list[tg.Node]) -> list[tg.Node]:
    return [nodes[i] for i in case.floating]


@one_test_an_op([case for case in CASES if case.differentiable and case.op.selective])
def test_a_backward_gives_all_gradients_or_those_that_are_wanted(case: Case) -> None:
    arrays = case.arrays(np.float64)
    z = case.op.forward(*arrays, **case.attributes)
    gz = np.cos(np.arange(z.size)).reshape(z.shape)
    whole = case.op.backward(gz, z, *arrays, **case.attributes)
    for i in case.differentiable:
        wanted = tuple([k == i for k in range(len(arrays))])
        alone = case.op.backward(gz, z, *arrays, **case.attributes, wanted=wanted)
        np.testing.assert_array_equal(alone[i], whole[i])
        assert whole[i].shape == arrays[i].shape
        assert all(alone[k] is None for k in case.differentiable if k != i)
