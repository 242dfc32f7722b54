"""Results of the word RNN: the weights, saved as the training goes; its score, a generated sentence, two pictures."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from word_net import Parameters, generate, mean_bits, sentence_loss
from word_text import Corpus, ends_sentence, join_words, short_sentence, unigram_bits
from word_training import History

import tinygraph as tg

FILES = ("model.safetensors", "unrolled.svg", "unrolled.html", "loss.svg")
PREVIOUS = "model.previous.safetensors"
"""The finished model of an earlier run in the same folder, once this run has saved its own."""

PAUSE_S, SHARE = 2.0, 0.02
"""Seconds between two saves, at least, and the largest share of the time that saves may take."""


class ModelFile:
    """The file of the weights. A training that is killed leaves what it last saved, whole.

    It holds the weights and the words, not the optimizer's means: enough to use the network, not to go on as if
    nothing had been.
    """

    def __init__(self, p: Parameters, corpus: Corpus, folder: Path) -> None:
        self.path, self._parameters = folder / FILES[0], p
        self._words = json.dumps(corpus.vocabulary.words, ensure_ascii=False)
        self._due_s, self._is_ours = time.perf_counter() + PAUSE_S, False

    def save(self, steps: int, finished: bool) -> None:
        """Saves the weights after ``steps``; the first save puts the finished model of an earlier run aside."""
        if not self._is_ours and self._earlier_is_finished():
            os.replace(self.path, self.path.with_name(PREVIOUS))
        self._is_ours = True
        told = {"words": self._words, "steps": str(steps), "finished": "yes" if finished else "no"}
        tg.train.save(self.path, self._parameters, metadata=told)

    def save_when_due(self, steps: int) -> None:
        """Called before each step. A disk that is full does not end the training: there may be room later."""
        start = time.perf_counter()
        if start < self._due_s:
            return
        try:
            self.save(steps, finished=False)
        except OSError as error:
            print(f"\nword_rnn: not saved: {error}", file=sys.stderr)
        end = time.perf_counter()
        self._due_s = end + max(PAUSE_S, (end - start) / SHARE)

    def _earlier_is_finished(self) -> bool:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, framework="numpy") as file:
                return bool((file.metadata() or {}).get("finished", "yes") == "yes")
        except (OSError, SafetensorError):  # none is there, or no model
            return False


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
    """Writes the files of `FILES` but the model, which is saved before its score is computed."""
    last = unrolled_picture(results.parameters, corpus, f"after {len(results.history.bits):,} steps")
    last.save(folder / FILES[1])
    last.save(folder / FILES[2], snapshots=earlier)
    part = folder / f".{FILES[3]}"
    part.write_bytes(loss_picture(results))
    os.replace(part, folder / FILES[3])


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
