"""Names from PyTorch, Keras, JAX and NumPy: each entry of the table is met, and what it says to write runs."""

from __future__ import annotations

import inspect
import pickle
from copy import copy, deepcopy

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core import habits
from tinygraph.core.errors import MissingImportError, MissingNameError, OptionError

ROWS = {
    f"{table}: {name}": fix
    for table in ("NODE", "TG", "CELLS", "TRAIN", "MODULE", "OPTIMIZER", "NAME", "OPTIONS", "ARGUMENTS")
    for name, fix in getattr(habits, table).items()
}
PUBLIC = [getattr(owner, name) for owner in (tg, tg.cells, tg.train, tg.ops) for name in dir(owner) if name[0] != "_"]


def names():
    """What the codes of the table speak of."""
    x, y = tg.tanh(tg.parameter(np.ones((2, 3)) / 3)), tg.constant(np.ones((2, 3)))
    w, W, b = tg.parameter(np.ones((2, 3)), "w"), tg.parameter(np.ones((4, 3))), np.zeros(4)
    cell, other = tg.cells.LSTM(3, 3, rng=0), tg.cells.LSTM(3, 3, rng=1)
    xs = np.ones((5, 2, 3), np.float32)
    outputs, state = tg.unroll(cell, xs)
    tg.sum(w * w).backward()
    opt, loss = tg.train.Adam({"w": w}), tg.sum(x * x)
    gradients = {"w": np.ones((2, 3))}
    return locals() | {
        "tg": tg,
        "np": np,
        "array": np.ones((2, 3)),
        "target": np.zeros((2, 3)),
        "mask": np.ones((2, 3), bool),
        "ids": np.array([0, 1]),
        "logits": tg.constant(np.ones((2, 5))),
        "labels": np.array([1, 2]),
        "fn": lambda x: tg.sum(x * x),
        "rng": np.random.default_rng(0),
        "params": [w],
        "parameters": [w],
        "arrays": cell.state_dict(),
        "print": lambda *_: None,
    }


