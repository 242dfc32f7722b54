"""What an error tells below its problem."""

from __future__ import annotations

import re


def told(error: object) -> str:
    """Which lines it has, by their first letters: ``"egf"`` for what was expected, what came and how to go on."""
    return "".join(re.findall(r"\n  (e|g|f)(?:xpected|ot|ix) ", str(error)))
