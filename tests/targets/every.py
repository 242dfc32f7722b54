"""Every target, by its name."""

from __future__ import annotations

from .compiled import Native, Numpy
from .onnx import Onnx
from .target import Target

TARGETS: dict[str, type[Target]] = {target.name: target for target in (Numpy, Native, Onnx)}
