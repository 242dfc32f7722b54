"""Every number of the heat maps of the gallery, from the parameters of their graphs in plain numpy."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import tinygraph as tg
from tests.draw.maps.by_hand import lstm, sigmoid, slopes, softmax
from tests.draw.maps.seen import blocks, close, matrix
from tinygraph.core.graph import ancestors

sys.path.insert(0, str(Path(__file__).parents[3] / "examples"))

import gallery
import gallery_networks as net

PICTURES = gallery.numbers()


def parameters(loss):
    """The parameters of each cell of a graph, in order of creation, as float64."""
    cells = [{}]
    for x in ancestors([loss]):
        if isinstance(x, tg.Parameter):
            cells += [{}] if x.name in cells[-1] else []
            cells[-1][x.name] = x.value.astype(np.float64)
    return cells


def gru(w, xs, h):
    """States (T, B, H) of PyTorch's GRU."""
    states = []
    for x in xs:
        a = np.split(x @ w["weight_ih"].T + w["bias_ih"], 3, axis=1)
        b = np.split(h @ w["weight_hh"].T + w["bias_hh"], 3, axis=1)
        r, z = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])
        h = (1 - z) * np.tanh(a[2] + r * b[2]) + z * h
        states.append(h)
    return np.array(states)


def test_states_and_gates():
    for name, steps, letters in (("states", 6, "hc"), ("gates", 40, "ifo")):
        right = lstm(parameters(net.cell_lstm(steps))[0], net.data(steps))
        seen = blocks(PICTURES[name]())
        assert {*seen} == {f"LSTM · {x}" for x in letters}
        assert all(close(matrix(seen[f"LSTM · {x}"]), right[x][:, 0].T, 3) for x in letters)


def test_states_of_a_padded_sequence():
    states = gru(parameters(net.padded((6, 4)))[0], net.data(6), np.zeros((2, 4)))
    assert close(matrix(blocks(PICTURES["states_padded"]())["GRU · h"]), states[:4, 1].T, 3)


def test_attention():
    encoder, decoder = parameters(net.encoder_decoder(6, 5))
    keys = gru(encoder, net.data(6), np.zeros((2, 4)))
    queries = gru(decoder, net.data(5), keys[-1])
    right = softmax(queries[:, 0] @ keys[:, 0].T, 1)
    assert close(matrix(blocks(PICTURES["attention"]())["a"]), right, 3)


def test_saliency():
    w = parameters(net.cell_lstm(6))[0]
    labels = np.arange(12).reshape(6, 2) % 5

    def loss(xs):
        logits = lstm(w, xs)["h"] @ w["W_y"].T
        return -np.mean(np.log(np.take_along_axis(softmax(logits, 2), labels[..., None], 2)))

    right = slopes(loss, net.data(6).astype(np.float32).astype(np.float64))[:, 0]
    seen = blocks(PICTURES["saliency"]())
    assert close(matrix(seen["x, each feature"]), np.abs(right).T, 3)
    assert close(matrix(seen["x, all features"])[0], np.linalg.norm(right, axis=1), 3)
