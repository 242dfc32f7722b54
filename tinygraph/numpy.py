"""numpy, with arrays that may hold nodes: ``import tinygraph.numpy as np``.

It has all of numpy's names. zeros, ones, empty, full, their ``_like`` forms, eye, identity, array and copy make arrays
into which nodes can be written, ``hs[t] = h``, and a file that uses this module may write into the results of ops, too:
``x /= y``, ``z[mask] = 0``, ``out=``. Each write is a node, whose gradient is right, and what has read an array before
keeps what it read. Integers and booleans stay plain arrays: no gradient flows into them.
"""

from __future__ import annotations

from typing import Any

import numpy as _numpy

from .core.scope import _Now
from .recording.names import *  # noqa: F403  zeros, array and the like
from .recording.recorder import Recorder as _Recorder

__all__ = [*_numpy.__all__]  # noqa: PLE0604  a list of numpy's


def __getattr__(name: str) -> Any:
    return getattr(_numpy, name)


def __dir__() -> list[str]:
    return __all__


_Now.recorder = _Now.plain = _Recorder()  # of all threads, which have one in common
_Now.recorder.session.calls.add(__name__)
