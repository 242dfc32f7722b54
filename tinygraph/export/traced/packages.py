"""Packages of other systems, imported when an exporter is asked and not before."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ...core.errors import GraphError


def package(name: str, asker: str, extra: str = "") -> Any:
    """The module of this name, for ``asker``, a function of `tg.export`.

    Args:
        extra: the extra of this distribution that installs it; empty for the package's own name.

    Raises:
        GraphError: it is not installed; the message has the line for pip.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] != name.partition(".")[0]:
            raise  # it is there, and lacks another one
        line = f'pip install "tinygraph-rnn[{extra}]"' if extra else f"pip install {name}"
        raise GraphError(f"{asker} needs the package {name}, which is not installed", fix=line) from None
