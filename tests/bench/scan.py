"""Linear cells over a sequence: the loop over steps against the scan, define-by-run and compiled.

    python -m tests.bench.scan [--forward] [--rounds N] [--most T]

A training step (outputs, gradients of all parameters; compiled also of x), or the outputs alone; float32, one thread,
I = H. Before the clock starts loop and scan must agree to 1e-3 of the largest entry. Bar: define-by-run the scan is
never slower. In compiled functions `Parallel` takes the loop unless it is told otherwise, as it is here.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .machine import description, set_threads
from .turns import medians

CELLS = ("minGRU", "LRU")
LENGTHS = (50, 200, 1000, 5000)
BATCHES = ((1, 32), (8, 32), (32, 256))
KINDS = ("define-by-run", "numpy", "native")
LARGEST = 10_000_000
"""Numbers in an input beyond which a size is left out."""


def step_of(tg: ModuleType, cell: Any, inner: Any, forward: bool) -> Callable[[Any], Any]:
    """The function to be timed of x (T, B, I): the outputs, or the sum of their squares and its gradients."""
    parameters = list(inner.parameters().values())

    def step(x: Any) -> Any:
        outputs, _ = tg.unroll(cell, x)
        if forward:
            return outputs
        loss = tg.sum(outputs * outputs)
        return tg.grad(loss, [x, *parameters])

    return step


def recorded(tg: ModuleType, cell: Any, inner: Any, forward: bool) -> Callable[[Any], Any]:
    """The same define-by-run, the gradients of the parameters by `backward`, as one trains."""
    parameters = list(inner.parameters().values())

    def step(x: Any) -> Any:
        outputs, _ = tg.unroll(cell, x)
        if forward:
            return outputs.value
        tg.zero_grad(parameters)
        tg.sum(outputs * outputs).backward()
        return [p.grad for p in parameters]

    return step


def contenders(tg: ModuleType, name: str, xs: Any, forward: bool) -> dict[str, Callable[[], Any]]:
    """By "define-by-run loop" and so on, a call on xs."""
    inner = getattr(tg.cells, name)(xs.shape[2], xs.shape[2], rng=0)
    ways = {"loop": inner, "scan": tg.cells.Parallel(inner, compiled=True)}
    calls = {}
    for way, cell in ways.items():
        calls[f"define-by-run {way}"] = recorded(tg, cell, inner, forward)
        for backend in ("numpy", "native"):
            calls[f"{backend} {way}"] = tg.compile(step_of(tg, cell, inner, forward), backend=backend)
    return {label: lambda call=call: call(xs) for label, call in calls.items()}  # type: ignore[misc]


def agree(np: ModuleType, calls: dict[str, Callable[[], Any]]) -> None:
    """Raise unless loop and scan of one kind give the same numbers."""
    for kind in KINDS:
        loop, scan = (calls[f"{kind} {way}"]() for way in ("loop", "scan"))
        for a, b in zip(loop, scan, strict=True):
            np.testing.assert_allclose(b, a, rtol=0, atol=1e-3 * max(1.0, np.abs(a).max()), err_msg=kind)


def compare(name: str, forward: bool, rounds: int, most: int) -> bool:
    """Time one cell at all sizes and print a row for each; whether the bar is met."""
    np, tg = importlib.import_module("numpy"), importlib.import_module("tinygraph")
    met = True
    for T in filter(most.__ge__, LENGTHS):
        for B, H in BATCHES:
            if T * B * H > LARGEST:
                continue
            xs = np.random.default_rng(0).normal(size=(T, B, H)).astype(np.float32)
            calls = contenders(tg, name, xs, forward)
            agree(np, calls)
            took = medians(calls, rounds, 2)
            pairs = [(1e3 * took[f"{kind} loop"], 1e3 * took[f"{kind} scan"]) for kind in KINDS]
            told = " | ".join(f"{loop:.3g} | {scan:.3g} | {loop / scan:.2f}" for loop, scan in pairs)
            print(f"| {name} | {T} | ({B}, {H}) | {told} |", flush=True)
            met = met and pairs[0][0] >= pairs[0][1]
    return met


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forward", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=LENGTHS[-1])
    given = parser.parse_args()
    set_threads(1)
    print(description(1))
    print("| cell | T | (B, H) | " + " | ".join(f"{kind} loop, ms | scan | ratio" for kind in KINDS) + " |")
    print("|---" * (3 + 3 * len(KINDS)) + "|")
    results = [compare(name, given.forward, given.rounds, given.most) for name in CELLS]
    print("bar: " + ("met" if all(results) else "MISSED"))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
