"""The main job: trains article 004's word RNN on real text, scores it, draws it and saves it.

python examples/word_rnn.py [--text FILE] [--steps N] [--minutes M] [--hidden H]
                            [--truncate K] [--seed S] [--eager] [--out DIR]

The weights are saved as the training goes, every few seconds, so a process that is killed leaves those of its last
save; Ctrl-C or SIGTERM end the training and all is written. A run begins anew, it does not go on from that file.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

# numpy reads it on import. For products this small two threads are a fifth faster on an idle machine with two
# cores, but lose three quarters of the speed on a busy one, where they wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from word_net import Parameters, new_parameters
from word_results import FILES, PREVIOUS, ModelFile, Results, generated_sentence, unrolled_picture, write
from word_text import Corpus, TextError, read_text
from word_training import Limits, stop_on_signal, train

import tinygraph as tg

DEFAULT_STEPS = 2400
DEFAULT_MINUTES = 1.0
"""On a slow or busy machine this limit ends the training first: picture and score are there within 90 s."""

DROPOUT = 0.3, 0.6
"""Rates for inputs and outputs. Without dropout the 256 units overfit after 800 steps: the held-out score worsens."""

WATCHED = {0, 3, 10, 30, 100, 300, 1000}
"""The steps before which a picture is drawn, for the page that replays the training."""


class JobError(ValueError):
    """The job cannot start; the message is one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job; returns 0 if all is written, 1 if not, 2 if it cannot start, 130 if it is interrupted twice."""
    options = _parser().parse_args(arguments)
    try:
        corpus = Corpus(read_text(options.text))
        check_extras()
        p = new_parameters(len(corpus.vocabulary), options.hidden, options.seed)
        out = writable_folder(Path(options.out))
        with stop_on_signal() as stopped:
            return run(options, corpus, p, out, stopped)
    except (TextError, JobError) as error:
        print(f"word_rnn: {error}", file=sys.stderr)
        return 2
    except MemoryError:
        sizes = f"--hidden {options.hidden} with --truncate {options.truncate}"
        print(f"word_rnn: {sizes} needs more memory than there is", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"word_rnn: cannot write: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("word_rnn: interrupted", file=sys.stderr)
        return 130


def run(options: argparse.Namespace, corpus: Corpus, p: Parameters, out: Path, stopped: Callable[[], bool]) -> int:
    """Trains, scores, writes into ``out``, and prints the results."""
    source = options.text or "CPython's documentation (pydoc_data.topics)"
    print(f"text: {source}, {len(corpus.train):,} words to train on, {len(corpus.vocabulary):,} known", flush=True)
    earlier: list[tg.Drawing] = []
    model, limits = ModelFile(p, corpus, out), _limits(options)

    def watch(step: int) -> None:
        model.save_when_due(step)
        if step in WATCHED:
            earlier.append(unrolled_picture(p, corpus, f"after {step:,} steps" if step else "before training"))

    settings = {"dropout": DROPOUT, "seed": options.seed, "eager": options.eager, "watch": watch}
    history = train(p, corpus.train, options.truncate, limits, stopped, **settings)
    steps = len(history.bits)
    # First of all: after SIGTERM there may be few seconds left, and the rest can be made from it.
    model.save(steps, finished=True)
    print(f"trained: {steps:,} steps in {history.elapsed_s:.1f} s, {history.words_per_s:,.0f} words/s")
    ended = f"by Ctrl-C or SIGTERM, after {steps:,} steps" if stopped() else limits.ended(steps)
    print(f"ended: {ended}; the weights are saved", flush=True)
    results = Results(p, history, corpus)
    print(f"generated: {generated_sentence(p, corpus, options.seed)}")
    write(results, corpus, earlier, out)
    print(f"written: {', '.join(str(out / name) for name in FILES)}")
    print(f"held-out bits/word {results.bits:.3f} unigram {results.unigram:.3f}", flush=True)
    return 0


def check_extras() -> None:
    """Raises an error before the training, not after it, if a package that writes the files is missing."""
    missing = [name for name in ("safetensors", "matplotlib") if importlib.util.find_spec(name) is None]
    if missing:
        raise JobError(f"cannot write its files yet: python -m pip install {' '.join(missing)}")


def writable_folder(out: Path) -> Path:
    """Creates the folder and its parents; if that fails, removes those that it created and raises an error."""
    created: list[Path] = []
    try:
        for folder in [*reversed(out.parents), out]:
            if not folder.is_dir():
                folder.mkdir()
                created.append(folder)
        with tempfile.TemporaryFile(dir=out):
            pass
    except (OSError, ValueError) as error:
        for folder in reversed(created):
            folder.rmdir()
        raise JobError(f"cannot write into {out}: {getattr(error, 'strerror', None) or error}") from error
    folders = [name for name in (*FILES, PREVIOUS) if (out / name).is_dir()]
    if folders:
        raise JobError(f"cannot write {out / folders[0]}: it is a folder")
    return out


def _limits(options: argparse.Namespace) -> Limits:
    steps, minutes = options.steps, options.minutes
    if steps is None and minutes is None:
        steps, minutes = DEFAULT_STEPS, DEFAULT_MINUTES
    return Limits(math.inf if steps is None else steps, math.inf if minutes is None else 60 * minutes)


class _Parser(argparse.ArgumentParser):
    """Prints errors in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"word_rnn: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(description="Train a tanh RNN to predict the next word of a text.")
    limits = f"default {DEFAULT_STEPS} steps or {DEFAULT_MINUTES:g} minutes, whichever comes first"
    parser.add_argument("--text", metavar="FILE", help="UTF-8 text; default: the documentation inside CPython")
    parser.add_argument("--steps", metavar="N", type=_whole(0), help=f"end after N steps; {limits}")
    parser.add_argument("--minutes", metavar="M", type=_minutes, help="end the training after M minutes")
    parser.add_argument("--hidden", metavar="H", type=_whole(1), default=256, help="hidden units; default 256")
    length = "length of a window in words, across which gradients flow; default 32"
    parser.add_argument("--truncate", metavar="K", type=_whole(1), default=32, help=length)
    parser.add_argument("--seed", metavar="S", type=_whole(0), default=0, help="seed of all random numbers; default 0")
    parser.add_argument("--eager", action="store_true", help="build the graph at every step instead of compiling it")
    parser.add_argument("--out", metavar="DIR", default="out", help="folder to write into; default out")
    return parser


def _whole(least: int) -> Any:
    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(f"expected a whole number of {least} or more, got {text!r}")
        return number

    return read


def _minutes(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number of 0 or more, got {text!r}")
    return number


if __name__ == "__main__":
    sys.exit(main())
