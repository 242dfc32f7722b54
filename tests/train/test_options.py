"""Each option of each optimizer: what it may be, what is refused by its name, and in a group the same."""

import inspect
import math

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import SGD, Adam, Muon, Optimizer, RMSprop

CLASSES = [
    c for c in vars(tg.train).values() if isinstance(c, type) and issubclass(c, Optimizer) and c is not Optimizer
]
POSITIVE = ([1e-300, 1, 7.5, np.float32(0.5)], [0, -1e-9, math.nan, math.inf])
FROM_ZERO = ([0, 1e-300, 7, np.float64(0.5)], [-1e-9, math.nan, math.inf])
SHARE = ([0, 0.5, 1 - 1e-16, np.float32(0.5)], [1, 1.5, -1e-9, math.nan])
FLAG = ([True, False], [2, "yes", None])
ALLOWED = {
    "learning_rate": POSITIVE,
    "eps": POSITIVE,
    **dict.fromkeys(("weight_decay", "momentum_decay", "rate_decay", "first_sum"), FROM_ZERO),
    **dict.fromkeys(("momentum", "dampening", "alpha", "rho"), SHARE),
    "betas": (
        [(0, 0.5), [0.5, np.float32(0.25)]],
        [(0.5,), (0.5, 1.0), (-1e-9, 0.5), (0.5, math.nan), (0.1, 0.2, 0.3), (True, 0.5), 0.5],
    ),
    **dict.fromkeys(("nesterov", "amsgrad", "centered"), FLAG),
    "rounds": ([1, 7], [0, -1, 1.5, None]),
}
"""For each option what is taken and what is not."""
OPTIONS = [
    (c, name) for c in CLASSES for name in inspect.signature(c).parameters if name not in ("parameters", "groups")
]
NEEDED = {"nesterov": {"momentum": 0.5}}


def made(kind, groups=None, **options):
    w = tg.parameter(np.ones((2, 2)))
    return kind({"w": w}, **{"learning_rate": 0.1, **options}, groups=groups), w


@each("kind, name", OPTIONS)
def test_each_option_is_taken_within_its_range_and_refused_beyond(kind, name):
    good, bad = ALLOWED[name]
    more = NEEDED.get(name, {}) if kind is SGD else {}
    for value in good:
        optimizer, w = made(kind, **more, **{name: value})
        optimizer.step({"w": np.full((2, 2), 0.5)})
        assert np.isfinite(w.value).all()
        held = getattr(optimizer, name)
        assert held == value if name != "betas" else held == tuple(map(float, value))
    for value in [*bad, *([] if name in NEEDED else ["text", True if good is not FLAG[0] else 3, np.ones(2)])]:
        with pytest.raises(tg.GraphError) as caught:
            made(kind, **more, **{name: value})
        assert kind.__name__ in str(caught.value), f"{value!r}"
        assert name.removesuffix("s") in str(caught.value), f"{value!r}"


@each("kind, name", OPTIONS)
def test_in_a_group_the_same_is_refused(kind, name):
    more = NEEDED.get(name, {}) if kind is SGD else {}
    for value in ALLOWED[name][1]:
        with pytest.raises(tg.GraphError, match=name.removesuffix("s")):
            made(kind, {"w": {**more, name: value}})


@each("kind", CLASSES)
def test_a_step_of_a_group_is_that_of_an_optimizer_with_its_options(kind):
    """And the parameters outside of the group are updated by the optimizer's own options."""
    names = [name for c, name in OPTIONS if c is kind and (kind, name) not in ((SGD, "nesterov"), (SGD, "dampening"))]
    special = {"betas": (0.3, 0.4), "rounds": 2, "amsgrad": True, "centered": True, "nesterov": False}
    gradients = 0.8 ** np.arange(12)[:, None, None] * np.random.default_rng(0).normal(size=(2, 12, 2, 2))

    def trained(groups, **own):
        a, b = (tg.parameter(np.array([[2.0, 3.0], [1.0, -3.0]]) * x) for x in (1.0, -1.0))
        optimizer = kind({"a": a, "b": b}, **{"learning_rate": 0.1, **own}, groups=groups)
        for ga, gb in zip(*gradients, strict=True):
            optimizer.step({"a": ga, "b": gb})
        return a.value, b.value

    for name in names:
        option = {name: special.get(name, 0.3)}
        in_group, other = trained({"a": option})
        np.testing.assert_allclose(in_group, trained(None, **option)[0], rtol=1e-14, err_msg=name)
        np.testing.assert_allclose(other, trained(None)[1], rtol=1e-14, err_msg=name)
        assert not np.array_equal(in_group, trained(None)[0]), name


