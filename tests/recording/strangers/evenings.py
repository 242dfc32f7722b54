"""Hobby scripts: one-hot rows of an identity matrix, weights in dicts by names, everything at the file's top."""

import numpy as np

from . import weights

text = "the quick brown fox jumps over the lazy dog"
chars = sorted(list(set(text)))
vocab_size = len(chars)
stoi = {c: i for i, c in enumerate(chars)}
data = np.array([stoi[c] for c in text])
hidden_size = 6
seq_length = 7


def one_hot(ids, depth):
    return np.eye(depth)[ids]


def sigmoid(x):
    out = np.zeros_like(x)
    pos = x >= 0
    neg = np.logical_not(pos)
    out[pos] = 1.0 / (1.0 + np.exp(-x[pos]))
    z = np.exp(x[neg])
    out[neg] = z / (1.0 + z)
    return out


def softmax(x):
    x = x - np.max(x)
    np.exp(x, x)
    x /= x.sum()
    return x


@weights(Wxh=(vocab_size, hidden_size), Whh=(hidden_size, hidden_size), Why=(hidden_size, vocab_size))
def char_model_of_an_identity(p):
    X = one_hot(data[:seq_length], vocab_size)
    Y = data[1 : seq_length + 1]
    h = np.zeros((1, hidden_size))
    losses = []
    for x_t, y_t in zip(X, Y):
        h = np.tanh(x_t[np.newaxis, :] @ p["Wxh"] + h @ p["Whh"])
        probs = softmax((h @ p["Why"]).squeeze())
        losses.append(-np.log(probs[y_t]))
    return np.mean(losses)


@weights(
    Wf=(hidden_size, hidden_size + vocab_size),
    Wi=(hidden_size, hidden_size + vocab_size),
    Wo=(hidden_size, hidden_size + vocab_size),
    Wc=(hidden_size, hidden_size + vocab_size),
    Wy=(vocab_size, hidden_size),
    bf=(hidden_size, 1),
    bi=(hidden_size, 1),
    bo=(hidden_size, 1),
    bc=(hidden_size, 1),
    by=(vocab_size, 1),
)
def lstm_of_stacked_columns(p):
    """Concatenation cells with np.vstack((h, x)) and a dict for everything."""
    xs, hs, cs, gates, ys, ps = {}, {}, {}, {}, {}, {}
    hs[-1] = np.zeros((hidden_size, 1))
    cs[-1] = np.zeros((hidden_size, 1))
    loss = 0.0
    for t, ix in enumerate(data[:seq_length]):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][ix, 0] = 1
        z = np.vstack((hs[t - 1], xs[t]))
        for g in "fio":
            gates[g, t] = sigmoid(p[f"W{g}"].dot(z) + p[f"b{g}"])
        gates["c", t] = np.tanh(p["Wc"].dot(z) + p["bc"])
        cs[t] = gates["f", t] * cs[t - 1] + gates["i", t] * gates["c", t]
        hs[t] = gates["o", t] * np.tanh(cs[t])
        ys[t] = p["Wy"].dot(hs[t]) + p["by"]
        ps[t] = softmax(ys[t])
        loss += -np.log(ps[t][data[t + 1], 0])
    return loss / seq_length


@weights(embed=(vocab_size, 4), W=(4, 3 * hidden_size), U=(hidden_size, 3 * hidden_size), b=3 * hidden_size)
def gru_with_packed_gates(p):
    H = hidden_size
    h = np.zeros(H)
    states = []
    for ix in data[:seq_length]:
        gx = p["embed"][ix] @ p["W"] + p["b"]
        gh = h @ p["U"]
        zr = sigmoid(gx[: 2 * H] + gh[: 2 * H])
        z, r = zr[:H], zr[H:]
        n = np.tanh(gx[2 * H :] + r * gh[2 * H :])
        h = (1 - z) * n + z * h
        states.append(h.copy())
    states = np.array(states)
    return np.sqrt(np.mean(np.square(states)))


