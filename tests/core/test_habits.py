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
from tinygraph.core.errors import MissingImportError, MissingNameError

ROWS = {
    f"{table}: {name}": fix
    for table in ("NODE", "TG", "CELLS", "TRAIN", "MODULE", "FROZEN", "OPTIMIZER", "NAME", "OPTIONS", "ARGUMENTS")
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
    first, _, otherwise = ROWS[row].partition(" | ")
    code = first.partition("  # ")[0]
    if code.endswith("="):
        for part in code.split():
            accepted = [part[:-1] in inspect.signature(f).parameters for f in settings_of(PUBLIC)]
            assert part.endswith("=") and any(accepted), f"{part} is no option of anything"
        code = otherwise
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


@each("name", ["nbytes", "strides", "tobytes", "itemsize", "imag"])
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
        ("StepLR", "tg.train.cosine"),
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
            if name in ("momentum", "nesterov") and kind is tg.train.SGD:
                continue
            assert_missing(opt, name, fix)
            with pytest.raises(MissingNameError):
                setattr(opt, name, 1.0)  # would change nothing

    class Mine(tg.train.SGD):
        def __init__(self, parameters, lr):
            super().__init__(parameters, lr)
            self.lr = self.momentum = lr

    mine = Mine([tg.parameter([1.0])], 0.5)
    assert mine.lr == mine.momentum == 0.5
    assert_missing(mine, "zero_grad")


def test_a_cell_that_would_not_be_frozen_says_so():
    for cell in (tg.cells.RNN(1, 1), tg.cells.Zoneout(tg.cells.RNN(1, 1), 0.5), tg.Recurrent(tg.cells.RNN(1, 1))):
        for name, fix in habits.FROZEN.items():
            assert_missing(cell, name, fix)
            with pytest.raises(MissingNameError, match="freeze"):
                setattr(cell, name, False)
    own = Own(2, 3)
    own.trainable = False
    assert own.trainable is False and "trainable" in dir(own)


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


@each("name", ["__array_interface__", "_repr_latex_", "_ipython_display_", "__wrapped__", "nonsense"])
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
