"""The main job: trains article 004's word RNN on real text, scores it, draws it and saves it.

python examples/word_rnn.py [--text FILE] [--steps N] [--minutes M] [--hidden H]
                            [--truncate K] [--seed S] [--eager] [--out DIR] [--resume]

Ctrl-C or SIGTERM end the training, and all is written. The state of the run is saved as the training goes: a process
that is killed, or a run that was ended, goes on with --resume, and with --steps alone it then gives the same bits as
one that never stopped.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

# numpy reads it on import. For products this small two threads are a fifth faster on an idle machine with two
# cores, but lose three quarters of the speed on a busy one, where they wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TINYGRAPH_BLAS", "0")  # which one is fastest may differ between a run and its resumption
sys.path.insert(0, str(Path(__file__).parents[1]))  # for the models, which are not part of the installed package

import numpy as np
from word_corpus import Corpus, TextError, read_text
from word_net import Reader, WordRNN
from word_results import FILES, SEEN, generated_sentence, save_model, write_losses, write_pictures

import tinygraph as tg
from models.task import Budget

DEFAULT_STEPS = 2400
DEFAULT_MINUTES = 1.0
"""On a slow or busy machine this limit ends the training first: picture and score are there within 90 s."""

ROWS = 16
"""B. Fewer, longer rows of text learn more per word, more rows run faster: 16 was best for one minute on two cores."""

LEARNING_RATE = 3e-3
"""Adam's initial rate. With dropout, 5e-3 gave a score worse by 0.07 bits on the default text."""

EVERY, LOOKED_AT = 200, 20_000
"""Steps between two looks at held-out text, and between two saves; the most words of a look."""

WATCHED = {3, 10, 30, 100, 300, 1000}
"""The steps after which the weights are kept, for the page that replays the training."""

RUN, PREVIOUS = "checkpoint", "checkpoint.previous"
"""The folder of the run, and that of an earlier run in the same place that was not resumed."""


