"""Results of the word RNN: its file, a generated sentence, the unrolled network over a typical sentence, its losses."""

from __future__ import annotations

import io
import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
from word_corpus import Corpus
from word_net import WordRNN, Writer, sentence_bits

import tinygraph as tg

FILES = ("model.safetensors", "unrolled.svg", "unrolled.html", "loss.svg")
SEEN = "seen-{:08d}.safetensors"
"""The weights after so many steps, for the page that replays the training."""


def save_model(net: WordRNN, corpus: Corpus, steps: int, folder: Path) -> None:
    """Writes the weights and the vocabulary."""
    words = json.dumps(corpus.vocabulary.to_dict(), ensure_ascii=False)
    tg.train.save(folder / FILES[0], net.state_dict(), metadata={"words": words, "steps": str(steps)})


def generated_sentence(net: WordRNN, corpus: Corpus, seed: int, longest: int = 25) -> str:
    """The network's continuation of the first two words of a held-out sentence."""
    start, random = corpus.sentences()[0][:2], np.random.default_rng(seed)
    net.eval()
    ids = tg.train.generate(Writer(net), start, longest, rng=random, temperature=0.7, stop=corpus.ends)
    net.train()
    return corpus.vocabulary.decode([*start, *ids])


def typical_sentence(net: WordRNN, corpus: Corpus, mean: float) -> np.ndarray:
    """The held-out sentence whose bits a word are nearest to the mean of all held-out text."""
    sentences = corpus.sentences()
    return sentences[int(np.argmin(np.abs(np.array(sentence_bits(net, sentences)) - mean)))]


def write_pictures(net: WordRNN, corpus: Corpus, mean: float, steps: int, seen: Path, folder: Path) -> None:
    """The unrolled network over a typical sentence, and a page that replays the training on it."""
    ids = typical_sentence(net, corpus, mean)
    (own,) = sentence_bits(net, [ids])
    told = f"after {steps:,} steps: {own:.2f} bits a word, held-out mean {mean:.2f}"
    last, earlier, before = _picture(net, corpus, ids, told), [], WordRNN(len(corpus.vocabulary), net.W.shape[0], 0)
    for path in sorted(seen.glob(SEEN.replace("{:08d}", "*"))):
        at = int(path.stem.rpartition("-")[2])
        if at < steps:
            before.load_state_dict(tg.train.load(path))
            (bits,) = sentence_bits(before, [ids])
            earlier.append(_picture(before, corpus, ids, f"after {at:,} steps: {bits:.2f} bits a word"))
    last.save(folder / FILES[1])
    last.save(folder / FILES[2], snapshots=earlier)


def _picture(net: WordRNN, corpus: Corpus, ids: np.ndarray, told: str) -> tg.Drawing:
    words = [corpus.vocabulary.tokens[i] for i in ids]
    tokens = [f"{a} → {b}" for a, b in pairwise(words)]
    title = f"Word RNN on a held-out sentence {told}"
    return tg.draw(net.sentence(ids), "both", level="op", title=title, tokens=tokens)


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
