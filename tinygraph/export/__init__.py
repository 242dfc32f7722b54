"""What a graph becomes on other systems: each exporter imports its package when it is called."""

from .c.file import c

__all__ = ["c"]
