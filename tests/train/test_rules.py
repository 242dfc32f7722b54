"""Every optimizer against its rule for one number in plain Python: eager, flat and compiled, over 50 steps."""

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import flat

from . import rules

STEPS = 50
CASES = {
    "SGD": (
        rules.sgd,
        [
            {},
            {"momentum": 0.9},
            {"momentum": 0.8, "nesterov": True, "weight_decay": 0.1},
            {"momentum": 0.7, "dampening": 0.4},
            {"weight_decay": 0.3},
        ],
    ),
    "Adam": (rules.adam, [{}, {"betas": (0.5, 0.7), "eps": 0.1}, {"weight_decay": 0.2}, {"amsgrad": True}]),
    "AdamW": (rules.adamw, [{}, {"weight_decay": 0.3, "betas": (0.8, 0.9)}, {"amsgrad": True, "betas": (0.5, 0.6)}]),
    "NAdam": (rules.nadam, [{}, {"momentum_decay": 0.3, "weight_decay": 0.1}, {"betas": (0.5, 0.9)}]),
    "RAdam": (rules.radam, [{}, {"betas": (0.8, 0.9), "weight_decay": 0.1}, {"betas": (0.5, 0.6), "eps": 0.1}]),
    "RMSprop": (
        rules.rmsprop,
        [
            {},
            {"alpha": 0.9, "centered": True},
            {"momentum": 0.9, "weight_decay": 0.1},
            {"momentum": 0.5, "centered": True, "eps": 0.1},
        ],
    ),
    "Adagrad": (rules.adagrad, [{}, {"rate_decay": 0.1, "first_sum": 0.5}, {"weight_decay": 0.2, "eps": 0.1}]),
    "Adadelta": (rules.adadelta, [{}, {"rho": 0.5, "eps": 1e-2}, {"weight_decay": 0.2}]),
    "Lion": (rules.lion, [{}, {"betas": (0.5, 0.6), "weight_decay": 0.2}]),
}
EACH = [(name, options) for name, (_, several) in CASES.items() for options in several]
SHAPES = {"a": (2, 3), "b": (), "c": (4,)}


def task():
    random = np.random.default_rng(7)
    starts = {name: random.normal(size=shape) for name, shape in SHAPES.items()}
    return starts, [{name: random.normal(size=shape) for name, shape in SHAPES.items()} for _ in range(STEPS)]


def expected(name, options, rate=0.03):
    starts, gradients = task()
    return {
        k: np.array(
            [
                CASES[name][0](float(w[i]), [float(g[k][i]) for g in gradients], rate, **options)
                for i in np.ndindex(w.shape)
            ]
        ).reshape(w.shape)
        for k, w in starts.items()
    }


def close(parameters, name, options):
    for k, value in expected(name, options).items():
        np.testing.assert_allclose(parameters[k].value, value, rtol=1e-12, atol=1e-14, err_msg=f"{name} {options} {k}")


def follow(name, options):
    starts, gradients = task()
    parameters = {k: tg.parameter(w) for k, w in starts.items()}
    optimizer = getattr(tg.train, name)(parameters, learning_rate=0.03, **options)
    for g in gradients:
        optimizer.step(g)
    close(parameters, name, options)


@each("name, options", EACH)
def test_a_step_is_the_rule(name, options):
    follow(name, options)


@pytest.mark.parametrize("name", CASES)
def test_many_numbers_follow_the_rule_as_one_compiled_array(name, monkeypatch):
    monkeypatch.setattr(flat, "SMALL", 3)
    assert getattr(tg.train, name).elementwise, "all parameters of a dtype are one array"
    follow(name, CASES[name][1][-1])


@pytest.mark.parametrize("backend", ["numpy", "native", "eager"])
@pytest.mark.parametrize("name", CASES)
def test_the_compiled_step_is_the_rule(name, backend):
    """The loss sum(g * w) has the gradient g."""
    options = CASES[name][1][1]
    starts, gradients = task()
    parameters = {k: tg.parameter(w) for k, w in starts.items()}

    def loss(g):
        return tg.sum(g["a"] * parameters["a"]) + g["b"] * parameters["b"] + g["c"] @ parameters["c"]

    optimizer = getattr(tg.train, name)(parameters, learning_rate=0.03, **options)
    step = tg.train.step(loss, parameters, optimizer, backend=backend)
    for g in gradients:
        step(g)
    close(parameters, name, options)
    assert step.steps == STEPS


def orthogonal_by_svd(matrix, rounds):
    """The polynomial acts on singular values alone, so they may be mapped one by one."""
    u, s, v = np.linalg.svd(matrix / np.linalg.norm(matrix), full_matrices=False)
    for _ in range(rounds):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return u @ np.diag(s) @ v


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
def test_muon_maps_singular_values(shape, nesterov):
    random = np.random.default_rng(3)
    w, gradients = random.normal(size=shape), random.normal(size=(20, *shape))
    eager, compiled = tg.parameter(w), tg.parameter(w)
    options = {"learning_rate": 0.05, "momentum": 0.8, "nesterov": nesterov, "weight_decay": 0.1, "rounds": 4}
    optimizer = tg.train.Muon([eager], **options)
    step = tg.train.step(lambda g: tg.sum(g * compiled), compiled, tg.train.Muon(compiled, **options))
    velocity = np.zeros(shape)
    for g in gradients:
        optimizer.step([g])
        step(g)
        velocity = velocity + 0.2 * (g - velocity)
        change = orthogonal_by_svd(g + 0.8 * (velocity - g) if nesterov else velocity, 4)
        w = (1 - 0.05 * 0.1) * w - 0.05 * np.sqrt(max(1, shape[0] / shape[1])) * change
    np.testing.assert_allclose(eager.value, w, rtol=1e-9)
    np.testing.assert_allclose(compiled.value, w, rtol=1e-9)


