"""Buckets of sequences of similar lengths: as few as keep the padding below a share, with borders where it is least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_UNITS = 400
"""Borders are looked for among this many places, so that the search takes some milliseconds, however many sequences."""


@dataclass(frozen=True)
class Bucket:
    """The sequences from ``start`` to ``stop`` in the order of their lengths, padded to ``steps``."""

    start: int
    stop: int
    steps: int


def buckets(lengths: np.ndarray, rows: int, share: float) -> list[Bucket]:
    """The fewest buckets of which at most ``share`` is padding; if none have so little, those with the least.

    A border lies between two batches of ``rows`` sequences, counted from the longest, so that only the bucket of the
    shortest has a batch of fewer.

    Args:
        lengths: integers (n,).
        rows: the number of sequences in a batch.
        share: the most padding as a share of all steps.
    """
    ordered = np.sort(lengths)
    n = len(ordered)
    width = rows * -(-n // (rows * MOST_UNITS))
    ends = np.arange(n, 0, -width)[::-1]
    edges = np.concatenate([[0], ends])
    # work[i, j]: the steps of a bucket of the units from i to j - 1
    work = np.where(edges[:-1, None] < edges, (edges - edges[:-1, None]) * ordered[edges - 1], np.inf)
    finest = work[np.arange(len(ends)), np.arange(len(ends)) + 1].sum()
    most = max(lengths.sum() / (1 - share), finest)
    least, before = np.full(len(edges), np.inf), []
    least[0] = 0
    while not least[-1] <= most:
        total = least[:-1, None] + work
        before.append(np.argmin(total, axis=0))
        least = np.min(total, axis=0)
    return _followed(before, edges, ordered)


def _followed(before: list[np.ndarray], edges: np.ndarray, ordered: np.ndarray) -> list[Bucket]:
    """The buckets from the last to the first, by where the one that ends at an edge begins."""
    chosen, j = [], len(edges) - 1
    for begins in reversed(before):
        i = begins[j]
        chosen.append(Bucket(int(edges[i]), int(edges[j]), int(ordered[edges[j] - 1])))
        j = i
    return chosen[::-1]
