"""This checkout against another one of tinygraph, in turns in one process: the same work, its time before over after.

    git worktree add ../before COMMIT
    python -m tests.bench.before_after ../before [WORK ...]

WORK is the beginning of one of the names printed, all by default: ``compiled LSTM``, ``eager``, ``picture``, ``first``.
float32, one thread, T = 100, B = 8, I = 32, H = 64 unless the name says otherwise. Before the clock starts both must
give the same numbers to 1e-4 of the largest.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from .machine import description, set_threads
from .turns import medians

STEPS, BATCH, INPUT, HIDDEN = 100, 8, 32, 64
COMPILED = ("RNN", "LSTM", "GRU", "LRU", "PhasedLSTM", "tauGRU")
ROOT = Path(__file__).parents[2]

Work = Callable[[], Any]


def own_modules() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] == "tinygraph"}


class Checkout:
    """The tinygraph of one checkout, whose modules stand in ``sys.modules`` while its work runs."""

    def __init__(self, root: Path) -> None:
        self.modules: dict[str, ModuleType] = {}
        self.path = str(root.resolve())
        with self.loaded():
            tg = importlib.import_module("tinygraph")
            assert root.resolve() in Path(str(tg.__file__)).parents, f"{root} holds no tinygraph"
            self.works = works(tg)

    @contextmanager
    def loaded(self) -> Iterator[None]:
        for name in own_modules():
            del sys.modules[name]
        sys.modules.update(self.modules)
        sys.path.insert(0, self.path)
        try:
            yield
        finally:
            sys.path.remove(self.path)
            self.modules = own_modules()

    def work(self, name: str) -> Any:
        with self.loaded():
            return self.works[name]()


def step_of(tg: ModuleType, name: str, xs: Any) -> Callable[[Any], Any]:
    """A function of x: the sum of the outputs' squares, its gradients by the parameters and by x."""
    cell = getattr(tg.cells, name)(xs.shape[2], HIDDEN, rng=0)
    state = cell.initial_state(xs.shape[1])

    def step(x: Any) -> Any:
        loss = tg.sum(tg.unroll(cell, x, state)[0] ** 2)
        return loss, tg.grad(loss, [x, *cell.parameters().values()])

    return step


def eager_of(tg: ModuleType, xs: Any) -> Work:
    """A training step of an LSTM, define-by-run."""
    cell = tg.cells.LSTM(xs.shape[2], HIDDEN, rng=0)
    parameters = list(cell.parameters().values())

    def work() -> Any:
        tg.zero_grad(parameters)
        loss = tg.sum(tg.unroll(cell, xs, cell.initial_state(xs.shape[1]))[0] ** 2)
        loss.backward()
        return loss.value, [p.grad for p in parameters]

    return work


def works(tg: ModuleType) -> dict[str, Work]:
    """Each work under its name."""
    np = importlib.import_module("numpy")
    xs = np.random.default_rng(0).normal(size=(STEPS, BATCH, INPUT)).astype(np.float32)
    calls: dict[str, Work] = {}
    for name in COMPILED:
        for backend in ("native", "numpy"):
            compiled = tg.compile(step_of(tg, name, xs), backend="auto" if backend == "native" else backend)
            calls[f"compiled {name} {backend}"] = lambda compiled=compiled: compiled(xs)  # type: ignore[misc]
    calls["eager LSTM"] = eager_of(tg, xs)
    lstm = step_of(tg, "LSTM", xs)
    calls["first call LSTM"] = lambda: tg.compile(lstm)(xs)
    loss = tg.sum(tg.unroll(tg.cells.LSTM(4, 4, rng=0), np.ones((25, 2, 4)))[0])
    calls["picture LSTM T = 25"] = lambda: len(tg.draw(loss, gradients=True).source) > 0
    return calls


def flat(np: ModuleType, result: Any) -> list[Any]:
    if isinstance(result, (list, tuple)):
        return [x for part in result for x in flat(np, part)]
    return [np.asarray(result)]


def main() -> None:
    set_threads(1)
    np = importlib.import_module("numpy")
    before, after = Checkout(Path(sys.argv[1])), Checkout(ROOT)
    print(description(1))
    print("| work | before, ms | after, ms | before / after |\n|---|---|---|---|")
    for name in [n for n in after.works if any(map(n.startswith, sys.argv[2:] or [""]))]:
        for a, b in zip(flat(np, before.work(name)), flat(np, after.work(name)), strict=True):
            np.testing.assert_allclose(b, a, rtol=0, atol=1e-4 * max(1.0, np.abs(a).max()), err_msg=name)
        took = medians({"before": partial(before.work, name), "after": partial(after.work, name)}, 15)
        told = " | ".join(f"{1e3 * took[n]:.3g}" for n in ("before", "after"))
        print(f"| {name} | {told} | {took['before'] / took['after']:.2f} |", flush=True)


if __name__ == "__main__":
    main()
