"""What becomes of forward passes that strangers wrote for NumPy, as they are: `tests/recording/strangers/`.

    python -m tests.bench.strangers [--compiled] [NAME ...]

Each runs by `tg.recorded` with parameters in the place of its weights. *right*: the value is plain numpy's to 1e-10,
and the gradient of each weight along a direction that of central differences to 1e-5. *refused*: an error that names
the fix. *WRONG* and *crash* must not be.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import io
import pkgutil
import re
import sys
import types
from collections import Counter
from typing import Any

import numpy as np

import tinygraph as tg
from tests.recording import strangers

for _module in pkgutil.iter_modules(strangers.__path__):
    importlib.import_module(f"{strangers.__name__}.{_module.name}")

RIGHT, REFUSED, WRONG, CRASH = "right", "refused", "WRONG", "crash"


def direction(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def quietly(fn: Any, *args: Any) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return fn(*args)


def slopes(fn: strangers.Pass, step: float = 1e-6) -> list[float]:
    """The derivative of the loss along a direction of each weight, by central differences of numpy's own values."""
    start = strangers.values(fn)
    along = []
    for k, (name, value) in enumerate(start.items()):
        ends = [
            quietly(fn, {n: x.copy() for n, x in start.items()} | {name: value + s * step * direction(value.shape, k)})
            for s in (1, -1)
        ]
        along.append(float(ends[0] - ends[1]) / (2 * step))
    return along


@functools.cache
def file_with_our_numpy(name: str) -> dict[str, Any]:
    """The names of a file of passes, run with ``import tinygraph.numpy as np`` in the place of numpy."""
    path, noted = strangers.__path__[0] + f"/{name}.py", {**strangers.PASSES}
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"^import numpy as np$", "import tinygraph.numpy as np", file.read(), flags=re.M)
    module = types.ModuleType(f"{strangers.__name__}.{name}_imported")
    vars(module).update(__file__=path, __package__=strangers.__name__)
    sys.modules[module.__name__] = module
    try:
        exec(compile(text, path, "exec"), vars(module))
    finally:
        strangers.PASSES.clear()
        strangers.PASSES.update(noted)
    return vars(module)


def passes(fn: strangers.Pass, compiled: bool = False, imported: bool = False) -> tuple[str, str]:
    """What became of the pass, and why."""
    right, along = float(quietly(fn, strangers.values(fn))), slopes(fn)
    ws = {name: tg.parameter(x, name=name) for name, x in strangers.values(fn).items()}
    try:
        run = file_with_our_numpy(fn.__module__.rpartition(".")[2])[fn.__name__] if imported else tg.recorded(fn)
        loss, gradients = ours(run, ws, compiled)
    except tg.GraphError as error:
        return (REFUSED if "fix" in str(error) else CRASH), str(error)
    except Exception as error:
        return CRASH, f"{type(error).__name__}: {error}"
    if not np.allclose(loss, right, 1e-10, 1e-10):
        return WRONG, f"value {loss}, numpy's {right}"
    got = [np.sum(g * direction(np.shape(g), k)) for k, g in enumerate(gradients)]
    if not np.allclose(got, along, 1e-5, 1e-7):
        return WRONG, f"gradients {got}, differences {along}"
    return RIGHT, ""


def ours(run: strangers.Pass, ws: dict[str, Any], compiled: bool) -> tuple[Any, list[np.ndarray]]:
    if compiled:
        step = tg.compile(tg.value_and_grad(lambda ws: run(ws), [*ws.values()]))
        return quietly(step, ws)
    loss = quietly(run, ws)
    return loss.item(), [g.value for g in tg.grad(loss, [*ws.values()])]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.strangers", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--compiled", action="store_true", help="by tg.compile, too")
    args = parser.parse_args()
    counts = [Counter[str](), Counter[str]()]
    for fn in strangers.PASSES:
        if not args.names or fn.__name__ in args.names:
            outcomes = [passes(fn, compiled) for compiled in (False, True)[: 1 + args.compiled]]
            for count, (word, _) in zip(counts, outcomes, strict=False):
                count[word] += 1
            print(f"{fn.__module__.rpartition('.')[2]:10} {fn.__name__:40}", *(f"{word:8}" for word, _ in outcomes))
            for _, why in outcomes:
                print(*(f"    {line}\n" for line in why.splitlines()), sep="", end="")
    for title, count in zip(("eager", "compiled"), counts, strict=True):
        if count:
            print(f"{title}: {count[RIGHT]} of {count.total()} unchanged and right;", dict(count))


if __name__ == "__main__":
    main()
