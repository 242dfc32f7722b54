"""Attention, sequence to sequence, and transformers' parts around a recurrent network."""

import math

import numpy as np

from . import weights
from .layers import LayerNorm, cross_entropy, linear_rnn, positions, softmax_

S, T, B, I, H, V = 4, 3, 2, 4, 6, 5
gen = np.random.default_rng(5)
SRC = gen.normal(size=(S, B, I))
TGT = gen.integers(0, V, size=(T, B))
LENGTHS = np.array([4, 3])


def softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@weights(W=(I, H), U=(H, H), b=H, E=(V, I), Wd=(I + H, H), Ud=(H, H), Wa=(H, H), Ua=(H, H), va=H, out=(2 * H, V))
def bahdanau(p):
    """An encoder of another file, additive attention with lengths, a decoder with a teacher."""
    memory = linear_rnn(SRC, p["W"], p["U"], p["b"])
    s, prev, nll = memory[-1], np.zeros(B, dtype=int), 0
    mask = np.arange(S)[:, None] < LENGTHS
    for t in range(T):
        e = np.tanh(s @ p["Wa"] + memory @ p["Ua"]) @ p["va"]
        e[~mask] = -1e9
        alpha = softmax(e, axis=0)
        context = np.sum(alpha[:, :, None] * memory, axis=0)
        s = np.tanh(np.concatenate([p["E"][prev], context], axis=1) @ p["Wd"] + s @ p["Ud"])
        logits = np.concatenate([s, context], axis=1) @ p["out"]
        nll -= np.log(softmax(logits))[range(B), TGT[t]].sum()
        prev = TGT[t]
    return nll / TGT.size


@weights(W=(I, H), U=(H, H), b=H, E=(V, H), Ud=(H, H), Wl=(H, H), Wc=(2 * H, H), out=(H, V))
def luong_greedy(p):
    """The decoder eats the best of its own guesses; attention in a table that is filled."""
    memory = linear_rnn(SRC, p["W"], p["U"], p["b"]).transpose(1, 0, 2)
    h, word = memory[:, -1], np.full(B, 1)
    table = np.zeros((B, T, S))
    loss = 0.0
    for t in range(T):
        h = np.tanh(p["E"][word] + h @ p["Ud"])
        score = np.einsum("bh,hk,bsk->bs", h, p["Wl"], memory)
        table[:, t] = softmax_(score)
        context = np.einsum("bs,bsh->bh", table[:, t], memory)
        h = np.tanh(np.hstack((context, h)) @ p["Wc"])
        probs = softmax(h @ p["out"])
        loss += cross_entropy(probs, TGT[t])
        word = probs.argmax(axis=1)
    entropy = -np.sum(table * np.log(table + 1e-9))
    return loss + 0.1 * entropy


def multi_head(q, k, v, heads, mask=None):
    def split(x):
        b, n, d = x.shape
        return x.reshape(b, n, heads, d // heads).swapaxes(1, 2)

    q, k, v = map(split, (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    w = softmax(scores)
    out = (w @ v).swapaxes(1, 2)
    return out.reshape(out.shape[0], out.shape[1], -1)


@weights(E=(V, H), Wqkv=(H, 3 * H), Wo=(H, H), W1=(H, 2 * H), W2=(2 * H, H), g=(2, H), b=(2, H), W=(H, H), U=(H, H))
def causal_block_over_an_rnn(p):
    x = p["E"][TGT.T] + positions(T, H)
    norms = [LayerNorm(p["g"][k], p["b"][k]) for k in range(2)]
    causal = np.tril(np.ones((T, T), dtype=bool))
    q, k, v = np.split(norms[0](x) @ p["Wqkv"], 3, axis=-1)
    x = x + multi_head(q, k, v, 2, causal) @ p["Wo"]
    a = norms[1](x) @ p["W1"]
    gelu = 0.5 * a * (1 + np.tanh(math.sqrt(2 / math.pi) * (a + 0.044715 * a**3)))
    x = x + gelu @ p["W2"]
    hs = linear_rnn(np.moveaxis(x, 1, 0), p["W"], p["U"], 0.0)
    return (hs[-1] ** 2).sum() + norms[0].running.sum()


@weights(W=(I, H), Q=(H, H), K=(H, H))
def self_attention_row_by_row(p):
    """Scores in nested lists, each softmax by itself by math.exp."""
    rows = [SRC[s, 0] @ p["W"] for s in range(S)]
    out = []
    for i in range(S):
        scores = [float(np.dot(rows[i] @ p["Q"], rows[j] @ p["K"])) / math.sqrt(H) for j in range(i + 1)]
        biggest = max(scores)
        exps = [math.exp(s - biggest) for s in scores]
        total = sum(exps)
        mixed = np.zeros(H)
        for j, e in enumerate(exps):
            mixed += e / total * rows[j]
        out.append(mixed)
    return np.array(out).std(axis=0).sum()


@weights(M=(7, H), Wk=(I, H), beta=I, Wg=(I, 1), We=(I, H), Wadd=(I, H))
def turing_machine(p):
    """A memory that is read by cosine, erased and written by outer products, weights that np.roll shifts."""
    M, w, total = np.tanh(p["M"]), np.ones(7) / 7, 0.0
    for x in SRC[:, 0]:
        k = np.tanh(x @ p["Wk"])
        cos = M @ k / (np.linalg.norm(M, axis=1) * np.linalg.norm(k) + 1e-8)
        wc = softmax(np.log1p(np.exp(x @ p["beta"])) * cos)
        g = 1 / (1 + np.exp(-(x @ p["Wg"])[0]))
        w = g * wc + (1 - g) * w
        w = 0.8 * w + 0.1 * np.roll(w, 1) + 0.1 * np.roll(w, -1)
        w = w**1.5 / (w**1.5).sum()
        M = M * (1 - np.outer(w, 1 / (1 + np.exp(-x @ p["We"])))) + np.outer(w, x @ p["Wadd"])
        total += np.sum((w @ M) ** 2)
    return total


@weights(q=(H, H), k=(H, H), v=(H, H), decay=H)
def linear_attention(p):
    """Fast weights: a state that is a matrix, updated by np.add of outer products."""
    xs = gen_inputs(6, H)
    state, z = np.zeros((H, H)), np.zeros(H)
    lam = 1 / (1 + np.exp(-p["decay"]))
    ys = []
    for x in xs:
        q, k, v = (np.maximum(x @ p[n], 0) + 0.1 for n in "qkv")
        state = np.add(lam[:, None] * state, np.outer(k, v))
        z = lam * z + k
        ys.append(np.divide(q @ state, q @ z))
    y = np.vstack(ys)
    return np.trace(y.T @ y)


def gen_inputs(steps, width):
    return np.fromfunction(lambda i, j: np.sin(i + 2 * j), (steps, width))


@weights(W=(H, H), U=(H, H), w_ptr=(H, H), v=H)
def pointer_network(p):
    """What was chosen is masked away; the answers are indices."""
    xs = gen_inputs(5, H)
    hs = linear_rnn(xs[:, None], p["W"], p["U"], 0)[:, 0]
    mask, d, cost = np.zeros(5), hs[-1], 0.0
    for right in [3, 1, 4, 0, 2]:
        u = np.array([p["v"] @ np.tanh(h + d @ p["w_ptr"]) for h in hs])
        u = u - 1e9 * mask
        logp = u - (u.max() + np.log(np.sum(np.exp(u - u.max()))))
        cost -= logp[right]
        mask[right] = 1
        d = hs[right]
    return cost
