"""Names: a GRU learns the names of Unicode's characters, letter by letter, and makes new ones.

    h_t = GRU(E[letter_t], h_{t-1})        p_t = softmax(W h_t + b)        the end of a name is a letter, too

Every tenth name is held out. Names by a rule, of CJK ideographs and the like and of Hangul syllables, are left out.
What is made is judged by three questions: is it new, does it keep the rules for letters, and how many letters have to
be changed to make the nearest real name of it. Beside it stands a chain of letters that knows the last six of them.
"""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.train import AdamW, Characters, Ragged, fit, generate, mean_cross_entropy, step

from .task import Budget, Result, Row

STEPS_A_MINUTE = 3000
HIDDEN, WIDTH, BATCH, RATE = 256, 32, 32, 4e-3
END, ORDER, MADE, LONGEST = "\n", 6, 200, 100
BY_RULE = re.compile(r"CJK (UNIFIED|COMPATIBILITY) IDEOGRAPH-|HANGUL SYLLABLE |\w+ (SMALL SCRIPT )?CHARACTER-")
VALID = re.compile(r"[A-Z][A-Z0-9]*(?:(?: |-| -|- )[A-Z0-9]+)*")
"""The standard's rule: capital letters, digits, single spaces and hyphens; the first is a letter, the last no space."""


def data() -> tuple[list[str], list[str]]:
    """The names to train on, and every tenth, which is held out."""
    names = [unicodedata.name(chr(code), "") for code in range(sys.maxunicode + 1)]
    names = [name for name in names if name and not BY_RULE.match(name)]
    return [name for k, name in enumerate(names) if k % 10 != 9], names[9::10]


class Net(tg.Module):
    """Maps letters (T, B) to logits (T, B, V)."""

    def __init__(self, letters: int, seed: int) -> None:
        self.embed = tg.Embedding(letters, WIDTH, rng=seed, deviation=0.5)
        self.cell = tg.cells.GRU(WIDTH, HIDDEN, rng=seed + 1)
        self.drop, self.head = tg.Dropout(0.1, rng=seed + 2), tg.Linear(HIDDEN, letters, rng=seed + 3)

    def __call__(self, ids: Any) -> tg.Node:
        outputs, _ = tg.unroll(self.cell, self.embed(ids))
        return self.head(self.drop(outputs))

    def loss(self, x: Any, y: Any, lengths: Any) -> tg.Node:
        """Mean nats a letter; in the padding y is -1."""
        return mean_cross_entropy(self(x), y)

    def write(self, ids: Any, state: Any) -> tuple[tg.Node, tg.Node]:
        """One letter at a time: ids (B,) to logits (B, V)."""
        output, state = self.cell(self.embed(ids), state)
        return self.head(output), state


def lines(letters: Characters, names: Iterable[str]) -> list[np.ndarray]:
    """The ids of each name between two ends."""
    return [letters.encode(END + name + END) for name in names]


def trained(letters: Characters, names: Sequence[str], budget: Budget, seed: int) -> Net:
    """A network after the budget's steps."""
    net = Net(len(letters), seed)
    batches = Ragged(lines(letters, names), BATCH, seed=seed)
    adam = AdamW(net.parameters(), budget.falling(RATE, warm_up=0.03), betas=(0.9, 0.99), weight_decay=0.0)
    run = step(net.loss, net.parameters(), adam, clip=1.0)
    fit(run, batches, steps=budget.steps, callbacks=[budget], quiet=True)
    return net.eval()


def bits(net: Net, letters: Characters, names: Sequence[str]) -> float:
    """Bits a letter of names, their ends included."""
    loss, nats, count = tg.compile(net.loss), 0.0, 0
    for x, y, lengths in Ragged(lines(letters, names), 64):
        here = int((y >= 0).sum())
        nats, count = nats + float(loss(x, y, lengths)) * here, count + here
    return nats / count / math.log(2)


def made(net: Net, letters: Characters, count: int, seed: int) -> list[str]:
    """So many names, drawn letter by letter as likely as the network finds them."""
    start, end = np.full((1, count), letters.encode(END)[0]), int(letters.encode(END)[0])
    random, state = np.random.default_rng(seed), net.cell.initial_state(count)
    ids = generate(net.write, start, LONGEST, state=state, rng=random, stop=end)
    return [letters.decode(column).partition(END)[0] for column in ids.T]


class Chain:
    """The baseline: p(letter | the last `ORDER` ones), mixed with shorter memories after Witten and Bell (1991)."""

    def __init__(self, names: Iterable[str], letters: Characters) -> None:
        self.letters = letters.tokens
        self.counts: dict[str, Counter[str]] = {}
        for name in names:
            text = END + name + END
            for t in range(1, len(text)):
                for k in range(min(t, ORDER) + 1):
                    self.counts.setdefault(text[t - k : t], Counter())[text[t]] += 1

    def chance(self, letter: str, before: str) -> float:
        """(count + kinds * chance with a shorter memory) / (total + kinds)."""
        p = 1 / len(self.letters)
        for k in range(min(len(before), ORDER) + 1):
            counts = self.counts.get(before[len(before) - k :], Counter())
            total, kinds = counts.total(), len(counts)
            p = (counts[letter] + kinds * p) / (total + kinds) if total else p
        return p

    def bits(self, names: Sequence[str]) -> float:
        """Bits a letter of names, their ends included."""
        places = [(END + name + END, t) for name in names for t in range(1, len(name) + 2)]
        return -float(np.mean([math.log2(self.chance(text[t], text[max(0, t - ORDER) : t])) for text, t in places]))

    def made(self, count: int, seed: int) -> list[str]:
        """So many names, drawn letter by letter."""
        random, result = np.random.default_rng(seed), []
        for _ in range(count):
            name = END
            while len(name) <= LONGEST and not name.endswith(END, 1):
                p = np.array([self.chance(letter, name[-ORDER:]) for letter in self.letters])
                name += self.letters[random.choice(len(p), p=p / p.sum())]
            result.append(name.strip(END))
        return result


