"""A plan run by numpy: Python source written once for its actions, every result put where it belongs by ``out=``."""

from .backend import ByNumpy
from .places import aligned_block

__all__ = ["ByNumpy", "aligned_block"]
