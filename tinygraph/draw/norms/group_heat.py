"""Gradient norms of a rolled picture: the norm of each box over all time steps."""

from __future__ import annotations

from ...core.node import Node
from ..options import Options
from ..shown.folding import Folded
from ..shown.repetition import Repetition
from .heat import Heat, heat, length, slopes


def group_heat(
    folded: Folded, repetition: Repetition, representatives: list[Node], roots: list[Node], options: Options
) -> Heat | None:
    """Returns norms per representative, ``sqrt(‖∂₁‖² + ‖∂₂‖² + ...)``: of the concatenated gradients of all steps.

    Parameters keep their own norms, because their gradients are sums over the steps already.
    """
    if not options.has_gradients:
        return None
    per_step = heat(folded, roots, slopes(folded, roots, options.gradients))
    norms = {x: per_step.norms[x] for x in folded.names}
    norms |= {
        representatives[g]: length(per_step.norms.get(x) for x in members)
        for g, members in enumerate(repetition.groups)
    }
    together = Heat(norms)
    together.span({*roots, *folded.names})
    return together.within(options.scale)