class JobError(ValueError):
    """The job cannot start; the message is one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job; returns 0 if all is written, 1 if not, 2 if it cannot start, 130 if it is interrupted twice."""
    options = _parser().parse_args(arguments)
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        corpus = Corpus(read_text(options.text))
        check_extras()
        net = WordRNN(len(corpus.vocabulary), options.hidden, options.seed)
        job = Job(options, corpus, net, writable_folder(Path(options.out)))
        job.begin()
        return job.run()
    except (TextError, JobError) as error:
        print(f"word_rnn: {error}", file=sys.stderr)
        return 2
    except MemoryError:
        sizes = f"--hidden {options.hidden} with --truncate {options.truncate}"
        print(f"word_rnn: {sizes} needs more memory than there is", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"word_rnn: cannot write: {error}; --resume goes on from what is saved", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("word_rnn: interrupted; --resume goes on from what is saved", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)


class Job:
    """The parts of the job: text, network, training step, budget, and the folder of the run."""

    def __init__(self, options: argparse.Namespace, corpus: Corpus, net: WordRNN, out: Path) -> None:
        self.options, self.corpus, self.net, self.out = options, corpus, net, out
        self.budget, self.saved = _budget(options), tg.train.Checkpoint(out / RUN, keep=2)
        self.data = tg.train.Stream(corpus.train, min(ROWS, len(corpus.train) - 1), options.truncate)
        adam = tg.train.Adam(net.parameters(), self.budget.falling(LEARNING_RATE))
        backend = "eager" if options.eager else "auto"
        self.step = tg.train.step(net.loss, net.parameters(), adam, clip=1.0, backend=backend)
        self.read, self.unigram = Reader(net), corpus.unigram_bits()

    def begin(self) -> None:
        """Puts an earlier run aside, or makes sure that there is one to resume."""
        if self.options.resume:
            if self.saved.latest is None:
                raise JobError(f"nothing to resume in {self.saved.folder}")
        elif self.saved.folder.exists():
            shutil.rmtree(self.out / PREVIOUS, ignore_errors=True)
            self.saved.folder.rename(self.out / PREVIOUS)
        self.saved.folder.mkdir(exist_ok=True)

    def run(self) -> int:
        """Trains, scores, writes, and prints the results."""
        source = self.options.text or "CPython's documentation (pydoc_data.topics)"
        corpus = self.corpus
        print(f"text: {source}, {len(corpus.train):,} words to train on, {len(corpus.vocabulary):,} known", flush=True)
        history = self.train()
        steps = len(history)
        # First of all: after SIGTERM there may be few seconds left, and the rest can be made from it.
        save_model(self.net, corpus, steps, self.out)
        words = len(corpus.train) * steps / len(self.data) / max(self.budget.seconds, 1e-9)
        print(f"trained: {steps:,} steps in {self.budget.seconds:.1f} s, {words:,.0f} words/s")
        print(f"ended: {self.ended(steps)}; the weights are saved", flush=True)
        bits = self.score(corpus.held)
        print(f"generated: {generated_sentence(self.net, corpus, self.options.seed)}")
        write_pictures(self.read, corpus, bits, steps, self.saved.folder, self.out)
        write_losses(history, self.unigram, self.out)
        print(f"written: {', '.join(str(self.out / name) for name in FILES)}")
        print(f"held-out bits/word {bits:.3f} unigram {self.unigram:.3f}", flush=True)
        return 0

    def train(self) -> tg.train.History:
        """Goes on from the folder of the run, or begins, until the budget is used up or somebody stops it."""
        if not self.budget.steps or (self.budget.clock and not self.budget.minutes):
            return tg.train.History()
        if self.saved.latest is None:
            self.keep(0)
        try:
            return tg.train.fit(
                self.step,
                self.data,
                steps=self.budget.steps,
                validate=lambda: {"held out, bits/word": self.score(self.corpus.held[:LOOKED_AT])},
                every=EVERY,
                baseline=self.unigram,
                checkpoint=self.saved,
                also={"net": self.net, "budget": self.budget},
                callbacks=[self.keep_watched, self.budget],
            )
        except tg.GraphError as error:
            if not self.options.resume:
                raise
            raise JobError(f"cannot resume {self.saved.folder}: {str(error).splitlines()[0]}") from error

    def score(self, ids: np.ndarray) -> float:
        """Mean bits a word of a text, without dropout."""
        return float(self.read(ids)[0].mean())

    def keep_watched(self, history: tg.train.History) -> None:
        """A callback: keeps the weights of some steps."""
        if len(history) in WATCHED:
            self.keep(len(history))

    def keep(self, steps: int) -> None:
        tg.train.save(self.saved.folder / SEEN.format(steps), self.net.state_dict())

    def ended(self, steps: int) -> str:
        """What ended a training after this number of steps."""
        most, minutes = self.budget.steps, self.budget.minutes
        if steps >= most:
            return f"all {steps:,} steps are done"
        of = "" if self.options.steps is None and self.options.minutes is not None else f" of {most:,}"
        if self.budget.spent(steps) >= 1:
            return f"by the clock, after {minutes:g} min and {steps:,}{of} steps"
        return f"by Ctrl-C or SIGTERM, after {steps:,} steps"


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
    folders = [name for name in FILES if (out / name).is_dir()]
    if folders:
        raise JobError(f"cannot write {out / folders[0]}: it is a folder")
    if (out / RUN).exists() and not (out / RUN).is_dir():
        raise JobError(f"cannot write into {out / RUN}: it is a file")
    return out


def _budget(options: argparse.Namespace) -> Budget:
    steps, minutes = options.steps, options.minutes
    if steps is None and minutes is None:
        steps, minutes = DEFAULT_STEPS, DEFAULT_MINUTES
    return Budget.of(steps, minutes)


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
    parser.add_argument("--resume", action="store_true", help="go on from the run in the folder of --out")
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
