"""Clears what is kept of machine code, on disk and in memory."""

from __future__ import annotations

from ..forking import LOCK


def cache_clear() -> None:
    """Deletes the machine code that compiled functions left on disk, and lets go of what no plan in memory uses.

    The native backend keeps its machine code, up to 64 MiB of it, in the folder ``code-2`` of
    ``$TINYGRAPH_CACHE_DIR``, by default of ``tinygraph`` in the user's cache folder (``~/.cache``; on macOS
    ``~/Library/Caches``, on Windows ``%LOCALAPPDATA%``), so that another process need not compile it again. Other files
    that lie there are left alone. Compiled functions keep their plans and run on, also while other threads run them.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> f = tg.compile(lambda x: 2 * x)
        >>> y = f(np.ones(3))
        >>> tg.cache_clear()  # doctest: +SKIP
        >>> f(np.ones(3)).tolist()
        [2.0, 2.0, 2.0]
    """
    with LOCK:
        from .native import compiler, disk
    disk.clear()
    compiler.forget()
