"""How much memory a piece of work takes at its peak.

Linux's own high-water mark of this process (VmHWM) is read and reset. `getrusage` would not do: a new process inherits
the peak of the one that started it, and the mark cannot be reset; it serves where there is no /proc.
"""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Callable

STATUS = "/proc/self/status"


def peak_over(work: Callable[[], object], times: int = 3) -> int:
    """Bytes that ``times`` runs of ``work`` take at their peak over what the process held before."""
    gc.collect()
    before = _forget_peak()
    for _ in range(times):
        work()
    return _peak() - before


def _forget_peak() -> int:
    """Bytes held now, from where the mark starts anew."""
    try:
        with open("/proc/self/clear_refs", "w") as marks:
            marks.write("5")
    except OSError:
        return _peak()
    return _field("VmRSS")


def _peak() -> int:
    try:
        return _field("VmHWM")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _field(name: str) -> int:
    with open(STATUS) as lines:
        kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kilobytes) * 1024
