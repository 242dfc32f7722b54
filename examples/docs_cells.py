"""The page of all recurrent cells, docs/cells.md, and their pictures: made from the cells and their docstrings.

Run as ``python examples/docs_cells.py [FOLDER]``; without a name it writes into ``docs/``.
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

GROUPS: dict[str, tuple[str, str]] = {
    "To start with": (
        "The three that PyTorch has, whose checkpoints load as they are. Begin with the GRU or the LSTM.",
        "RNN GRU LSTM",
    ),
    "Plain: no gate": (
        "One state, few parameters, quick steps. They differ in how the state is kept from dying away or growing.",
        "SigmoidRNN IRNN IndRNN MiRU2 FastRNN AntisymmetricRNN Jordan",
    ),
    "One gate": (
        "A gate says of each unit how much of it is new. All have fewer parameters than the GRU.",
        "MGU UGRNN LiGRU MinimalRNN LightRU STAR SGRN MiRU1 SGU DSGU FastGRNN GatedAntisymmetricRNN",
    ),
    "Two gates or more, one state": (
        "Relatives of the GRU.",
        "MUT1 MUT2 MUT3 CFN ATR BR NBR RHN",
    ),
    "Two states or more: relatives of the LSTM": (
        "Beside h runs a memory c that a gate opens and closes: for what has to be held over many steps.",
        "OriginalLSTM PeepholeLSTM JANET RAN MultiplicativeLSTM ResLSTM WMCLSTM LayerNormLSTM NAS sLSTM",
    ),
    "An output apart from the state": (
        "What goes on to the next layer is not what goes on in time.",
        "IntersectionRNN MCLSTM",
    ),
    "Oscillators, clocks, delays and windows": (
        "Time itself is in the equations: for long sequences, signals, several time scales, steps at uneven times.",
        "coRNN UnICORNN LEM SCRN ClockworkRNN PhasedLSTM tauGRU LMU",
    ),
    "Linear in the state": (
        "The next state is the last one times a factor, plus a term, and both come from the inputs alone: little waits "
        "for the step before.",
        "TRNN TGRU TLSTM QRNN minGRU minLSTM LRU",
    ),
}
"""Heading: for whom these cells are, and their names."""

PAPERS = {
    "RNN": "https://doi.org/10.1207/s15516709cog1402_1",
    "LSTM": "https://doi.org/10.1162/neco.1997.9.8.1735",
    "LMU": "https://papers.nips.cc/paper/2019/hash/952285b9b7e7a1be5aa7849f32ffff05-Abstract.html",
    "Jordan": "https://doi.org/10.1016/S0166-4115%2897%2980111-2",
    "MCLSTM": "https://www.intel.com/content/dam/www/public/us/en/ai/documents/Sequence-Modeling-NIPS-2017.pdf",
} | dict.fromkeys(("MUT1", "MUT2", "MUT3"), "https://proceedings.mlr.press/v37/jozefowicz15.html")
"""Where papers stand whose number is neither arXiv's nor a DOI; Jordan's report as it was printed again in 1997."""

INTRODUCTION = """\
# Cells

<!-- Made by examples/docs_cells.py from the cells and their docstrings: change those, and run it again. -->

