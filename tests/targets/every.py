"""Every target, by its name."""

from __future__ import annotations

from .c import InC, InDouble
from .compiled import Native, Numpy
from .js import InNode
from .target import Target

TARGETS: dict[str, type[Target]] = {target.name: target for target in (Numpy, Native, InC, InDouble, InNode)}
