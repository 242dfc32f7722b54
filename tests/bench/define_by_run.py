"""A training step of an RNN and of an LSTM, define-by-run, against the peers that are installed and numpy by hand.

    python -m tests.bench.define_by_run [--rounds N]

Bars: at most half of HIPS autograd's time, less than MyGrad's, less than DeZero's. Before the clock starts all
contenders must agree on the loss and on every gradient to 1e-8.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from types import ModuleType

import numpy as np

from .turns import medians
from .workloads import LSTM, RNN, Arrays, lstm_data, rnn_data

PEERS = {"autograd": 0.5, "mygrad": 1.0, "dezero": 1.0}
"""The largest share of the peer's time that tinygraph may take."""


def contenders() -> dict[str, ModuleType]:
    """tinygraph, numpy by hand, and every peer that can be imported here."""
    found = {}
    for name in ("tinygraph", "hand", *PEERS):
        try:
            found[name] = importlib.import_module(f"{__package__}.by_{name}")
        except ImportError as error:
            print(f"{name} is left out: {error}")
    return found


def agree(steps: dict[str, Callable[[], tuple[float, Arrays]]]) -> None:
    """Raise unless every contender gives the loss and the gradients of numpy by hand, to 1e-8 of the largest entry."""
    loss, grads = steps["hand"]()
    for name, step in steps.items():
        its_loss, its_grads = step()
        np.testing.assert_allclose(its_loss, loss, rtol=1e-8, err_msg=f"{name}: loss")
        for k, g in grads.items():
            scale = 1e-8 * np.abs(g).max()
            np.testing.assert_allclose(its_grads[k], g, rtol=0, atol=scale, err_msg=f"{name}: gradient of {k}")


def compare(title: str, steps: dict[str, Callable[[], tuple[float, Arrays]]], rounds: int) -> bool:
    """Time, print, and say whether all bars are met."""
    agree(steps)
    times = medians(steps, rounds)
    ours = times["tinygraph"]
    print(f"\n{title}, float64, medians of {rounds} rounds in turns")
    met = True
    for name, seconds in times.items():
        bar = PEERS.get(name)
        verdict = "" if bar is None else f"   bar {bar:.2f}: {'met' if ours <= bar * seconds else 'MISSED'}"
        met = met and (bar is None or ours <= bar * seconds)
        print(f"  {name:<10} {seconds * 1e3:8.2f} ms   tinygraph / it {ours / seconds:5.2f}{verdict}")
    return met


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    modules = contenders()
    rnn, lstm = rnn_data(), lstm_data()
    met = compare(f"tanh RNN {RNN}", {name: m.rnn(*rnn) for name, m in modules.items()}, rounds)
    met &= compare(f"LSTM {LSTM}", {name: m.lstm(*lstm) for name, m in modules.items()}, rounds)
    raise SystemExit(0 if met else 1)


if __name__ == "__main__":
    main()
