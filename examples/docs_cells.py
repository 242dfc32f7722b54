"""Makes docs/cells.md, the page of all recurrent cells, and its pictures from the cells' docstrings.

Run as ``python examples/docs_cells.py [FOLDER]``; the default folder is ``docs/``.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import sys
from collections.abc import Iterator
from math import gcd
from pathlib import Path
from typing import Any

import cell_pictures
import numpy as np

import tinygraph as tg

GROUPS = {
    "To start with": "The three cells of PyTorch, whose checkpoints can be loaded. Begin with the GRU or the LSTM.",
    "Plain: no gate": (
        "One state, few parameters, fast steps. They differ in how the state is kept from decaying or growing."
    ),
    "One gate": "For each unit a gate sets how much of it is new. All have fewer parameters than the GRU.",
    "Two gates or more, one state": "Relatives of the GRU.",
    "Two states or more: relatives of the LSTM": (
        "Beside h there is a memory c, which gates open and close: for values that have to be kept for many steps."
    ),
    "An output apart from the state": "The output to the next layer is not the state for the next step.",
    "Oscillators, clocks, delays and windows": (
        "Time itself is in the equations: for long sequences, signals, several time scales, irregular time steps."
    ),
    "Linear in the state": (
        "The next state is the last one times a factor, plus a term, and both depend on the inputs alone: most of the "
        "work does not wait for the previous step."
    ),
}
"""Maps the heading of each group of cells to a sentence; a line ``Group:`` of a cell's docstring names its heading."""

PAPERS = {
    "RNN": "https://doi.org/10.1207/s15516709cog1402_1",
    "LSTM": "https://doi.org/10.1162/neco.1997.9.8.1735",
    "LMU": "https://papers.nips.cc/paper/2019/hash/952285b9b7e7a1be5aa7849f32ffff05-Abstract.html",
    "Jordan": "https://doi.org/10.1016/S0166-4115%2897%2980111-2",
    "MCLSTM": "https://www.intel.com/content/dam/www/public/us/en/ai/documents/Sequence-Modeling-NIPS-2017.pdf",
} | dict.fromkeys(("MUT1", "MUT2", "MUT3"), "https://proceedings.mlr.press/v37/jozefowicz15.html")
"""Links to papers without an arXiv number or DOI in the docstring; Jordan's report is linked as reprinted in 1997."""

INTRODUCTION = """\
# Cells

<!-- Made by examples/docs_cells.py from the cells and their docstrings: change those, and run it again. -->

All {count} recurrent cells of `tg.cells`. A call `cell(x_t, state)` returns `(y_t, new_state)`, and all of them work
with `tg.unroll`, `tg.compile` and `tg.draw`. [The guide](guide.md#cells) shows how to use a cell,
[A cell of your own](own_cell.md) how to write one.

I is the size of the input, H that of the state, B the batch size. *Parameters* are counted with the default options, as
a formula and at I = H = 100; in each group the cells with fewer parameters come first. *Output* names the state that
equals y_t, or y where y_t is not a state. `*` multiplies unit by unit, a letter beside a letter is a matrix product, h'
is the state after the step. Names of arrays and options are in the docstrings: `help(tg.cells.GRU)`. In the pictures a
green arrow goes to the next step, gold is a parameter, `4:8` at an arrow is the slice of one gate in a joint product.
"""


def names() -> list[str]:
    """All cells of tg.cells that are built from sizes: not `Cell` itself, and no wrapper."""
    classes = {name: getattr(tg.cells, name) for name in tg.cells.__all__}
    cells = {name: cls for name, cls in classes.items() if issubclass(cls, tg.cells.Cell) and cls is not tg.cells.Cell}
    return [name for name, cls in cells.items() if "hidden_size" in inspect.signature(cls).parameters]


def groups() -> dict[str, list[str]]:
    """Maps each heading of `GROUPS` to its cells, those with fewer parameters first.

    Raises:
        SystemExit: the docstring of a cell has no line ``Group: <heading>`` with a heading of `GROUPS`, or several.
    """
    headings = {name: re.findall(r"^ *Group: (.*)$", getattr(tg.cells, name).__doc__ or "", re.M) for name in names()}
    wrong = [name for name, lines in headings.items() if len(lines) != 1 or lines[0] not in GROUPS]
    if wrong:
        raise SystemExit(
            "the docstring of a cell needs one line 'Group: <heading>' with a heading of GROUPS in "
            f"examples/docs_cells.py: {', '.join(wrong)}"
        )
    by_size = sorted(headings, key=lambda name: (count(name, 100, 100), name.lower()))
    return {heading: [name for name in by_size if headings[name] == [heading]] for heading in GROUPS}


def count(name: str, inputs: int, hidden: int) -> int:
    """The number of elements of all parameters of a cell with the default options."""
    return sum(p.size for p in getattr(tg.cells, name)(inputs, hidden, rng=0).parameters().values())


