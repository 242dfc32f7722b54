"""The memory that a training step frees, kept for the next one."""

from __future__ import annotations

import numpy as np

LARGEST_LEARNED = 31 << 20
"""Bytes: just below the 32 MiB up to which glibc's malloc adapts its thresholds (``man mallopt``)."""


def keep_freed_memory() -> None:
    """Make malloc keep up to about 62 MiB of freed memory in the process instead of handing it back at once.

    A step frees its whole graph. By default glibc may give that memory back to the system, to fetch it
    anew, page by page and zeroed, in the next step: an LSTM step of 30 ms took 37 to 45 here. Freeing
    one large block, which is never touched and so costs nothing, raises the threshold. Other allocators
    are not changed by it.
    """
    np.empty(LARGEST_LEARNED, np.uint8)
