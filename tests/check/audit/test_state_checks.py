"""Notes of forward passes and updates: each fault is named, and the twelve right passes have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.objects import Objects
from tinygraph.check.audit.state_checks import notes

from .passes import ALL, Pass, loaded

T, I, H, O = 4, 3, 5, 2  # noqa: E741
rng = np.random.default_rng(8)
X, Y = rng.normal(size=(T, I)), rng.normal(size=(T, O))


def square(outputs: Any, targets: Any) -> Any:
    return np.sum((np.array(outputs) - targets) ** 2)


class Net:
    """A right pass with attributes; the places where others differ are methods."""

    def __init__(self) -> None:
        chance = np.random.default_rng(2)
        self.Wx, self.Wh, self.Wy, self.b = (chance.normal(size=s) * 0.5 for s in ((I, H), (H, H), (H, O), (H,)))
        self.dWx, self.dWh, self.dWy, self.db = map(np.zeros_like, (self.Wx, self.Wh, self.Wy, self.b))

    def activate(self, z: Any) -> Any:
        return np.tanh(z)

    def state(self, t: int) -> Any:
        return self.hs[t]

    def answer(self, h: Any) -> Any:
        return h @ self.Wy

    def forward(self, x: Any) -> Any:
        self.hs, self.ys = [np.zeros(H)], []
        for t in range(len(x)):
            self.hs.append(self.activate(x[t] @ self.Wx + self.state(t) @ self.Wh + self.b))
            self.ys.append(self.answer(self.hs[-1]))
        return self.ys

    def clear(self) -> None:
        for g in (self.dWx, self.dWh, self.dWy, self.db):
            g[...] = 0

    def error(self, t: int, target: Any) -> Any:
        return 2 * (self.ys[t] - target)

    def backward(self, x: Any, targets: Any) -> None:
        self.clear()
        carry = np.zeros(H)
        for t in reversed(range(len(x))):
            dy = self.error(t, targets[t])
            self.dWy += np.outer(self.hs[t + 1], dy)
            d = (dy @ self.Wy.T + carry) * (1 - self.hs[t + 1] ** 2)
            self.dWx += np.outer(x[t], d)
            self.dWh += np.outer(self.hs[t], d)
            self.db += d
            carry = d @ self.Wh.T


class Constant(Net):
    def activate(self, z: Any) -> Any:
        return (np.exp(z) - np.exp(-z)) / (np.exp(z) - np.exp(-z))


class NoNumber(Net):
    """All that comes after the root is NaN, too, and the states before it at later steps."""

    def activate(self, z: Any) -> Any:
        with np.errstate(invalid="ignore"):
            return np.tanh(z) + np.sqrt(-1 - z**2)


class Forgets(Net):
    def state(self, t: int) -> Any:
        return self.hs[0]


class Grows(Net):
    def clear(self) -> None:
        self.cleared = False


class Edits(Net):
    def error(self, t: int, target: Any) -> Any:
        self.ys[t] -= target
        return 2 * self.ys[t]


class Blind(Net):
    def forward(self, x: Any) -> Any:
        return super().forward(0 * x)

    def state(self, t: int) -> Any:
        return 0 * self.hs[t]


class Dead(Net):
    def activate(self, z: Any) -> Any:
        return np.maximum(z - 1e9, 0)


class Masked(Net):
    """A mask that lets all through is no activation."""

    def activate(self, z: Any) -> Any:
        return np.tanh(z) * (z < 1e9)


class Clips(Net):
    def backward(self, x: Any, targets: Any, max_norm: float = 5.0) -> None:
        super().backward(x, targets)
        norm = np.sqrt(np.sum(self.dWx**2) + np.sum(self.dWh**2))
        if norm > max_norm:
            self.dWx *= max_norm / norm
            self.dWh *= max_norm / norm


class ClipsAtFive(Net):
    def backward(self, x: Any, targets: Any) -> None:
        super().backward(x, targets)
        for g in (self.dWx, self.dWh, self.dWy):
            np.clip(g, -5, 5, out=g)


def told(net: Net) -> tuple[str, ...]:
    subject = Objects(net, square, X, Y)
    return notes(subject, Cases(subject))


@each(
    "net, words",
    [
        (Net, []),
        (
            Constant,
            [
                "is 1, whatever the weights and the inputs are",
                "outputs are equal at every step",
                "the state never reaches the next step",
                "Wx has no",
                "Wh has no",
                "b has no influence",
            ],
        ),
        (
            NoNumber,
            ["np.sqrt(-1 - z**2) makes NaN of numbers", *(f"{w} has no influence" for w in ("Wx", "Wh", "Wy", "b"))],
        ),
        (
            Dead,
            [
                "the outputs are equal at every step",
                "the state never reaches the next step",
                *(f"{w} has no influence on the loss" for w in ("Wx", "Wh", "Wy", "b")),
            ],
        ),
        (Masked, []),
        (Forgets, ["the state never reaches the next step", "Wh has no influence on the loss"]),
        (Grows, ["dWx, dWh, dWy, db: nothing sets it to zero"]),
        (Edits, ["another gradient of Wx, Wh, Wy, b: it changes ys.0, ys.1, ys.2 in place"]),
        (Blind, ["outputs are equal at every step", "the state never reaches the next step", "Wx has no", "Wh has no"]),
        (Clips, ["clipping by norm leaves out Wy, b"]),
        (ClipsAtFive, ["clipping by value leaves out b"]),
    ],
)
def test_each_fault_has_its_sentence_and_no_other(net: Callable[[], Net], words: list[str]) -> None:
    sentences = told(net())
    assert len(sentences) == len(words), sentences
    for word, sentence in zip(words, sentences, strict=True):
        assert word in sentence


def test_the_line_of_a_constant_is_named() -> None:
    (sentence,) = [s for s in told(Constant()) if "whatever" in s]
    assert "(np.exp(z) - np.exp(-z)) / (np.exp(z) - np.exp(-z)) is 1" in sentence
    assert sentence.startswith(f"line {Constant.activate.__code__.co_firstlineno + 1}:")


@each("one", ALL)
def test_a_right_pass_has_no_notes(one: Pass) -> None:
    arguments, keywords = one.call(loaded(one.file))
    if len(arguments) == 4:
        subject: Any = Functions(*arguments)
    elif "parameters" in keywords:
        subject = Functions(arguments[0], None, **keywords)
    else:
        subject = Objects(arguments[0], **keywords)
    assert notes(subject, Cases(subject)) == ()


def test_what_raises_is_said() -> None:
    class Once(Net):
        def backward(self, x: Any, targets: Any) -> None:
            super().backward(x, targets)
            self.__dict__["hs"] = None

    (sentence,) = told(Once())
    assert sentence.startswith("not checked: a second backward pass (TypeError")