class Nearest:
    """The number of letters to insert, delete or replace until one of the known names is reached."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.lengths = np.array([len(name) for name in names])
        self.codes = np.zeros((len(names), self.lengths.max()), np.int32)
        for row, name in zip(self.codes, names, strict=True):
            row[: len(name)] = [ord(letter) for letter in name]
        self.bags = self._bags(names)

    def __call__(self, name: str) -> tuple[int, str]:
        """The least number of changes, and the nearest name."""
        # No fewer changes than the larger of the two sums by which letters are too many or missing.
        difference = self.bags - self._bags([name])
        least = np.maximum(np.maximum(difference, 0).sum(axis=1), np.maximum(-difference, 0).sum(axis=1))
        order, best = np.argsort(least, kind="stable"), (sys.maxsize, "")
        for start in range(0, len(order), 256):
            rows = order[start : start + 256]
            if least[rows[0]] >= best[0]:
                break
            changes = self.changes(name, rows)
            k = int(changes.argmin())
            best = min(best, (int(changes[k]), self.names[rows[k]]), key=lambda pair: pair[0])
        return best

    def changes(self, name: str, rows: np.ndarray) -> np.ndarray:
        """The changes between a name and each of some known ones (Wagner and Fischer, 1974)."""
        codes, along = self.codes[rows], np.arange(self.codes.shape[1] + 1)
        before = np.tile(along, (len(rows), 1))
        for k, letter in enumerate(name):
            now = np.empty_like(before)
            now[:, 0] = k + 1
            now[:, 1:] = np.minimum(before[:, :-1] + (codes != ord(letter)), before[:, 1:] + 1)
            before = np.minimum.accumulate(now - along, axis=1) + along  # insertions, one after the other
        return before[np.arange(len(rows)), self.lengths[rows]]

    @staticmethod
    def _bags(names: Sequence[str]) -> np.ndarray:
        bags = np.zeros((len(names), 128), np.int32)
        for bag, name in zip(bags, names, strict=True):
            np.add.at(bag, [min(ord(letter), 127) for letter in name], 1)
        return bags


def judged(names: Sequence[str], known: set[str], nearest: Nearest) -> tuple[float, float, float]:
    """The share of names that are new, that of the new ones that are valid, and the mean changes of the new ones."""
    new = [name for name in names if name not in known]
    valid = [bool(VALID.fullmatch(name)) for name in new]
    return len(new) / len(names), float(np.mean(valid)), float(np.mean([nearest(name)[0] for name in new]))


def beside(invention: str, changes: int, real: str) -> str:
    """A line: what was made, and the nearest real name."""
    return f"{invention}: {changes} from {real}" if changes else f"{invention}: real, and held out"


def result(budget: Budget, seed: int = 0) -> Result:
    train, held = data()
    letters = Characters("".join(train) + END)
    net, chain, nearest = trained(letters, train, budget, seed), Chain(train, letters), Nearest([*train, *held])
    ours, theirs = made(net, letters, MADE, seed), chain.made(MADE, seed)
    (new, valid, changes), (new_of_chain, valid_of_chain, changes_of_chain) = (
        judged(names, {*train}, nearest) for names in (ours, theirs)
    )
    bits_of_chain, name = chain.bits(held), f"chain of {ORDER} letters"
    inventions = [invention for invention in ours if invention not in {*train}][:12]
    first = lines(letters, held[:1])[0]
    flow = net.loss(first[:-1, None], first[1:, None], None)
    return Result(
        rows=(
            Row("held-out names", "bits a letter", bits(net, letters, held), bits_of_chain, {name: bits_of_chain}),
            Row(f"{MADE} names made", "new", new, 0.5, {name: new_of_chain}, higher=True),
            Row("new names", "valid in letters", valid, 0.99, {name: valid_of_chain}, higher=True),
            Row("new names to the nearest real one", "changes", changes, changes_of_chain, {name: changes_of_chain}),
        ),
        data=f"Unicode {unicodedata.unidata_version} in `unicodedata`: {len(train):,} names to train on, every tenth "
        f"({len(held):,}) held out. A name that is held out counts as new if it is made.",
        net=f"A GRU of {HIDDEN} units, dropout 0.1 on its outputs; AdamW, {BATCH} names a step.",
        budgets=(budget,),
        flow=tg.draw(flow, "flow", title="A held-out name", tokens=[*held[0], "end"]),
        seen="Every letter looks back to the first ones: the script that a name begins with decides what may follow.",
        sample="\n".join(beside(invention, *nearest(invention)) for invention in inventions),
    )
