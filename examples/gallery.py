"""Makes a page of pictures: the articles' systems, cells, directions, truncation, vanishing gradients.

Run as ``python examples/gallery.py [FOLDER]``; it writes ``out/gallery/index.html`` and the pictures beside it.
``python examples/gallery.py --sizes`` prints how large each picture is, and its least text, as it is and fitted to a
slide, an A4 page and a column of a paper.
"""

from __future__ import annotations

import argparse
import html
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # for the models, which are not part of the installed package

import gallery_networks as net  # noqa: E402
from gallery_sizes import sizes  # noqa: E402

import tinygraph as tg  # noqa: E402
from models import batched_rnn, last_step_rnn, parity_rnn, series_rnn, tagging_rnn, word_rnn  # noqa: E402

Drawings = dict[str, Callable[..., tg.Drawing]]
"""Maps the name of a picture to a function that draws it, with more options of `tg.draw`."""

UNROLLED, ROLLED, FLOW = "tg.draw(loss, gradients=True)", 'tg.draw(loss, "rolled")', 'tg.draw(loss, "flow")'

CAPTIONS = {
    "parity": ("000: parity of three bits", "One answer after the last step.", UNROLLED),
    "tagging": ("001: a tag at every step", "A sigmoid output at each of two steps.", UNROLLED),
    "series": ("002: the next value of a sine", "Twenty steps: the first three, dots, the last two.", UNROLLED),
    "batched": ("003: a batch of sequences", "Two sequences at once, sigmoid states and outputs.", UNROLLED),
    "last_step": ("003: one number at the end", "Many to one: the gradient enters at the last step only.", UNROLLED),
    "word": ("004: the next word", "Embeddings looked up, one loss a word, their sum on top.", UNROLLED),
    "lstm": ("LSTM", "Two states cross time: c straight above, h into the gates.", UNROLLED),
    "lstm_cut": (
        "LSTM, truncated",
        "Of <code>tg.unroll(cell, x, state, truncate=2)</code>: where time is cut nothing comes back.",
        UNROLLED,
    ),
    "gru_rolled": ("GRU, rolled", "One cell on a stack of cards; green arrows cross one step.", ROLLED),
    "lstm_rolled": ("LSTM, rolled", "The same for two states.", ROLLED),
    "both_ways_rolled": ("Two layers, both ways, rolled", "Found from the graph alone.", ROLLED),
    "both_ways": (
        "Two layers, both ways, a box each layer",
        "The same network at its highest level but one.",
        'tg.draw(loss, level="layer", gradients=True)',
    ),
    "rnn": ("RNN", "The tanh cell of the library; nothing but the graph.", "tg.draw(loss)"),
    "cell_lstm": ("LSTM of the library", "c on its rail over h, as in textbooks.", "tg.draw(loss)"),
    "lstm_25": ("LSTM, 25 steps", "The first and the last steps.", "tg.draw(loss)"),
    "stacked_gru": ("GRU, two layers, both ways", "A row for each direction of each layer.", "tg.draw(loss)"),
    "stacked_gru_heat": ("The same with its gradients", "Red arrows come back.", UNROLLED),
    "encoder_decoder": ("Encoder and decoder with attention", "Columns of their own for each.", "tg.draw(loss)"),
    "encoder_decoder_heat": ("The same with its gradients", "What the decoder sends back.", UNROLLED),
    "padded": ("Sequences of different lengths", "<code>tg.unroll(cell, x, lengths=[4, 2])</code>.", UNROLLED),
    "twice": ("A state used twice", "Two products read it, and no input.", UNROLLED),
    "own_cell": ("A cell of one's own", "As a user writes it: ten lines.", UNROLLED),
    "truncated": ("RNN, truncated", "Cut after every second step.", UNROLLED),
    "perceptron": ("A perceptron", "No time: one column.", UNROLLED),
    "residual": ("A residual network", "No time: one column.", UNROLLED),
    "vanishing": ("Vanishing", "Row t, column s: how much the loss at t moves the state at s.", FLOW),
    "exploding": ("Exploding", "The same network with a W three times as large.", FLOW),
    "vanishing_strip": (
        "Vanishing, step by step",
        "One loss, at the end: the red numbers shrink leftwards.",
        UNROLLED,
    ),
    "backward": (
        "The backward pass as a graph",
        "Beside each op its local rule, as its code has it.",
        'tg.draw(loss, "backward")',
    ),
    "states": ("States of an LSTM", "Every unit of h and c, over time.", 'tg.draw(loss, "states", tokens=words)'),
    "states_padded": (
        "States of a shorter sequence",
        "Its padding is shown as padding.",
        'tg.draw(loss, "states", item=1)',
    ),
    "gates": ("Gates of an LSTM", "By the letters of the paper, from shut to open.", 'tg.draw(loss, "gates")'),
    "attention": (
        "Attention of a decoder",
        "A row for each word that it writes, a column for each that it reads.",
        'tg.draw(loss, "attention", tokens=words)',
    ),
    "saliency": (
        "Saliency of the inputs",
        "How much the loss moves with each word, and with each of its features.",
        'tg.draw(loss, "saliency", tokens=words)',
    ),
    "against_flow": (
        "RNN against LSTM",
        "How far back the loss reaches in each, on one scale; a double frame is in one only.",
        'tg.draw.compare(rnn, lstm, "flow")',
    ),
    "against_change": (
        "Before and after a change",
        "A cell without a gate, and with one; what is in one only has a double frame.",
        'tg.draw.compare(before, after, titles=["before", "after"])',
    ),
    "long": ("A hundred steps", "A box each cell and step; the dots are the steps between.", UNROLLED),
    "compiled": (
        "What tg.compile makes of a step",
        "Before and after: what left the loop, what was fused.",
        'tg.draw(step, "compiled")',
    ),
}
"""Maps the name of a picture to its title, a sentence in HTML, and the call that draws it."""


