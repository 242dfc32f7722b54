"""Results of the word RNN: its file, a generated sentence, the unrolled network over a typical sentence, its losses."""

from __future__ import annotations

import io
import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
from word_corpus import Corpus
from word_net import Reader, WordRNN, Writer

import tinygraph as tg

FILES = ("model.safetensors", "unrolled.svg", "unrolled.html", "loss.svg")
SEEN = "seen-{:08d}.safetensors"
"""The weights after so many steps, for the page that replays the training."""

CONTEXT = 500
"""The most words before a sentence that its first state is computed from."""


def save_model(net: WordRNN, corpus: Corpus, steps: int, folder: Path) -> None:
    """Writes the weights and the vocabulary."""
    words = json.dumps(corpus.vocabulary.to_dict(), ensure_ascii=False)
    tg.train.save(folder / FILES[0], net.state_dict(), metadata={"words": words, "steps": str(steps)})


def generated_sentence(net: WordRNN, corpus: Corpus, seed: int, longest: int = 25) -> str:
    """The network's continuation of the first two words of a held-out sentence."""
    start, random = corpus.held[corpus.sentences()[0]][:2], np.random.default_rng(seed)
    net.eval()
    ids = tg.train.generate(Writer(net), start, longest, rng=random, temperature=0.7, stop=corpus.ends)
    net.train()
    return corpus.vocabulary.decode([*start, *ids])


def typical_sentence(read: Reader, corpus: Corpus) -> slice:
    """Where the held-out sentence is whose bits a word, read in its place, are nearest to the mean of all."""
    bits, _ = read(corpus.held)
    own = [bits[place.start : place.stop - 1].mean() for place in corpus.sentences()]
    return corpus.sentences()[int(np.argmin(np.abs(np.array(own) - bits.mean())))]


def write_pictures(read: Reader, corpus: Corpus, mean: float, steps: int, seen: Path, folder: Path) -> None:
    """The unrolled network over a typical sentence, and a page that replays the training on it."""
    place, net = typical_sentence(read, corpus), read.net
    last, earlier = picture(read, corpus, place, f"after {steps:,} steps", f", held-out mean {mean:.2f}"), []
    before = Reader(WordRNN(len(corpus.vocabulary), net.W.shape[0], 0))
    for path in sorted(seen.glob(SEEN.replace("{:08d}", "*"))):
        at = int(path.stem.rpartition("-")[2])
        if at < steps:
            before.net.load_state_dict(tg.train.load(path))
            earlier.append(picture(before, corpus, place, f"after {at:,} steps"))
    last.save(folder / FILES[1])
    last.save(folder / FILES[2], snapshots=earlier)


def picture(read: Reader, corpus: Corpus, place: slice, told: str, more: str = "") -> tg.Drawing:
    """A held-out sentence in its place: the state before it comes from up to `CONTEXT` words."""
    ids, state = corpus.held[place], read.net.initial_state(1)[0]
    if place.start:
        state = read(corpus.held[max(0, place.start - CONTEXT) : place.start + 1])[1][-1]
    words = [corpus.vocabulary.tokens[i] for i in ids]
    tokens = [f"{a} → {b}" for a, b in pairwise(words)]
    loss = read.net.sentence(ids, state)
    title = f"Word RNN on a held-out sentence {told}: {loss.item():.2f} bits a word{more}"
    return tg.draw(loss, "both", level="op", title=title, tokens=tokens)


def write_losses(history: tg.train.History, unigram: float, folder: Path) -> None:
    """SVG of the loss of each step and of held-out text through training, beside the unigram."""
    from matplotlib.figure import Figure

    figure, svg = Figure(figsize=(7, 4), layout="constrained"), io.BytesIO()
    axes = history.plot(figure.subplots())
    axes.axhline(unigram, color="tab:red", linestyle="--", label=f"unigram {unigram:.2f}")
    axes.set(ylabel="bits a word", title="Dropout is on in training only: without it the training losses are lower")
    axes.title.set_fontsize("medium")
    axes.legend(frameon=False)
    figure.savefig(svg, format="svg", metadata={"Date": None})
    part = folder / f".{FILES[3]}"
    part.write_bytes(svg.getvalue())
    os.replace(part, folder / FILES[3])
