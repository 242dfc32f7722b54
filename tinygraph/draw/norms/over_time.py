"""Norms over all time steps: those without the cuts of a truncated gradient, and those of a rolled picture's boxes."""

from __future__ import annotations

from ...core.node import Node
from ...engine.grad import grad
from ..labels import number
from ..options import Options
from ..picture import Picture
from ..shown.folding import Folded, crosses
from ..shown.repetition import Repetition
from ..shown.truncation import crossings, cuts_in_words, spacing, truncated
from .heat import Heat, heat, length, norm_of, slopes


def note_truncation(picture: Picture, folded: Folded, roots: list[Node], options: Options) -> None:
    """Write into the picture how the gradient is cut; with gradients also the norms without the cuts."""
    if not any(x.cut and crosses(x) for node in folded.nodes for x in folded.arrows[node]):
        return
    k = options.truncate or spacing(crossings(folded, roots))
    if k is None:
        return
    words = cuts_in_words(k, folded)
    picture.subtitle = f"{picture.subtitle}; {words}" if picture.subtitle else words
    picture.truncation = f"k={k}" if k else "cut"
    if options.gradients is True:
        root = truncated(roots, None)[roots[0]]  # the gradients without cuts take a second backward pass
        gradients = grad(root, [x for x in folded.names if x in folded.uses])
        for use, gradient in zip(picture.uses, gradients, strict=True):
            use.full = number(norm_of(gradient.value))


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
    return Heat(norms).span({*roots, *folded.names}).within(options.scale)
