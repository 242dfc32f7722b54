"""What a graph becomes on other systems: each exporter imports its package when it is called."""

from .c.file import c as c
from .jax import jax as jax
from .js.file import js as js
from .onnx.model import onnx as onnx
from .onnx.reading import metadata as metadata
from .torch.export import torch as torch
