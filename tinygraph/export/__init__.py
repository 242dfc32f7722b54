"""What a graph becomes on other systems: each exporter imports its package when it is called."""

from .onnx.model import onnx as onnx
from .onnx.reading import metadata as metadata
