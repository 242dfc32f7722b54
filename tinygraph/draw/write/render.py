"""Rendering with Graphviz, for all formats but SVG: chooses the program, and raises an error if none is installed."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from functools import cache
from os import name as system
from pathlib import Path
from tempfile import TemporaryDirectory

from ...core.errors import GraphError


@cache
def formats() -> frozenset[str]:
    """Returns the formats that Graphviz knows."""
    import graphviz  # here: it takes a tenth of the import of tinygraph, and SVG and pages do without

    return frozenset(graphviz.FORMATS)


def rendered(source: str, suffix: str) -> bytes:
    """Returns what the system's Graphviz, or the one that pip installs, makes of DOT text.

    By way of files: through a pipe a drawing of 20,000 boxes takes a quarter longer.

    Raises:
        GraphError: no Graphviz is installed, or it cannot write this format.
    """
    own = shutil.which("dot")
    program = own or _from_pip()
    if program is None:
        raise GraphError(
            f"a drawing as {suffix} needs Graphviz, but none is installed",
            expected="the program `dot` on the PATH, or the Graphviz that pip installs",
            fix='apt install graphviz (or brew, choco), or pip install "tinygraph-rnn[render]" for png; '
            "svg, html and txt need no program",
        )
    with TemporaryDirectory() as folder:
        before, after = Path(folder, "drawing.dot"), Path(folder, "drawing.out")
        before.write_text(source, encoding="utf-8")
        # Both programs warn about glyphs that they cannot measure: what they say is shown only if they fail.
        run = subprocess.run([program, f"-T{suffix}", "-o", after, before], capture_output=True, check=False)
        if run.returncode or not after.exists():
            raise GraphError(
                "Graphviz could not render the drawing",
                got=run.stderr.decode(errors="replace").strip() or f"exit status {run.returncode}",
                fix="look at drawing.source" if own else "use svg or png; others need the system's Graphviz",
            )
        return after.read_bytes()


def _from_pip() -> str | None:
    """Returns the command of graphviz-pure, which may be beside a Python that is not on the PATH."""
    folders = [None, sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{system}_user")]
    commands = (shutil.which("graphviz-pure", path=folder) for folder in folders)
    return next((command for command in commands if command), None)