def test_muon_alone_is_that_of_pytorch():
    """Without options: rate 0.001, momentum 0.95 with a look ahead, decay 0.1, five rounds."""
    w = tg.parameter(np.arange(6.0).reshape(2, 3))
    g = np.random.default_rng(4).normal(size=(2, 3))
    tg.train.Muon([w]).step([g])
    change = orthogonal_by_svd((0.05 + 0.95 * 0.05) * g, 5)
    np.testing.assert_allclose(w.value, 0.9999 * np.arange(6.0).reshape(2, 3) - 0.001 * change, rtol=1e-10)


def test_float32_stays_float32():
    for name in CASES:
        w = tg.parameter(np.ones(3, np.float32))
        getattr(tg.train, name)([w], learning_rate=0.1).step([np.ones(3, np.float32)])
        assert w.dtype == np.float32, name


def test_groups_have_options_of_their_own():
    p = {"cell": {"weight": tg.parameter(2.0), "bias": tg.parameter(2.0)}, "head": tg.parameter(2.0)}
    groups = {"cell.*": {"learning_rate": 0.1}, "*.bias": {"weight_decay": 0.0}}
    optimizer = tg.train.SGD(p, learning_rate=0.5, weight_decay=1.0, groups=groups)
    optimizer.step({"cell": {"weight": np.array(1.0), "bias": np.array(1.0)}, "head": np.array(1.0)})
    # The bias is in two groups, of which the last one counts: its rate is that of all.
    assert [p["cell"]["weight"].item(), p["cell"]["bias"].item(), p["head"].item()] == [1.7, 1.5, 0.5]


@each(
    "groups, match",
    [
        ({"cel.*": {"weight_decay": 0.0}}, "no parameter has a name like"),
        ({"*": {"weight_dcay": 0.0}}, "no option"),
        ({"*": {"weight_decay": -1.0}}, "weight_decay is out of range"),
        ({"*": {"learning_rate": 0.0}}, "learning_rate is not positive"),
        ({"*": 3}, "group"),
        ([1], "group"),
    ],
)
def test_groups_that_do_not_fit_are_refused(groups, match):
    with pytest.raises(tg.GraphError, match=match):
        tg.train.SGD({"w": tg.parameter(1.0)}, learning_rate=0.1, groups=groups)


def test_a_rate_may_be_a_function_of_the_steps():
    w = tg.parameter(0.0)
    optimizer = tg.train.SGD(w, learning_rate=lambda steps: 1.0 / (steps + 1))
    for _ in range(3):
        optimizer.step(np.array(1.0))
    assert w.item() == -(1 + 1 / 2 + 1 / 3) and optimizer.learning_rate == 1 / 4
    with pytest.raises(tg.GraphError, match="SGD: learning_rate is not positive"):
        tg.train.SGD(w, lambda steps: -1.0).step(np.array(1.0))


def test_options_set_between_steps_count_from_then_on(monkeypatch):
    monkeypatch.setattr(flat, "SMALL", 1)
    starts, gradients = task()
    for backend in (None, "numpy"):
        parameters = {k: tg.parameter(w) for k, w in starts.items()}
        optimizer = tg.train.SGD(parameters, learning_rate=0.1)
        step = tg.train.step(lambda g, p=parameters: sum(tg.sum(g[k] * p[k]) for k in p), parameters, optimizer)
        value = starts["a"]
        for t, g in enumerate(gradients[:12]):
            optimizer.weight_decay = 0.1 * (t // 3)
            optimizer.step(g) if backend is None else step(g)
            value = value - 0.1 * (g["a"] + 0.1 * (t // 3) * value)
        np.testing.assert_allclose(parameters["a"].value, value, rtol=1e-13)


def test_state_is_saved_and_goes_on_bit_by_bit():
    starts, gradients = task()
    ends = []
    for stop in (False, True):
        parameters = {k: tg.parameter(w) for k, w in starts.items()}
        optimizer = tg.train.NAdam(parameters, learning_rate=0.03)
        for t, g in enumerate(gradients):
            if stop and t == 20:
                saved, values = optimizer.state_dict(), {k: p.value for k, p in parameters.items()}
                parameters = {k: tg.parameter(x) for k, x in values.items()}
                optimizer = tg.train.NAdam(parameters, learning_rate=0.03)
                optimizer.load_state_dict(saved)
            optimizer.step(g)
        ends.append([p.value for p in parameters.values()])
    assert all(map(np.array_equal, *ends))


def test_a_state_that_does_not_fit_is_refused_whole():
    w = tg.parameter([1.0, 2.0], name="w")
    adam = tg.train.Adam({"w": w})
    adam.step({"w": np.ones(2)})
    before = adam.state_dict()
    for state in ({}, {**before, "more": 1}, {**before, "mean.w": np.ones(3)}, 7, tg.train.SGD([w], 0.1).state_dict()):
        with pytest.raises(tg.GraphError, match="state"):
            adam.load_state_dict(state)
    assert all(np.array_equal(x, before[name]) for name, x in adam.state_dict().items())
