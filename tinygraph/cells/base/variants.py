"""Which form of a cell is meant where the code that everybody uses differs from its paper."""

from __future__ import annotations

from ...core.errors import GraphError


def is_paper(owner: str, variant: str) -> bool:
    """True for "paper", the authors' form; False for "coded", torchrecurrent's.

    Raises:
        GraphError: another word.
    """
    if variant not in ("coded", "paper"):
        raise GraphError(
            f"{owner}: no such variant",
            expected="'coded', as torchrecurrent has it, or 'paper', as its authors have it",
            got=repr(variant),
        )
    return variant == "paper"
