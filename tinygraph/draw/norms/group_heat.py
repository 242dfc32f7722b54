"""Gradient norms of a rolled picture: of each box over all time steps together."""

from __future__ import annotations

from ...core.node import Node
from ..options import Options
from ..shown.folding import Folded
from ..shown.repetition import Repetition
from .heat import Heat, heat, length


def group_heat(
    folded: Folded, found: Repetition, stands: list[Node], roots: list[Node], options: Options
) -> Heat | None:
    """Norms by stand-in, ``sqrt(‖∂₁‖² + ‖∂₂‖² + ...)``: that of the gradients of all steps put end to end.

    Parameters keep their own, which are sums over the steps already.
    """
    if not options.has_gradients:
        return None
    each = heat(folded, roots, options.gradients)
    norms = {x: each.norms[x] for x in folded.names}
    norms |= {stands[g]: length(each.norms.get(x) for x in members) for g, members in enumerate(found.groups)}
    together = Heat(norms)
    together.span({*roots, *folded.names})
    return together
