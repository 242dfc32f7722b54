"""Einstein summation: `einsum`, its gradient and its shape inference."""

from __future__ import annotations

import string
from functools import lru_cache
from operator import index
from typing import Any

import numpy as np

from ..core.errors import GraphError, shown
from ..core.node import Node
from ..core.op import Op, Spec
from .inference import promoted, strong


class Einsum(Op):
    """z = the sum of products over the letters that are not in z      ``einsum("bi,hi->bh", x, w)``

    Subscripts as in `np.einsum`, with ``...`` and repeated letters. Without ``->`` the result has the letters that
    occur once, in alphabetical order. Backward: the gradient of an operand is the einsum of gz with the others.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.einsum("bi,hi->bh", tg.constant(np.ones((2, 3))), np.ones((4, 3))).shape
        (2, 4)
    """

    def __call__(self, *inputs: Any, name: str | None = None, subscripts: str = "", **others: Any) -> Node:
        if inputs and isinstance(inputs[0], str):
            subscripts, *inputs = inputs  # type: ignore[assignment]
        elif len(inputs) > 1 and isinstance(subscripts, str) and not subscripts:
            subscripts, inputs = _from_lists(inputs)
        others.pop("optimize", None)  # numpy's choice of the order of products, which does not change the result
        return super().__call__(*strong(inputs), name=name, subscripts=subscripts, **others)

    def forward(self, *operands: Any, subscripts: str = "") -> Any:
        return np.einsum(subscripts, *operands, optimize=len(operands) > 2)

    def backward(self, gz: Any, z: Any, *operands: Any, subscripts: str = "") -> Any:
        terms, out = spell_out(subscripts, [x.ndim for x in operands])
        return [self._of_operand(k, gz, operands, terms, out) for k in range(len(operands))]

    def _of_operand(self, k: int, gz: Any, operands: Any, terms: list[str], out: str) -> Any:
        x = operands[k]
        target, diagonals = _distinct(terms[k], "".join(terms) + out)
        others = [(t, o) for j, (t, o) in enumerate(zip(terms, operands, strict=True)) if j != k]
        factors = [(out, gz), *others, *((pair, np.eye(n, dtype=gz.dtype)) for pair, n in diagonals(x))]
        sizes = {(c, n) for t, f in factors for c, n in zip(t, f.shape, strict=True)}
        own = [*zip(target, x.shape, strict=True)]
        # The forward pass sums over a letter that this operand alone has, or has in full: the gradient is constant.
        factors += [(c, np.ones(n, dtype=gz.dtype)) for c, n in own if (c, n) not in sizes]
        # It stretches a size of 1, so the gradient is summed over that letter.
        kept = "".join(c for c, n in own if n != 1)
        call = ",".join(t for t, _ in factors) + "->" + kept
        gx = einsum.of(*(f for _, f in factors), subscripts=call)
        return gx if gx.shape == x.shape else gx.reshape(x.shape)

    def infer(self, *specs: Spec, subscripts: str = "") -> Spec:  # type: ignore[override]
        return Spec(_shape(subscripts, tuple([s.shape for s in specs])), promoted(*[s.dtype for s in specs]))

    def flops(self, *specs: Spec, subscripts: str = "") -> int:  # type: ignore[override]
        terms, _ = spell_out(subscripts, [s.ndim for s in specs])
        sizes: dict[str, int] = {}
        for term, spec in zip(terms, specs, strict=True):
            for letter, n in zip(term, spec.shape, strict=True):
                sizes[letter] = max(n, sizes.get(letter, 1))
        return len(specs) * int(np.prod(list(sizes.values())))


@lru_cache(maxsize=4096)
def _shape(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    terms, out = spell_out(subscripts, [len(s) for s in shapes])
    got = f"{shown(subscripts)} with shapes {', '.join(map(str, shapes))}"
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        if len(term) != len(shape):
            problem = f"einsum: {shown(term)} needs {len(term)} axes"
            raise GraphError(problem, expected="a letter for each axis", got=got)
        own: dict[str, int] = {}
        for letter, n in zip(term, shape, strict=True):
            # numpy broadcasts a size of 1 between operands, but not within one.
            if own.setdefault(letter, n) != n or (n != 1 and sizes.get(letter, 1) not in (1, n)):
                raise GraphError(f"einsum: sizes of {letter} differ", expected="one size for each letter", got=got)
            sizes[letter] = n if sizes.get(letter, 1) == 1 else sizes[letter]
    if len(set(out)) < len(out) or not sizes.keys() >= set(out) or _loses_axes(subscripts, sizes):
        expected = "letters of the terms, each once, and '...' if a term has it"
        raise GraphError(f"einsum: invalid result {shown(out)}", got=got, expected=expected)
    return tuple(sizes[letter] for letter in out)


def _loses_axes(subscripts: str, sizes: dict[str, int]) -> bool:
    """Whether the result lacks the axes of ``...``, whose letters in ``sizes`` are not in the subscripts."""
    _, arrow, out = subscripts.partition("->")
    return bool(arrow) and "..." not in out and not sizes.keys() <= set(subscripts)


def _distinct(term: str, used: str) -> Any:
    """The term with a new letter for each repeated one, and a function from x to the letter pairs and axis sizes."""
    fresh = iter(c for c in string.ascii_letters if c not in used)
    letters, pairs = [], []
    for i, c in enumerate(term):
        letters.append(next(fresh) if c in term[:i] else c)
        if letters[-1] != c:
            pairs.append((c + letters[-1], i))
    return "".join(letters), lambda x: [(pair, x.shape[i]) for pair, i in pairs]


_NUMBERED = dict(enumerate(string.ascii_uppercase + string.ascii_lowercase))
"""Letters of numbers of axes, whose order is also theirs as text: the implicit result is sorted."""


def _from_lists(operands: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Subscripts and operands of numpy's second form: ``einsum(x, [0, 1], w, [2, 1], [0, 2])``."""
    pairs, out = len(operands) // 2 * 2, operands[len(operands) // 2 * 2 :]
    terms = ",".join(map(_term, operands[1:pairs:2]))
    return terms + "".join("->" + _term(axes) for axes in out), operands[0:pairs:2]


def _term(axes: Any) -> str:
    try:
        return "".join("..." if axis is Ellipsis else _NUMBERED[index(axis)] for axis in axes)
    except (TypeError, KeyError):
        expected = "'bi,hi->bh', or after each operand a list of its axes as numbers from 0 to 51"
        raise GraphError("einsum: no subscripts", expected=expected, got=shown(axes)) from None


def spell_out(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """The terms and the result of the subscripts, with letters in place of ``...``, and the implicit result."""
    left, arrow, out = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        expected, got = f"{len(terms)} for {shown(subscripts)}", f"{len(ndims)} operands"
        raise GraphError("einsum: wrong number of operands", expected=expected, got=got)
    free = [c for c in string.ascii_letters if c not in subscripts]
    longest = max([0, *(n - len(t) + 3 for t, n in zip(terms, ndims, strict=True) if "..." in t)])
    letters = "".join(free[:longest])
    full = [t.replace("...", letters[longest - (n - len(t) + 3) :]) for t, n in zip(terms, ndims, strict=True)]
    if not arrow:
        once = "".join(sorted(c for c in set(left) if c.isalpha() and left.count(c) == 1))
        return full, letters + once
    return full, out.replace("...", letters)


einsum = Einsum()
