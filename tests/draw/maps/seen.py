"""What a heat map shows, read from its tiles as a reader sees them: by place, number and tip."""

from __future__ import annotations

import re

import numpy as np

import tinygraph as tg

RANGE = r"([\d–]+)"
PLACE = re.compile(rf"(?:mean of )?(.+?)(?:\[{RANGE}\])?\|?‖? at (?:t = )?{RANGE}(?: of {RANGE})?: (\S+)(?: · (.*))?$")


def number(text: str) -> float:
    return {"NaN": np.nan, "∞": np.inf, "-∞": -np.inf}.get(text) if text[-1] in "N∞" else float(text)  # type: ignore[return-value]


def blocks(drawing: tg.Drawing) -> dict[str, dict[tuple[str, str], float]]:
    """Maps each heading to a dict from (row, column) to the number in the tip there."""
    notes = [x for x in drawing.picture.notes if x.size == 12]
    sheets: dict[str, dict[tuple[str, str], float]] = {x.text: {} for x in notes}
    for tile in drawing.picture.tiles:
        seen = PLACE.match(tile.tip)
        if not seen:
            continue
        # The heading of a tile is the nearest one above it in its block.
        over = [x for x in notes if x.y > tile.y and x.x - 300 < tile.x]
        heading = min(over, key=lambda x: (x.y - tile.y, abs(x.x - tile.x))).text
        row, column = (seen[3], seen[4]) if seen[4] else (seen[2] or "", seen[3])
        sheets[heading][row, column] = number(seen[5])
    return sheets


def matrix(cells: dict[tuple[str, str], float]) -> np.ndarray:
    """The numbers in the order of their rows and columns, NaN where there is none."""
    rows = sorted({r for r, _ in cells}, key=lambda r: int(r.partition("–")[0] or 0))
    columns = sorted({c for _, c in cells}, key=lambda c: int(c.partition("–")[0]))
    return np.array([[cells.get((r, c), np.nan) for c in columns] for r in rows])


def close(shown: np.ndarray, right: np.ndarray, digits: int = 4) -> bool:
    """Whether numbers of so many digits are those that are right."""
    return bool(np.allclose(shown, right, rtol=0.51 * 10.0 ** (1 - digits), atol=1e-12, equal_nan=True))
