"""Whole functions around unrolls: outputs, losses, tokens, several unrolls, truncation, derivatives of derivatives."""

from __future__ import annotations

import numpy as np

import tinygraph as tg

from .cells import B, H, I, T, weights_of

CASES = {}
V = 9


def case(make):
    CASES[make.__name__] = make
    return make


def plain(draw):
    return weights_of(draw, x=(I, H), h=(H, H))


def rnn(w):
    def cell(x, h):
        h = tg.tanh(x @ w["x"] + h @ w["h"])
        return h, h

    return cell


def data(draw):
    return draw(T, B, I), draw(B, H)


def tokens(shape):
    return (np.arange(np.prod(shape)) * 7 % V).reshape(shape)


@case
def outputs_as_a_dict(draw):
    w = plain(draw)

    def cell(x, h):
        new = tg.tanh(x @ w["x"] + h @ w["h"])
        return {"h": new, "x": x, "before": h, "one": np.ones(2), "two": 2.0, "nothing": None, "w": w["h"]}, new

    return lambda xs, h: tg.unroll(cell, xs, h), w, data(draw)


@case
def a_slice_of_the_state_as_output(draw):
    w = plain(draw)

    def cell(x, h):
        h = tg.tanh(x @ w["x"] + h @ w["h"])
        return (h[:, :2], h.T, h[::-1]), h

    return lambda xs, h: tg.unroll(cell, xs, h), w, data(draw)


@case
def tokens_looked_up_outside(draw):
    w = weights_of(draw, e=(V, I), x=(I, H), h=(H, H), y=(H, V))

    def loss(words, targets, h):
        hs, h = tg.unroll(rnn(w), tg.take(w["e"], words, axis=0), h)
        return tg.mean(tg.softmax_cross_entropy(hs @ w["y"], targets)), h

    return loss, w, (tokens((T, B)), tokens((T, B))[::-1].copy(), draw(B, H))


@case
def tokens_looked_up_inside_and_loss_inside(draw):
    w = weights_of(draw, e=(V, I), x=(I, H), h=(H, H), y=(H, V))

    def cell(inputs, h):
        word, target = inputs
        h = tg.tanh(tg.take(w["e"], word, axis=0) @ w["x"] + h @ w["h"])
        return tg.softmax_cross_entropy(h @ w["y"], target), h

    def loss(words, targets, h):
        return tg.sum(tg.unroll(cell, (words, targets), h)[0])

    return loss, w, (tokens((T, B)), tokens((T, B))[::-1].copy(), draw(B, H))


@case
def tokens_by_index_and_one_hot(draw):
    w = weights_of(draw, e=(V, I), x=(I, H), h=(H, H), v=(V, H))

    def cell(word, h):
        h = tg.tanh(w["e"][word] @ w["x"] + tg.one_hot(word, V, h.dtype) @ w["v"] + h @ w["h"])
        return h, h

    return lambda words, h: tg.unroll(cell, words, h), w, (tokens((T, B)), draw(B, H))


@case
def greedy_feedback(draw):
    """The next input is the likeliest word of the step before."""
    w = weights_of(draw, e=(V, H), h=(H, H), y=(H, V))

    def cell(_, state):
        word, h = state
        h = tg.tanh(tg.take(w["e"], word, axis=0) + h @ w["h"])
        logits = h @ w["y"]
        word = tg.argmax(logits, axis=-1)
        return {"word": word, "logits": logits}, (word, h)

    return lambda xs, h: tg.unroll(cell, xs, (tokens(B), h))[0], w, data(draw)


@case
def loss_inside_of_the_cell(draw):
    w = weights_of(draw, x=(I, H), h=(H, H), y=(H, 2))

    def cell(inputs, h):
        x, target = inputs
        h = tg.tanh(x @ w["x"] + h @ w["h"])
        return tg.sum(tg.squared_error(h @ w["y"], target)), h

    return (lambda xs, ts, h: tg.mean(tg.unroll(cell, (xs, ts), h)[0])), w, (draw(T, B, I), draw(T, B, 2), draw(B, H))


