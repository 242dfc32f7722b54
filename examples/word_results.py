"""Results of the trained word RNN: its score, a generated sentence, two pictures, the saved weights."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
from word_net import Parameters, generate, mean_bits, sentence_loss
from word_text import Corpus, ends_sentence, join_words, short_sentence, unigram_bits
from word_training import History

import tinygraph as tg

FILES = ("model.safetensors", "unrolled.svg", "unrolled.html", "loss.svg")


class Results:
    """The trained parameters, the history, and bits per held-out word: the network's and the unigram model's."""

    def __init__(self, p: Parameters, history: History, corpus: Corpus) -> None:
        self.parameters, self.history = p, history
        self.bits = mean_bits(p, corpus.held)
        self.unigram = unigram_bits(corpus.train, corpus.held, len(corpus.vocabulary))


def generated_sentence(p: Parameters, corpus: Corpus, seed: int) -> str:
    """The network's continuation of the first two words of a held-out sentence."""
    vocabulary = corpus.vocabulary
    prompt = vocabulary.encode(short_sentence(corpus.held_words, vocabulary)[:2])
    ids = generate(p, prompt, lambda i: ends_sentence(vocabulary.words[i]), np.random.default_rng(seed))
    return join_words(vocabulary.decode(ids))


def write(results: Results, corpus: Corpus, earlier: list[tg.Drawing], folder: Path) -> None:
    """Writes the files of `FILES`; the model first, since it cannot be recovered from the others."""
    words = {"words": json.dumps(corpus.vocabulary.words, ensure_ascii=False)}
    tg.train.save(folder / FILES[0], results.parameters, metadata=words)
    last = unrolled_picture(results.parameters, corpus, f"after {len(results.history.bits):,} steps")
    last.save(folder / FILES[1])
    last.save(folder / FILES[2], snapshots=earlier)
    (folder / FILES[3]).write_bytes(loss_picture(results))


def unrolled_picture(p: Parameters, corpus: Corpus, title: str) -> tg.Drawing:
    """The unrolled network over a held-out sentence, with the gradients."""
    words = short_sentence(corpus.held_words, corpus.vocabulary)
    ids = corpus.vocabulary.encode(words)
    loss = sentence_loss(p, ids[:-1], ids[1:])
    tokens = [f"{a} → {b}" for a, b in pairwise(words)]
    return tg.draw(loss, "both", level="op", title=f"Word RNN {title}", tokens=tokens)


def loss_picture(results: Results) -> bytes:
    """SVG of bits per word over the words seen, with the unigram and the held-out score."""
    from matplotlib.figure import Figure

    history, svg = results.history, io.BytesIO()
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(history.words, history.bits, color="0.8", label="each window")
    axes.plot(history.words, _smooth(history.bits), color="tab:blue", label="mean of 50 windows")
    axes.axhline(results.unigram, color="tab:orange", linestyle="--", label=f"unigram {results.unigram:.2f}")
    axes.axhline(results.bits, color="tab:green", linestyle="--", label=f"held out {results.bits:.2f}")
    axes.set(xlabel="words seen", ylabel="bits per word")
    axes.legend(frameon=False)
    figure.savefig(svg, format="svg", metadata={"Date": None})
    return svg.getvalue()


def _smooth(bits: list[float], width: int = 50) -> list[float]:
    sums = np.concatenate([[0.0], np.cumsum(bits)])
    ends = np.arange(1, len(bits) + 1)
    starts = np.maximum(0, ends - width)
    return list((sums[ends] - sums[starts]) / (ends - starts))
