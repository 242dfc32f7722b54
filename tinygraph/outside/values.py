"""Plans for values: which floats are a part of the key, and a warning when a value makes plan after plan."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..core.errors import users_line
from .keys import exact, is_array
from .numbers import NeededError

MANY = 20
"""At so many plans for arrays of the same shapes it warns."""

ROUNDS = 8
"""So often a function is traced anew for one float more each; then for all of a list."""


class Census:
    """Counts the plans of one function that differ in plain values alone.

    Attributes:
        must: the words for floats whose values the function asked for.
    """

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn
        self.must: set[str] = set()
        self._plans: dict[Any, list[dict[str, Any]]] = {}
        self._told = False

    def count(self, words: Mapping[str, Any]) -> None:
        """Counts one more plan; warns once, at the `MANY`-th, and names the arguments that are new each time."""
        plain = {w: x for w, x in words.items() if not is_array(x) and (type(x) is not float or w in self.must)}
        if self._told or not plain:
            return
        shapes = tuple([(w, x.shape, x.dtype) if is_array(x) else (w, type(x)) for w, x in words.items()])
        plans = self._plans.setdefault(shapes, [])
        values = {w: exact(x) for w, x in plain.items()}
        known = {(*own.values(),) for own in plans}  # by hash, as nodes compare number by number
        plans += [] if (*values.values(),) in known else [values]  # other parameters may be frozen, or it was dropped
        if len(plans) < MANY:
            return
        self._told, self._plans = True, {}
        new = [w for w in plain if len({own[w] for own in plans}) > 1]
        text = (
            f"compile: this is plan {MANY} of {getattr(self.fn, '__name__', 'a function')}: each value of "
            f"{', '.join(map(repr, new))} makes a plan of its own\n  fix       pass a number that is computed with as "
            f"a float or an array, and always the same function\n  got       {users_line()}"
        )
        warnings.warn(text, stacklevel=6)


def planned(
    make: Callable[..., Any], words: Mapping[str, Any], numbers: Sequence[float], census: Census
) -> tuple[Any, tuple[int, ...]]:
    """A plan, and the indices of the floats that are a part of its key.

    Args:
        make: makes a plan from words, numbers and these indices; raises `NeededError` for more of them.
    """
    names = [w for w, x in words.items() if type(x) is float]
    must = {*census.must}
    tried = 0
    while True:
        valued = tuple([k for k, name in enumerate(names) if name in must])
        try:
            plan = make(words, numbers, valued)
        except NeededError as asked:
            # One after the other is asked for of a list that becomes an array: it is taken whole, and what it is in.
            whole = [name.rsplit("[", tried // ROUNDS)[0] for name in names]
            asked_for = {whole[k] for k in asked.indices}
            must |= {name for name, part in zip(names, whole, strict=True) if part in asked_for}
            tried += 1
            continue
        census.must |= must
        census.count(words)
        return plan, valued
