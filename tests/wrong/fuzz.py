"""Makes wrong calls out of right ones and judges what they raise: ``python -m tests.wrong.fuzz --count 9000``."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg

from .calls import ENGINE, Call
from .data_calls import DATA
from .export_calls import EXPORTS
from .layers import ABOVE
from .numpy_calls import NUMPYS
from .training_calls import TRAINING
from .values import MISSPELT, WRONG

CALLS = [*ENGINE, *NUMPYS, *ABOVE, *DATA, *TRAINING, *EXPORTS]
LONGEST = 3000
"""Most characters of a message: of a long value it shows the start, or only says what it is."""
LIBRARY, OWN = str(Path(tg.__file__).parent), str(Path(__file__).parent)


def attempt(right: Call, rng: np.random.Generator) -> tuple[str, Callable[[], Any]]:
    """One wrong call as text, and a function that does it: one change in three of four calls, else two."""
    function, args = right.make()
    options = {k: make() for k, make in right.options.items()}
    told: list[str] = []
    for _ in range(1 + (rng.random() < 0.25)):
        told.append(_change(args, options, rng))
    return f"{right.name}: {', '.join(told)}", lambda: function(*args, **options)


def _change(args: list[Any], options: dict[str, Any], rng: np.random.Generator) -> str:
    """Puts a wrong value in the place of a right one; or leaves out, adds, swaps or misspells one."""
    word = str(rng.choice([*WRONG]))
    places: list[Any] = [*range(len(args)), *options]
    way = rng.random()
    if places and way < 0.8:
        place = places[rng.integers(len(places))]
        (args if isinstance(place, int) else options)[place] = WRONG[word]()  # type: ignore[index,call-overload]
        return f"{place} = {word}"
    if len(args) and way < 0.85:
        args.pop()
        return "one less"
    if len(args) > 1 and way < 0.9:
        args.reverse()
        return "swapped"
    if way < 0.95:
        name = str(rng.choice(MISSPELT))
        options[name] = WRONG[word]()
        return f"{name}= {word}"
    args.append(WRONG[word]())
    return f"one more: {word}"


def verdict(act: Callable[[], Any]) -> str | None:
    """What is wrong with the outcome of a call, or None: a result, a GraphError, Python's own word, an OSError."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", PendingDeprecationWarning)  # Graphviz's package, of its own arguments
            warnings.filterwarnings("ignore", "Data type alias|NotImplemented should|Mean of empty")  # their own words
            warnings.simplefilter("ignore", tg.WideningWarning)  # of a float32 that was put into a float64 call
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)  # numpy's, of 1j put into an array of floats
            repr(act())
    except tg.GraphError as error:
        text = str(error)
        if text.startswith("<"):
            return f"a message that begins with a value, not with whose it is: {text[:200]}"
        return f"a message of {len(text)} characters: {text[:200]}" if len(text) > LONGEST else None
    except OSError:
        return None
    except Exception as error:
        return _complaint(error)
    return None


def _complaint(error: Exception) -> str | None:
    """None where the library never saw the call, as with a wrong signature, or a user's own function raised."""
    frames = traceback.extract_tb(error.__traceback__)
    known = [frame for frame in frames if frame.filename.startswith((LIBRARY, OWN))]
    if not known[-1].filename.startswith(LIBRARY):
        return None
    place = f"{known[-1].filename[len(LIBRARY) + 1 :]}:{known[-1].lineno} {known[-1].name}"
    return f"{type(error).__name__}: {str(error)[:160]!r} at {place}"


def failures(calls: list[Call], count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Wrong calls, spread evenly over the right ones, that end in another way than they may."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        if number % len(calls) == 0:
            order = rng.permutation(len(calls))
        told, act = attempt(calls[order[number % len(calls)]], rng)
        problem = verdict(act)
        if problem is not None:
            yield told, problem


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=9000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="calls whose name holds this")
    asked = parser.parse_args()
    calls = [c for c in CALLS if asked.only in c.name]
    found = []
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for told, problem in failures(calls, asked.count, asked.seed):
            found.append(problem)
            print(f"{told}\n    {problem}", flush=True)
    kinds = Counter(problem.rpartition(" at ")[2] for problem in found)
    print("\n".join(f"{n:5} {kind}" for kind, n in kinds.most_common()))
    print(f"{len(found)} of {asked.count} wrong calls of {len(calls)} right ones ({os.getpid()})")


if __name__ == "__main__":
    main()
