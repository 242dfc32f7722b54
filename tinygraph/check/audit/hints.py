"""Hints: whether a fault that has a name can be what one run of a statement suffers from, all its parts at once."""

from __future__ import annotations

from collections import defaultdict

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
    alike: dict[tuple[int, ...], list[tuple[np.ndarray, np.ndarray]]] = defaultdict(list)
    for x, due in run.needs.items():
        made = run.made[x]
        if not due.any() or not made.any() or (run.computes(x) and any(same(run.made[y], due) for y in x.inputs)):
            return True
        made, due = (made, due) if made.shape == due.shape else np.broadcast_arrays(made, due)
        if due.size > 1:
            alike[due.shape].append((made.ravel(), due.ravel()))
    return any(_is_hinted(written, run, shape, pairs, factors) for shape, pairs in alike.items())


def _is_hinted(
    written: Written,
    run: StatementRun,
    shape: tuple[int, ...],
    pairs: list[tuple[np.ndarray, np.ndarray]],
    factors: bool,
) -> bool:
    """Whether one of the pairs is, of what was made and what is due; a large element speaks for all of them."""
    made, due = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    rows, places = np.arange(len(due)), np.abs(due).argmax(axis=1)
    own, right = made[rows, places], due[rows, places]
    off = np.abs(made - due * (own / right)[:, None]).max(axis=1)
    hinted = (off <= ABOUT * np.abs(made).max(axis=1)) | written.book.may_have(due - made)
    lost = np.abs(due - made)
    term, largest = lost.max(axis=1), lost.argmax(axis=1)
    for form in (np.ones(due.shape[1]), *(v.ravel() ** 2 for v in run.near if v.shape == shape)):
        hinted |= _near(form[largest], term)
    if factors:
        hinted |= _near(own, right) | _near(own * written.right.factors(due.shape[1])[:, places], right).any(axis=0)
    forms = run.slopes.get(shape)
    if forms is None or hinted.any():
        return bool(hinted.any())
    one, limit = forms[:, :, places], ABOUT * np.abs(forms[..., None, :] * due).max(axis=3)
    fit = np.abs(one[:, :, None] * own - one[:, None] * right) <= limit[:, None]
    return bool((fit & ~np.eye(forms.shape[1], dtype=bool)[..., None]).any())


def _near(made: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.abs(made - right) <= ABOUT * np.abs(right)
