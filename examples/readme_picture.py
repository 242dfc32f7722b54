"""The picture of README.md: the word RNN of article 004 over its own sentence.

`docs_pictures.py` writes the file.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import tinygraph as tg

H, V, EPOCHS, LEARNING_RATE = 100, 80, 3, 1e-3
SENTENCE = {"I": 2, "like": 45, "to": 10, "play": 64, ".": 1}


def parameters(seed: int = 0) -> dict[str, tg.Parameter]:
    """E (V, H), U and W (H, H), V (V, H), uniform within 1/sqrt(H)."""
    random = np.random.default_rng(seed)
    shapes = {"E": (V, H), "U": (H, H), "W": (H, H), "V": (V, H)}
    return {name: tg.parameter(random.uniform(-0.1, 0.1, shape), name) for name, shape in shapes.items()}


def mean_loss(p: dict[str, tg.Parameter]) -> tg.Node:
    """The mean cross-entropy in nats of each word given the previous words."""
    ids = list(SENTENCE.values())
    h: tg.Node = tg.constant(np.zeros(H), name="h0")
    losses = []
    for t, (word, following) in enumerate(pairwise(ids)):
        with tg.step(t):
            x = tg.take(p["E"], word, axis=0, name="x")
            h = tg.tanh(p["U"] @ x + p["W"] @ h, name="h")
            losses.append(tg.softmax_cross_entropy(p["V"] @ h, following))
    return tg.mean(tg.stack(losses), name="mean loss")


def drawing() -> tg.Drawing:
    """The network after three steps of gradient descent, with its gradients."""
    p = parameters()
    sgd = tg.train.SGD(p, LEARNING_RATE)
    for _ in range(EPOCHS):
        tg.zero_grad(p)
        mean_loss(p).backward()
        sgd.step()
    tokens = [f"{a} → {b}" for a, b in pairwise(SENTENCE)]
    return tg.draw(mean_loss(p), "both", truncate=2, title="Word RNN, unrolled over T = 4", tokens=tokens)
