"""The option ``variant`` of cells whose common implementation differs from their paper."""

from __future__ import annotations

from ...core.errors import GraphError, shown


def is_paper(owner: str, variant: str) -> bool:
    """Returns True for "paper", the authors' form, and False for "coded", torchrecurrent's.

    Raises:
        GraphError: ``variant`` is neither.
    """
    if variant not in ("coded", "paper"):
        expected = "'coded', as torchrecurrent has it, or 'paper', as its authors have it"
        raise GraphError(f"{owner}: no such variant", expected=expected, got=shown(variant))
    return variant == "paper"
