"""Truncated backpropagation through time: the distance of its cuts, and the gradients without them."""

from __future__ import annotations

from ...core.node import Node
from ...engine.grad import grad
from ..labels import number
from ..options import Options
from ..picture import Picture
from ..shown.folding import Folded, crosses
from ..shown.truncation import crossings, spacing, truncated
from .heat import norm_of


def note_truncation(picture: Picture, folded: Folded, roots: list[Node], options: Options) -> None:
    """Write into the picture how the gradient is cut; with gradients also the norms without the cuts."""
    if not any(x.cut and crosses(x) for node in folded.nodes for x in folded.arrows[node]):
        return
    k = options.truncate or spacing(crossings(folded, roots))
    if k is None:
        return
    words = f"truncated BPTT, k = {k}" if k else "truncated BPTT"
    picture.subtitle = f"{picture.subtitle}; {words}" if picture.subtitle else words
    picture.truncation = f"k={k}" if k else "cut"
    if options.gradients is True:
        root = truncated(roots, None)[roots[0]]  # the gradients without cuts take a second backward pass
        gradients = grad(root, [x for x in folded.names if x in folded.uses])
        for use, gradient in zip(picture.uses, gradients, strict=True):
            use.full = number(norm_of(gradient.value))
