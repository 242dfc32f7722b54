"""The recurrent training steps in tinygraph: cells of plain ops, compiled by each backend, and run as written."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg

from .recurrent_work import Step, Work

Nodes = dict[str, tg.Node]
State = tuple[tg.Node, ...]
Cell = Callable[[Nodes, tg.Node, State], State]
"""``(w, x, state) -> new_state``; the first node of the new state is h."""


def rnn(w: Nodes, x: tg.Node, state: State) -> State:
    return (tg.tanh(x @ w["weight_ih"].T + w["bias_ih"] + state[0] @ w["weight_hh"].T + w["bias_hh"]),)


def gru(w: Nodes, x: tg.Node, state: State) -> State:
    (h,) = state
    a_r, a_z, a_n = tg.split(x @ w["weight_ih"].T + w["bias_ih"], 3, axis=1)
    u_r, u_z, u_n = tg.split(h @ w["weight_hh"].T + w["bias_hh"], 3, axis=1)
    r, z = tg.sigmoid(a_r + u_r), tg.sigmoid(a_z + u_z)
    n = tg.tanh(a_n + r * u_n)
    return ((1 - z) * n + z * h,)


def lstm(w: Nodes, x: tg.Node, state: State) -> State:
    h, c = state
    gates = x @ w["weight_ih"].T + w["bias_ih"] + h @ w["weight_hh"].T + w["bias_hh"]
    i, f, g, o = tg.split(gates, 4, axis=1)
    c = tg.sigmoid(f) * c + tg.sigmoid(i) * tg.tanh(g)
    return tg.sigmoid(o) * tg.tanh(c), c


def mgu(w: Nodes, x: tg.Node, state: State) -> State:
    (h,) = state
    a_f, a_n = tg.split(x @ w["weight_ih"].T + w["bias_ih"], 2, axis=1)
    (w_f, w_n), (b_f, b_n) = tg.split(w["weight_hh"], 2), tg.split(w["bias_hh"], 2)
    f = tg.sigmoid(a_f + h @ w_f.T + b_f)
    n = tg.tanh(a_n + (f * h) @ w_n.T + b_n)
    return ((1 - f) * h + f * n,)


CELLS: dict[str, Cell] = {"RNN": rnn, "GRU": gru, "LSTM": lstm, "MGU": mgu}


def training_step(work: Work, backend: str | None) -> Callable[..., tuple[Any, Any]]:
    """``step(xs, state, mix) -> (loss, gradients)``: arrays when compiled, nodes when ``backend`` is None."""
    cell = CELLS[work.cell]
    w = {name: tg.parameter(value, name) for name, value in work.weights.items()}

    def loss_of(xs: Any, state: Any, mix: Any) -> tg.Node:
        def one_step(x: tg.Node, carried: State) -> tuple[tg.Node, State]:
            carried = cell(w, x, carried)
            return carried[0], carried

        return tg.sum(tg.unroll(one_step, xs, state)[0] * mix)

    differentiate = tg.value_and_grad(loss_of, w)
    return tg.compile(differentiate, backend=backend) if backend else differentiate


def compiled(work: Work, backend: str) -> Step:
    step = training_step(work, backend)

    def run() -> tuple[float, dict[str, np.ndarray]]:
        loss, grads = step(work.xs, work.state, work.mix)
        return float(loss), grads

    return run


def eager(work: Work) -> Step:
    step = training_step(work, None)

    def run() -> tuple[float, dict[str, np.ndarray]]:
        loss, grads = step(work.xs, work.state, work.mix)
        return loss.item(), {name: g.value for name, g in grads.items()}

    return run


CONTENDERS: dict[str, Callable[[Work], Step]] = {"eager": eager}
if hasattr(tg, "compile"):
    CONTENDERS["numpy"] = functools.partial(compiled, backend="numpy")
    if importlib.util.find_spec("llvmlite"):
        CONTENDERS["native"] = functools.partial(compiled, backend="native")
