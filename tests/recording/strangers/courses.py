"""Courses' functions with caches: batch, time, width; a temporal softmax with a mask; word vectors."""

from collections import namedtuple

import numpy as np

from . import weights

N, T, D, H, M = 3, 5, 6, 9, 11
rng = np.random.RandomState(231)
FEATURES = rng.randn(N, 12)
CAPTIONS = rng.randint(0, M, size=(N, T + 1))
NULL = 0


def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1).dot(w) + b
    return out, (x, w, b)


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    cache = (x, Wx, Wh, prev_h, next_h)
    return next_h, cache


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    _, H = h0.shape
    h, cache = np.zeros((N, T, H)), []
    prev_h = h0
    for t in range(T):
        prev_h, cache_t = rnn_step_forward(x[:, t, :], prev_h, Wx, Wh, b)
        h[:, t, :] = prev_h
        cache.append(cache_t)
    return h, cache


def word_embedding_forward(x, W):
    out = W[x, :]
    return out, (x, W)


def temporal_affine_forward(x, w, b):
    N, T, D = x.shape
    M = b.shape[0]
    out = x.reshape(N * T, D).dot(w).reshape(N, T, M) + b
    return out, (x, w, b, out)


def temporal_softmax_loss(x, y, mask, verbose=False):
    N, T, V = x.shape
    x_flat, y_flat, mask_flat = x.reshape(N * T, V), y.reshape(N * T), mask.reshape(N * T)
    probs = np.exp(x_flat - np.max(x_flat, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    loss = -np.sum(mask_flat * np.log(probs[np.arange(N * T), y_flat])) / N
    dx_flat = probs.copy()
    dx_flat[np.arange(N * T), y_flat] -= 1
    dx_flat /= N
    dx_flat *= mask_flat[:, None]
    if verbose:
        print("dx_flat: ", dx_flat.shape)
    return loss, dx_flat.reshape(N, T, V)


@weights(W_proj=(12, H), b_proj=H, W_embed=(M, D), Wx=(D, H), Wh=(H, H), b=H, W_vocab=(H, M), b_vocab=M)
def captioning_rnn(p):
    captions_in, captions_out = CAPTIONS[:, :-1], CAPTIONS[:, 1:]
    mask = captions_out != NULL
    h0, cache_affine = affine_forward(FEATURES, p["W_proj"], p["b_proj"])
    x, cache_embed = word_embedding_forward(captions_in, p["W_embed"])
    h, cache_rnn = rnn_forward(x, h0, p["Wx"], p["Wh"], p["b"])
    scores, cache_scores = temporal_affine_forward(h, p["W_vocab"], p["b_vocab"])
    loss, dscores = temporal_softmax_loss(scores, captions_out, mask, verbose=True)
    return loss


def sigmoid(x):
    """A numerically stable version of the logistic function."""
    pos_mask, neg_mask = (x >= 0), (x < 0)
    z = np.zeros_like(x)
    z[pos_mask] = np.exp(-x[pos_mask])
    z[neg_mask] = np.exp(x[neg_mask])
    top = np.ones_like(x)
    top[neg_mask] = z[neg_mask]
    return top / (1 + z)


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    i, f = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H])
    o, g = sigmoid(a[:, 2 * H : 3 * H]), np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, i, f, o, g, next_c)


@weights(Wx=(12, 4 * H), Wh=(H, 4 * H), b=4 * H)
def lstm_of_plain_data(p):
    """The data are plain arrays, whose method dot takes the weights."""
    x = np.linspace(-0.4, 0.6, num=N * T * 12).reshape(N, T, 12)
    h, c = np.zeros((N, H)), np.zeros((N, H))
    hs = np.zeros((N, T, H))
    for t in range(T):
        h, c, _ = lstm_step_forward(x[:, t], h, c, p["Wx"], p["Wh"], p["b"])
        hs[:, t] = h
    return np.sum(hs * np.cos(np.arange(hs.size)).reshape(hs.shape))


@weights(W_embed=(M, D), Wx=(D, 4 * H), Wh=(H, 4 * H), Wattn=(H, 4 * H), b=4 * H, W_conv=(7, H))
def attention_lstm(p):
    """Scaled dot product attention over a grid of features, 4 by 4."""
    A = FEATURES[:, :7, None, None] * np.cos(np.arange(16)).reshape(1, 1, 4, 4)
    A = np.einsum("ndhw,dk->nkhw", A, p["W_conv"])
    prev_h = prev_c = A.mean(axis=(2, 3))
    x = p["W_embed"][CAPTIONS[:, :T]]
    h = np.zeros((N, T, H))
    for t in range(T):
        A_tilde = A.reshape(N, H, -1)
        scores = np.matmul(prev_h.reshape(N, 1, H), A_tilde).squeeze(1) / np.sqrt(H)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights_ = scores / scores.sum(axis=1, keepdims=True)
        attn = np.matmul(A_tilde, weights_.reshape(N, -1, 1)).squeeze(axis=2)
        a = x[:, t].dot(p["Wx"]) + prev_h.dot(p["Wh"]) + attn.dot(p["Wattn"]) + p["b"]
        i, f, o, g = np.split(a, 4, axis=1)
        i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
        prev_c = f * prev_c + i * g
        prev_h = o * np.tanh(prev_c)
        h[:, t] = prev_h
    return (h**2).mean()


def softmax(x):
    orig_shape = x.shape
    if len(x.shape) > 1:
        tmp = np.max(x, axis=1)
        x -= tmp.reshape((x.shape[0], 1))
        x = np.exp(x)
        tmp = np.sum(x, axis=1)
        x /= tmp.reshape((x.shape[0], 1))
    else:
        x = np.exp(x - np.max(x))
        x /= np.sum(x)
    assert x.shape == orig_shape
    return x


@weights(centre=(M, D), outside=(M, D))
def skipgram_then_rnn(p):
    """Negative sampling with integer draws, np.add.at into a gradient that is thrown away."""
    draws = np.random.RandomState(9)
    grad, loss = np.zeros((M, D)), 0.0
    for word in CAPTIONS[0]:
        v = p["centre"][word]
        negative = [draws.randint(0, M - 1) for _ in range(4)]
        u = np.concatenate((p["outside"][word][None, :], -p["outside"][negative]))
        z = u @ v
        loss -= np.log(sigmoid(z)).sum()
        np.add.at(grad, negative, np.outer(1 - sigmoid(z[1:]), v))
    probs = softmax(p["centre"] @ p["outside"].T)
    return loss + 0.01 * np.sum(grad) + np.sum(probs[np.arange(M), (np.arange(M) + 1) % M])


Params = namedtuple("Params", "L U W b1 b2")


@weights(L=(D, M), U=(M, H), W=(H, H + D), b1=H, b2=M)
def namedtuple_of_params(p):
    q = Params(**p)
    hprev, J = np.zeros(H), 0.0
    for xt, yt in zip(CAPTIONS[1][:-1], CAPTIONS[1][1:]):
        z = np.r_[hprev, q.L[:, xt]]
        hprev = sigmoid(q.W.dot(z) + q.b1)
        yhat = softmax(q.U.dot(hprev) + q.b2)
        J += -np.log(yhat[yt])
    J += 0.5 * 1e-2 * sum(np.sum(w**2) for w in (q.U, q.W))
    return J
