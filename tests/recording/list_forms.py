"""The passes of `passes.py` as one has to write them without writing into arrays: lists, np.stack, np.where."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg

from .passes import KEPT, LENGTHS, TARGETS, TOKENS, XS, B, H, T, V


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def states(Wx: Any, Wh: Any, xs: Any, b: Any = 0.0) -> list[Any]:
    out, h = [], tg.constant(np.zeros((*xs[0].shape[:-1], H)))
    for x in xs:
        h = np.tanh(x @ Wx + h @ Wh + b)
        out.append(h)
    return out


def batch_first(Wx: Any, Wh: Any, b: Any, Wy: Any) -> Any:
    hs = np.stack(states(Wx, Wh, XS.transpose(1, 0, 2), b), axis=1)
    return tg.mean(tg.softmax_cross_entropy(hs.reshape(B * T, H) @ Wy, TARGETS.reshape(-1)))


def dict_of_states(Wxh: Any, Whh: Any, Why: Any, bh: Any, by: Any) -> Any:
    h, losses = tg.constant(np.zeros((H, 1))), []
    for token, target in zip(TOKENS[0], TARGETS[0], strict=True):
        h = np.tanh(Wxh[:, token : token + 1] + Whh @ h + bh)
        losses.append(tg.softmax_cross_entropy((Why @ h + by)[:, 0], int(target)))
    return tg.sum(np.stack(losses))


def class_with_state(W_xh: Any, W_hh: Any, W_hy: Any) -> Any:
    y = np.stack(states(W_xh.T, W_hh.T, XS[0])) @ W_hy.T
    return tg.sum((y - tg.mean(y, axis=0)) ** 2)


def lstm_with_gates_in_arrays(W: Any, b: Any) -> Any:
    h = c = tg.constant(np.zeros((H, 1)))
    total: Any = 0.0
    for x in XS[1]:
        a = W[:, :H] @ h + W[:, H:] @ x[:, None] + b
        i, f, o = sigmoid(a[:H]), sigmoid(a[H : 2 * H]), sigmoid(a[2 * H : 3 * H])
        c = f * c + i * np.tanh(a[3 * H :])
        h = o * np.tanh(c)
        total = total + tg.sum(h * h)
    return total


def gru_with_masks(Wz: Any, Wr: Any, Wh: Any) -> Any:
    h = tg.constant(np.zeros((B, H)))
    for t, x in enumerate(XS.transpose(1, 0, 2)):
        xh = np.concatenate([x, h], axis=1)
        z, r = sigmoid(xh @ Wz), sigmoid(xh @ Wr)
        new = (1 - z) * h + z * np.tanh(np.concatenate([x, r * h], axis=1) @ Wh)
        h = np.where((t >= LENGTHS)[:, None], h, new)
    return tg.sum(h * h)


def both_directions(Wf: Any, Uf: Any, Wb: Any, Ub: Any) -> Any:
    steps = XS.transpose(1, 0, 2)
    ahead, back = states(Wf, Uf, steps), states(Wb, Ub, steps[::-1])[::-1]
    return tg.mean(np.concatenate([np.stack(ahead), np.stack(back)], axis=2) ** 2)


def attention(Wx: Any, Wq: Any, v: Any) -> Any:
    hs: list[Any] = []
    for x in XS[0]:
        hs.append(np.tanh(x @ Wx + (0.5 * hs[-1] if hs else 0.0)))
    memory = np.stack(hs)
    return (tg.softmax(memory @ (hs[-1] @ Wq)) @ memory @ v) ** 2


def list_of_outputs(Wx: Any, Wh: Any, Wy: Any) -> Any:
    y = np.stack(states(Wx, Wh, XS[0])) @ Wy - tg.one_hot(TARGETS[0], V)
    return 0.5 * tg.sum(y * y)


def layer_norm_in_place(Wx: Any, Wh: Any, gain: Any) -> Any:
    h = tg.constant(np.zeros((B, H)))
    for x in XS.transpose(1, 0, 2):
        a = x @ Wx + h @ Wh
        a = a - tg.mean(a, axis=-1, keepdims=True)
        h = np.tanh(a / np.sqrt(tg.mean(a * a, axis=-1, keepdims=True) + 1e-5) * gain)
    return tg.sum(h * h)


def embeddings_and_dropout(E: Any, Wx: Any, Wh: Any) -> Any:
    hs, h = [], tg.constant(np.zeros((B, H)))
    for tokens in TOKENS.T:
        a = tg.take(E, tokens, axis=0) @ Wx + h @ Wh
        gate = sigmoid(a[:, :H])
        h = (gate * h + (1 - gate) * np.tanh(a[:, H:])) * KEPT
        hs.append(h)
    return tg.sum(np.stack(hs[1:]) * np.stack(hs[:-1]))


def number_by_number(U: Any, W: Any) -> Any:
    return tg.sum(states(U.T, W.T, XS[0])[-1] ** 2)


def relu_by_mask(Wx: Any, Wh: Any, Wy: Any) -> Any:
    h = tg.constant(np.zeros((B, H)))
    for x in XS.transpose(1, 0, 2):
        h = tg.relu(x @ Wx + h @ Wh)
    scores, right = h @ Wy, tg.one_hot(TARGETS[:, 0], V)
    margins = tg.relu(scores - tg.sum(scores * right, axis=1, keepdims=True) + 1.0)
    return tg.sum(margins * (1 - right)) / B


def overwritten(Wx: Any, Wh: Any) -> Any:
    h, total = tg.constant(np.zeros((B, H))), 0.0
    for t, x in enumerate(XS.transpose(1, 0, 2)):
        new = np.tanh(x @ Wx + h @ Wh)
        total = total + tg.sum(new * new)
        h = np.concatenate([np.full((B, 1), 0.1 * t), new[:, 1:]], axis=1)
    return total