@case
def running_loss_in_the_state(draw):
    w = plain(draw)

    def cell(x, state):
        h, loss = state
        h = tg.tanh(x @ w["x"] + h @ w["h"])
        return None, (h, loss + tg.sum(h * h))

    return lambda xs, h: tg.unroll(cell, xs, (h, 0.0))[1][1], w, data(draw)


@case
def logistic_loss(draw):
    w = plain(draw)

    def loss(xs, h):
        hs, _ = tg.unroll(rnn(w), xs, h)
        targets = (np.arange(T * B * H).reshape(T, B, H) % 3 == 0).astype(hs.dtype)
        return tg.sum(tg.sigmoid_cross_entropy(hs, targets))

    return loss, w, data(draw)


@case
def one_unroll_after_the_other(draw):
    w = weights_of(draw, x=(I, H), h=(H, H))
    v = weights_of(draw, x=(H, H), h=(H, H))

    def model(xs, h):
        low, h1 = tg.unroll(rnn(w), xs, h)
        high, h2 = tg.unroll(rnn(v), low, h1)
        return high, h1, h2

    return model, {"w": w, "v": v}, data(draw)


@case
def encoder_and_decoder(draw):
    w, v = plain(draw), plain(draw)

    def model(xs, h, ys):
        _, code = tg.unroll(rnn(w), xs, h)
        return tg.unroll(rnn(v), ys, tg.tanh(code))[0] * code

    return model, {"w": w, "v": v}, (*data(draw), draw(3, B, I))


@case
def both_directions(draw):
    w, v = plain(draw), plain(draw)

    def model(xs, h):
        ahead, _ = tg.unroll(rnn(w), xs, h)
        back, first = tg.unroll(rnn(v), xs, h, reverse=True)
        return ahead + back, tg.concatenate([ahead, back], axis=-1), first

    return model, {"w": w, "v": v}, data(draw)


@case
def the_same_cell_twice(draw):
    w = plain(draw)

    def model(xs, h):
        hs, h = tg.unroll(rnn(w), xs, h)
        again, h = tg.unroll(rnn(w), xs[::-1], h)
        return hs * again, h

    return model, w, data(draw)


@case
def what_follows_uses_some_steps(draw):
    w = plain(draw)

    def model(xs, h):
        hs, last = tg.unroll(rnn(w), xs, h)
        return hs[-1] - last, hs[1:] - hs[:-1], tg.max(hs, axis=0), hs[0].T, hs.reshape(T * B, H), hs.transpose(1, 0, 2)

    return model, w, data(draw)


@case
def inputs_are_views(draw):
    w = plain(draw)

    def model(xs, h):
        turned = xs.transpose(1, 0, 2)
        return tg.unroll(rnn(w), turned[:, ::-1], h[::-1])

    return model, w, (draw(B, T, I), draw(B, H))


@case
def inputs_are_computed(draw):
    w = plain(draw)
    return (lambda xs, h: tg.unroll(rnn(w), tg.exp(-tg.square(xs)), tg.sigmoid(h), reverse=True)), w, data(draw)


@case
def unrolled_by_python(draw):
    w = plain(draw)

    def model(xs, h):
        hs = []
        for t in range(T):
            with tg.step(t):
                h = tg.tanh(xs[t] @ w["x"] + h @ w["h"])
                hs.append(h)
        return tg.stack(hs), h

    return model, w, data(draw)


@case
def no_loop_at_all(draw):
    w = weights_of(draw, a=(I, H), b=(H, V))

    def model(x, words):
        logits = tg.relu(x @ w["a"]) @ w["b"]
        return tg.mean(tg.softmax_cross_entropy(logits, words)), tg.argmax(logits, axis=1), tg.log_softmax(logits)

    return model, w, (draw(B, I), tokens(B))