def seeds() -> Drawings:
    """The six systems of the articles with their gradients, a column for each time step."""
    parity = parity_rnn.Model(parity_rnn.random_init(0, 4))
    tagging = tagging_rnn.Model(tagging_rnn.random_init(0, 4))
    series = series_rnn.Model(series_rnn.random_init(0, 4))
    batched = batched_rnn.Model(batched_rnn.random_init(0))
    last = last_step_rnn.Model(last_step_rnn.random_init(0))
    word = word_rnn.Model(word_rnn.random_init(0), truncate=None)
    losses = {
        "parity": parity.loss(parity_rnn.SEQUENCES[0], parity_rnn.TARGETS[0]),
        "tagging": tagging.loss(tagging_rnn.INPUTS, tagging_rnn.TAGS),
        "series": series.loss(series_rnn.INPUTS, series_rnn.TARGETS),
        "batched": batched.loss(batched_rnn.INPUTS, batched_rnn.TARGETS),
        "last_step": last.loss(last_step_rnn.INPUTS, last_step_rnn.TARGET),
        "word": word.loss(word_rnn.INPUTS, word_rnn.NEXT_WORDS),
    }
    words = [word_rnn.WORDS[i] for i in [*word_rnn.INPUTS, word_rnn.NEXT_WORDS[-1]]]
    tokens = {"word": [f"{a} → {b}" for a, b in pairwise(words)]}
    return {name: partial(tg.draw, loss, gradients=True, tokens=tokens.get(name)) for name, loss in losses.items()}


def cells() -> Drawings:
    """Cells, directions and truncation."""
    return {
        "lstm": lambda **more: tg.draw(net.lstm(4), gradients=True, **more),
        "lstm_cut": lambda **more: tg.draw(net.lstm(4, truncate=2), gradients=True, **more),
        "gru_rolled": lambda **more: tg.draw(net.gru(), "rolled", **more),
        "lstm_rolled": lambda **more: tg.draw(net.lstm(), "rolled", **more),
        "both_ways_rolled": lambda **more: tg.draw(net.both_ways(), "rolled", **more),
        "both_ways": lambda **more: tg.draw(net.both_ways(), level="layer", gradients=True, **more),
        "residual": lambda **more: tg.draw(net.residual(), gradients=True, **more),
    }


def textbook() -> Drawings:
    """Networks that every course has, most of them without any option."""
    return {
        "rnn": lambda **more: tg.draw(net.rnn(), **more),
        "cell_lstm": lambda **more: tg.draw(net.cell_lstm(), **more),
        "lstm_25": lambda **more: tg.draw(net.cell_lstm(25), **more),
        "stacked_gru": lambda **more: tg.draw(net.stacked_gru(), **more),
        "stacked_gru_heat": lambda **more: tg.draw(net.stacked_gru(), gradients=True, **more),
        "encoder_decoder": lambda **more: tg.draw(net.encoder_decoder(), **more),
        "encoder_decoder_heat": lambda **more: tg.draw(net.encoder_decoder(), gradients=True, **more),
        "padded": lambda **more: tg.draw(net.padded(), gradients=True, **more),
        "twice": lambda **more: tg.draw(net.twice(), gradients=True, **more),
        "own_cell": lambda **more: tg.draw(net.own_cell(), gradients=True, **more),
        "truncated": lambda **more: tg.draw(net.rnn(6, truncate=2), gradients=True, **more),
        "perceptron": lambda **more: tg.draw(net.perceptron(), gradients=True, **more),
    }


