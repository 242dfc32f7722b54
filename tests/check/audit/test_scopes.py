"""What a run shows of a function: shapes of its names, attributes and places, and who calls it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from tinygraph.check.audit.atoms import ScopeWatch, functions_near, is_atom
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.forms import expression
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.objects import Objects
from tinygraph.recording.recorded import code_of

H, I = 4, 3  # noqa: E741
rng = np.random.default_rng(2)


def forward(W: Any, U: Any, xs: Any) -> Any:
    hs = [np.zeros(H)]
    for x in xs:
        hs.append(np.tanh(W @ x + U @ hs[-1]))
    return hs


def slope(h: Any) -> Any:
    return 1 - h * h


def loss(W: Any, U: Any, xs: Any, names: Any) -> Any:
    return sum(np.sum(h) for h in forward(W, U, xs))


def backward(W: Any, U: Any, xs: Any, names: Any) -> Any:
    hs, grads = forward(W, U, xs), {"W": np.zeros_like(W), "U": np.zeros_like(U)}
    late, flags, n, cube = np.zeros(H), np.arange(H), len(xs), np.zeros((2, 3, 4))
    if names == "never":
        never = 1
        n += never
    for t in range(n - 1, -1, -1):
        dz = (1 + late) * slope(hs[t + 1])
        grads["W"] += np.outer(dz, xs[t])
        grads["U"] += np.outer(dz, hs[t])
        late = U.T @ dz
        cube[0, 0, t % 2] = 0
    return grads["W"], grads["U"], flags


class Net:
    def __init__(self) -> None:
        self.W, self.cache = np.ones((H, I)), {"x": np.ones(I)}
        self.rate, self.note = 0.5, "text"

    def forward(self, x: Any) -> Any:
        self.cache["x"] = x
        return self.W @ x

    def backward(self, dy: Any) -> None:
        self.dW = np.outer(dy, self.cache["x"])

    @property
    def size(self) -> int:
        return H


def watched() -> ScopeWatch:
    weights = {"W": rng.normal(size=(H, I)), "U": rng.normal(size=(H, H))}
    subject = Functions(backward, loss, weights, {"xs": rng.normal(size=(5, I)), "names": "some"})
    return ScopeWatch(subject, Cases(subject).case(2))


def test_shapes_are_those_of_a_run() -> None:
    watch = watched()
    own = watch.scopes[code_of(backward)]
    due = {
        "W": (H, I),
        "U": (H, H),
        "dz": (H,),
        "late": (H,),
        "n": (),
        "t": (),
        "flags": (H,),
        "hs[t]": (H,),
        "hs[t + 1]": (H,),
    }
    due |= {
        "xs": (2, I),
        "xs[t]": (I,),
        "grads['W']": (H, I),
        "grads['U']": (H, H),
        "hs[t - 1]": (H,),
        "cube": (2, 3, 4),
    }
    assert {name: own.shapes.get(name) for name in due} == due
    assert own.whole == {"n", "t", "flags", "H"} and "never" not in own.shapes and "names" not in own.shapes
    assert {*own.nodes} == {*own.shapes} and {*own.sizes} == {"n", "H", "cube[0, 0, t % 2]"}
    assert {"dz", "late"} <= {*own.alike((H,))} and "flags" not in own.alike((H,)) and "n" not in own.arrays
    assert not {"flags", "cube[0, 0, t % 2]"} & {*own.arrays} and "dz" in own.arrays and "W" not in own.alike((H,))
    assert sys.gettrace() is None or sys.gettrace() is not watch._call


class Kept:
    hs: Any = ()


kept = Kept()


def keeping(W: Any, xs: Any) -> Any:
    kept.hs = [np.zeros(H), *(np.tanh(W @ x) for x in xs)]
    return sum(np.sum(h) for h in kept.hs)


def of_kept(W: Any, xs: Any) -> Any:
    dW = np.zeros_like(W)
    for t in range(len(xs)):
        dW += np.outer(1 - kept.hs[t + 1] ** 2, xs[t])
    return dW


def test_places_of_what_an_object_keeps_are_known_beside_those_that_are_read() -> None:
    subject = Functions(of_kept, keeping, {"W": rng.normal(size=(H, I))}, {"xs": rng.normal(size=(5, I))})
    shapes = ScopeWatch(subject, Cases(subject).case(3)).scopes[code_of(of_kept)].shapes
    assert {name: shapes.get(f"kept.hs[{name}]") for name in ("t", "t - 1", "t + 1")} == dict.fromkeys(
        ("t", "t - 1", "t + 1"), (H,)
    )
    assert "kept.hs" not in shapes and shapes["xs[t]"] == (I,)


def test_functions_that_the_backward_pass_alone_runs_are_its_own() -> None:
    scopes = watched().scopes
    assert {f.__name__: scope.backward for f, scope in scopes.items()} == {
        "loss": False,
        "forward": False,
        "backward": True,
        "slope": True,
    }


def test_attributes_of_an_object_and_what_they_hold() -> None:
    subject = Objects(Net(), lambda y, t: np.sum((y - t) ** 2), np.ones(I), np.ones(H))
    scopes = ScopeWatch(subject, Cases(subject).case(None)).scopes
    own = next(scope for f, scope in scopes.items() if f.__name__ == "backward")
    assert {name: own.shapes.get(name) for name in ("self.W", "self.cache['x']", "self.rate", "dy")} == {
        "self.W": (H, I),
        "self.cache['x']": (I,),
        "self.rate": (),
        "dy": (H,),
    }
    assert "self.note" not in own.shapes and own.backward


def test_what_stops_is_known_as_far_as_it_ran() -> None:
    def stops(W: Any, U: Any, xs: Any, names: Any) -> Any:
        part = W @ xs[0]
        raise ValueError(part)

    weights = {"W": rng.normal(size=(H, I)), "U": rng.normal(size=(H, H))}
    subject = Functions(stops, loss, weights, {"xs": rng.normal(size=(5, I)), "names": "some"})
    before = sys.gettrace()
    watch = ScopeWatch(subject, Cases(subject).case(None))
    assert sys.gettrace() is before and watch.scopes[code_of(stops)].shapes["part"] == (H,)


def test_functions_without_a_source_are_left_out() -> None:
    names: dict[str, Any] = {"np": np}
    exec("def made(W, U, xs, names):\n    return W, U", names)
    weights = {"W": rng.normal(size=(H, I)), "U": rng.normal(size=(H, H))}
    subject = Functions(names["made"], loss, weights, {"xs": rng.normal(size=(5, I)), "names": "some"})
    watch = ScopeWatch(subject, Cases(subject).case(None))
    assert code_of(names["made"]) not in watch.scopes and code_of(loss) in watch.scopes


def test_functions_of_a_file_with_their_methods() -> None:
    near = [f.__name__ for f in functions_near(code_of(slope))]
    assert {"forward", "slope", "loss", "backward", "watched", "__init__", "size"} <= {*near}
    assert near.count("forward") == 3 and "case" not in near


Q = rng.normal(size=2)


def of_globals(W: Any, x: Any, rows: Any) -> Any:
    return np.sum(W @ x) + np.sum(Q)


def back_of_globals(W: Any, x: Any, rows: Any) -> Any:
    odd, deep = np.array([None, 1], object), np.zeros((2, 3, 4))  # noqa: F841
    for t in range(len(rows)):
        deep[0, t] = 1.0
        own = np.ones(H), Slotted()
    return own[0][:, None] * x, np.ones(2)


class Slotted:
    __slots__ = ("W", "dW", "x")

    def __init__(self) -> None:
        self.W = np.ones((H, I))

    def forward(self, x: Any) -> Any:
        self.x = x
        return self.W @ x

    def backward(self, dy: Any) -> None:
        other = Net()
        self.dW = np.outer(dy, self.x)
        del other


def test_parameters_that_are_globals_are_known_and_what_is_no_number_is_not() -> None:
    subject = Functions(
        back_of_globals, of_globals, {"W": rng.normal(size=(H, I)), "Q": Q}, {"x": np.ones(I), "rows": np.ones((2, 2))}
    )
    own = ScopeWatch(subject, Cases(subject).case(None)).scopes[code_of(back_of_globals)]
    assert own.shapes["Q"] == (2,) and "odd" not in own.shapes
    assert own.shapes["deep[0, t]"] == (4,) and own.shapes["rows[t]"] == (2,) and "rows[0, t]" not in own.shapes


def test_what_an_object_holds_is_its_own_whether_it_has_a_dict_or_not() -> None:
    subject = Objects(Slotted(), lambda y, t: np.sum((y - t) ** 2), np.ones(I), np.ones(H))
    scopes = ScopeWatch(subject, Cases(subject).case(None)).scopes
    own = next(scope for f, scope in scopes.items() if f.__name__ == "backward")
    assert own.shapes["self.dW"] == (H, I) and own.shapes["self.x"] == (I,)
    assert not {"self.cache", "self.rate", "self.W"} & {*own.shapes, *own._waiting}


def test_names_attributes_and_places_are_atoms() -> None:
    for text, yes in (("a", True), ("a.b[0].c", True), ("f(a).b", False), ("(a + b)[0]", False), ("1", False)):
        assert is_atom(expression(text)) is yes
