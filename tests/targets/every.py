"""Every target, by its name."""

from __future__ import annotations

from .c import InC, InDouble
from .compiled import Native, Numpy
from .jax import Jax
from .js import InNode
from .onnx import Onnx
from .target import Target
from .torch import InTorch

TARGETS: dict[str, type[Target]] = {t.name: t for t in (Numpy, Native, Onnx, InC, InDouble, InNode, InTorch, Jax)}
