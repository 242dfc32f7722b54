"""Heat maps in matplotlib: all sheets as one image in the axes that the user passes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..norms.heat import ODD, ZERO, Heat, ramp
from .plot import PADDED
from .shades import LEVELS, Shade
from .sheets import Sheet, blocks_of

MOST = 24
"""About how many labels stand along a side."""
LABEL = "{label}\n{token}"
CORNERS = np.array([[-0.5, 0.5, 0.5, -0.5], [-0.5, -0.5, 0.5, 0.5]])


def into_axes(ax: Any, sheets: list[Sheet], colours: Shade | Heat, title: str) -> None:
    """Draw sheets into axes, a row or a column without colour between them, with labels and a colour bar.

    The image holds the numbers as they are: ``ax.images[0].get_array()``. Padding is masked, NaN has a cross.
    """
    from matplotlib.colors import ListedColormap, LogNorm, Normalize

    at, norm, under = (ramp, LogNorm, ZERO) if isinstance(colours, Heat) else (colours.at, Normalize, None)
    shades = ListedColormap([at(k / LEVELS) for k in range(LEVELS + 1)])
    blocks = blocks_of(sheets)
    sizes = [(sum(len(x.values) + 1 for x in block), block[0].values.shape[1] + 1) for block in blocks]
    grid = np.ma.masked_all((max(a for a, _ in sizes) - 1, sum(b for _, b in sizes) - 1))
    left, columns, rows = 0, [], []
    for block in blocks:
        top = 0
        for sheet in block:
            height, width = sheet.values.shape
            grid[top : top + height, left : left + width] = np.ma.array(sheet.values, mask=sheet.absent)
            ax.text(left - 0.4, top - 0.6, sheet.heading, fontsize="small", fontweight="bold", va="bottom")
            zeros = under is not None and ~sheet.absent & (sheet.values == 0)  # which a logarithm has not
            for places, colour in ((sheet.padding, PADDED), (zeros, under)):
                for y, x in zip(*np.nonzero(np.atleast_2d(places)), strict=True):
                    ax.fill(left + x + CORNERS[0], top + y + CORNERS[1], color=colour, linewidth=0)
            rows += [(top + i, sheet.down.text(i, LABEL)) for i in range(height)] * (not left)
            top += height + 1
        columns += [(left + j, block[-1].across.text(j, LABEL)) for j in range(block[0].values.shape[1])]
        left += block[0].values.shape[1] + 1
    image = ax.imshow(grid, aspect="auto", interpolation="nearest", cmap=shades, norm=norm(colours.low, colours.high))
    odd = np.nonzero(~np.isfinite(grid.filled(0.0)))
    ax.plot(odd[1], odd[0], "x", color=ODD)
    for axis, ticks in ((ax.xaxis, columns), (ax.yaxis, rows)):
        stride = -(-len(ticks) // MOST)
        axis.set_ticks([at for at, _ in ticks][::stride], [text for _, text in ticks][::stride])
    ax.set(xlabel=sheets[-1].across.caption, ylabel=sheets[0].down.caption)
    ax.set_title(title, pad=16)
    ax.figure.colorbar(image, ax=ax)
