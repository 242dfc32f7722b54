"""Where an object keeps its gradients: attributes, results or updates, and what is learned of what the loss reads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.attributes import arrays_in, name_of
from tinygraph.check.audit.sources import Sources, paired
from tinygraph.ops.writing import copy

G, LIKE = (tg.parameter(np.arange(6.0).reshape(2, 3) + k, "g") for k in (0, 1))
OTHER = np.ones(3)


def nothing(*_: Any) -> Any:
    return None


def in_order(a: Any, b: Any) -> Any:
    return a * 1, b * 1


def by_name(dW: Any, dU: Any) -> Any:
    return dW, dU


def stepped(x: Any) -> Any:
    """What an update with a number in the code leaves."""
    return x - 0.25 * G


def looked(
    names: str, after: Any, returned: Any = None, function: Any = nothing, needed: str | None = None, **rated: bool
) -> Sources:
    """The sources of an object whose arrays have these names, once ``after`` has changed it."""
    model: Any = SimpleNamespace(**{name: {} for name in ("params", "m", "grads") if f"{name}[" in names})
    for name in names.split():
        owner, _, key = name.rstrip("']").partition("['")
        shape = (3,) if key == "b" or owner in ("b", "h") else (2, 3)
        leaf = tg.parameter(np.ones(shape), name)
        if key:
            getattr(model, owner)[key] = leaf
        else:
            setattr(model, owner, leaf)
    before = arrays_in(model)
    leaves = {name_of(path): x for path, x in before.items()}
    for name, value in (after(leaves) if callable(after) else after).items():
        owner, _, key = name.rstrip("']").partition("['")
        if key:
            vars(model).setdefault(owner, {})[key] = value
        else:
            setattr(model, owner, value)
    sources = Sources()
    read = None if needed is None else {leaves[name] for name in needed.split()}
    sources.look(model, before, returned, function, read, rated.get("rated", False))
    return sources


def kinds(sources: Sources) -> dict[str, str]:
    return {name_of(path): kind for path, kind in sources.kinds.items()}


A, R, U = "attribute", "returned", "updated"
LOOKED: dict[str, tuple[str, Any, Any, Any, str | None, dict[str, str]]] = {
    "attributes": ("W U", {"dW": G, "dU": LIKE}, None, nothing, "W U", {"W": A, "U": A}),
    "one that the loss does not read": ("W U", {"dW": G, "dU": LIKE}, None, nothing, "W", {"W": A, "U": A}),
    "moments of what is learned": (
        "params['W'] m['W'] params['b']",
        {"grads['W']": G, "grads['b']": OTHER},
        None,
        nothing,
        "params['W'] params['b']",
        {"params['W']": A, "params['b']": A},
    ),
    "moments where all may matter": (
        "params['W'] m['W']",
        {"grads['W']": G},
        None,
        nothing,
        None,
        {"params['W']": A, "m['W']": A},
    ),
    "updates": ("W U", lambda x: {n: stepped(a) for n, a in x.items()}, None, nothing, "W U", {"W": U, "U": U}),
    "updates of one": ("W U", lambda x: {"W": stepped(x["W"])}, None, nothing, "W U", {"W": U}),
    "a copy is no update": ("W U", lambda x: {"W": stepped(x["W"]), "U": copy(x["U"])}, None, nothing, "W U", {"W": U}),
    "a state that is kept": ("W h", lambda x: {"W": stepped(x["W"]), "h": x["h"] * 2}, None, nothing, "W", {"W": U}),
    "an update of what the loss does not read": (
        "Wx Wh h",
        lambda x: {"Wx": stepped(x["Wx"]), "Wh": stepped(x["Wh"]), "h": x["h"] * 2},
        None,
        nothing,
        "Wx",
        {"Wx": U, "Wh": U},
    ),
    "updated moments": (
        "params['W'] m['W']",
        lambda x: {n: stepped(a) for n, a in x.items()},
        None,
        nothing,
        "params['W']",
        {"params['W']": U},
    ),
    "an update beside a gradient": (
        "W U",
        lambda x: {"dW": G, "W": stepped(x["W"]), "U": stepped(x["U"])},
        None,
        nothing,
        "W U",
        {"W": A, "U": U},
    ),
    "a dict": ("W U", {}, {"dW": G, "dU": G}, nothing, "W U", {"W": R, "U": R}),
    "a dict with the gradient of one": ("W U", {}, {"dW": G}, nothing, "W U", {"W": R}),
    "names in the return": ("W U", {}, (G, G), by_name, "W U", {"W": R, "U": R}),
    "in order": ("W b", {}, (G, OTHER), in_order, "W b", {"W": R, "b": R}),
    "in order, of what the loss reads": ("h W b", {}, (G, OTHER), in_order, "W b", {"W": R, "b": R}),
    "one of them by name": ("W b", {}, {"dW": G, "bias": OTHER}, nothing, "W b", {"W": R, "b": R}),
    "a number that is returned": ("W b", {"dW": G}, 3.0, nothing, "W b", {"W": A}),
    "in order beside an attribute": ("W b", {"dW": G}, (OTHER,), nothing, "W b", {"W": A, "b": R}),
    "what an update returns besides": (
        "W b",
        lambda x: {"W": stepped(x["W"])},
        (OTHER,),
        nothing,
        "W b",
        {"W": U},
    ),
    "one name twice is no name": (
        "params['W'] m['W']",
        {},
        {"W": G},
        nothing,
        "params['W']",
        {"params['W']": R},
    ),
}


@each("name", LOOKED)
def test_the_source_of_each_gradient(name: str) -> None:
    names, after, returned, function, needed, due = LOOKED[name]
    assert kinds(looked(names, after, returned, function, needed)) == due


def test_a_number_in_the_code_is_the_rate_if_all_updates_have_it_and_nobody_else_gives_one() -> None:
    def of(*rates: Any, rated: bool = False) -> float:
        return looked("W U", lambda x: {n: x[n] - r * G for n, r in zip(x, rates, strict=False)}, rated=rated).rate

    assert of(0.25, 0.25) == 0.25 and of(0.25) == 0.25
    assert of(0.25, 0.5) == of(0.25, G) == of(2.0, 2.0) == of(0.25, 0.25, rated=True) == 1.0


@each("rate", [1.0, 0.25])
def test_gradients_are_taken_from_where_they_are(rate: float) -> None:
    sources = looked("W U b", lambda x: {"U": x["U"] - rate * G, "dW": G}, {"db": OTHER}, nothing, "W U b")
    assert kinds(sources) == {"W": A, "U": U, "b": R} and sources.rate == rate
    before = {path: np.ones((3,) if name_of(path) == "b" else (2, 3)) for path in sources.kinds}
    model = SimpleNamespace(W=0, dW=G.value * 2, U=np.ones((2, 3)) - rate * 3 * G.value)
    told = {name_of(p): g for p, g in sources.gradients(model, before, {"db": OTHER * 4}, nothing).items()}
    assert [*told] == ["W", "U", "b"]
    for name, due in (("W", 2 * G.value), ("U", 3 * G.value), ("b", 4 * OTHER)):
        np.testing.assert_allclose(told[name], due, rtol=1e-12)


def weights(*names: str) -> dict[str, Any]:
    return {name: np.ones((2, 3)) for name in names}


@each(
    "model, due",
    [
        (weights("W", "dW", "U", "dU"), {"W": "dW", "U": "dU"}),
        (weights("p", "dp"), {"p": "dp"}),  # though people call what holds them so
        (weights("W", "dW", "ddW"), {"W": "dW"}),
        ({"params": weights("W"), "grads": weights("W")}, {"params.W": "grads.W"}),
        ({"params": weights("W"), **weights("W")}, {}),  # one name for two is no gradient
        (
            {name: {"a": weights("W"), "b": weights("W")} for name in ("params", "grads")},
            {"params.a.W": "grads.a.W", "params.b.W": "grads.b.W"},
        ),
        ({**weights("W"), "dW": weights("h")}, {}),
        ({"Ws": [*weights("a", "b").values()], "grads": [*weights("a", "b").values()]}, {}),  # or those of biases
        ({**weights("W"), "dW": np.ones(5)}, {"W": "dW"}),
    ],
)
def test_gradients_go_by_the_names_of_their_parameters(model: Any, due: dict[str, str]) -> None:
    def named(path: Any) -> str:
        return ".".join(str(key) for _, key in path)

    assert {named(p): named(g) for p, g in paired(arrays_in(model)).items()} == due


class Idle:
    """A weight that the forward pass leaves out, with a gradient nonetheless."""

    def __init__(self) -> None:
        self.W, self.U = np.ones((2, 3)), np.full((2, 3), 0.5)

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, dy: Any) -> None:
        self.dW = self.x.T @ dy
        self.dU = self.x.T @ dy


def test_a_gradient_of_what_the_loss_does_not_read_is_wrong() -> None:
    x = np.random.default_rng(0).normal(size=(4, 2))
    report = tg.check.audit(
        Idle(), lambda y, t: 0.5 * np.sum((y - t) ** 2), inputs=x, targets=np.zeros((4, 3)), repair=False
    )
    assert report.wrong == ("U",) and [row.parameter for row in report.rows if row.right] == ["W"], str(report)