All {count} recurrent cells of `tg.cells`. Every one is called as `cell(x_t, state)`, gives `(y_t, new_state)`, and goes
wherever a cell goes: `tg.unroll`, `tg.compile`, `tg.draw`. [The guide](guide.md#cells) shows how to use one,
[A cell of your own](own_cell.md) how to write one.

I is the size of the input, H that of the state, B the batch. *Parameters* are counted with the default options, as a
formula and at I = H = 100. *Output* is the state that y_t is, or y where it is none of them. `*` multiplies unit by
unit, a letter beside a letter is a matrix product, h' is the state after the step. Names of arrays and options are in
the docstrings: `help(tg.cells.GRU)`. In the pictures a red arrow is what crosses to the next step, gold is a parameter,
and a box `[:, 4:8]` cuts one gate out of a joint product.
"""


def names() -> list[str]:
    """Every cell of tg.cells that is built from sizes; not `Cell` itself, and not what wraps another cell."""
    found = []
    for name in tg.cells.__all__:
        thing = getattr(tg.cells, name)
        if inspect.isclass(thing) and issubclass(thing, tg.cells.Cell) and thing is not tg.cells.Cell:
            found += [name] if "hidden_size" in inspect.signature(thing).parameters else []
    return found


def count(name: str, inputs: int, hidden: int) -> int:
    """Numbers in all parameters of a cell with the default options."""
    return sum(p.size for p in getattr(tg.cells, name)(inputs, hidden, rng=0).parameters().values())


def formula(name: str) -> str:
    """The number of parameters in I and H, ``4H(I + H + 2)``: fitted to some sizes, right at others."""
    sizes, kept = [(2, 3), (3, 2), (5, 4), (4, 7), (7, 5), (6, 9), (11, 10)], [0, 1, 2, 3, 4]
    try:
        count(name, 2, 3)
    except tg.GraphError:  # one that asks for I = H
        sizes, kept = [(n, n) for n in range(2, 9)], [1, 2, 4]
    terms = np.array([(i * h, h * h, h, i, 1) for i, h in sizes], float)[:, kept]
    counted = np.array([count(name, *s) for s in sizes], float)
    fitted = np.zeros(5)
    fitted[kept] = np.linalg.lstsq(terms, counted, rcond=None)[0]
    whole = [round(x) for x in fitted]
    assert np.abs(fitted - whole).max() < 1e-6, f"the parameters of {name} are no such sum of products: {fitted}"
    return written(*whole) + ("" if 0 in kept else ", I = H")


def written(ih: int, hh: int, h: int, i: int, one: int) -> str:
    """``ih IH + hh H² + h H + i I + one`` with H taken out: ``2H(I + H + 2) + 1``."""
    inner = (("I", ih), ("H", hh), ("", h))
    common = gcd(ih, hh, h)
    parts = [_times(n // common, letter) for letter, n in inner if n]
    joined = f"({' + '.join(parts)})" if len(parts) > 1 else parts[0] if parts != ["1"] else ""
    return " + ".join([_times(common, "H") + joined, *([_times(i, "I")] if i else []), *([str(one)] if one else [])])


def _times(n: int, letter: str) -> str:
    return letter if n == 1 and letter else f"{n}{letter}"


def description(name: str) -> str:
    """The first line of the docstring as Markdown, its paper's number as a link."""
    first = (getattr(tg.cells, name).__doc__ or "").partition("\n")[0].replace(", as torchrecurrent has it", "")
    first = re.sub(r", torch\.nn\.\w+", "", first).rstrip(".:").replace("``", "`")
    linked = re.sub(r"\bdoi (10\.\d{4,}/[^\s),;]+)", r"[doi](https://doi.org/\1)", first)
    linked = re.sub(r"(?<![\w./])(\d{4}\.\d{4,5})\b", r"[arXiv:\1](https://arxiv.org/abs/\1)", linked)
    if name in PAPERS and "](" not in linked:
        linked = re.sub(r"\(([^()]*\d{4}[^()]*)\)", rf"([\1]({PAPERS[name]}))", linked, count=1)
    assert "](" in linked, f"no paper is known of {name}: write its arXiv number or DOI into its docstring"
    return linked


def form(name: str) -> tuple[str, str]:
    """State and output, ``("(h, c)", "h")``; the output is found by a step."""
    kind = getattr(tg.cells, name)
    cell = kind(4, 4, rng=0)
    state = cell_pictures.state_names(kind)
    y, new = cell(np.ones((2, 4), np.float32), cell.initial_state(2))
    news: Any = new if isinstance(new, tuple) else (new,)
    output = next((told for told, node in zip(state, news, strict=False) if node is y), "y")
    short = [state[0], "..."] if "..." in state else state
    return f"({', '.join(short)})" if len(short) > 1 else short[0], output


def table(group: list[str]) -> str:
    """A line for each cell."""
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
    said = cell_pictures.body(getattr(tg.cells, name)).replace("::\n", ":\n").replace("``", "`")
    picture = f"<details><summary>Picture</summary>\n\n![{name}, rolled](cells/{name}.svg)\n\n</details>\n"
    return f"### {name}\n\n{said}\n\n{picture}"


def page() -> str:
    """The whole page.

    Raises:
        SystemExit: a cell stands in no group, or in more than one.
    """
    groups = {heading: text.split() for heading, (_, text) in GROUPS.items()}
    listed = [name for group in groups.values() for name in group]
    if sorted(listed) != sorted(names()):
        wrong = {name for name in {*listed, *names()} if listed.count(name) != 1 or name not in names()}
        raise SystemExit(f"put each cell into one of GROUPS in examples/docs_cells.py: {', '.join(sorted(wrong))}")
    parts = [INTRODUCTION.format(count=len(listed))]
    for heading, group in groups.items():
        parts += [f"## {heading}\n", GROUPS[heading][0] + "\n", table(group), *map(entry, group)]
    return "\n".join(parts)


def own_cell() -> tg.Drawing:
    """The picture that docs/own_cell.md makes: its blocks are run up to there."""
    text = (Path(__file__).parents[1] / "docs" / "own_cell.md").read_text(encoding="utf-8")
    made: dict[str, Any] = {"__name__": "own_cell"}
    with contextlib.redirect_stdout(None):
        for block in re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            exec(block.replace('picture.save("leaky.svg")', ""), made)
            if "picture" in made:
                break
    drawn: tg.Drawing = made["picture"]
    return drawn


def drawings() -> Iterator[tuple[str, tg.Drawing]]:
    """Each picture under its file's name: one a cell, and that of the page on a cell of one's own."""
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
