"""Each local rule: what is written one way becomes the other, and what must stay stays."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.passes import Rules, fold_constants, simplify

from .graphs import assert_same_numbers, ops_of, run, trace

X, Y = np.random.default_rng(0).normal(size=(2, 3, 4)), np.random.default_rng(1).normal(size=(3, 4))
V = Y[0]

RULES = {
    "add zero": (lambda x, y: x + 0.0, []),
    "add zeros that broadcast": (lambda x, y: 0 + y + np.zeros((1, 4)), ["add"]),
    "add a zero that widens": (lambda x, y: y + np.zeros((2, 1, 1)), ["add"]),
    "times one": (lambda x, y: 1 * y * 1.0, []),
    "choice of one": (lambda x, y: tg.where(y > 0, y, y), []),
    "a choice of one that spreads it": (lambda x, y: tg.where(x > 0, y, y), ["greater", "where"]),
    "same shape": (lambda x, y: y.reshape(3, 4), []),
    "two reshapes": (lambda x, y: x.reshape(6, 4).reshape(24), ["reshape"]),
    "transposed twice": (lambda x, y: y.T.T, []),
    "two transposes": (lambda x, y: x.transpose(1, 0, 2).transpose(2, 1, 0), ["transpose"]),
    "a product transposed": (lambda x, y: (y @ y.T).T, ["matmul", "transpose"]),
    "axes swapped": (lambda x, y: tg.swapaxes(x, 0, -1), ["transpose"]),
    "same dtype": (lambda x, y: y.astype("f8"), []),
    "negated twice": (lambda x, y: tg.negative(-y), []),
    "mean": (lambda x, y: tg.mean(x, axis=1), ["divide", "sum"]),
    "mean of halves": (lambda x, y: tg.mean(x.astype("f2"), axis=1), ["astype", "astype", "astype", "divide", "sum"]),
    "mean kept": (lambda x, y: tg.mean(x, axis=(0, -1), keepdims=True), ["divide", "reshape", "sum"]),
    "sum of a sum": (lambda x, y: tg.sum(tg.sum(x, axis=1), axis=1), ["sum"]),
    "sum of a sum kept": (lambda x, y: tg.sum(tg.sum(x, axis=0, keepdims=True)), ["reshape", "sum", "sum"]),
    "sum of what is largest": (lambda x, y: tg.sum(tg.max(x, axis=(0, 1))), ["max", "sum"]),
    "sum over no axis": (lambda x, y: tg.sum(y, axis=()), []),
    "sum to a shape": (lambda x, y: tg.ops.sum_to(x, (3, 1)), ["reshape", "sum"]),
    "all of it": (lambda x, y: y[:, :], []),
    "a part of a join": (lambda x, y: tg.concatenate([y, y * 2], axis=1)[:, 4:8], ["multiply"]),
    "another part": (lambda x, y: tg.concatenate([y, y * 2], axis=1)[:, 3:8], ["concatenate", "getitem", "multiply"]),
    "a corner of a join": (
        lambda x, y: tg.concatenate([y, y * 2], axis=1)[:2, 4:8],
        ["concatenate", "getitem", "multiply"],
    ),
    "a stepped part": (
        lambda x, y: tg.concatenate([y, y * 2], axis=1)[:, 4:8:2],
        ["concatenate", "getitem", "multiply"],
    ),
    "a part backwards": (
        lambda x, y: tg.concatenate([y, y * 2], axis=1)[:, 7:3:-1],
        ["concatenate", "getitem", "multiply"],
    ),
    "one part": (lambda x, y: tg.concatenate([y], axis=0), []),
    "stack": (lambda x, y: tg.stack([y, y], axis=1), ["concatenate", "reshape", "reshape"]),
    "gates given back": (
        lambda x, y: tg.grad(tg.sum(sum(k * p for k, p in enumerate(tg.split(y, 2, axis=1)))), y),
        ["broadcast_to", "concatenate", "multiply"],
    ),
    "vectors": (lambda x, y: y[0] @ y[1], ["getitem", "getitem", "multiply", "sum"]),
    "a box of rows": (lambda x, y: x @ y.T, ["matmul", "reshape", "reshape", "transpose"]),
    "a broadcast within": (lambda x, y: tg.broadcast_to(y, (2, 3, 4)) * x, ["multiply"]),
    "a broadcast that is needed": (lambda x, y: tg.exp(tg.broadcast_to(y, (2, 3, 4))), ["broadcast_to", "exp"]),
    "a target spread": (lambda x, y: tg.squared_error(x, tg.broadcast_to(y, (2, 3, 4))), ["squared_error"]),
    "what leads is spread": (
        lambda x, y: tg.squared_error(tg.broadcast_to(y, (2, 3, 4)), x),
        ["broadcast_to", "squared_error"],
    ),
    "times a one that is spread": (lambda x, y: tg.broadcast_to(tg.constant(1.0), (3, 4)) * y, []),
    "a spread zero in rows": (lambda x, y: y + tg.reshape(tg.broadcast_to(tg.constant([0.0]), (4, 3)), (3, 4)), []),
    "plus what is negated": (lambda x, y: tg.exp(y) + -y, ["exp", "subtract"]),
    "what is negated plus": (lambda x, y: -y + tg.exp(y), ["exp", "subtract"]),
    "a matrix times a vector": (lambda x, y: y @ y[0], ["getitem", "matmul", "reshape", "reshape", "transpose"]),
    "nothing to do": (lambda x, y: x - y * 2 + tg.tanh(x), ["add", "multiply", "subtract", "tanh"]),
}


@pytest.mark.parametrize("name", RULES)
def test_rules(name):
    fn, expected = RULES[name]
    graph, results = trace(fn, X, Y), None
    results = graph.results
    for _ in range(6):
        made = Rules(simplify, fold_constants)
        results = run(made, results)
        if not made.changed:
            break
    assert ops_of(results) == expected
    assert_same_numbers(graph, results, 1e-14)


KEPT = {
    "a sum of booleans over no axis": lambda x: tg.sum(x > 0, axis=()),
    "a sum of one boolean": lambda x: tg.sum(x[0, 0, 0] > 0),
    "a product of booleans": lambda x: (x[0, 0] > 0) @ (x[0, 1] > 0),
    "a sum of one number": lambda x: tg.sum(x[0, 0, 0], axis=0),
    "a mean of booleans": lambda x: tg.mean(x > 0),
    "booleans and False": lambda x: (x > 0) + False,
    "a wider factor": lambda x: x.astype("f4") * np.float64(1),
    "one of two whole numbers": lambda x: tg.where(x > 0, 1, 1),
    "a whole number times booleans": lambda x: 1 * (x > 0),
}


@pytest.mark.parametrize("name", KEPT)
def test_dtypes_stay(name):
    fn = KEPT[name]
    graph = trace(fn, X)
    assert_same_numbers(graph, run(Rules(simplify), graph.results))
