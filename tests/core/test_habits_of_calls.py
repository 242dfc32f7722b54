"""Options and arguments in the words of PyTorch, Keras and JAX: the error says what to write."""

import json
import pickle

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.errors import OptionError

LSTM, SGD, Adam = tg.cells.LSTM, tg.train.SGD, tg.train.Adam
CELL, XS = tg.cells.GRU(3, 4, rng=0), np.ones((5, 2, 3), np.float32)
W = tg.parameter([1.0])
CALLS = {
    "Adam(lr=)": (lambda: Adam([W], lr=0.1), "Adam has no option lr", "learning_rate="),
    "SGD(lr=)": (lambda: SGD([W], lr=0.1), "SGD has no option lr", "learning_rate="),
    "Adam(beta_1=)": (lambda: Adam([W], beta_1=0.1, epsilon=1e-7), "beta_1", "betas=  # (beta1, beta2); eps="),
    "LSTM(num_layers=)": (lambda: LSTM(3, 4, num_layers=2), "num_layers", "tg.cells.Stack.of"),
    "LSTM(3, 4, 2)": (lambda: LSTM(3, 4, 2), "bias is yes or no", "tg.cells.Stack.of"),
    "LSTM(return_sequences=)": (lambda: LSTM(3, 4, return_sequences=True), "return_seq", "outputs[-1]"),
    "LSTM(batch_first=)": (lambda: LSTM(3, 4, batch_first=True), "batch_first", "axis=1"),
    "LSTM(units=)": (lambda: LSTM(units=4), "missing", "hidden_size="),
    "LSTM(input_dim=, hidden_dim=)": (lambda: LSTM(input_dim=3, hidden_dim=4), "", "hidden_size=; input_size="),
    "LSTM(4)": (lambda: LSTM(4), "missing", "tg.cells.LSTM(3, 4)"),
    "LSTM(dropout=, bidirectional=)": (
        lambda: LSTM(3, 4, dropout=0.5, bidirectional=True),
        "",
        "bidirectional=True)  # or tg.cells.Bidirectional; tg",
    ),
    "LSTM(device=)": (lambda: LSTM(3, 4, device="cuda"), "device", "the CPU"),
    "cell(x)": (lambda: CELL(XS), "missing", "tg.unroll(cell, xs)"),
    "Recurrent(batch_first=)": (lambda: tg.Recurrent(CELL, batch_first=True), "batch_first", "axis=1"),
    "unroll(initial_state=)": (lambda: tg.unroll(CELL, XS, initial_state=None), "initial_state", "state="),
    "unroll(sequence_length=)": (lambda: tg.unroll(CELL, XS, sequence_length=[1]), "", "lengths="),
    "grad(f)": (lambda: tg.grad(lambda x: x), "wrt", "tg.value_and_grad(loss, parameters)"),
    "grad(f, x)": (lambda: tg.grad(lambda x: x, W), "needs nodes", "tg.grad(fn(x), x)"),
    "grad(f, argnums=)": (lambda: tg.grad(lambda x: x, argnums=0), "", "tg.grad(loss, [x])"),
    "value_and_grad(f)": (lambda: tg.value_and_grad(lambda x: x), "wrt", "tg.value_and_grad"),
    "grad(create_graph=)": (lambda: tg.grad(W, W, create_graph=True), "create_graph", "a graph may be used again"),
    "backward(retain_graph=)": (lambda: W.backward(retain_graph=True), "retain_graph", "a graph may be used again"),
    "sum(dim=)": (lambda: W.sum(dim=0), "dim", "axis="),
    "tg.sum(dim=, keepdim=)": (lambda: tg.sum(W, dim=0, keepdim=True), "", "axis=; keepdims="),
    "mean(dim=)": (lambda: W.mean(dim=0), "dim", "axis="),
    "softmax(dim=)": (lambda: tg.softmax(W, dim=-1), "dim", "axis="),
    "concatenate(dim=)": (lambda: tg.concatenate([W, W], dim=0), "dim", "axis="),
    "split(dim=)": (lambda: tg.split(W, 1, dim=0), "dim", "axis="),
    "one_hot(num_classes=)": (lambda: tg.one_hot([1], num_classes=3), "num_classes", "depth="),
    "reduction=": (lambda: tg.softmax_cross_entropy(W, 0, reduction="mean"), "reduction", "tg.mean("),
    "parameter(requires_grad=)": (lambda: tg.parameter([1.0], requires_grad=True), "requires_grad", "is trained"),
    "constant(dtype=)": (lambda: tg.constant([1.0], dtype="float32"), "dtype", "np.asarray(array, np.float32)"),
    "Parameter(array)": (lambda: tg.Parameter(np.ones(3)), "name", "tg.parameter(array)"),
    "compile(static_argnums=)": (lambda: tg.compile(len, static_argnums=0), "static_argnums", "tg.compile(fn)"),
    "flatten(start_dim=)": (lambda: W.flatten(start_dim=1), "start_dim", "x.reshape(2, -1)"),
    "cell(x, None)": (lambda: LSTM(3, 4)(XS[0], None), "NoneType", "cell.initial_state(2)"),
    "gru(x, None)": (lambda: CELL(XS[0], None), "NoneType", "cell.initial_state(2)"),
    "LSTM(dtype=)": (lambda: LSTM(3, 4, dtype="torch.float32"), "the dtype of weights", "np.float32"),
    "Adam(generator)": (lambda: Adam(p for p in [W]), "not a parameter", "list(parameters)"),
    "Adam(.values())": (lambda: Adam(CELL.parameters().values()), "not a parameter", "list(parameters)"),
    "grad(.values())": (lambda: tg.grad(W, {"w": W}.values()), "needs nodes", "list(parameters)"),
    "draw(gradient=)": (lambda: tg.draw(W, gradient=True), "draw has no option gradient", "gradients="),
    "backward(gradient=)": (lambda: W.backward(gradient=1.0), "gradient", "gy="),
    "Stream(seq_len=)": (lambda: tg.train.Stream([1, 2, 3], batch=2, seq_len=4), "Stream has no option", "steps="),
    "step(lr=)": (lambda: tg.train.step(len, [W], SGD([W], 1.0), lr=0.1), "step has no option lr", "tg.train.Adam("),
    "fit(lr=)": (lambda: tg.train.fit(None, [], steps=2, lr=0.1), "fit has no option lr", "tg.train.Adam("),
    "cosine(lr=)": (lambda: tg.train.cosine(lr=0.1, steps=3), "cosine", "rate="),
    "Recurrent(h0=)": (lambda: tg.Recurrent(CELL, h0=XS), "Recurrent has no option h0", "tg.unroll(cell, xs, state)"),
    "RMSprop(decay=)": (lambda: tg.train.RMSprop([W], decay=0.9), "RMSprop has no option decay", "alpha="),
    "Adam(l2=)": (lambda: Adam([W], l2=0.9), "Adam has no option l2", "weight_decay="),
    "LayerNorm(eps=)": (lambda: tg.cells.LayerNorm(CELL, eps=0.1), "LayerNorm has no option eps", "epsilon="),
    "Dropout(rate=)": (lambda: tg.Dropout(rate=0.1), "Dropout has no option rate", "p="),
    "LSTM(peephole=)": (lambda: LSTM(3, 4, peephole=True), "LSTM has no option peephole", "peepholes="),
    "sum(axes=, keepdim=)": (lambda: tg.sum(W, axes=0, keepdim=True), "axes, keepdim", "axis=; keepdims="),
    "zero_grad()": (lambda: tg.zero_grad(), "parameters", "cell.parameters()"),
}