def gradients() -> Drawings:
    """Gradients on their way back through time."""
    return {
        "vanishing": lambda **more: tg.draw(net.chain(16, 0.6), "flow", **more),
        "exploding": lambda **more: tg.draw(net.chain(16, 1.8), "flow", **more),
        "vanishing_strip": lambda **more: tg.draw(net.chain(8, 0.6, last_only=True), gradients=True, **more),
        "backward": lambda **more: tg.draw(net.chain(3, 0.9), "backward", **more),
        "long": lambda **more: tg.draw(net.chain(100, 0.9), gradients=True, **more),
        "compiled": lambda **more: tg.draw(net.compiled_rnn(), "compiled", **more),
    }


def numbers() -> Drawings:
    """Heat maps over time: what the states, the gates and the attention are, and where the loss looks."""
    words, spoken = ["the", "cat", "that", "I", "saw", "sat"], ["le", "chat", "que", "j'ai", "vu"]
    return {
        "states": lambda **more: tg.draw(net.cell_lstm(6), "states", tokens=words, **more),
        "states_padded": lambda **more: tg.draw(net.padded((6, 4)), "states", item=1, **more),
        "gates": lambda **more: tg.draw(net.cell_lstm(40), "gates", **more),
        "attention": lambda **more: tg.draw(net.encoder_decoder(6, 5), "attention", tokens=[*words, *spoken], **more),
        "saliency": lambda **more: tg.draw(net.cell_lstm(6), "saliency", tokens=words, **more),
    }


def against() -> Drawings:
    """Two networks on one scale."""
    before_after, chains = ("before", "after"), (net.rnn(10), net.cell_lstm(10))
    return {
        "against_flow": lambda **more: tg.draw.compare(*chains, "flow", **more),
        "against_change": lambda **more: tg.draw.compare(
            net.own_cell(2, gated=False), net.own_cell(2), gradients=True, titles=before_after, **more
        ),
    }


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


def figure(name: str, links: str) -> str:
    """A picture with its caption, as HTML."""
    title, text, call = CAPTIONS[name]
    return (
        f'<figure id="{name}"><figcaption><b>{html.escape(title)}.</b> {text}'
        f" <code>{html.escape(call)}</code>"
        f' <a href="{name}.html">explore</a> {links}</figcaption>'
        f'<a href="{name}.svg"><img src="{name}.svg" alt="{html.escape(title)}"></a></figure>\n'
    )


def sections() -> dict[str, Drawings]:
    """All pictures under their headings."""
    six = {"Six systems of the articles": seeds(), "Networks of textbooks": textbook(), "Cells": cells()}
    return six | {"Gradients": gradients(), "Numbers over time": numbers(), "Two networks": against()}


MOVES = "encoder_decoder_heat"
"""The picture that is made as a GIF, too, if pillow is there."""


def others(drawing: tg.Drawing, folder: Path, name: str) -> str:
    """Writes a picture for LaTeX, as one that plays and for Mermaid, if it can be; returns links to these."""
    drawing.save(folder / f"{name}.tex")
    links = [f'<a href="{name}.tex">LaTeX</a>']
    with suppress(tg.GraphError):  # a heat map does not play
        drawing.save(folder / f"{name}_plays.svg", play=True)
        links.append(f'<a href="{name}_plays.svg">plays</a>')
    with suppress(tg.GraphError):
        (folder / f"{name}.mmd").write_text(drawing.mermaid(), encoding="utf-8")
        links.append(f'<a href="{name}.mmd">Mermaid</a>')
    if name == MOVES and find_spec("PIL"):
        drawing.save(folder / f"{name}.gif")
        links.append(f'<a href="{name}.gif">GIF</a>')
    return " ".join(links)


def write(folder: Path) -> int:
    """Writes all pictures and the index page; returns the number of pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    body = ""
    for heading, drawings in sections().items():
        body += f"<h2>{heading}</h2>\n"
        for name, draw in drawings.items():
            drawing = draw()
            drawing.save(folder / f"{name}.svg")
            drawing.save(folder / f"{name}.html")
            body += figure(name, others(drawing, folder, name))
    (folder / "index.html").write_text(PAGE.format(style=STYLE, body=body), encoding="utf-8")
    return len(CAPTIONS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path("out/gallery"), help="where to write (%(default)s)"
    )
    parser.add_argument("--sizes", action="store_true", help="print a table of sizes instead")
    options = parser.parse_args()
    if options.sizes:
        for line in sizes(sections()):
            print(line)
        return
    count = write(options.folder)
    print(f"wrote {count} pictures and {options.folder / 'index.html'}")


if __name__ == "__main__":
    main()