@each(
    "kind, option, value",
    [(SGD, "momentum", 0.9), (Adam, "amsgrad", True), (RMSprop, "momentum", 0.5), (RMSprop, "centered", True)],
)
def test_an_option_that_needs_an_array_cannot_be_set_later(kind, option, value):
    optimizer, w = made(kind)
    setattr(optimizer, option, value)
    with pytest.raises(tg.GraphError, match=rf"(?s){kind.__name__}: there is no moment.*when the optimizer is made"):
        optimizer.step({"w": np.ones((2, 2))})
    assert (w.value == 1).all() and optimizer.steps == 0


@each("momentum, dampening, fits", [(0.5, 0.0, True), (0.0, 0.0, False), (0.5, 0.25, False)])
def test_nesterov_needs_momentum_and_no_dampening(momentum, dampening, fits):
    options = {"momentum": momentum, "dampening": dampening, "nesterov": True}
    if fits:
        assert made(SGD, **options)[0].nesterov
    else:
        with pytest.raises(tg.GraphError, match="SGD: nesterov needs momentum and no dampening"):
            made(SGD, **options)


def test_muon_is_for_matrices():
    for shape in ((), (3,), (2, 2, 2)):
        with pytest.raises(tg.GraphError, match=r"(?s)Muon: inner\.x is no matrix.*Adam for the others"):
            Muon({"inner": {"w": tg.parameter(np.ones((2, 3))), "x": tg.parameter(np.ones(shape))}})


class Wrong(Optimizer):
    """A rule whose result the test chooses."""

    moments = ("mean",)

    def update(self, w, g, moments, numbers):
        return self.result(w, moments)


def ruled(result, elementwise, compiled):
    """One step by a rule with this result."""
    w = tg.parameter(np.ones(2, np.float32), name="w")
    kind = type("Ruled", (Wrong,), {"elementwise": elementwise, "result": staticmethod(result)})
    optimizer = kind([w], 0.1)
    if compiled:
        tg.train.step(lambda: tg.sum(w * w), [w], optimizer, backend="numpy")()
    else:
        optimizer.step([np.ones(2, np.float32)])
    return w


@each("compiled", [False, True])
@each("elementwise", [False, True])
@each(
    "result, match",
    [
        (lambda w, m: (w * 2, {}), r"(?s)Ruled: update returned other moments.*\['mean'\].*\[\]"),
        (lambda w, m: (w * 2, {**m, "more": w}), r"(?s)update returned other moments.*'mean', 'more'"),
        (lambda w, m: (np.sum(w), m), r"(?s)Ruled: the new value does not fit.*\(2,\) float32.*\(\) float32"),
        (lambda w, m: (w.astype(np.float64), m), "(?s)Ruled: the new value does not fit.*float32.*float64"),
        (lambda w, m: (3.0, m), "(?s)Ruled: the new value does not fit.*float"),
        (lambda w, m: (w, {"mean": np.sum(w)}), "(?s)Ruled: the new mean does not fit.*float32"),
        (lambda w, m: (w, {"mean": w.astype(np.float64)}), "(?s)Ruled: the new mean does not fit.*float64"),
    ],
)
def test_a_rule_that_gives_other_arrays_is_told(compiled, elementwise, result, match):
    with pytest.raises(tg.GraphError, match=match):
        ruled(result, elementwise, compiled)


def test_a_class_without_a_rule_is_told_what_to_define():
    w = tg.parameter([1.0])
    with pytest.raises(tg.GraphError, match=r"(?s)Optimizer has no rule.*define update\("):
        Optimizer([w], 0.1).step([np.ones(1)])
    assert w.value == 1.0


@each("compiled", [False, True])
def test_a_parameter_that_was_frozen_later_is_not_updated(compiled):
    net = tg.Linear(2, 2, rng=0)
    sgd = SGD(net.parameters(), 0.1)
    run = tg.train.step(lambda x: tg.mean(net(x)), net.parameters(), sgd, backend="numpy")
    before = net.state_dict()
    net.freeze("bias")
    with pytest.raises(tg.GraphError, match=r"(?s)SGD: .*bias.* is frozen or a buffer.*a new optimizer"):
        run(np.ones((1, 2), np.float32)) if compiled else sgd.step(zeros(net))
    assert all(np.array_equal(x, before[name]) for name, x in net.state_dict().items()) and sgd.steps == 0


def zeros(net):
    return {name: np.zeros_like(p.value) for name, p in [("weight", net.weight), ("bias", net.bias)]}


@pytest.mark.parametrize("rule", [tg.train.NAdam, tg.train.RAdam])
def test_a_group_has_no_option_that_the_optimizer_has_not(rule):
    w = tg.parameter(np.ones(2), name="w")
    with pytest.raises(tg.GraphError, match="no option amsgrad"):
        rule({"w": w}, groups={"w": {"amsgrad": True}})
    rule({"w": w}, groups={"w": {"amsgrad": False}}).step({"w": np.ones(2)})
    tg.train.AdamW({"w": w}, groups={"w": {"amsgrad": True}}).step({"w": np.ones(2)})
