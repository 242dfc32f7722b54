"""A page of pictures: the six systems of the articles, cells, directions, truncation, gradients that vanish or explode.

Run as ``python examples/gallery.py [FOLDER]``; it writes ``out/gallery/index.html`` and the pictures beside it.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the models stand beside the examples, outside of the installed package

import gallery_networks as net  # noqa: E402

import tinygraph as tg  # noqa: E402
from models import batched_rnn, last_step_rnn, parity_rnn, series_rnn, tagging_rnn, word_rnn  # noqa: E402


@dataclass
class Entry:
    """A picture: its file's name, the heading it stands under, a sentence, the call that draws it, and the drawing."""

    name: str
    title: str
    text: str
    call: str
    draw: Callable[[], tg.Drawing]


def seeds() -> list[Entry]:
    """The six systems of the articles, one time step a column, with their gradients."""
    parity = parity_rnn.Model(parity_rnn.random_init(0, 4))
    tagging = tagging_rnn.Model(tagging_rnn.random_init(0, 4))
    series = series_rnn.Model(series_rnn.random_init(0, 4))
    batched = batched_rnn.Model(batched_rnn.random_init(0))
    last = last_step_rnn.Model(last_step_rnn.random_init(0))
    word = word_rnn.Model(word_rnn.random_init(0), truncate=None)
    names = [word_rnn.WORDS[i] for i in [*word_rnn.INPUTS, word_rnn.NEXT_WORDS[-1]]]
    tokens = [f"{a} → {b}" for a, b in pairwise(names)]
    made = {
        "parity": ("000: parity of three bits", "One answer after the last step.",
                   parity.loss(parity_rnn.SEQUENCES[0], parity_rnn.TARGETS[0])),
        "tagging": ("001: a tag at every step", "A sigmoid output at each of two steps.",
                    tagging.loss(tagging_rnn.INPUTS, tagging_rnn.TAGS)),
        "series": ("002: the next value of a sine", "Twenty steps: the first three, dots, the last two.",
                   series.loss(series_rnn.INPUTS, series_rnn.TARGETS)),
        "batched": ("003: a batch of sequences", "Two sequences at once, sigmoid states and outputs.",
                    batched.loss(batched_rnn.INPUTS, batched_rnn.TARGETS)),
        "last_step": ("003: one number at the end", "Many to one: the gradient enters at the last step only.",
                      last.loss(last_step_rnn.INPUTS, last_step_rnn.TARGET)),
        "word": ("004: the next word", "Embeddings looked up, one loss a word, their sum on top.",
                 word.loss(word_rnn.INPUTS, word_rnn.NEXT_WORDS)),
    }  # fmt: skip
    return [
        Entry(name, title, text, "tg.draw(loss, gradients=True)",
              partial(tg.draw, loss, gradients=True, tokens=tokens if name == "word" else None))
        for name, (title, text, loss) in made.items()
    ]  # fmt: skip


def cells() -> list[Entry]:
    """Cells, directions and cuts."""
    whole, cut = "tg.draw(loss, gradients=True)", "tg.unroll(cell, x, state, truncate=2)"
    rolled = 'tg.draw(loss, "rolled")'
    return [
        Entry("lstm", "LSTM", "Two states cross time: c straight above, h into the gates.", whole,
              lambda: tg.draw(net.lstm(4), gradients=True)),
        Entry("lstm_cut", "LSTM, truncated", f"Of <code>{cut}</code>: where time is cut nothing comes back.", whole,
              lambda: tg.draw(net.lstm(4, truncate=2), gradients=True)),
        Entry("gru_rolled", "GRU, rolled", "One cell on a stack of cards; red arrows cross one step.", rolled,
              lambda: tg.draw(net.gru(), "rolled")),
        Entry("lstm_rolled", "LSTM, rolled", "The same for two states.", rolled, lambda: tg.draw(net.lstm(), "rolled")),
        Entry("both_ways_rolled", "Two layers, both ways, rolled", "Found from the graph alone.", rolled,
              lambda: tg.draw(net.both_ways(), "rolled")),
        Entry("both_ways", "Two layers, both ways, a box each layer", "The same network at its highest level but one.",
              'tg.draw(loss, level="layer", gradients=True)',
              lambda: tg.draw(net.both_ways(), level="layer", gradients=True)),
        Entry("residual", "A residual network", "No time: placed by dot.", whole,
              lambda: tg.draw(net.residual(), gradients=True)),
    ]  # fmt: skip


def gradients() -> list[Entry]:
    """What happens to a gradient on its way back through time."""
    flow, rows = 'tg.draw(loss, "flow")', "Row t, column s: how much the loss at t moves the state at s."
    return [
        Entry("vanishing", "Vanishing", rows, flow, lambda: tg.draw(net.chain(16, 0.6), "flow")),
        Entry("exploding", "Exploding", "The same network with a W three times as large.", flow,
              lambda: tg.draw(net.chain(16, 1.8), "flow")),
        Entry("vanishing_strip", "Vanishing, step by step", "One loss, at the end: the red numbers shrink leftwards.",
              "tg.draw(loss, gradients=True)", lambda: tg.draw(net.chain(8, 0.6, last_only=True), gradients=True)),
        Entry("backward", "The backward pass as a graph", "Beside each op its local rule, as its code has it.",
              'tg.draw(loss, "backward")', lambda: tg.draw(net.chain(3, 0.9), "backward")),
        Entry("long", "A hundred steps", "A box each cell and step, six at the start, four at the end.",
              "tg.draw(loss, gradients=True)", lambda: tg.draw(net.chain(100, 0.9), gradients=True)),
        Entry("compiled", "What tg.compile makes of a step", "Before and after: what left the loop, what was fused.",
              'tg.draw(step, "compiled")', lambda: tg.draw(net.compiled_rnn(), "compiled")),
    ]  # fmt: skip


STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px; padding: 0 1rem; color: #222 }
figure { margin: 2rem 0; border-top: 1px solid #e3e7ee; padding-top: 1rem }
img { max-width: 100%; max-height: 640px; background: white }
code { background: #f3f5f8; padding: .1em .3em; border-radius: 4px }
figcaption { margin-bottom: .5rem }
"""
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Pictures by tinygraph</title>
<style>{style}</style>
<h1>Pictures by tinygraph</h1>
{body}</html>
"""


def figure(entry: Entry) -> str:
    """A picture with its heading, as HTML."""
    return (
        f'<figure id="{entry.name}"><figcaption><b>{html.escape(entry.title)}.</b> {entry.text}'
        f" <code>{html.escape(entry.call)}</code>"
        f' <a href="{entry.name}.html">explore</a></figcaption>'
        f'<a href="{entry.name}.svg"><img src="{entry.name}.svg" alt="{html.escape(entry.title)}"></a></figure>\n'
    )


def write(folder: Path) -> int:
    """All pictures and the index; gives how many there are."""
    sections = {"Six systems of the articles": seeds(), "Cells": cells(), "Gradients": gradients()}
    folder.mkdir(parents=True, exist_ok=True)
    body = ""
    for heading, entries in sections.items():
        body += f"<h2>{heading}</h2>\n"
        for entry in entries:
            drawing = entry.draw()
            drawing.save(folder / f"{entry.name}.svg")
            drawing.save(folder / f"{entry.name}.html")
            body += figure(entry)
    (folder / "index.html").write_text(PAGE.format(style=STYLE, body=body), encoding="utf-8")
    return sum(map(len, sections.values()))


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out/gallery")
    count = write(folder)
    print(f"wrote {count} pictures and {folder / 'index.html'}")


if __name__ == "__main__":
    main()
