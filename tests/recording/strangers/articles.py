"""Articles' loops: dicts of columns, lists, caches that hold the whole run, prints of the loss."""

import math

import numpy as np

from . import weights

chars = list("hello world")
vocab = sorted(set(chars))
char_to_ix = {ch: i for i, ch in enumerate(vocab)}
ix_to_char = dict(enumerate(vocab))
V, H = len(vocab), 7
inputs = [char_to_ix[ch] for ch in "hello w"]
targets = [char_to_ix[ch] for ch in "ello wo"]


@weights(Wxh=(H, V), Whh=(H, H), Why=(V, H), bh=(H, 1), by=(V, 1))
def min_char_rnn(p):
    Wxh, Whh, Why, bh, by = p["Wxh"], p["Whh"], p["Why"], p["bh"], p["by"]
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(np.zeros((H, 1)))
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((V, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    smooth_loss = -np.log(1.0 / V) * len(inputs)
    smooth_loss = smooth_loss * 0.999 + loss * 0.001
    print("iter %d, loss: %f" % (0, smooth_loss))
    return loss


@weights(Wxh=(H, V), Whh=(H, H), Why=(V, H), bh=(H, 1), by=(V, 1))
def sampling_from_the_model(p):
    """Draws the next character by its chance; the loss is that of what was drawn."""
    np.random.seed(3)
    h, x = np.zeros((H, 1)), np.zeros((V, 1))
    x[0] = 1
    ixes, loss = [], 0.0
    for _ in range(5):
        h = np.tanh(np.dot(p["Wxh"], x) + np.dot(p["Whh"], h) + p["bh"])
        y = np.dot(p["Why"], h) + p["by"]
        prob = np.exp(y) / np.sum(np.exp(y))
        ix = np.random.choice(range(V), p=prob.ravel())
        x = np.zeros((V, 1))
        x[ix] = 1
        ixes.append(ix)
        loss -= np.log(prob[ix, 0])
    txt = "".join(ix_to_char[ix] for ix in ixes)
    print(f"----\n {txt} \n----")
    return loss


@weights(W=(H, V), U=(H, H), V=(V, H))
def generator_draws_and_picks_the_best(p):
    rng = np.random.default_rng(1)
    h = np.zeros(H)
    word, score = [1], 0.0
    while len(word) < 5:
        h = np.tanh(p["W"][:, word[-1]] + p["U"].dot(h))
        logits = p["V"].dot(h) / 0.7
        probs = np.exp(logits - logits.max())
        probs /= probs.sum()
        top = np.argsort(probs)[::-1][:3]
        kept = probs[top] / probs[top].sum()
        nxt = rng.choice(top, p=kept)
        score += math.log(probs[nxt])
        word.append(int(nxt))
    return -score / len(word)


@weights(U=(H, V), W=(H, H), V=(V, H))
def perplexity(p):
    """Written with math, number by number."""
    s, total = np.zeros(H), 0.0
    for x, y in zip(inputs, targets):
        s = np.tanh(p["U"][:, x] + p["W"].dot(s))
        o = p["V"].dot(s)
        e = [math.exp(v) for v in o]
        total += -math.log(e[y] / sum(e))
    return math.exp(total / len(inputs))


@weights(w=2)
def binary_counter(p):
    """The smallest network of an article: one number of state, all in floats."""
    wx, wr = p["w"]
    X = np.round(np.random.RandomState(1).rand(6, 5))
    t = np.sum(X, axis=1)
    S = np.zeros((X.shape[0], X.shape[1] + 1))
    for k in range(X.shape[1]):
        S[:, k + 1] = X[:, k] * wx + S[:, k] * wr
    y = S[:, -1]
    return np.sum((t - y) ** 2) / X.shape[0]


@weights(synapse_0=(2, 8), synapse_1=(8, 1), synapse_h=(8, 8))
def adding_bits(p):
    """Adds two binary numbers from the right to the left."""

    def sigmoid(x):
        output = 1 / (1 + np.exp(-x))
        return output

    binary = np.unpackbits(np.array([range(256)], dtype=np.uint8).T, axis=1)
    a, b = binary[9], binary[60]
    c, d = binary[69], np.zeros_like(binary[69])
    overall_error, layer_1_values = 0, list()
    layer_1_values.append(np.zeros(8))
    for position in range(8):
        X = np.array([[a[8 - position - 1], b[8 - position - 1]]])
        y = np.array([[c[8 - position - 1]]]).T
        layer_1 = sigmoid(np.dot(X, p["synapse_0"]) + np.dot(layer_1_values[-1], p["synapse_h"]))
        layer_2 = sigmoid(np.dot(layer_1, p["synapse_1"]))
        layer_2_error = y - layer_2
        overall_error += np.abs(layer_2_error[0])
        d[8 - position - 1] = np.round(layer_2[0][0])
        layer_1_values.append(layer_1)
    return overall_error.sum()


@weights(Wf=(H + V, H), Wi=(H + V, H), Wc=(H + V, H), Wo=(H + V, H), Wy=(H, V))
def lstm_with_a_cache(p):
    """Every gate in a list, one-hot rows, a cache that is returned with the loss."""

    def sigmoid(x):
        return 1.0 / (1.0 + np.exp(-x))

    h, c = np.zeros((1, H)), np.zeros((1, H))
    cache, loss = [], 0.0
    for x_ix, y_ix in zip(inputs, targets):
        x = np.eye(V)[x_ix].reshape(1, -1)
        X = np.column_stack((h, x))
        hf, hi, ho = sigmoid(X @ p["Wf"]), sigmoid(X @ p["Wi"]), sigmoid(X @ p["Wo"])
        hc = np.tanh(X @ p["Wc"])
        c_old, c = c, hf * c + hi * hc
        h = ho * np.tanh(c)
        y = h @ p["Wy"]
        prob = np.exp(y) / np.sum(np.exp(y))
        cache.append((prob, hf, hi, ho, hc, h, y, c, c_old, X))
        loss += -np.log(prob[0, y_ix])
    loss /= len(inputs)
    assert not np.isnan(loss), "loss is nan"
    return float(loss)


@weights(U=(5, 4), W=(5, 5), V=(3, 5))
def elman_on_a_wave(p):
    """A sine wave, windows of it, and the mean of the squared errors as floats."""
    wave = np.sin(np.linspace(0, 6, 30))
    X = np.array([wave[i : i + 8] for i in range(0, 20, 2)])
    Y = np.array([wave[i + 8] for i in range(0, 20, 2)])
    loss = 0.0
    for i in range(Y.shape[0]):
        x, y = X[i].reshape(2, 4), Y[i]
        prev_s = np.zeros((5, 1))
        for t in range(2):
            new_input = np.zeros(x.shape)
            new_input[t] = x[t]
            mulu = np.dot(p["U"], new_input[t].reshape(-1, 1))
            mulw = np.dot(p["W"], prev_s)
            s = np.tanh(mulw + mulu)
            mulv = np.dot(p["V"], s)
            prev_s = s
        loss_per_record = (y - mulv.mean()) ** 2 / 2
        loss += loss_per_record
    loss = loss / float(y.shape[0] if y.ndim else len(Y))
    return loss


@weights(wx=1, wh=1, b=1)
def plain_python_numbers(p):
    """No arrays at all: numbers, lists, math and max."""
    wx, wh, b = float(p["wx"][0]), float(p["wh"][0]), p["b"].item()
    series, h, errors = [0.1, 0.5, -0.3, 0.8, 0.2], 0.0, []
    for now, then in zip(series, series[1:]):
        h = math.tanh(wx * now + wh * h + b)
        errors.append(max(abs(h - then), 1e-6) ** 2)
    rmse = math.sqrt(sum(errors) / len(errors))
    print("rmse: {:.4f}".format(rmse))
    return rmse
