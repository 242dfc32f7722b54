"""Bach's chorales: which of the 88 keys sound at the next quarter?

    p_t = sigmoid(W LSTM(x_0 ... x_{t-1}) + b)          a chance for each key, x_t the keys that sound, x_0 none

The score is that of the literature: the negative log-likelihood of all 88 keys, in nats a step, over whole chorales
(N. Boulanger-Lewandowski, Y. Bengio and P. Vincent, 1206.6392). Its "JSB chorales" are 382 chorales in another split;
S. Bai, J. Kolter and V. Koltun (1803.01271, table 1) have 8.91 for a plain RNN, 8.43 for a GRU and 8.45 for an LSTM.
"""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tinygraph.train import AdamW, Average, Ragged, fit, split_sequences, step

from . import scores
from .task import Budget, Result, Row

STEPS_A_MINUTE = 2000
HIDDEN, BATCH, RATE, DROPOUT = 200, 8, 4e-3, 0.5
KEYS = scores.HIGHEST - scores.LOWEST + 1
BAR = 8.45

Rolls = list[np.ndarray]
"""Booleans (T, 88), the keys that sound at each quarter."""


def data() -> tuple[Rolls, Rolls, Rolls]:
    """Chorales to train on, to choose sizes by, and to score: 60, 20 and 20 in a hundred."""
    rolls = scores.rolls(scores.folder())
    train, valid, test = split_sequences(rolls, shares=(0.6, 0.2, 0.2), seed=0)
    return train, valid, test


def batches(rolls: Rolls, seed: int, shuffle: bool = True) -> Ragged:
    """Inputs (T, B, 88), the keys to be foretold, one step later, and lengths."""
    before = [np.concatenate([np.zeros((1, KEYS)), roll[:-1]]).astype(np.float32) for roll in rolls]
    return Ragged(before, BATCH, [roll.astype(np.float32) for roll in rolls], shuffle=shuffle, seed=seed)


class Net(tg.Module):
    """Maps the keys before (T, B, 88) to logits of the keys now."""

    def __init__(self, seed: int) -> None:
        self.cell, self.head = tg.cells.LSTM(KEYS, HIDDEN, rng=seed), tg.Linear(HIDDEN, KEYS, rng=seed + 1)
        self.drop_in, self.drop = tg.Dropout(0.2, rng=seed + 2), tg.Dropout(DROPOUT, rng=seed + 3)

    def __call__(self, before: np.ndarray, lengths: np.ndarray) -> tg.Node:
        outputs, _ = tg.unroll(self.cell, self.drop_in(before), lengths=lengths)
        return self.head(self.drop(outputs))

    def nats(self, before: np.ndarray, keys: np.ndarray, lengths: np.ndarray) -> tg.Node:
        """The sum over all keys and steps within the lengths."""
        losses = tg.sum(tg.sigmoid_cross_entropy(self(before, lengths), keys), axis=-1)
        return tg.sum(tg.where(np.arange(len(losses))[:, None] < lengths, losses, np.float32(0)))

    def loss(self, before: np.ndarray, keys: np.ndarray, lengths: np.ndarray) -> tg.Node:
        """The mean of a step."""
        return self.nats(before, keys, lengths) / tg.sum(lengths).astype(np.float32)


def mean_nats(net: Net, rolls: Rolls) -> float:
    """Nats a step over whole chorales, without dropout."""
    net.eval()
    nats = sum(net.nats(*batch).item() for batch in batches(rolls, 0, shuffle=False))
    net.train()
    return nats / sum(map(len, rolls))


def independent_nats(train: Rolls, rolls: Rolls) -> float:
    """The baseline: each key by itself, as often as in the part to train on, add one; nats a step."""
    chances = (np.sum([roll.sum(axis=0) for roll in train], axis=0) + 1) / (sum(map(len, train)) + 2)
    keys = np.concatenate(rolls)
    return -float(np.where(keys, np.log(chances), np.log1p(-chances)).sum()) / len(keys)


def trained(train: Rolls, budget: Budget, seed: int) -> Net:
    """A network after the budget's steps: its weights are a running mean over about the last quarter of them."""
    net = Net(seed)
    adam = AdamW(net.parameters(), budget.falling(RATE), weight_decay=0.01)
    run = step(net.loss, net.parameters(), adam, clip=1.0)
    average = Average(net.parameters(), decay=1 - 4 / max(budget.steps, 8))
    fit(run, batches(train, seed), steps=budget.steps, callbacks=[lambda _: average.look(), budget], quiet=True)
    net.load_state_dict({name: x for name, x in average.state_dict().items() if name != "looks"})
    return net


def result(budget: Budget, seed: int = 0) -> Result:
    train, valid, test = data()
    net = trained(train, budget, seed)
    figure, beside = mean_nats(net, test), {"each key by itself": independent_nats(train, test)}
    first = next(iter(batches(test[:1], 0)))
    return Result(
        rows=(Row("held-out chorales", "nats a step", figure, BAR, beside),),
        data=(
            "music21's chorales for four voices, a step a quarter, in the key without sharps and flats: "
            f"{len(train)} to train on, {len(valid)} to choose sizes by, {len(test)} to score, "
            f"{sum(map(len, test)):,} steps. The split differs from that of the literature, whose LSTM is the bar; it "
            "has 8.43 for a GRU and 8.91 for a plain RNN."
        ),
        net=(
            f"An LSTM of {HIDDEN} units, dropout 0.2 before and {DROPOUT} after it, AdamW, {BATCH} chorales a step; "
            "the weights are averaged over the last steps."
        ),
        budgets=(budget,),
        flow=tg.draw(net.eval().loss(*first), "flow", title="Chorales"),
        seen="The gradient reaches over all the steps shown; in c, the memory, it fades more slowly than in h.",
    )