@each("name", CALLS)
def test_a_call_in_anothers_words_is_told_what_to_write(name):
    call, problem, fix = CALLS[name]
    with pytest.raises(tg.GraphError) as caught:
        call()
    message = str(caught.value)
    assert problem in message and fix in message[message.index("  fix") :]
    assert isinstance(caught.value, OptionError) == ("has no option" in message or "has no setting" in message)


def test_an_option_that_the_call_does_not_have_is_never_told():
    for call in (
        lambda: tg.grad(W, W, lengths_of=1),
        lambda: tg.train.Checkpoint("folder", axes=1),
        lambda: tg.Recurrent(CELL, lengths_=1, nothing=2),
        lambda: tg.exp(W, dim=1),
        lambda: W.dot(W, dim=0),
    ):
        with pytest.raises(OptionError) as caught:
            call()
        assert "fix" not in str(caught.value)


def test_the_size_of_a_node_is_a_number_and_says_so_when_it_is_called():
    x = tg.parameter(np.arange(6.0).reshape(2, 3))
    with pytest.raises(tg.GraphError, match=r"x\.size is a number, 6[\s\S]*fix +x\.shape\[0\]"):
        x.size(0)
    with pytest.raises(tg.GraphError, match=r"fix +x\.shape$"):
        x.size()
    assert x.size == 6 and isinstance(x.size, int) and type(x.size + 0) is int and repr(x.size) == "6"
    assert np.zeros(x.size).shape == (6,) and x.reshape(x.size).shape == (6,) and x.reshape(x.size, 1).shape == (6, 1)
    assert np.broadcast_to(x, (x.size, 2, 3)).shape == (6, 2, 3) and range(x.size)[-1] == 5 and [0] * x.size == [0] * 6
    v = tg.parameter(np.arange(8.0))
    assert v[x.size].item() == 6.0 and v[: x.size].shape == (6,)
    assert pickle.loads(pickle.dumps(x.size)) == 6 and json.dumps(x.size) == "6"
