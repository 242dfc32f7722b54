"""Functions of gradients: state that is cut, ops of the user's own, derivatives of derivatives, products with them."""

from __future__ import annotations

import numpy as np

import tinygraph as tg

from .cells import B, H, I, T, loss_of
from .programs import data, plain, rnn

CASES = {}


def case(make):
    CASES[make.__name__] = make
    return make


def chunks(k, reverse=False):
    def make(draw):
        w = plain(draw)
        return (lambda xs, h: tg.unroll(rnn(w), xs, h, truncate=k, reverse=reverse)), w, data(draw)

    return make


CASES |= {
    f"chunks_of_{k}{'_back' * reverse}": chunks(k, reverse)
    for k, reverse in ((1, False), (2, False), (5, False), (99, False), (2, True))
}


@case
def state_cut_by_hand(draw):
    w = plain(draw)

    def cell(x, h):
        h = tg.tanh(x @ w["x"] + tg.stop_gradient(h) @ w["h"])
        return h, h

    return lambda xs, h: tg.unroll(cell, xs, h), w, data(draw)


@case
def one_step(draw):
    w = plain(draw)
    return (lambda xs, h: tg.unroll(rnn(w), xs, h, reverse=True)), w, (draw(1, B, I), draw(B, H))


@case
def one_sequence(draw):
    w = plain(draw)
    return (lambda xs, h: tg.unroll(rnn(w), xs, h)), w, (draw(T, 1, I), draw(1, H))


@case
def no_sequence(draw):
    w = plain(draw)
    return (lambda xs, h: tg.unroll(rnn(w), xs, h)), w, (draw(T, 0, I), draw(0, H))


class Softsign(tg.Op):
    """z = x / (1 + |x|)"""

    def forward(self, x):
        return x / (1 + np.abs(x))

    def backward(self, gz, z, x):
        return gz / tg.square(1 + tg.abs(x))


softsign = Softsign()


@case
def an_op_of_the_users(draw):
    w = plain(draw)

    def cell(x, h):
        h = softsign(x @ w["x"] + h @ w["h"])
        return h, h

    return lambda xs, h: tg.unroll(cell, xs, softsign(h)), w, data(draw)


@case
def second_derivatives(draw):
    w = plain(draw)

    def model(xs, h):
        slope = tg.grad(loss_of(tg.unroll(rnn(w), xs, h)[0]), [w["h"], h])
        return tg.sum(tg.square(slope[0])) + tg.sum(slope[1] * h)

    return model, w, data(draw)


@case
def hessian_times_vector(draw):
    w = plain(draw)

    def model(xs, h, v):
        return tg.hvp(lambda h: loss_of(tg.unroll(rnn(w), xs, h)[0]), (h,), (v,))

    return model, w, (*data(draw), draw(B, H))


@case
def jacobian_times_vector(draw):
    w = plain(draw)

    def model(xs, h, v):
        return tg.jvp(lambda h: tg.unroll(rnn(w), xs, h)[0], (h,), (v,))

    return model, w, (*data(draw), draw(B, H))


@case
def vector_times_jacobian(draw):
    w = plain(draw)

    def model(xs, h, v):
        y, pull = tg.vjp(lambda xs, h: tg.unroll(rnn(w), xs, h)[0], xs, h)
        return y, pull(v)

    return model, w, (*data(draw), draw(T, B, H))


@case
def third_derivative_without_a_loop(draw):
    w = {"a": tg.parameter(draw(4), "a")}

    def model(x):
        y = tg.sum(tg.tanh(x * w["a"]))
        for _ in range(2):
            y = tg.sum(tg.grad(y, x) ** 2)
        return y

    return model, w, (draw(4),)
