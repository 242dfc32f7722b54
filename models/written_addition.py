"""Written addition: the network reads "321+654", units first, and writes "975", units first.

    encoder   state = GRU over the 7 characters of the question, each number with its three digits
    decoder   GRU from that state; it reads the digit that it wrote before and writes the next: 4 digits

As on paper, one begins at the units, so that what is carried is known in time. The decoder is trained on the right
digits before (teacher forcing); when it is scored it reads its own.

Source: I. Sutskever, O. Vinyals and Q. Le, "Sequence to sequence learning with neural networks", 2014.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.train import Adam, Streaming, fit, mean_cross_entropy, step

from .fresh import Batch, Fresh
from .task import Budget, Result, Row

STEPS_A_MINUTE = 3000
HIDDEN, WIDTH, BATCH, RATE = 128, 16, 64, 4e-3
DIGITS, PLUS, BEGIN, SYMBOLS = 3, 10, 11, 12
KNOWN, UNSEEN = 50_000, 5_000
BAR = 0.99


def digits(numbers: np.ndarray, count: int) -> np.ndarray:
    """The digits of numbers (N,), units first: (count, N)."""
    return numbers // 10 ** np.arange(count)[:, None] % 10


def written(sums: np.ndarray) -> Batch:
    """Questions (7, N), what the decoder reads (4, N) and what it is to write (4, N), of pairs a * 1000 + b."""
    a, b = sums // 1000, sums % 1000
    question = np.concatenate([digits(a, DIGITS), np.full((1, len(sums)), PLUS), digits(b, DIGITS)])
    answer = digits(a + b, DIGITS + 1)
    return question, np.concatenate([np.full((1, len(sums)), BEGIN), answer[:-1]]), answer


def data(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Of all million sums those to learn from, and others to score."""
    sums = np.random.default_rng(seed).permutation(1_000_000)
    return sums[:KNOWN], sums[KNOWN : KNOWN + UNSEEN]


class Net(tg.Module):
    """Maps a question (7, B) and the digits before (4, B) to logits (4, B, 12)."""

    def __init__(self, seed: int) -> None:
        self.embed = tg.Embedding(SYMBOLS, WIDTH, rng=seed)
        self.reader, self.writer = (tg.cells.GRU(WIDTH, HIDDEN, rng=seed + k) for k in (1, 2))
        self.head = tg.Linear(HIDDEN, SYMBOLS, rng=seed + 3)

    def read(self, question: np.ndarray) -> tg.Node:
        """The state (B, H) after a question."""
        return tg.unroll(self.reader, self.embed(question))[1]

    def write(self, before: Any, state: Any) -> tuple[tg.Node, tg.Node]:
        """One step: the digit before (B,) to logits of the next (B, 12)."""
        output, state = self.writer(self.embed(before), state)
        return self.head(output), state

    def __call__(self, question: np.ndarray, before: np.ndarray) -> tg.Node:
        outputs, _ = tg.unroll(self.writer, self.embed(before), self.read(question))
        return self.head(outputs)

    def loss(self, question: np.ndarray, before: np.ndarray, answer: np.ndarray) -> tg.Node:
        return mean_cross_entropy(self(question, before), answer)


def answers(net: Net, question: np.ndarray) -> np.ndarray:
    """What the network writes, digit by digit (4, N), each the likeliest one after those before."""
    stream = Streaming(net.write, net.read(question).value)
    digit = np.full(question.shape[1], BEGIN)
    return np.array([digit := stream(digit).argmax(axis=-1) for _ in range(DIGITS + 1)])


def right(net: Net, sums: np.ndarray) -> float:
    """The share of sums of which all four digits are right."""
    question, _, answer = written(sums)
    return float(np.mean((answers(net, question) == answer).all(axis=0)))


def trained(known: np.ndarray, budget: Budget, seed: int) -> Net:
    """A network after the budget's steps, each on sums drawn from those to learn from."""
    net = Net(seed)
    run = step(net.loss, net.parameters(), Adam(net.parameters(), budget.falling(RATE)), clip=1.0)
    batches = Fresh(lambda rng: written(rng.choice(known, BATCH)), seed)
    fit(run, batches, steps=budget.steps, callbacks=[budget], quiet=True)
    return net


def shown(net: Net, sums: np.ndarray) -> str:
    """A few sums as one writes them, with the network's answers."""
    numbers = (answers(net, written(sums)[0]) * 10 ** np.arange(DIGITS + 1)[:, None]).sum(axis=0)
    return "\n".join(f"{n // 1000} + {n % 1000} = {answer}" for n, answer in zip(sums, numbers, strict=True))


def result(budget: Budget, seed: int = 0) -> Result:
    known, unseen = data(seed)
    net = trained(known, budget, seed)
    figure, beside = right(net, unseen), {"sums it has learned from": right(net, known[:UNSEEN]), "guessing": 1e-4}
    flow = net.loss(*written(unseen[:1]))
    return Result(
        rows=(Row(f"{UNSEEN:,} unseen sums", "of them right", figure, BAR, beside, higher=True),),
        data=f"Of the million sums of two numbers below 1,000 {KNOWN:,} to learn from and {UNSEEN:,} others to score.",
        net=f"A GRU of {HIDDEN} units that reads and one that writes, Adam, {BATCH} sums a step.",
        budgets=(budget,),
        flow=tg.draw(flow, "flow", title="Written addition"),
        seen="All digits of the question are reached from each digit of the answer, through the state alone.",
        sample=shown(net, unseen[:5]),
    )
