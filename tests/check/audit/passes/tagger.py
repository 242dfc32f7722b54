"""A tagger with yes-or-no outputs at each step (binary cross-entropy), column vectors, a relu on the way out."""

import numpy as np


class Tagger:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.U = rng.normal(size=(n_hidden, n_in)) * 0.5
        self.W = rng.normal(size=(n_hidden, n_hidden)) * 0.5
        self.R = rng.normal(size=(n_in + 1, n_hidden)) * 0.5
        self.V = rng.normal(size=(n_out, n_in + 1)) * 0.5
        self.b = rng.normal(size=(n_hidden, 1)) * 0.5
        self.c = rng.normal(size=(n_out, 1)) * 0.5

    def forward(self, xs):
        self.xs, self.s, self.a, self.o = xs, [], [], []
        prev = np.zeros_like(self.b)
        for x in xs:
            prev = np.tanh(self.U.dot(x) + self.W.dot(prev) + self.b)
            a = np.maximum(0, self.R.dot(prev))
            self.s.append(prev)
            self.a.append(a)
            self.o.append(1 / (1 + np.exp(-(self.V.dot(a) + self.c))))
        return self.o

    def backward(self, ts):
        dU, dW, dR, dV = (np.zeros_like(p) for p in (self.U, self.W, self.R, self.V))
        db, dc = np.zeros_like(self.b), np.zeros_like(self.c)
        ds_next = np.zeros_like(self.b)
        for t in range(len(ts) - 1, -1, -1):
            delta = self.o[t] - ts[t]
            dV += delta.dot(self.a[t].T)
            dc += delta
            da = self.V.T.dot(delta)
            dr = da * (self.a[t] > 0)
            dR += dr.dot(self.s[t].T)
            ds = self.R.T.dot(dr) + ds_next
            dp = ds * (1 - self.s[t] * self.s[t])
            dU += dp.dot(self.xs[t].T)
            if t > 0:
                dW += dp.dot(self.s[t - 1].T)
            db += dp
            ds_next = self.W.T.dot(dp)
        return dU, dW, dR, dV, db, dc


def loss(outputs, ts):
    return -sum(np.sum(t * np.log(o) + (1 - t) * np.log(1 - o)) for o, t in zip(outputs, ts, strict=True))
