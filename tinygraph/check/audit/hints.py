"""Hints: whether a fault that has a name can be what one run of a statement suffers from, all its parts at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from .book import NEAR, same
from .statement import StatementRun
from .written import Written

ABOUT = 4 * NEAR
"""A hint may be wrong, but no fault may be missed for rounding."""


def has_hint(written: Written, run: StatementRun, factors: bool) -> bool:
    """Whether a part may be wrong by a sign, a number, a term, a slope or, with ``factors``, a lost factor.

    Where something is zeros, which are any multiple of anything, nobody knows.
    """
    if not all(due.any() and run.made[x].any() for x, due in run.needs.items()):
        return True
    if any(same(run.made[y], due) for x, due in run.needs.items() if run.computes(x) for y in x.inputs):
        return True
    return any(_is_hinted(written, run, shape, *pairs, factors) for shape, pairs in _by_shape(run))


def _by_shape(run: StatementRun) -> Iterator[tuple[tuple[int, ...], tuple[np.ndarray, np.ndarray]]]:
    """What parts made, and what they should have made, flat in rows for each shape."""
    rows: dict[tuple[int, ...], list[tuple[np.ndarray, np.ndarray]]] = defaultdict(list)
    for x, due in run.needs.items():
        made = run.made[x]
        if made.shape != due.shape:
            made, due = np.broadcast_arrays(made, due)
        if due.size > 1:
            rows[due.shape].append((made.ravel(), due.ravel()))
    for shape, pairs in rows.items():
        yield shape, (np.array([made for made, _ in pairs]), np.array([due for _, due in pairs]))


def _is_hinted(
    written: Written, run: StatementRun, shape: tuple[int, ...], made: np.ndarray, due: np.ndarray, factors: bool
) -> bool:
    """Whether one of the rows is; an element that is large speaks for all of them."""
    rows, places = np.arange(len(due)), np.abs(due).argmax(axis=1)
    own, right = made[rows, places], due[rows, places]
    hinted = _near(made, due * (own / right)[:, None], made).all(axis=1) | written.may_hold(due - made)
    lost = np.abs(due - made)
    term = lost.max(axis=1)
    hinted |= (_near(run.statement.squares(shape)[:, lost.argmax(axis=1)], term, term) & (term > 0)).any(axis=0)
    if factors:
        hinted |= _near(own, right, right) | _near(
            own * written.right.factors(due.shape[1])[:, places], right, right
        ).any(axis=0)
    forms = run.statement.slopes.get(shape)
    if forms is None or hinted.any():
        return bool(hinted.any())
    one = forms[:, :, places]
    limit = ABOUT * np.abs(forms[..., None, :] * due).max(axis=3)
    fit = np.abs(one[:, :, None] * own - one[:, None] * right) <= limit[:, None]
    return bool((fit & ~np.eye(forms.shape[1], dtype=bool)[..., None]).any())


def _near(made: np.ndarray, right: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Whether numbers are about the same, in rows whose largest numbers are those of the whole."""
    return np.abs(made - right) <= ABOUT * (np.abs(whole) if whole.ndim == 1 else np.abs(whole).max(axis=1)[:, None])