@each("row", ROWS)
def test_what_the_table_says_to_write_runs(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = ROWS[row].partition("  # ")[0]
    for part in code.split("; "):
        if part.endswith("="):
            accepted = [part[:-1] in inspect.signature(f).parameters for f in settings_of(PUBLIC)]
            assert any(accepted), f"{part} is no option of anything"
            return
    scope = names()
    if "load_state_dict" in code and "safetensors" in code:
        pytest.importorskip("safetensors")
        tg.train.save("model.safetensors", scope["cell"].state_dict())
    exec(code, scope)


def settings_of(things):
    for thing in things:
        yield from [thing.forward] if isinstance(thing, tg.Op) else [thing] if inspect.isroutine(thing) else []
        if isinstance(thing, type):
            yield from [c.__init__ for c in thing.__mro__[:-1]] + [getattr(thing, "of", thing.__init__)]
    yield tg.Node.backward


def assert_missing(owner, name, fix=""):
    assert not hasattr(owner, name) and getattr(owner, name, 5) == 5
    with pytest.raises(AttributeError) as caught:
        getattr(owner, name)
    assert isinstance(caught.value, tg.GraphError) and name in str(caught.value).splitlines()[0]
    assert fix in str(caught.value) and "fix" in str(caught.value)
    assert name not in dir(owner)


NODES = [tg.parameter(np.ones((2, 2)), "w"), tg.constant(1.0), tg.tanh(tg.constant([1.0]))]


@each("name", habits.NODE)
def test_on_a_node_each_name_is_missing_by_an_error_that_says_what_to_write(name):
    if isinstance(inspect.getattr_static(tg.Node, name), (property, type(lambda: 0))):
        return  # it works
    for node in NODES:
        assert_missing(node, name, habits.NODE[name])
        with pytest.raises(AttributeError, match=r"fix") as caught:
            setattr(node, name, 1.0)
        assert isinstance(caught.value, tg.GraphError)


@each("name", ["relu", "sigmoid", "log_softmax", "maximum", "stack"])
def test_a_function_as_a_method_is_told(name):
    assert_missing(NODES[0], name, f"tg.{name}(x)")
    assert_missing(NODES[0], f"{name}_", f"x = tg.{name}(x)")


@each("name", ["flat", "nbytes", "strides", "tobytes", "itemsize", "real"])
def test_what_numpys_arrays_have_and_nodes_have_not_is_told(name):
    assert_missing(NODES[2], name, f"x.value.{name}")


@each(
    "name",
    [*habits.TG, "zeros", "ones", "arange", "float32", "linspace", "pi", "LSTM", "Adam", "quotient", "relu_", "StepLR"],
)
def test_in_tinygraph_itself(name):
    if name in dir(tg):
        return
    assert_missing(tg, name, habits.TG.get(name, ""))
    with pytest.raises(ImportError, match="fix") as caught:
        exec(f"from tinygraph import {name}")
    assert isinstance(caught.value, MissingImportError)


@each(
    "name, fix",
    [
        ("zeros", "np.zeros"),
        ("StepLR", "opt.learning_rate"),
        ("LSTM", "tg.cells.LSTM"),
        ("SGD", "tg.train.SGD"),
        ("LSTMCell", "tg.cells.LSTM(3, 4)"),
        ("relu_", "tg.relu(x)"),
    ],
)
def test_a_name_that_is_elsewhere_is_found(name, fix):
    assert_missing(tg, name, fix)


@each("place", ["cells", "train"])
def test_in_cells_and_train(place):
    for name, fix in getattr(habits, place.upper()).items():
        assert_missing(getattr(tg, place), name, fix)


class Own(tg.cells.Cell):
    """A cell as PyTorch's readers write it."""

    def forward(self, x, h):
        return h, h


@each("name", habits.MODULE)
def test_on_cells_wrappers_and_layers(name):
    lstm = tg.cells.LSTM(2, 3, rng=0)
    for module in (lstm, tg.cells.Stack([lstm]), tg.Recurrent(lstm), tg.cells.Zoneout(lstm, 0.1)):
        assert_missing(module, name, habits.MODULE[name])
        setattr(module, name, 5)  # a user's own attribute of that name is a user's own
        assert getattr(module, name) == 5 and name in dir(module)


def test_a_cells_own_forward_is_no_missing_name_but_is_told_from_the_step():
    own = Own(2, 3)
    assert own.forward(1, 2) == (2, 2) and "forward" in dir(own)
    with pytest.raises(tg.GraphError, match="which is your forward by another name"):
        tg.unroll(own, np.ones((2, 2)))


def test_on_optimizers():
    for kind in (tg.train.SGD, tg.train.Adam):
        opt = kind([tg.parameter([1.0])], learning_rate=0.1)
        for name, fix in habits.OPTIMIZER.items():
            assert_missing(opt, name, fix)
        with pytest.raises(MissingNameError, match=r"opt\.learning_rate = "):
            opt.lr = 1.0  # would change nothing

    class Mine(tg.train.Optimizer):
        def __init__(self, parameters, lr):
            super().__init__(parameters, lr)
            self.lr = lr

    assert Mine([tg.parameter([1.0])], 0.5).lr == 0.5


def test_a_loop_over_parameters_goes_over_names_and_says_so():
    cell = tg.cells.LSTM(2, 3, rng=0)
    for p in cell.parameters():
        assert isinstance(p, str) and pickle.loads(pickle.dumps(p)) == p
        for name, fix in habits.NAME.items():
            assert_missing(p, name, fix)
    assert {*map(type, cell.state_dict())} == {str}
    loss = tg.mean(tg.unroll(cell, np.ones((2, 1, 2)))[0])
    for call in (tg.train.Adam, tg.zero_grad, lambda names: tg.grad(loss, names)):
        with pytest.raises(tg.GraphError, match=r"\.values\(\)"):
            call(list(cell.parameters()))
        with pytest.raises(tg.GraphError, match=r"cell\.parameters\(\)"):
            call(cell)


@each("name", ["__array_interface__", "__deepcopy__", "_repr_html_", "_ipython_display_", "__wrapped__", "nonsense"])
def test_other_names_are_missing_in_pythons_own_way(name):
    for owner in (*NODES, tg, tg.cells, tg.train, tg.cells.RNN(1, 1), tg.train.SGD([NODES[0]], 1.0)):
        with pytest.raises(AttributeError) as caught:
            getattr(owner, name)
        assert type(caught.value) is AttributeError and caught.value.name == name


def test_copies_pickles_and_numpy_look_for_names_and_find_none():
    w, cell = NODES[0], tg.cells.GRU(2, 3, rng=0)
    for twin in (copy(w), deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert twin.value.tolist() == w.value.tolist()
    assert deepcopy(cell).state_dict().keys() == pickle.loads(pickle.dumps(cell)).state_dict().keys()
    assert np.asarray(NODES[1]) == 1.0 and np.array([NODES[1], NODES[1]]).tolist() == [1.0, 1.0]


def test_habits_with_one_right_meaning_work():
    w = tg.parameter([1.0, 2.0])
    y = w * w
    array = y.numpy()
    array[0] = 5.0  # a copy
    assert y.value.tolist() == [1.0, 4.0] and y.detach().value.tolist() == [1.0, 4.0]
    assert tg.grad(tg.sum(y.detach() * w), w).value.tolist() == [1.0, 4.0]
    assert tg.grad(tg.sum(y.clone() * w), w).value.tolist() == [3.0, 12.0]
    assert y.detach().cpu().numpy().tolist() == [1.0, 4.0]
    for refused in ("numpy", "to_numpy"):
        with pytest.raises(tg.GraphError, match="has no value while the function is compiled"):
            tg.compile(lambda x, refused=refused: getattr(x, refused)())(np.ones(2))
    assert tg.compile(lambda x: x.detach().cpu().clone() * 2)(np.ones(2)).tolist() == [2.0, 2.0]


LSTM, SGD, Adam = tg.cells.LSTM, tg.train.SGD, tg.train.Adam
CELL, XS = tg.cells.GRU(3, 4, rng=0), np.ones((5, 2, 3), np.float32)
W = tg.parameter([1.0])
CALLS = {
    "Adam(lr=)": (lambda: Adam([W], lr=0.1), "Adam has no option lr", "learning_rate="),
    "SGD(lr=)": (lambda: SGD([W], lr=0.1), "SGD has no option lr", "learning_rate="),
    "SGD(momentum=)": (lambda: SGD([W], 0.1, momentum=0.9), "momentum", "tg.train.Adam"),
    "Adam(weight_decay=)": (lambda: Adam([W], weight_decay=0.1), "weight_decay", "added to the loss"),
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
    "dot(dim=)": (lambda: W.dot(W, dim=0), "dot has no option dim", "axis="),
    "flatten(start_dim=)": (lambda: W.flatten(start_dim=1), "start_dim", "x.reshape(2, -1)"),
    "cell(x, None)": (lambda: LSTM(3, 4)(XS[0], None), "NoneType", "cell.initial_state(2)"),
    "gru(x, None)": (lambda: CELL(XS[0], None), "NoneType", "cell.initial_state(2)"),
    "LSTM(dtype=)": (lambda: LSTM(3, 4, dtype="torch.float32"), "the dtype of weights", "np.float32"),
    "Adam(generator)": (lambda: Adam(p for p in [W]), "not a parameter", "list(parameters)"),
    "Adam(.values())": (lambda: Adam(CELL.parameters().values()), "not a parameter", "list(parameters)"),
    "grad(.values())": (lambda: tg.grad(W, {"w": W}.values()), "needs nodes", "list(parameters)"),
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