def formula(name: str) -> str:
    """The number of parameters as a formula in I and H, ``4H(I + H + 2)``, by a least-squares fit to some sizes."""
    sizes, kept = [(2, 3), (3, 2), (5, 4), (4, 7), (7, 5), (6, 9), (11, 10)], [0, 1, 2, 3, 4]
    try:
        count(name, 2, 3)
    except tg.GraphError:  # a cell that needs I = H
        sizes, kept = [(n, n) for n in range(2, 9)], [1, 2, 4]
    terms = np.array([(i * h, h * h, h, i, 1) for i, h in sizes], float)[:, kept]
    counted = np.array([count(name, *s) for s in sizes], float)
    fitted = np.zeros(5)
    fitted[kept] = np.linalg.lstsq(terms, counted, rcond=None)[0]
    whole = [round(x) for x in fitted]
    assert np.abs(fitted - whole).max() < 1e-6, f"the parameters of {name} are no such sum of products: {fitted}"
    return written(*whole) + ("" if 0 in kept else ", I = H")


def written(ih: int, hh: int, h: int, i: int, one: int) -> str:
    """``ih IH + hh H² + h H + i I + one`` with H factored out: ``2H(I + H + 2) + 1``."""
    inner = (("I", ih), ("H", hh), ("", h))
    common = gcd(ih, hh, h)
    parts = [_times(n // common, letter) for letter, n in inner if n]
    joined = f"({' + '.join(parts)})" if len(parts) > 1 else parts[0] if parts != ["1"] else ""
    return " + ".join([_times(common, "H") + joined, *([_times(i, "I")] if i else []), *([str(one)] if one else [])])


def _times(n: int, letter: str) -> str:
    return letter if n == 1 and letter else f"{n}{letter}"


def description(name: str) -> str:
    """The first line of the docstring as Markdown, with a link to the paper."""
    first = (getattr(tg.cells, name).__doc__ or "").partition("\n")[0].replace(", as torchrecurrent has it", "")
    first = re.sub(r", torch\.nn\.\w+", "", first).rstrip(".:").replace("``", "`")
    linked = re.sub(r"\bdoi (10\.\d{4,}/[^\s),;]+)", r"[doi](https://doi.org/\1)", first)
    linked = re.sub(r"(?<![\w./])(\d{4}\.\d{4,5})\b", r"[arXiv:\1](https://arxiv.org/abs/\1)", linked)
    if name in PAPERS and "](" not in linked:
        linked = re.sub(r"\(([^()]*\d{4}[^()]*)\)", rf"([\1]({PAPERS[name]}))", linked, count=1)
    assert "](" in linked, f"{name} names no paper: write an arXiv number or DOI into the first line of its docstring"
    return linked


def form(name: str) -> tuple[str, str]:
    """State and output, such as ``("(h, c)", "h")``; a step shows which state the output is."""
    cell = getattr(tg.cells, name)(4, 4, rng=0)
    state = cell_pictures.state_names(type(cell))
    y, new = cell(np.ones((2, 4), np.float32), cell.initial_state(2))
    news: Any = new if isinstance(new, tuple) else (new,)
    output = next((letter for letter, node in zip(state, news, strict=False) if node is y), "y")
    short = [state[0], "..."] if "..." in state else state
    return f"({', '.join(short)})" if len(short) > 1 else short[0], output


def table(group: list[str]) -> str:
    """A row for each cell."""
    lines = ["| cell | what it is | state | output | parameters | at 100 |", "|---|---|---|---|---|---:|"]
    for name in group:
        state, output = form(name)
        lines.append(
            f"| [{name}](#{name.lower()}) | {description(name)} | `{state}` | `{output}` | {formula(name)} | "
            f"{count(name, 100, 100):,} |"
        )
    return "\n".join(lines) + "\n"


def entry(name: str) -> str:
    """A cell's equations, remarks and picture."""
    text = cell_pictures.body(getattr(tg.cells, name)).replace("::\n", ":\n").replace("``", "`")
    picture = f"<details><summary>Picture</summary>\n\n![{name}, rolled](cells/{name}.svg)\n\n</details>\n"
    return f"### {name}\n\n{text}\n\n{picture}"


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION.format(count=len(names()))]
    for heading, group in groups().items():
        parts += [f"## {heading}\n", GROUPS[heading] + "\n", table(group), *map(entry, group)]
    return "\n".join(parts)


def own_cell() -> tg.Drawing:
    """The picture of docs/own_cell.md, whose code blocks are run until they have drawn it."""
    text = (Path(__file__).parents[1] / "docs" / "own_cell.md").read_text(encoding="utf-8")
    variables: dict[str, Any] = {"__name__": "own_cell"}
    with contextlib.redirect_stdout(None):
        for block in re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            exec(block.replace('picture.save("leaky.svg")', ""), variables)
            if "picture" in variables:
                break
    drawn: tg.Drawing = variables["picture"]
    return drawn


def drawings() -> Iterator[tuple[str, tg.Drawing]]:
    """Pairs of a file's name and its picture: one for each cell, and that of docs/own_cell.md."""
    yield from ((name, cell_pictures.drawing(name)) for name in names())
    yield "own_cell", own_cell()


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "docs")
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    (folder / "cells.md").write_text(page(), encoding="utf-8")
    for name, drawn in drawings():
        (folder / "cells" / f"{name}.svg").write_text(cell_pictures.svg(drawn), encoding="utf-8")
    print(f"wrote {folder / 'cells.md'} and {len(names()) + 1} pictures")


if __name__ == "__main__":
    main()