@weights(W1=(hidden_size, 3), W2=(hidden_size, hidden_size), W3=(2, hidden_size), b1=hidden_size, b3=2)
def time_series_with_a_history(p):
    t = np.linspace(0, 4 * np.pi, 24)
    series = np.column_stack([np.sin(t), np.cos(t), np.sin(2 * t)])
    history = {"h": [], "y": [], "err": []}
    h = np.zeros(shape=(hidden_size,))
    sse = 0.0
    for step, row in enumerate(series[:-1]):
        h = np.tanh(np.matmul(p["W1"], row) + np.matmul(p["W2"], h) + p["b1"])
        y = np.matmul(p["W3"], h) + p["b3"]
        err = series[step + 1, :2] - y
        for key, val in zip(history, (h, y, err)):
            history[key].append(val)
        sse += err.dot(err)
    rmse = (sse / len(history["err"])) ** 0.5
    spread = np.std(np.array(history["h"]), axis=0)
    print("RMSE: {:.4f}, spread {}".format(rmse, spread.shape))
    return rmse + 0.01 * spread.max()


@weights(params=(hidden_size * (vocab_size + hidden_size + 1) + vocab_size * (hidden_size + 1),))
def unpacked_from_one_vector(p):
    theta, V, H = p["params"], vocab_size, hidden_size
    sizes = [("Wx", (H, V)), ("Wh", (H, H)), ("bh", (H,)), ("Wy", (V, H)), ("by", (V,))]
    P, at = {}, 0
    for name, shape in sizes:
        n = int(np.prod(shape))
        P[name] = theta[at : at + n].reshape(shape)
        at += n
    assert at == theta.size
    h, ll = np.zeros(H), 0
    for a, b in zip(data[:6], data[1:7]):
        h = np.tanh(P["Wx"][:, a] + P["Wh"] @ h + P["bh"])
        logits = P["Wy"] @ h + P["by"]
        m = logits.max()
        ll += logits[b] - (m + np.log(np.exp(logits - m).sum()))
    return -ll


@weights(W=(2, 5), U=(5, 5), b=5, v=5)
def parity_bit_by_bit(p):
    """Reads bits from strings; the verdict is a probability; accuracy is counted on the side."""
    correct, cost = 0, 0.0
    for word in ["0110", "1011", "0001", "1110"]:
        label = word.count("1") % 2
        h = np.zeros(5)
        for ch in word:
            x = np.array([1.0, 0.0]) if ch == "0" else np.array([0.0, 1.0])
            h = np.tanh(np.dot(x, p["W"]) + np.dot(h, p["U"]) + p["b"])
        prob = 1 / (1 + np.exp(-np.dot(h, p["v"])))
        correct += int((prob > 0.5) == label)
        cost -= label * np.log(prob) + (1 - label) * np.log(1 - prob)
    print("accuracy = %.2f, cost = %.4f" % (correct / 4, cost))
    return cost / 4


@weights(Wh=(3, 4, 4), Wx=(3, 4, 4), b=(3, 4))
def layers_by_list_comprehension(p):
    x = np.cos(np.arange(20)).reshape(5, 4)
    h = [np.zeros(4) for _ in range(3)]
    outs = []
    for t in range(5):
        inp = x[t]
        for l in range(3):
            h[l] = np.tanh(p["Wx"][l] @ inp + p["Wh"][l] @ h[l] + p["b"][l])
            inp = h[l]
        outs += [h[-1]]
    return sum([float(o @ o) for o in outs]) / len(outs)


@weights(W=(4, 4), U=(4, 4))
def prints_a_table(p):
    x = np.ones((3, 4)) * np.array([[0.1], [0.2], [0.3]])
    s = np.zeros((4, 4))
    for t in range(1, 4):
        s[t] = np.tanh(np.dot(p["U"], x[t - 1]) + np.dot(p["W"], s[t - 1]))
    print("\n".join(" ".join(f"{v:7.3f}" for v in row) for row in s))
    print(np.round(s, 2), s.shape, s.min(), s.max())
    for row in s[1:]:
        assert np.all(np.abs(row) <= 1)
    return (s[1:] ** 2).sum() + s[-1, -1]
