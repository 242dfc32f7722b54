"""Japanese vowels: nine men say "ae"; who is it? Sequences of 7 to 29 steps of 12 numbers.

    logits = W [last of GRU forwards, last of GRU backwards] + b

The data are those of M. Kudo, J. Toyama and M. Shimbo, "Multidimensional curve classification using passing-through
regions", 1999, in the split of the UEA archive: 270 to train on, 370 to score. The archive's own figures (A. Bagnall et
al., 1811.00075, table 5) are 0.924 for the nearest neighbour, 0.949 and 0.959 for that by dynamic time warping.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

import tinygraph as tg
from tinygraph.train import AdamW, Ragged, Standard, accuracy, fit, step

from .task import Budget, MissingData, Result, Row

STEPS_A_MINUTE = 1500
HIDDEN, BATCH, RATE, DROPOUT, SPEAKERS = 64, 30, 4e-3, 0.5, 9
BAR = 0.959

Spoken = tuple[list[np.ndarray], np.ndarray]
"""Sequences (T_i, 12), and the speaker of each, 0 to 8."""


def folder() -> Path:
    """Where aeon keeps the data; it is not imported, which takes seconds and needs much that is not used here."""
    spec = importlib.util.find_spec("aeon")
    if spec is None or spec.origin is None:
        fix = "python -m pip install --no-deps aeon (its files alone are read), or python -m pip install -e '.[data]'"
        raise MissingData("the data of this task come with the package aeon", fix=fix)
    return Path(spec.origin).parent / "datasets" / "data" / "JapaneseVowels"


def read(path: Path) -> Spoken:
    """A file of the archive: a sequence a line, its dimensions and then its label between colons."""
    lines = path.read_text(encoding="utf-8").partition("@data")[2].split()
    fields = [line.split(":") for line in lines]
    sequences = [np.array([part.split(",") for part in parts], np.float32).T for *parts, _ in fields]
    return sequences, np.array([int(label) - 1 for *_, label in fields])


def data() -> tuple[Spoken, Spoken]:
    """What is trained on and what is held out, in the units of the first: mean 0, deviation 1."""
    (train, speakers), (held, theirs) = (read(folder() / f"JapaneseVowels_{part}.ts") for part in ("TRAIN", "TEST"))
    scaled = Standard(np.concatenate(train))
    return ([scaled(x) for x in train], speakers), ([scaled(x) for x in held], theirs)


class Net(tg.Module):
    """Maps sequences (T, B, 12) of given lengths to logits (B, 9)."""

    def __init__(self, inputs: int, seed: int) -> None:
        self.ahead, self.back = tg.cells.GRU(inputs, HIDDEN, rng=seed), tg.cells.GRU(inputs, HIDDEN, rng=seed + 1)
        self.drop, self.head = tg.Dropout(DROPOUT, rng=seed + 2), tg.Linear(2 * HIDDEN, SPEAKERS, rng=seed + 3)

    def __call__(self, xs: np.ndarray, lengths: np.ndarray) -> tg.Node:
        _, ahead = tg.unroll(self.ahead, xs, lengths=lengths)
        _, back = tg.unroll(self.back, xs, lengths=lengths, reverse=True)
        return self.head(self.drop(tg.concatenate([ahead, back], axis=-1)))

    def loss(self, xs: np.ndarray, speakers: np.ndarray, lengths: np.ndarray) -> tg.Node:
        return tg.mean(tg.softmax_cross_entropy(self(xs, lengths), speakers), name="loss")

    def predicted(self, sequences: list[np.ndarray]) -> np.ndarray:
        """The likeliest speaker (N,) of each sequence."""
        self.eval()
        rows = [self(x[:, None], np.array([len(x)])).value[0] for x in sequences]
        self.train()
        return np.argmax(rows, axis=-1)


def warped(held: list[np.ndarray], known: list[np.ndarray]) -> np.ndarray:
    """The distance (N, M) of all sequences held to all known ones, by dynamic time warping.

    d_ij = |x_i - y_j|^2 + min(d_{i-1,j}, d_{i,j-1}, d_{i-1,j-1}); all N at once, since they are padded to one length.
    """
    ends, rows = np.array([len(x) for x in held]), np.zeros((max(map(len, held)), len(held), held[0].shape[1]))
    for k, x in enumerate(held):
        rows[: len(x), k] = x
    distances = np.empty((len(held), len(known)))
    for m, y in enumerate(known):
        d = np.full((len(rows) + 1, len(y) + 1, len(held)), np.inf)
        d[0, 0] = 0
        for i, j in np.ndindex(len(rows), len(y)):
            least = np.minimum(np.minimum(d[i, j + 1], d[i + 1, j]), d[i, j])
            d[i + 1, j + 1] = ((rows[i] - y[j]) ** 2).sum(axis=1) + least
        distances[:, m] = d[ends, -1, np.arange(len(held))]
    return distances


def trained(train: Spoken, budget: Budget, seed: int) -> Net:
    """A network after the budget's steps."""
    net = Net(train[0][0].shape[1], seed)
    adam = AdamW(net.parameters(), budget.falling(RATE, warm_up=0.05), weight_decay=0.01)
    run = step(net.loss, net.parameters(), adam, clip=1.0)
    batches = Ragged(train[0], BATCH, targets=train[1], seed=seed)
    fit(run, batches, steps=budget.steps, callbacks=[budget], quiet=True)
    return net


def result(budget: Budget, seed: int = 0) -> Result:
    train, (held, speakers) = data()
    net = trained(train, budget, seed)
    share = accuracy(net.predicted(held), speakers)
    baseline = accuracy(train[1][warped(held, train[0]).argmin(axis=1)], speakers)
    at = int(np.argmax([len(x) for x in held]))
    flow = net.eval().loss(held[at][:, None], speakers[at : at + 1], np.array([len(held[at])]))
    return Result(
        rows=(Row("held-out vowels", "of them right", share, BAR, {"nearest by warping": baseline}, higher=True),),
        data=f"JapaneseVowels of the UEA archive, from aeon: {len(train[1])} to train on, {len(speakers)} held out.",
        net=f"A GRU of {HIDDEN} units in each direction, dropout {DROPOUT} before the logits, AdamW, {BATCH} a step.",
        budgets=(budget,),
        flow=tg.draw(flow, "flow", title="Vowels: back through the longest sequence"),
        seen="Each direction is asked for its last state; the loss reaches back to the first step that each has read.",
    )
