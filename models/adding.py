"""The adding problem over 200 steps: which two of 200 numbers were marked, and what is their sum?

    x_t = (a number between 0 and 1, whether it is marked)        y = the sum of the two marked numbers

One mark lies in the first half, one in the second. Who does not remember says 1, whose mean squared error is 1/6 =
0.167. Two layers of independent units with relu (IndRNN) remember, since a unit with u near 1 keeps what it has; the
plain tanh RNN does not: its gradient fades on the way back.

Source: S. Hochreiter and J. Schmidhuber, "Long short-term memory", 1997; in this form Q. Le et al., 1504.00941.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.train import Adam, fit, step

from .fresh import Batch, Fresh
from .task import Budget, Result, Row

STEPS_A_MINUTE = 8000
STEPS_A_MINUTE_PLAIN = 12000
STEPS, HIDDEN, BATCH, RATE, RATE_PLAIN = 200, 32, 50, 3e-3, 1e-3
BAR = 0.167


def sequences(rng: np.random.Generator, count: int = BATCH, steps: int = STEPS) -> Batch:
    """Inputs (T, B, 2) and sums (B,)."""
    numbers, marks, every = rng.random((steps, count), np.float32), np.zeros((steps, count), np.float32), range(count)
    marks[rng.integers(steps // 2, size=count), every] = 1
    marks[rng.integers(steps // 2, steps, size=count), every] = 1
    return np.stack([numbers, marks], axis=-1), (numbers * marks).sum(axis=0)


def data(seed: int) -> tuple[Fresh, Batch]:
    """Batches to train on, without an end, and a thousand sequences to score."""
    return Fresh(sequences, seed), sequences(np.random.default_rng((seed, 0, 0)), 1000)


class Net(tg.Module):
    """Maps inputs (T, B, 2) to one number a sequence (B,), from the output after the last step."""

    def __init__(self, cell: Any, seed: int) -> None:
        self.cell, self.head = cell, tg.Linear(HIDDEN, 1, rng=seed + 9)

    def __call__(self, inputs: np.ndarray) -> tg.Node:
        outputs, _ = tg.unroll(self.cell, inputs)
        return self.head(outputs[-1])[:, 0]

    def loss(self, inputs: np.ndarray, sums: np.ndarray) -> tg.Node:
        return tg.mean(tg.squared_error(self(inputs), sums), name="loss")


def independent(seed: int) -> tg.cells.Stack:
    """Two layers: the first may forget at once, to tell which number is marked; the second keeps, u near 1."""

    def layer(inputs: int, lowest: float, seed: int) -> tg.cells.IndRNN:
        def near_one(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
            return rng.uniform(lowest, 1.0, shape)

        return tg.cells.IndRNN(inputs, HIDDEN, nonlinearity="relu", recurrent_kernel_init=near_one, rng=seed)

    return tg.cells.Stack([layer(2, 0.0, seed), layer(HIDDEN, 0.98, seed + 1)])


def trained(net: Net, batches: Fresh, budget: Budget, rate: float, seed: int) -> Net:
    """The network after the budget's steps."""
    adam = Adam(net.parameters(), budget.falling(rate))
    run = step(net.loss, net.parameters(), adam, clip=1.0)
    fit(run, batches, steps=budget.steps, callbacks=[budget], quiet=True)
    return net


def result(budget: Budget, seed: int = 0) -> Result:
    budgets = budget.share(0.6), budget.share(0.4, STEPS_A_MINUTE_PLAIN)
    able = trained(Net(independent(seed), seed), data(seed)[0], budgets[0], RATE, seed)
    plain = trained(Net(tg.cells.RNN(2, HIDDEN, rng=seed), seed), data(seed)[0], budgets[1], RATE_PLAIN, seed)
    inputs, sums = data(seed)[1]
    errors = [net.loss(inputs, sums).item() for net in (able, plain)]
    beside = {"plain RNN": errors[1], "saying 1": float(np.mean((sums - 1) ** 2))}
    flows = [
        tg.draw(net.loss(inputs[:, :1], sums[:1]), "flow", title=title)
        for net, title in ((able, "Adding problem: two layers of IndRNN"), (plain, "Adding problem: plain RNN"))
    ]
    return Result(
        rows=(Row(f"1,000 new sequences of {STEPS} steps, IndRNN", "mean squared error", errors[0], BAR, beside),),
        data=f"Sequences of {STEPS} steps, made on the spot, new ones at every step.",
        net=f"Two layers of {HIDDEN} independent units with relu, beside a plain RNN of {HIDDEN}; Adam.",
        budgets=budgets,
        flow=flows[0],
        beside=flows[1],
        seen="IndRNN keeps a good part of its gradient over the 50 steps shown, the plain RNN next to nothing of it.",
    )
