"""The sizes of pictures, as they are and fitted into an area, as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import tinygraph as tg
from tinygraph.draw.fitting import measured
from tinygraph.draw.options import AREAS


def sizes(sections: Mapping[str, Mapping[str, Callable[..., tg.Drawing]]]) -> Iterator[str]:
    """The lines of a table: how large each picture is, and its smallest text, as it is, on a slide, and fitted."""
    heads = ["as it is", "text on a slide", *AREAS]
    yield f"{'points':22}" + "".join(f"{head:>24}" for head in heads)
    for name, draw in (item for drawings in sections.values() for item in drawings.items()):
        cells = []
        for fit in (None, *AREAS):
            try:
                picture = draw(fit=fit).picture
                wide, high, least = (x * picture.scaled for x in measured(picture))
                cells.append(f"{wide:,.0f} x {high:,.0f}, text {least:.1f}")
                if fit is None:
                    area = AREAS["slide"]
                    cells.append(f"{least * min(area.width / wide, area.height / high):.2f}")
            except tg.GraphError:
                cells.append("cannot be read")
        yield f"{name:22}" + "".join(f"{cell:>24}" for cell in cells)
