"""The numpy backend: generates Python source of numpy calls that write into planned memory (``out=``)."""

from .backend import ByNumpy
from .places import aligned_block

__all__ = ["ByNumpy", "aligned_block"]
