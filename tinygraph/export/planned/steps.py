"""What a training step does between and after its two halves: looks, collects, counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

from .dialect import Dialect, spelled
from .training import Training
from .walk import WORK

STOP, DONE = "@stop", "@done"
"""The ends of a training step that found something not finite, and of one that only collected gradients."""


def block(lines: Sequence[str]) -> list[str]:
    """Lines in braces."""
    return ["    {", *("    " + line for line in lines), "    }"]


class Around:
    """The lines around the two halves.

    Args:
        loss: the name of the result that is the loss.
        at: where in the work memory the gradients lie, and after them the sum of their squares.
    """

    def __init__(self, dialect: Dialect, training: Training, loss: str, at: Sequence[int]) -> None:
        self.dialect, self.training, self.loss = dialect, training, loss
        self.at, self.square = at[:-1], f"{WORK['real']}[{at[-1]}]"

    def checked(self) -> list[str]:
        """The step ends where a number is not finite, or collects."""
        finite = " && ".join(self.dialect.is_finite(name) for name in (f"{self.loss}[0]", self.square))
        root = spelled(f"sqrt({self.square})", self.dialect)
        return [
            f"    {self.dialect.field('norm')} = {root};",
            f"    if (!({finite})) {STOP}",
            *(self._collected() if self.training.step.accumulate > 1 else []),
        ]

    def _collected(self) -> list[str]:
        count, collected = self.training.step.accumulate, self.dialect.field("collected")
        sums = [*zip(self.training.model.sums.items(), self.at, strict=True)]
        lines = []
        for (name, array), at in sums:
            lines += self._each(prod(array.shape), [f"{self.dialect.field(name)}[i0] += {WORK['real']}[{at} + i0];"])
        lines += [f"    {collected} += 1;", f"    if ({collected} < {count}) {DONE}", f"    {collected} = 0;"]
        for (name, array), at in sums:
            total = f"{self.dialect.field(name)}[i0]"
            lines += self._each(prod(array.shape), [f"{WORK['real']}[{at} + i0] = {total} / {count};", f"{total} = 0;"])
        return lines

    def _each(self, n: int, lines: list[str]) -> list[str]:
        return [f"    {self.dialect.loop('i0', n)} {{", *(f"        {line}" for line in lines), "    }"]

    def with_numbers(self, update: list[str]) -> list[str]:
        """The lines of the update after its numbers of this step, in 64 bits as Python computes them."""
        body = "\n".join(update)
        used = [(k, *own) for k, own in enumerate(self.training.numbers) if re.search(rf"\bp{k}n\b", body)]
        factors, field = self.training.factors, self.dialect.field
        lines = []
        if any(re.search(r"\bt\b", text) for text in [*factors.values(), *(text for *_, text in used)]):
            lines.append("    " + self.dialect.wide("p0t", f"{field('steps')} + 1"))
        for k, (product, text) in enumerate(factors.items()):
            lines.append("    " + self.dialect.wide(f"p{k}factor", _filled(text, t="p0t")))
            lines.append(f"    {field(product)} *= p{k}factor;")
        for k, rate, product, text in used:
            own = _filled(text, t="p0t", rate=field(rate), product=field(product))
            lines.append("    " + self.dialect.wide(f"p{k}wide", own))
            lines.append("    " + self.dialect.constant("real", f"p{k}n", self.dialect.narrow(f"p{k}wide")))
        return [*lines, *update]

    def counted(self) -> list[str]:
        return [f"    {self.dialect.field('steps')} += 1;"]


def _filled(text: str, **names: str) -> str:
    """An expression with names in place of its words."""
    return re.sub(rf"\b({'|'.join(names)})\b", lambda m: names[m[1]], text)
