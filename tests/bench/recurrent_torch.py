"""The recurrent training steps in PyTorch: its fused `nn.RNN`, `nn.GRU`, `nn.LSTM`, and a loop over the same cell.

The loop's matrix products are `functional.linear`, which adds the bias in the product: its fastest plain form.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from torch.nn.functional import linear

from .recurrent_work import Step, Work
from .workloads import Arrays

Tensors = dict[str, torch.Tensor]
State = tuple[torch.Tensor, ...]
Cell = Callable[[Tensors, torch.Tensor, State], State]
"""``(w, x, state) -> new_state``; the first tensor of the new state is h."""

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def rnn(w: Tensors, x: torch.Tensor, state: State) -> State:
    return (torch.tanh(linear(x, w["weight_ih"], w["bias_ih"]) + linear(state[0], w["weight_hh"], w["bias_hh"])),)


def gru(w: Tensors, x: torch.Tensor, state: State) -> State:
    (h,) = state
    a_r, a_z, a_n = linear(x, w["weight_ih"], w["bias_ih"]).chunk(3, 1)
    u_r, u_z, u_n = linear(h, w["weight_hh"], w["bias_hh"]).chunk(3, 1)
    r, z = torch.sigmoid(a_r + u_r), torch.sigmoid(a_z + u_z)
    n = torch.tanh(a_n + r * u_n)
    return ((1 - z) * n + z * h,)


def lstm(w: Tensors, x: torch.Tensor, state: State) -> State:
    h, c = state
    i, f, g, o = (linear(x, w["weight_ih"], w["bias_ih"]) + linear(h, w["weight_hh"], w["bias_hh"])).chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def mgu(w: Tensors, x: torch.Tensor, state: State) -> State:
    (h,) = state
    a_f, a_n = linear(x, w["weight_ih"], w["bias_ih"]).chunk(2, 1)
    (w_f, w_n), (b_f, b_n) = w["weight_hh"].chunk(2), w["bias_hh"].chunk(2)
    f = torch.sigmoid(a_f + linear(h, w_f, b_f))
    n = torch.tanh(a_n + linear(f * h, w_n, b_n))
    return ((1 - f) * h + f * n,)


CELLS: dict[str, Cell] = {"RNN": rnn, "GRU": gru, "LSTM": lstm, "MGU": mgu}


def _step(work: Work, w: Tensors, outputs: Callable[[torch.Tensor, State], torch.Tensor]) -> Step:
    xs, mix = torch.from_numpy(work.xs), torch.from_numpy(work.mix)
    state = tuple(torch.from_numpy(s) for s in work.state)

    def step() -> tuple[float, Arrays]:
        for parameter in w.values():
            parameter.grad = None
        loss = (outputs(xs, state) * mix).sum()
        loss.backward()
        return loss.item(), {name: parameter.grad.numpy() for name, parameter in w.items()}  # type: ignore[union-attr]

    return step


def fused(work: Work) -> Step:
    I, H = work.sizes.I, work.sizes.H  # noqa: E741  the field's own letter
    layer = getattr(torch.nn, work.cell)(I, H)
    w = {name: getattr(layer, f"{name}_l0") for name in work.weights}
    with torch.no_grad():
        for name, parameter in w.items():
            parameter.copy_(torch.from_numpy(work.weights[name]))

    def outputs(xs: torch.Tensor, state: State) -> torch.Tensor:
        before = tuple(s[None] for s in state)
        return layer(xs, before if work.cell == "LSTM" else before[0])[0]

    return _step(work, w, outputs)


def loop(work: Work) -> Step:
    w = {name: torch.nn.Parameter(torch.from_numpy(value.copy())) for name, value in work.weights.items()}
    cell = CELLS[work.cell]

    def outputs(xs: torch.Tensor, state: State) -> torch.Tensor:
        hs = []
        for x in xs:
            state = cell(w, x, state)
            hs.append(state[0])
        return torch.stack(hs)

    return _step(work, w, outputs)


CONTENDERS = {"torch": fused, "torch_loop": loop}
