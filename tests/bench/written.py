"""A training step that writes its states into a buffer, against the same step with a list and np.stack.

    OPENBLAS_NUM_THREADS=1 python -m tests.bench.written [--rounds N]

Bars, at (T, B, H) = (50, 16, 64): eager at most 1.2 times the list form, compiled as long (0.97 to 1.03).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg

from .turns import medians

T, B, I, H = 50, 16, 64, 64  # noqa: E741  the axes' names
X = np.random.default_rng(0).normal(size=(B, T, I))


def buffer(Wx: Any, Wh: Any, b: Any) -> Any:
    hs = np.zeros((B, T, H))
    h = np.zeros((B, H))
    for t in range(T):
        h = np.tanh(X[:, t] @ Wx + h @ Wh + b)
        hs[:, t] = h
    return hs


def states(Wx: Any, Wh: Any, b: Any) -> Any:
    hs = np.zeros((T + 1, B, H))
    for t in range(T):
        hs[t] = np.tanh(X[:, t] @ Wx + hs[t - 1] @ Wh + b)
    return hs[:T]


def listed(Wx: Any, Wh: Any, b: Any) -> Any:
    out, h = [], np.zeros((B, H))
    for t in range(T):
        h = np.tanh(X[:, t] @ Wx + h @ Wh + b)
        out.append(h)
    return np.stack(out, axis=1)


def contenders() -> tuple[dict[str, Callable[[], Any]], dict[str, Callable[[], Any]]]:
    """Eager steps and compiled steps of the three forms, which give the same gradients."""
    rng = np.random.default_rng(1)
    ws = [tg.parameter(rng.normal(size=shape) * 0.1) for shape in ((I, H), (H, H), (H,))]
    forms = {"list": listed, "buffer": tg.recorded(buffer), "states": tg.recorded(states)}

    def eager(form: Callable[..., Any]) -> list[Any]:
        tg.zero_grad(ws)
        tg.sum(form(*ws) ** 2).backward()
        return [w.grad for w in ws]

    def compiled(form: Callable[..., Any]) -> Callable[[], Any]:
        step = tg.compile(tg.value_and_grad(lambda *ws: tg.sum(form(*ws) ** 2), ws))
        return lambda: step(*ws)[1]

    steps = {name: lambda form=form: eager(form) for name, form in forms.items()}
    fast = {name: compiled(form) for name, form in forms.items()}
    right = steps["list"]()
    for step in (*steps.values(), *fast.values()):
        for g, r in zip(step(), right, strict=True):
            np.testing.assert_allclose(g, r, 1e-10, 1e-12)
    return steps, fast


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.written", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    for title, steps in zip(("eager", "compiled"), contenders(), strict=True):
        times = medians(steps, rounds)
        ratios = ", ".join(f"{name} {t / times['list']:.2f}" for name, t in times.items())
        print(f"{title}: list {times['list'] * 1e3:.2f} ms; over list: {ratios}")


if __name__ == "__main__":
    main()
