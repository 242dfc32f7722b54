"""Data for code that comes without any: sizes by names, objects of classes, inputs, targets and states that fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import sampling
from tinygraph.check.audit.sampling import INSTEAD, constructed, of_functions, of_object, size_of


@each(
    "names, size",
    [
        (("input_size", "inputSize", "n_in", "D", "embedding_dim"), 3),
        (("hidden_size", "HIDDEN_DIM", "nh", "n_h", "units"), 5),
        (("output_size", "vocab_size", "num_classes", "V"), 6),
        (("seq_len", "T", "time_steps"), 4),
        (("batch_size", "B", "m"), 2),
        (("wave", "", "input_sizes", "lr"), None),
    ],
)
def test_a_size_is_told_by_its_name(names: tuple[str, ...], size: int | None) -> None:
    assert {size_of(name) for name in names} == {size}
    for name in names:
        assert (name in INSTEAD) == (size is not None)
        if size is not None:
            assert INSTEAD[name] == size


def test_sizes_are_all_different_and_those_of_files_are_no_data() -> None:
    assert len({*sampling.SIZES.values()}) == 5 and len(INSTEAD) == len([*INSTEAD]) == len(sampling.SIZES)
    for name in ("nothing", "Data", "chars"):
        with pytest.raises(KeyError):
            INSTEAD[name]
    assert 3 not in INSTEAD  # type: ignore[comparison-overlap]


class Net:
    def __init__(
        self, input_size: int, hidden_size: int, rng: Any, seed: int, wave: int = 9, *more: int, **rest: int
    ) -> None:
        self.W, self.V = np.random.randn(hidden_size, input_size), rng.normal(size=(2, hidden_size))
        self.seed, self.wave, self.more = seed, wave, (more, rest)

    def forward(self, x: Any) -> Any:
        self.x, self.h = x, np.tanh(x @ self.W.T)
        return self.h @ self.V.T

    def backward(self, dy: Any) -> None:
        self.dV = dy.T @ self.h
        self.dW = (dy @ self.V * (1 - self.h**2)).T @ self.x


def test_an_object_is_made_with_sizes_and_the_same_numbers_each_time() -> None:
    np.random.seed(11)
    due = np.random.rand()
    np.random.seed(11)
    one, other = constructed(Net, {}), constructed(Net, {})
    assert np.random.rand() == due  # nobody's random numbers moved on
    assert one.W.shape == (5, 3) and one.V.shape == (2, 5) and (one.seed, one.wave, one.more) == (0, 9, ((), {}))
    assert np.array_equal(one.W, other.W) and np.array_equal(one.V, other.V)
    np.random.seed(0)
    assert np.array_equal(one.W, np.random.randn(5, 3))
    assert constructed(Net, {"wave": 2, "input_size": 7}).W.shape == (5, 7) and constructed(Net, {"wave": 2}).wave == 2


def test_what_no_name_tells_is_asked_for() -> None:
    class Strange:
        def __init__(self, input_size: int, wave: int, tide: int) -> None: ...

    with pytest.raises(tg.GraphError, match=r"Strange takes wave, tide(?s:.*)--with wave="):
        constructed(Strange, {})
    with pytest.raises(tg.GraphError, match="Strange takes tide"):
        constructed(Strange, {"wave": 1})


def square(outputs: Any, targets: Any) -> Any:
    return np.sum((outputs - targets) ** 2)


def test_inputs_and_targets_of_an_object_have_shapes_that_its_passes_take() -> None:
    sample = of_object(constructed(Net, {}), square, {})
    x, y = sample.keywords["inputs"], sample.keywords["targets"]
    assert x.shape[-1] == 3 and y.shape == (*x.shape[:-1], 2) and sample.keywords["loss"] is square
    told = np.ones((7, 3))
    sample = of_object(constructed(Net, {}), square, {"inputs": told})
    assert sample.keywords["inputs"] is told and sample.keywords["targets"].shape == (7, 2)
    own = np.ones((7, 2))
    assert of_object(constructed(Net, {}), square, {"inputs": told, "targets": own}).keywords["targets"] is own
    assert tg.check.audit(*sample.arguments, **sample.keywords, repair=False).passed


class Squashed(Net):
    """What comes out is a chance."""

    def forward(self, x: Any) -> Any:
        z = super().forward(x)
        self.y = self.squash(z)
        return self.y

    def squash(self, z: Any) -> Any:
        return 1 / (1 + np.exp(-z))


class Softmax(Squashed):
    def squash(self, z: Any) -> Any:
        e = np.exp(z - z.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)


class InAList(Softmax):
    def forward(self, x: Any) -> Any:
        return [*super().forward(x)]


def targets_of(cls: type) -> list[Any]:
    model = constructed(cls, {})
    return [*sampling._targets(model, np.random.default_rng(0).normal(size=(4, 3)), [(5, 3), (2, 5)])]


def test_targets_are_of_the_kind_of_the_outputs() -> None:
    (real, labels) = targets_of(Net)
    assert real.shape == (4, 2) and not np.isin(real, (0, 1)).any()
    assert len(labels) == 4 and all(type(k) is int and 0 <= k < 4 for k in labels)
    yes = targets_of(Squashed)[0]
    assert yes.shape == (4, 2) and np.isin(yes, (0, 1)).all() and yes.dtype == float
    hot, listed, plain, *rest = targets_of(Softmax)
    assert (hot.sum(1) == 1).all() and np.isin(hot, (0, 1)).all()
    assert listed == plain.tolist() == hot.argmax(1).tolist() and len(rest) == 2
    assert isinstance(targets_of(InAList)[0], list) and len(targets_of(InAList)[0]) == 4


@each("row", [[0.0, 0.5], [0.5, 1.0], [2.0, -1.0]])
def test_what_touches_zero_or_one_is_no_chance_whatever_it_sums_to(row: list[float]) -> None:
    class Rows(Squashed):
        def squash(self, z: Any) -> Any:
            return 0 * z + row

    assert not np.isin(targets_of(Rows)[0], (0, 1)).any()


class Scored(Net):
    """Its forward pass takes targets, too, and returns the loss."""

    def forward(self, x: Any, y: Any) -> Any:
        out = super().forward(x)
        self.dy = 2 * (out - y)
        return np.sum((out - y) ** 2)

    def backward(self) -> None:  # type: ignore[override]
        super().backward(self.dy)


def test_where_the_forward_pass_takes_targets_they_are_tried_like_inputs() -> None:
    sample = of_object(constructed(Scored, {}), None, {})
    assert sample.keywords["inputs"].shape[-1] == 3 and sample.keywords["targets"].shape[-1] == 2
    assert tg.check.audit(*sample.arguments, **sample.keywords, repair=False).passed


def loss(Wx: Any, Wh: Any, b: Any, inputs: Any, targets: Any, h0: Any, seq_len: Any) -> Any:
    h, total = h0, 0.0
    for t in range(seq_len):
        h = np.tanh(Wx @ inputs[t] + Wh @ h + b)
        total = total + np.sum((h - targets[t]) ** 2)
    return total


def back(Wx: Any, Wh: Any, b: Any, inputs: Any, targets: Any, h0: Any, seq_len: Any) -> Any:
    hs = [h0]
    for t in range(seq_len):
        hs.append(np.tanh(Wx @ inputs[t] + Wh @ hs[-1] + b))
    dWx, dWh, db, late = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b), np.zeros_like(h0)
    for t in reversed(range(seq_len)):
        d = (2 * (hs[t + 1] - targets[t]) + late) * (1 - hs[t + 1] ** 2)
        dWx, dWh, db, late = dWx + d @ inputs[t].T, dWh + d @ hs[t].T, db + d, Wh.T @ d
    return dWx, dWh, db


SCOPE = {"Wx": np.ones((5, 3)), "Wh": np.eye(5), "b": np.zeros((5, 1)), "h0": np.zeros((5, 1)), "name": "x", "n": 3}


@each("order", [(loss, back), (back, loss)])
def test_functions_get_the_files_weights_and_data_in_columns(order: tuple[Any, Any]) -> None:
    sample = of_functions([*order], SCOPE, {})
    first, second, parameters, arguments = sample.arguments
    assert (first, second) == (back, loss) and {*parameters} == {"Wx", "Wh", "b"}
    assert np.shape(arguments["inputs"][0]) == (3, 1) and np.shape(arguments["targets"][0]) == (5, 1)
    assert (arguments["seq_len"], arguments["h0"].shape) == (4, (5, 1)) and arguments["h0"].any()
    assert tg.check.audit(*sample.arguments, **sample.keywords, repair=False).passed


def test_weights_are_told_by_shape_or_asked_for() -> None:
    told = {"Wx": np.ones((4, 7)), "Wh": np.ones((4, 4)), "b": np.ones((4, 1))}
    sample = of_functions([loss, back], {}, told)
    assert sample.arguments[2]["Wx"].shape == (4, 7) and sample.arguments[3]["h0"].shape == (4, 1)
    with pytest.raises(
        tg.GraphError, match=r"loss takes Wx, Wh, b, and the file has no arrays(?s:.*)--shapes Wx=5x3,Wh=5x3,b=5x3"
    ):
        of_functions([loss, back], {}, {})
    with pytest.raises(tg.GraphError, match="loss takes Wh, b"):
        of_functions([loss, back], {}, {"Wx": np.ones((5, 3))})
    with pytest.raises(tg.GraphError, match=r"takes and reads no arrays of the file(?s:.*)Wx=5x3,Wh=5x3,b=5x3"):
        of_functions([lambda inputs: 0.0], {}, {})


@each("shapes, due", [([(5, 3), (4, 4)], (4,)), ([(4, 4), (4, 1)], (4, 1)), ([(4, 4), (1, 4)], (1, 4)), ([(7,)], (5,))])
def test_a_state_has_the_form_of_the_biases(shapes: Any, due: tuple[int, ...]) -> None:
    state = sampling._state(shapes)
    assert state.shape == due and 0 < np.abs(state).max() < 3


def test_forms_are_those_in_which_people_write_data() -> None:
    plain = [np.shape(x) for x in sampling._forms([(5, 3)])]
    assert plain[:4] == [(4, 3, 1), (4, 5, 1), (4, 3), (4, 5)] and {(4, 2, 3), (4, 1, 5), (3, 1), (1, 5), (4, 2)} <= {
        *plain
    }
    labels = [x for x in sampling._forms([(5, 3)]) if isinstance(x, list) and isinstance(x[0], int)]
    assert len(labels) == 1 and all(0 <= k < 3 for k in labels[0])
    assert [np.shape(x) for x in sampling._forms([(5, 3), (1, 5)])][:2] == [(4, 1, 3), (4, 1, 5)]
    assert [np.shape(x) for x in sampling._forms([(5, 3), (5, 1)])][:2] == [(4, 3, 1), (4, 5, 1)]


def test_code_that_runs_with_nothing_is_named_with_its_first_error() -> None:
    def raises(inputs: Any, W: Any) -> Any:
        raise OSError("no disk")

    def says_nothing(inputs: Any, W: Any) -> Any:
        return np.array([1.0, 2.0]), W

    with pytest.raises(
        tg.GraphError, match=r"raises runs with none of the forms(?s:.*)OSError: no disk(?s:.*)--shapes inputs="
    ):
        of_functions([raises], {"W": np.ones((2, 3))}, {})
    with pytest.raises(tg.GraphError, match=r"says_nothing, raises|raises, says_nothing"):
        of_functions([says_nothing, raises], {"W": np.ones((2, 3))}, {})


def test_weights_in_a_dict_of_the_file_are_those_of_an_argument_of_its_name() -> None:
    def half(params: Any, inputs: Any) -> Any:
        return 0.5 * np.sum((params["W"] @ inputs + params["b"]) ** 2)

    def slopes(params: Any, inputs: Any) -> Any:
        y = params["W"] @ inputs + params["b"]
        return {"W": np.outer(y, inputs), "b": y}

    weights = {"W": np.ones((5, 3)), "b": np.ones((5, 1)), "name": "W", "step": np.array(3), "none": np.ones((0, 2))}
    scope = {"params": weights, "others": {"U": np.ones(2)}}
    _, _, parameters, arguments = of_functions([half, slopes], scope, {}).arguments
    assert {name: x.shape for name, x in parameters.items()} == {"W": (5, 3), "b": (5, 1)}
    assert {name: np.shape(x) for name, x in arguments.items()} == {"inputs": (3, 1)}


def test_what_is_told_is_kept_and_what_has_a_default_is_left_alone() -> None:
    def step(W: Any, inputs: Any, h0: Any, T: Any, lam: Any, scale: float = 2.0) -> Any:
        x = sum(inputs[t] for t in range(T))
        y = lam * scale * (W @ x) + h0
        return 0.5 * np.sum(y**2), lam * scale * (y @ x.T)

    h0 = np.full((5, 1), 7.0)
    sample = of_functions([step], {"W": np.ones((5, 3))}, {"lam": 0.5, "h0": h0})
    arguments = sample.keywords["arguments"]
    assert {*arguments} == {"inputs", "h0", "T", "lam"} and (arguments["T"], arguments["lam"]) == (4, 0.5)
    assert arguments["h0"] is h0 and {*sample.keywords["parameters"]} == {"W"}
    assert tg.check.audit(*sample.arguments, **sample.keywords, repair=False).passed


def test_of_forms_with_which_no_gradient_has_its_shape_the_first_that_gives_a_number_is_taken() -> None:
    def step(inputs: Any, W: Any) -> Any:
        y = np.sum(W @ inputs)
        W *= 2  # an update in place
        return (y if np.ndim(inputs) == 2 else y * np.nan), W[0]

    sample = of_functions([step], {"W": np.ones((2, 3))}, {})
    assert (
        np.shape(sample.keywords["arguments"]["inputs"]) == (3, 1) and (sample.keywords["parameters"]["W"] == 1).all()
    )


def test_what_a_forward_pass_returns_is_no_data() -> None:
    def forward(x: Any, targets: Any, W: Any) -> Any:
        ys = x @ W
        return np.sum((ys - targets) ** 2), ys

    def backward(x: Any, targets: Any, W: Any, ys: Any) -> Any:
        return x.T @ (2 * (ys - targets))

    make, _ = next(iter(sampling._tries([forward, backward], {"W": np.ones((3, 2))}, {})))
    *_, parameters, arguments = make.args  # type: ignore[attr-defined]
    assert ([*parameters], [*arguments]) == (["W"], ["x", "targets"])
