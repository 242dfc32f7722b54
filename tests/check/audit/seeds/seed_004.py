"""Seed 004 in code of our own: a word network, functions for products and sums, truncated at two cells before."""

import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def product_backward(weights, x, dz):
    return dz @ x.T, weights.T @ dz


def sum_backward(a, b, dz):
    return dz * np.ones_like(a), dz * np.ones_like(b)


def tanh_backward(z, top):
    return (1.0 - np.tanh(z) ** 2) * top


def forward(words, U, W, V):
    memory = {}
    h = np.zeros((W.shape[0], 1))
    for t, x in enumerate(words):
        from_state, from_word = W @ h, U @ x
        h = np.tanh(from_state + from_word)
        memory["parts" + str(t)] = from_state, from_word
        memory["h" + str(t)] = h
        memory["p" + str(t)] = softmax(V @ h)
    return memory


def loss(words, targets, U, W, V):
    memory = forward(words, U, W, V)
    return -sum(np.sum(y * np.log(memory["p" + str(t)])) for t, y in enumerate(targets))


def one_cell(x, U, W, V, h, d_out, parts, d_later, h_before):
    from_state, from_word = parts
    dV, dh = product_backward(V, h, d_out)
    d_sum = tanh_backward(from_state + from_word, dh + d_later)
    d_state, d_word = sum_backward(from_state, from_word, d_sum)
    dW, d_before = product_backward(W, h_before, d_state)
    dU, _ = product_backward(U, x, d_word)
    return d_before, dU, dW, dV


def backward(words, targets, U, W, V, truncate=2):
    memory = forward(words, U, W, V)
    dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
    for t in range(len(words)):
        none = np.zeros((W.shape[0], 1))
        h_before = np.zeros((W.shape[0], 1))  # wrong: zeros at every step, where the state of the step before is due
        d_out = memory["p" + str(t)] - targets[t]
        parts, h = memory["parts" + str(t)], memory["h" + str(t)]
        d_before, dU_t, dW_t, dV_t = one_cell(words[t], U, W, V, h, d_out, parts, none, h_before)
        prev = t - 1
        d_out = np.zeros_like(d_out)
        for i in range(t - 1, max(-1, t - truncate), -1):  # wrong: one cell too few
            parts, h = memory["parts" + str(i)], memory["h" + str(i)]
            h_before = none if i == 0 else memory["h" + str(prev)]  # wrong: the state of a step that stays the same
            d_before, dU_i, dW_i, _ = one_cell(words[t], U, W, V, h, d_out, parts, d_before, h_before)  # wrong: word t
            dU_t += dU_i
            dW_t += dW_i
        dU += dU_t
        dW += dW_t
        dV += dV_t
    return dU, dW, dV
