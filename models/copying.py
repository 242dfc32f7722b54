"""The copy memory task: ten symbols, 200 steps of nothing, a cue, and then the ten symbols are to be said.

    input    s_1 ... s_10  -  ...  -  cue  -  ...  -          symbols of 8, - is the blank
    target   -       ...            -      s_1 ... s_10

Who remembers nothing says blanks, then guesses: 10 ln 8 / (T + 20) nats a step. A linear recurrent unit (LRU) whose
eigenvalues begin near the unit circle keeps the symbols; the plain tanh RNN does not.

Source: S. Hochreiter and J. Schmidhuber, "Long short-term memory", 1997; in this form M. Arjovsky, A. Shah and Y.
Bengio, 1511.06464.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.train import Adam, fit, mean_cross_entropy, step

from .fresh import Batch, Fresh
from .task import Budget, Result, Row

STEPS_A_MINUTE = 1500
STEPS_A_MINUTE_PLAIN = 4000
WAIT, SYMBOLS, KINDS = 200, 10, 8
BLANK, CUE = 0, KINDS + 1
HIDDEN, BATCH, RATE = 128, 20, 3e-3
GUESSING = SYMBOLS * np.log(KINDS) / (WAIT + 2 * SYMBOLS)
CODE = np.eye(KINDS + 2, dtype=np.float32)[:, 1:]
"""One row an input: nothing is said of the blank, so that a linear memory stays as it is."""


def sequences(rng: np.random.Generator, count: int = BATCH, wait: int = WAIT) -> Batch:
    """Inputs and targets, both (T + 20, B)."""
    symbols = rng.integers(1, KINDS + 1, size=(SYMBOLS, count))
    inputs = np.full((wait + 2 * SYMBOLS, count), BLANK)
    inputs[:SYMBOLS], inputs[-SYMBOLS - 1] = symbols, CUE
    return inputs, np.concatenate([np.full((wait + SYMBOLS, count), BLANK), symbols])


def data(seed: int) -> tuple[Fresh, Batch]:
    """Batches to train on, without an end, and 200 sequences to score."""
    return Fresh(sequences, seed), sequences(np.random.default_rng((seed, 0, 0)), 200)


class Net(tg.Module):
    """Maps inputs (T, B) to logits (T, B, 9): a cell, and a layer of relu over its outputs."""

    def __init__(self, cell: Any, seed: int) -> None:
        self.cell = cell
        self.layer, self.head = tg.Linear(HIDDEN, 64, rng=seed + 1), tg.Linear(64, KINDS + 1, rng=seed + 2)

    def __call__(self, inputs: np.ndarray) -> tg.Node:
        outputs, _ = tg.unroll(self.cell, tg.take(CODE, inputs, axis=0))
        return self.head(tg.relu(self.layer(outputs)))

    def loss(self, inputs: np.ndarray, targets: np.ndarray) -> tg.Node:
        """The mean over all steps, in nats."""
        return mean_cross_entropy(self(inputs), targets)


def trained(net: Net, batches: Fresh, budget: Budget) -> Net:
    """The network after the budget's steps."""
    run = step(net.loss, net.parameters(), Adam(net.parameters(), budget.falling(RATE)), clip=1.0)
    fit(run, batches, steps=budget.steps, callbacks=[budget], quiet=True)
    return net


def recalled(net: Net, inputs: np.ndarray, targets: np.ndarray) -> float:
    """The share of the symbols to be said that are said."""
    said = net(inputs).value[-SYMBOLS:].argmax(axis=-1)
    return float(np.mean(said == targets[-SYMBOLS:]))


def result(budget: Budget, seed: int = 0) -> Result:
    budgets = budget.share(0.7), budget.share(0.3, STEPS_A_MINUTE_PLAIN)
    able = trained(
        Net(tg.cells.LRU(KINDS + 1, HIDDEN, r_min=0.99, r_max=0.9999, rng=seed), seed), data(seed)[0], budgets[0]
    )
    plain = trained(Net(tg.cells.RNN(KINDS + 1, HIDDEN, rng=seed), seed), data(seed)[0], budgets[1])
    inputs, targets = data(seed)[1]
    losses, shares = zip(
        *((net.loss(inputs, targets).item(), recalled(net, inputs, targets)) for net in (able, plain)), strict=True
    )
    short = sequences(np.random.default_rng((seed, 0, 1)), 1, wait=30)
    flows = [
        tg.draw(net.loss(*short), "flow", title=title)
        for net, title in ((able, "Copy memory: LRU"), (plain, "Copy memory: plain RNN"))
    ]
    what = f"200 new sequences, {WAIT} steps to wait, LRU"
    return Result(
        rows=(
            Row(what, "nats a step", losses[0], GUESSING, {"plain RNN": losses[1], "guessing": GUESSING}),
            Row(
                what,
                "of the symbols right",
                shares[0],
                0.99,
                {"plain RNN": shares[1], "guessing": 1 / KINDS},
                higher=True,
            ),
        ),
        data=f"Ten symbols of {KINDS}, {WAIT} steps, a cue; made on the spot, new ones at every step.",
        net=f"An LRU of {HIDDEN} states, beside a plain RNN of {HIDDEN} units; relu before the logits; Adam.",
        budgets=budgets,
        flow=flows[0],
        beside=flows[1],
        seen=(
            "Both over 30 steps to wait, for which they were not trained, so that both are wrong and have a gradient: "
            "that of the LRU is as long at the first symbol as at the last; that of the plain RNN fades."
        ),
    )
