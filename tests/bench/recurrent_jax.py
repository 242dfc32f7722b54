"""The recurrent training steps in JAX: `jit(value_and_grad(...))` over a `lax.scan` of the same cell."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from .recurrent_work import Step, Work
from .workloads import Arrays

State = tuple[jax.Array, ...]
Cell = Callable[[dict[str, jax.Array], jax.Array, State], State]
"""``(w, x, state) -> new_state``; the first array of the new state is h."""


def rnn(w: dict[str, jax.Array], x: jax.Array, state: State) -> State:
    return (jnp.tanh(x @ w["weight_ih"].T + w["bias_ih"] + state[0] @ w["weight_hh"].T + w["bias_hh"]),)


def gru(w: dict[str, jax.Array], x: jax.Array, state: State) -> State:
    (h,) = state
    a_r, a_z, a_n = jnp.split(x @ w["weight_ih"].T + w["bias_ih"], 3, axis=1)
    u_r, u_z, u_n = jnp.split(h @ w["weight_hh"].T + w["bias_hh"], 3, axis=1)
    r, z = jax.nn.sigmoid(a_r + u_r), jax.nn.sigmoid(a_z + u_z)
    n = jnp.tanh(a_n + r * u_n)
    return ((1 - z) * n + z * h,)


def lstm(w: dict[str, jax.Array], x: jax.Array, state: State) -> State:
    h, c = state
    gates = x @ w["weight_ih"].T + w["bias_ih"] + h @ w["weight_hh"].T + w["bias_hh"]
    i, f, g, o = jnp.split(gates, 4, axis=1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def mgu(w: dict[str, jax.Array], x: jax.Array, state: State) -> State:
    (h,) = state
    a_f, a_n = jnp.split(x @ w["weight_ih"].T + w["bias_ih"], 2, axis=1)
    (w_f, w_n), (b_f, b_n) = jnp.split(w["weight_hh"], 2), jnp.split(w["bias_hh"], 2)
    f = jax.nn.sigmoid(a_f + h @ w_f.T + b_f)
    n = jnp.tanh(a_n + (f * h) @ w_n.T + b_n)
    return ((1 - f) * h + f * n,)


CELLS: dict[str, Cell] = {"RNN": rnn, "GRU": gru, "LSTM": lstm, "MGU": mgu}


def scan(work: Work) -> Step:
    cell = CELLS[work.cell]

    def loss_of(w: dict[str, jax.Array], xs: jax.Array, state: State, mix: jax.Array) -> jax.Array:
        def body(carried: State, x: jax.Array) -> tuple[State, jax.Array]:
            carried = cell(w, x, carried)
            return carried, carried[0]

        return jnp.sum(jax.lax.scan(body, state, xs)[1] * mix)

    differentiate = jax.jit(jax.value_and_grad(loss_of))
    arguments = jax.tree.map(jnp.asarray, (work.weights, work.xs, work.state, work.mix))

    def step() -> tuple[float, Arrays]:
        loss, grads = jax.block_until_ready(differentiate(*arguments))
        return float(loss), {name: np.asarray(g) for name, g in grads.items()}

    return step


CONTENDERS = {"jax": scan}
