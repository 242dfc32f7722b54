"""Handwritten digits, read row by row: 8 numbers a step for 8 steps, in both directions, and the digit at the end.

    logits = W [GRU(row_1 ... row_8), GRU(row_8 ... row_1)] + b

The data are scikit-learn's 1,797 digits of 8 x 8 points; every fifth is held out.
"""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tinygraph.train import AdamW, Ragged, accuracy, fit, step

from .task import Budget, Result, Row, package

STEPS_A_MINUTE = 1500
HIDDEN, BATCH, RATE = 64, 48, 4e-3
BAR = 0.97

Digits = tuple[np.ndarray, np.ndarray]
"""Rows (N, 8, 8), between 0 and 1, top row first, and labels (N,)."""


def data() -> tuple[Digits, Digits]:
    """The digits to train on, and every fifth, which is held out."""
    digits = package("sklearn.datasets", "scikit-learn").load_digits()
    rows, labels = (digits.images / 16).astype(np.float32), digits.target
    held = np.arange(len(labels)) % 5 == 4
    return (rows[~held], labels[~held]), (rows[held], labels[held])


class Net(tg.Module):
    """Maps rows (8, B, 8) to logits (B, 10)."""

    def __init__(self, seed: int) -> None:
        self.down, self.up = tg.cells.GRU(8, HIDDEN, rng=seed), tg.cells.GRU(8, HIDDEN, rng=seed + 1)
        self.drop, self.head = tg.Dropout(0.5, rng=seed + 2), tg.Linear(2 * HIDDEN, 10, rng=seed + 3)

    def __call__(self, rows: np.ndarray) -> tg.Node:
        _, down = tg.unroll(self.down, rows)
        _, up = tg.unroll(self.up, rows, reverse=True)
        return self.head(self.drop(tg.concatenate([down, up], axis=-1)))

    def loss(self, rows: np.ndarray, labels: np.ndarray, lengths: np.ndarray | None = None) -> tg.Node:
        """The mean cross-entropy in nats; all digits have 8 rows, so lengths tell nothing."""
        return tg.mean(tg.softmax_cross_entropy(self(rows), labels), name="loss")

    def predicted(self, rows: np.ndarray) -> np.ndarray:
        """The most likely digit (N,) of each of rows (N, 8, 8)."""
        logits: np.ndarray = self.eval()(rows.transpose(1, 0, 2)).value
        self.train()
        return logits.argmax(axis=-1)


def nearest_mean(train: Digits, rows: np.ndarray) -> np.ndarray:
    """The baseline: the digit whose mean image is nearest."""
    means = np.stack([train[0][train[1] == k].mean(axis=0) for k in range(10)])
    return ((rows[:, None] - means) ** 2).sum(axis=(2, 3)).argmin(axis=1)


def trained(train: Digits, budget: Budget, seed: int) -> Net:
    """A network after the budget's steps."""
    net = Net(seed)
    batches = Ragged(list(train[0]), BATCH, targets=train[1], seed=seed)
    adam = AdamW(net.parameters(), budget.falling(RATE, warm_up=0.05), weight_decay=0.01)
    run = step(net.loss, net.parameters(), adam, clip=1.0)
    fit(run, batches, steps=budget.steps, callbacks=[budget], quiet=True)
    return net


def result(budget: Budget, seed: int = 0) -> Result:
    train, (rows, labels) = data()
    net = trained(train, budget, seed)
    share, baseline = accuracy(net.predicted(rows), labels), accuracy(nearest_mean(train, rows), labels)
    right = np.flatnonzero(net.predicted(rows) == labels)[:1]
    flow = net.eval().loss(rows[right].transpose(1, 0, 2), labels[right])
    return Result(
        rows=(Row("held-out digits", "of them right", share, BAR, {"nearest mean image": baseline}, higher=True),),
        data=f"scikit-learn's digits: {len(train[1]):,} to train on, every fifth ({len(labels)}) held out. "
        "Both parts have digits of all writers, so that these are not new.",
        net=f"A GRU of {HIDDEN} units in each direction, dropout 0.5 before the logits, AdamW, {BATCH} digits a step.",
        budgets=(budget,),
        flow=tg.draw(flow, "flow", title="Digits row by row"),
        seen="The answer reaches all eight rows in both directions: nothing is lost over so few steps.",
    )
