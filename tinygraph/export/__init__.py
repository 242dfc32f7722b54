"""What a graph becomes on other systems: each exporter imports its package when it is called."""

from .c.file import c
from .js.file import js

__all__ = ["c", "js"]
