"""``python -m tinygraph.audit FILE.py:Class``: audits a backward pass in a plain file, whose top level stays idle."""

from __future__ import annotations

import argparse
import ast
import sys
import traceback
from collections.abc import Callable, Sequence
from inspect import isfunction
from typing import Any

import numpy as np

from .check.audit import audit
from .check.audit.plain_file import PlainFile
from .check.audit.sampling import INSTEAD, Sample, constructed, of_functions, of_object
from .core.errors import GraphError

LOSSES = ("loss", "loss_fn", "loss_function", "compute_loss", "cost")
"""Functions of outputs and targets that a file may have for a class."""
RIGHT, WRONG, NOT_TAKEN = 0, 1, 2
"""What the command exits with."""


def main(arguments: Sequence[str] | None = None, auditor: Callable[..., Any] = audit) -> int:
    """Prints the report; 0 if the gradients are right, 1 if not, 2 if the file could not be taken."""
    options = _parser().parse_args(arguments)
    try:
        file, wanted = _split(options.target)
        told = {**_values(options.values), **_arrays(options.shapes, options.seed)}
        plain = PlainFile(file, [*wanted, *filter(None, [options.loss])], INSTEAD, LOSSES)
        for line in plain.left_out:
            print(line)
        sample = _sample(plain, wanted, options.loss, told)
        settings = {"repair": not options.no_repair, "seed": options.seed}
        report = auditor(*sample.arguments, **sample.keywords, **settings)
    except GraphError as error:
        print(error, file=sys.stderr)
        return NOT_TAKEN
    except Exception as error:  # whatever the user's code raises
        print(_where(error), file=sys.stderr)
        return NOT_TAKEN
    print(report)
    return RIGHT if report.passed else WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tinygraph.audit", description="Which line of a backward pass is wrong?")
    parser.add_argument("target", metavar="FILE.py:NAMES", help="a class; forward,backward; or one step function")
    parser.add_argument("--shapes", default="", help="arrays by name, such as Wx=5x3,Wh=5x5,x=4x3")
    parser.add_argument("--with", dest="values", default=[], action="append", metavar="NAME=VALUE", help="an argument")
    parser.add_argument("--loss", default="", help="the name of a function of the file, of outputs and targets")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers")
    parser.add_argument("--no-repair", action="store_true", help="name the lines, and try no other ones")
    return parser


def _split(target: str) -> tuple[str, list[str]]:
    file, _, names = target.rpartition(":")
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not file or not wanted or len(wanted) > 2:
        problem = f"audit: {target!r} does not say what to audit"
        raise GraphError(problem, expected="FILE.py:Class, FILE.py:forward,backward, or FILE.py:step")
    return file, wanted


def _values(pairs: Sequence[str]) -> dict[str, Any]:
    values = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            values[name.strip()] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            raise GraphError(f"audit: --with {pair} is no value", expected="--with hidden_size=5") from None
    return values


def _arrays(shapes: str, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    arrays = {}
    for pair in filter(None, shapes.split(",")):
        name, _, text = pair.partition("=")
        try:
            arrays[name.strip()] = rng.normal(size=[int(n) for n in text.split("x") if n]) * 0.5
        except ValueError:
            raise GraphError(f"audit: --shapes {pair} is no shape", expected="--shapes Wx=5x3,b=5") from None
    return arrays


def _sample(plain: PlainFile, wanted: list[str], loss: str, told: dict[str, Any]) -> Sample:
    scope = vars(plain.module)
    absent = [name for name in wanted if name not in scope]
    if absent:
        raise GraphError(f"{plain.path.name}: {', '.join(absent)} could not be made", got="; ".join(plain.left_out))
    things = [scope[name] for name in wanted]
    if isinstance(things[0], type):
        own = [scope.get(name) for name in ([loss] if loss else LOSSES)]
        return of_object(constructed(things[0], told), next((f for f in own if isfunction(f)), None), told)
    return of_functions(things, scope, told)


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not any(word in f.filename for word in ("tinygraph", "numpy"))]
    last = [*frames, *own][-1]
    return f"the code raises {type(error).__name__}: {error}\n  {last.filename}, line {last.lineno}: {last.line}"


if __name__ == "__main__":
    sys.exit(main())
