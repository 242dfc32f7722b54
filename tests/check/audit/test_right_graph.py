"""The right graph holds values, adjoints and parts of gradients, each of its step, as plain loops compute them."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.right import Right, Thing
from tinygraph.check.audit.subject import Outcome

T, B, I, H = 3, 2, 4, 5  # noqa: E741
rng = np.random.default_rng(3)
XS, TS, H0 = rng.normal(size=(T, I, 1)), rng.normal(size=(T, H, 1)), rng.normal(size=(H, 1))
SHAPES = {"Wx": (H, I), "Wh": (H, H), "b": (H, 1), "V": (H, H)}
WEIGHTS = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}


def loss(Wx: Any, Wh: Any, b: Any, V: Any, xs: Any, ts: Any, h0: Any) -> Any:
    h, total = h0, 0.0
    for x, t in zip(xs, ts, strict=True):
        h = np.tanh(Wx @ x + Wh @ h + b)
        y = 1 / (1 + np.exp(-(V @ h)))
        total = total + np.sum((y - t) ** 2)
    return total


def nothing(Wx: Any, Wh: Any, b: Any, V: Any, xs: Any, ts: Any, h0: Any) -> Any:
    return Wx, Wh, b, V


class Plain:
    """The same by hand."""

    def __init__(self, p: Any, xs: Any, ts: Any, h0: Any) -> None:
        self.h, self.y = [h0], []
        for x in xs:
            self.h.append(np.tanh(p["Wx"] @ x + p["Wh"] @ self.h[-1] + p["b"]))
            self.y.append(1 / (1 + np.exp(-(p["V"] @ self.h[-1]))))
        self.da, self.dz, self.dh = ({}, {}, {})  # type: ignore[var-annotated]
        carry: Any = 0.0
        self.parts: dict[str, list[Any]] = {name: [] for name in p}
        for t in reversed(range(len(xs))):
            self.dz[t] = 2 * (self.y[t] - ts[t]) * self.y[t] * (1 - self.y[t])
            self.dh[t] = p["V"].T @ self.dz[t] + carry
            self.da[t] = self.dh[t] * (1 - self.h[t + 1] ** 2)
            carry = p["Wh"].T @ self.da[t]
            own = {
                "Wx": self.da[t] @ xs[t].T,
                "Wh": self.da[t] @ self.h[t].T,
                "b": self.da[t],
                "V": self.dz[t] @ self.h[t + 1].T,
            }
            for name, part in own.items():
                self.parts[name].insert(0, part)


def graph() -> tuple[Right, Plain]:
    subject = Functions(nothing, loss, WEIGHTS, {"xs": XS, "ts": TS, "h0": H0})
    cases = Cases(subject)
    case = cases.case(T)
    a = case.arguments
    return Right(subject.on_nodes(case), T), Plain(case.parameters, a["xs"], a["ts"], a["h0"])


RIGHT, PLAIN = graph()


def things(kind: str, of: str) -> list[Thing]:
    return [t for t in RIGHT.things if (t.kind, t.of) == (kind, of) and len(t.family) == 3]  # type: ignore[arg-type]


def by_step(kind: str, of: str) -> dict[int | None, np.ndarray]:
    return {t.step: t.array for t in things(kind, of)}


STATE = "np.tanh(Wx @ x + Wh @ h + b)"


@each(
    "kind, of, due",
    [
        ("value", "h", lambda p, t: p.h[t + 1]),
        ("adjoint", "h", lambda p, t: p.dh[t]),
        ("value", "y", lambda p, t: p.y[t]),
        ("adjoint", "y - t", lambda p, t: p.dz[t] / (p.y[t] * (1 - p.y[t]))),
        ("adjoint", "V @ h", lambda p, t: p.dz[t]),
        ("adjoint", "Wx @ x + Wh @ h + b", lambda p, t: p.da[t]),
    ],
)
def test_values_and_adjoints_of_each_step(kind: str, of: str, due: Any) -> None:
    own = by_step(kind, of) or by_step(kind, STATE)
    assert {*own} == {0, 1, 2}, [(t.kind, t.of) for t in RIGHT.things]
    for t in range(T):
        np.testing.assert_allclose(own[t], due(PLAIN, t), rtol=1e-9, err_msg=f"{of} at {t}")


@each("name", list(WEIGHTS))
def test_what_each_step_adds_to_a_gradient_and_the_sums_from_both_ends(name: str) -> None:
    parts, total = PLAIN.parts[name], sum(PLAIN.parts[name])
    np.testing.assert_allclose(RIGHT.gradients[name], total, rtol=1e-9)
    own = {t.family: t for t in RIGHT.things if t.kind == "part" and t.family == ("step", name) and t.step == 1}
    np.testing.assert_allclose(own["step", name].array, parts[1], rtol=1e-9)
    for t in range(T):
        first = next(x for x in RIGHT.families["sum", "first", name] if x.step == t)
        last = next(x for x in RIGHT.families["sum", "last", name] if x.step == t)
        np.testing.assert_allclose(first.array, sum(parts[: t + 1]), rtol=1e-9)
        np.testing.assert_allclose(last.array, sum(parts[t:]), rtol=1e-9)
        assert RIGHT.is_part(name, parts[t]) and not RIGHT.is_part(name, parts[t] * 1.001)
        assert not RIGHT.is_part(name, parts[t].ravel())
    assert RIGHT.is_repeated(name) and not RIGHT.is_repeated("nobody") and not RIGHT.is_part("nobody", parts[0])


def test_the_first_state_stands_in_for_the_state_before_the_first() -> None:
    family = things("value", "h")[0].family if things("value", "h") else things("value", STATE)[0].family
    np.testing.assert_array_equal(RIGHT.initial[family], PLAIN.h[0])
    assert all(a.size == 1 for key, a in RIGHT.initial.items() if key != family)  # of the sum that is the loss


def test_of_one_number_nothing_is_told() -> None:
    assert min(t.array.size for t in RIGHT.things) > 1


def test_at_one_step_nothing_is_repeated() -> None:
    subject = Functions(nothing, loss, WEIGHTS, {"xs": XS, "ts": TS, "h0": H0})
    right = Right(subject.on_nodes(Cases(subject).case(1)), 1)
    assert not any(map(right.is_repeated, WEIGHTS)) and not any(t.kind == "sum" and t.step for t in right.things)


def test_parameters_that_meet_in_one_sum_are_together() -> None:
    assert RIGHT.together("Wx") == RIGHT.together("Wh") == RIGHT.together("b") == {"Wx", "Wh", "b"}
    assert RIGHT.together("V") == {"V"}


def test_the_adjoint_that_a_gradient_is_made_of_is_needed() -> None:
    (one, *_) = things("adjoint", "V @ h")
    assert RIGHT.is_needed(one, "V") and not RIGHT.is_needed(one, "Wx")


def test_nobody_looks_for_the_adjoints_of_targets_or_within_a_sigmoid() -> None:
    adjoints = {t.of for t in RIGHT.things if t.kind == "adjoint"}
    assert not any("np.exp" in of for of in adjoints) and {"V @ h", "y - t"} <= adjoints
    assert {t.of for t in RIGHT.things if t.kind == "value"} >= {"np.exp(-(V @ h))", "1 + np.exp(-(V @ h))"}
    targets = {t.array.tobytes() for t in RIGHT.things if t.kind != "value"}
    assert not any((-2 * (y - t)).tobytes() in targets for y, t in zip(PLAIN.y, TS, strict=True))
    slopes = [t.array for t in RIGHT.things if t.kind == "part" and t.family[-1] == "slope"]  # type: ignore[index]
    assert len(slopes) == T
    for t in range(T):
        np.testing.assert_allclose(slopes[t], PLAIN.y[t] * (1 - PLAIN.y[t]), rtol=1e-9)


def test_only_what_is_computed_is_its_own_and_only_parts_of_statements_are_inner() -> None:
    own = {t.of: t.own for t in RIGHT.things if t.kind == "value"}
    assert own["y - t"] and own["V @ h"] and not own["an input"] and not own["-(V @ h)"]
    inner = {t.of: t.inner for t in RIGHT.things if t.kind == "value"}
    assert inner["V @ h"] and inner["y - t"] and inner["Wx @ x"] and not inner["y"] and not inner["Wx"]
    assert not any(t.inner for t in RIGHT.things if t.kind != "value")


def test_factors_are_all_arrays_of_a_size_and_slopes_of_them() -> None:
    rows = RIGHT.factors(H)
    for due in (PLAIN.h[1], 1 - PLAIN.h[2] ** 2, PLAIN.y[0] * (1 - PLAIN.y[0]), 1 - PLAIN.h[1], PLAIN.da[2]):
        assert any(np.allclose(row, due.ravel(), rtol=1e-9) for row in rows)
    assert rows.shape[1] == H and RIGHT.factors(7).shape == (0, 7)


def at_once(W: Any, V: Any, xs: Any, ts: Any) -> Any:
    z = xs @ W
    return np.sum((np.tanh(z) @ V - ts) ** 2)


def test_what_holds_all_steps_is_known_by_its_steps_too() -> None:
    xs, ts = rng.normal(size=(T, B, I)), rng.normal(size=(T, B, 1))
    weights = {"W": rng.normal(size=(I, H)), "V": rng.normal(size=(H, 1))}
    subject = Functions(lambda W, V, xs, ts: (W, V), at_once, weights, {"xs": xs, "ts": ts})
    case = Cases(subject).case(None)
    right = Right(subject.on_nodes(case), T)
    p, x, t = case.parameters, case.arguments["xs"], case.arguments["ts"]
    h = np.tanh(x @ p["W"])
    dy = 2 * (h @ p["V"] - t)
    dz = dy @ p["V"].T * (1 - h**2)
    adjoints = [y for y in right.things if y.kind == "adjoint" and y.of == "z"]
    whole = [y.array for y in adjoints if y.step is None]
    assert whole
    np.testing.assert_allclose(whole[0], dz, rtol=1e-9)
    for step in range(T):
        np.testing.assert_allclose(next(y.array for y in adjoints if y.step == step), dz[step], rtol=1e-9)
        assert right.is_part("W", x[step].T @ dz[step]) and right.is_part("V", h[step].T @ dy[step])
    np.testing.assert_allclose(right.gradients["W"], sum(x[k].T @ dz[k] for k in range(T)), rtol=1e-9)


def plain(make: Any, steps: int | None = None, **leaves: Any) -> Right:
    """Of a loss of parameters as they are, that is, without copies of them."""
    nodes = {name: tg.parameter(np.array(x, float), name) for name, x in leaves.items()}
    return Right(Outcome(make(**nodes), None, {}, nodes), steps)


A, C = np.array([0.3, -0.4, 0.5]), np.array([1.5, 2.0, 3.0])


@each(
    "make, due",
    [
        (lambda a: 1 / (1 + np.exp(-a)), {"exp", "add"}),
        (lambda a: np.log(1 + np.exp(a)), {"exp"}),
        (lambda a: 1 / (C + np.exp(a)), {"add"}),
        (lambda a: 1 / (1 + a * a), set()),
        (lambda a: np.exp(a) * C, set()),
        (lambda a: (1 + np.tanh(a)) / C, set()),
    ],
)
def test_what_is_within_a_sigmoid(make: Any, due: set[str]) -> None:
    right = plain(lambda a: np.sum(make(a)), a=A)
    assert {x.op.name for x in right.forward if x.op is not None and right._is_in_sigmoid(x)} == due


@each("values, due", [([0.2, 0.7], 1), ([-0.2, 0.7], 0), ([0.2, 1.7], 0), ([0.0, 0.7], 0), ([0.2, 1.0], 0)])
def test_only_what_lies_between_zero_and_one_may_be_a_sigmoid(values: list[float], due: int) -> None:
    right = plain(lambda a: np.sum((a / np.ones(2)) ** 2), a=values)
    assert sum(t.family[-1] == "slope" for t in right.things) == due  # type: ignore[index]


def test_a_parameter_that_is_compared_is_no_target_and_data_are_not_each_other() -> None:
    right = plain(lambda a: np.sum((a - C) ** 2 + A * np.tanh(a)), 3, a=A)
    assert [t.array.tolist() for t in right.things if (t.kind, t.of) == ("adjoint", "a")]
    data = [
        t
        for t in right.things
        if (t.kind, t.of) == ("value", "an input") and t.array.tolist() in (A.tolist(), C.tolist())
    ]
    assert len({t.family for t in data}) == len(data) == 2
    assert min(t.array.size for t in right.things) > 1  # nor of the numbers of what is as long as time


@each("f", [np.sign, np.floor, tg.stop_gradient])
def test_where_no_gradient_flows_a_parameter_gets_no_part(f: Any) -> None:
    right = plain(lambda a: np.sum(f(a) * np.tanh(a)), a=A)
    np.testing.assert_allclose(right.gradients["a"], f(A) * (1 - np.tanh(A) ** 2), rtol=1e-12)
    assert right.is_part("a", right.gradients["a"]) and not right.is_repeated("a")


def test_a_first_state_of_another_shape_stands_in_for_none() -> None:
    def of_rows(W: Any, U: Any, xs: Any) -> Any:
        h, total = np.zeros(H), 0.0
        for x in xs:
            h = np.tanh(x @ W + h @ U)
            total = total + np.sum(h * h)
        return total

    numbers = {"W": rng.normal(size=(I, H)), "U": rng.normal(size=(H, H))}
    subject = Functions(lambda W, U, xs: (W, U), of_rows, numbers, {"xs": rng.normal(size=(T, B, I))})
    right = Right(subject.on_nodes(Cases(subject).case(T)), T)
    assert all(x.shape == right.families[key][0].array.shape for key, x in right.initial.items() if x.size > 1)


def test_a_thing_says_what_it_is() -> None:
    said = [
        str(Thing(kind, "h", step, (), H0)) for kind, step in (("value", 1), ("adjoint", None), ("part", 0), ("sum", 2))
    ]
    assert said == [
        "h at step 1",
        "the adjoint of h",
        "a part of the adjoint of h at step 0",
        "the running sum of the gradient of h at step 2",
    ]
