"""An LSTM of functions on column vectors, a matrix for each gate, states in lists, a softmax at each step."""

import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def forward(p, xs):
    n = p["bf"].shape[0]
    s = {name: [] for name in ("v", "f", "i", "o", "g", "p")}
    s["h"], s["c"] = [np.zeros((n, 1))], [np.zeros((n, 1))]
    for x in xs:
        v = np.vstack((s["h"][-1], x))
        f = sigmoid(np.dot(p["Wf"], v) + p["bf"])
        i = sigmoid(np.dot(p["Wi"], v) + p["bi"])
        o = sigmoid(np.dot(p["Wo"], v) + p["bo"])
        g = np.tanh(np.dot(p["Wg"], v) + p["bg"])
        c = f * s["c"][-1] + i * g
        h = o * np.tanh(c)
        for name, value in zip("vfiogch", (v, f, i, o, g, c, h), strict=True):
            s[name].append(value)
        s["p"].append(softmax(np.dot(p["Wy"], h) + p["by"]))
    return s


def loss(p, xs, ts):
    s = forward(p, xs)
    return -sum(np.sum(t * np.log(q)) for t, q in zip(ts, s["p"], strict=True))


def backward(p, xs, ts):
    s = forward(p, xs)
    d = {name: np.zeros_like(value) for name, value in p.items()}
    dh_next = np.zeros_like(s["h"][0])
    dc_next = np.zeros_like(s["c"][0])
    n = dh_next.shape[0]
    for t in range(len(xs) - 1, -1, -1):
        v, f, i, o, g = s["v"][t], s["f"][t], s["i"][t], s["o"][t], s["g"][t]
        c, c_prev, h = s["c"][t + 1], s["c"][t], s["h"][t + 1]
        dy = s["p"][t] - ts[t]
        d["Wy"] += np.dot(dy, h.T)
        d["by"] += dy
        dh = np.dot(p["Wy"].T, dy) + dh_next
        do = dh * np.tanh(c)
        dao = do * o * (1 - o)
        dc = dh * o * (1 - np.tanh(c) ** 2) + dc_next
        daf = dc * c_prev * f * (1 - f)
        dai = dc * g * i * (1 - i)
        dag = dc * i * (1 - g * g)
        d["Wf"] += np.dot(daf, v.T)
        d["bf"] += daf
        d["Wi"] += np.dot(dai, v.T)
        d["bi"] += dai
        d["Wo"] += np.dot(dao, v.T)
        d["bo"] += dao
        d["Wg"] += np.dot(dag, v.T)
        d["bg"] += dag
        dv = np.dot(p["Wf"].T, daf) + np.dot(p["Wi"].T, dai) + np.dot(p["Wo"].T, dao) + np.dot(p["Wg"].T, dag)
        dh_next = dv[:n]
        dc_next = dc * f
    return d
