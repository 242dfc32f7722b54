"""A file that imports all of numpy's names, as lecture notes do."""

from numpy import *  # noqa: F403

from . import weights

T, I, H = 5, 3, 4
signal = sin(arange(T * I) * 0.7).reshape(T, I)  # noqa: F405


@weights(W=(I, H), U=(H, H))
def everything_imported(p):
    h = zeros(H)  # noqa: F405
    rows = empty((T, H))  # noqa: F405
    for t in range(T):
        h = tanh(dot(signal[t], p["W"]) + dot(h, p["U"]))  # noqa: F405
        rows[t] = h
    return sum(rows**2) + mean(rows) + amax(absolute(rows))  # noqa: F405
