"""What optimizers and training steps tell of themselves in a notebook, and how they are copied."""

from __future__ import annotations

import copy
import pickle
import re
from html import unescape
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import SGD, Adam, AdamW, cosine, step

XS = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]])


def rows(html: str) -> list[list[str]]:
    """The cells of all tables, row by row."""
    lines = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.S)
    return [[unescape(re.sub("<[^>]+>", "", x)) for x in re.findall(r"<td[^>]*>(.*?)</td>", line)] for line in lines]


def heading(html: str) -> list[str]:
    return [unescape(x) for x in re.findall(r"<b>(.*?)</b>", html)]


class Line:
    """A model with a method as its loss, which can be copied."""

    def __init__(self) -> None:
        self.w, self.b = tg.parameter([1.0, -1.0], "w"), tg.parameter([[0.5]], "b")

    def loss(self, x: Any) -> Any:
        return tg.mean((x @ self.w + self.b) ** 2)


def test_an_optimizer_shows_its_options_its_steps_and_its_groups() -> None:
    model = Line()
    parameters = {"w": model.w, "b": model.b}
    rule = AdamW(parameters, 0.125, weight_decay=0.25, groups={"b": {"weight_decay": 0.0}})
    html = rule._repr_html_()
    assert heading(html) == ["AdamW of 2 parameters, 3 numbers"]
    told = rows(html)
    assert told[0] == ["learning_rate", "0.125"] and ["weight_decay", "0.25"] in told and ["steps", "0"] in told
    assert told[-1] == ["{'weight_decay': 0.0}", "b"] and len(told) == len({row[0] for row in told})
    assert not {"parameters", "names", "moments", "groups"} & {row[0] for row in told}
    rule.step({"w": np.ones(2), "b": np.ones((1, 1))})
    assert ["steps", "1"] in rows(rule._repr_html_())
    assert all(len(row) == 2 for row in told) and rows(SGD([model.w], 0.1)._repr_html_())[-1] == ["steps", "0"]
    assert heading(SGD([model.w], 0.1)._repr_html_()) == ["SGD of 1 parameter, 2 numbers"]


def test_a_rate_by_a_schedule_is_that_of_now() -> None:
    model = Line()
    rule = SGD([model.w], cosine(0.5, 4))
    assert rows(rule._repr_html_())[0] == ["learning_rate", "0.5, by a schedule"]
    rule.step([np.ones(2)])
    rule.step([np.ones(2)])
    assert rows(rule._repr_html_())[0] == ["learning_rate", "0.25, by a schedule"]


@each("backend", ["eager", "numpy"])
def test_a_step_shows_its_updates_and_the_norm(backend: str) -> None:
    model = Line()
    run = step(model.loss, [model.w, model.b], SGD([model.w, model.b], 0.0625), backend=backend)
    html = run._repr_html_()
    assert heading(html)[0] == "training step of Line.loss"
    assert rows(html)[:3] == [["updates", "0"], ["skipped", "0"], ["norm of the gradients", "not computed yet"]]
    error = XS @ model.w.value + model.b.value.ravel()
    slopes = np.append(2 * error @ XS / 3, 2 * error.mean())
    run(XS)
    html = run._repr_html_()
    assert rows(html)[:3] == [
        ["updates", "1"],
        ["skipped", "0"],
        ["norm of the gradients", f"{np.linalg.norm(slopes):g}"],
    ]
    assert heading(html)[1] == "SGD of 2 parameters, 3 numbers" and ("eager" in html) == (backend == "eager")
    assert (len(heading(html)) > 2) == (backend != "eager"), "the plan of a compiled one"


def test_a_skipped_step_is_counted_and_shown() -> None:
    model = Line()
    run = step(model.loss, [model.w, model.b], SGD([model.w, model.b], 0.1), nonfinite="skip", backend="numpy")
    with np.errstate(all="ignore"):
        run(XS * np.inf)
    assert (run.steps, run.skipped) == (0, 1) and ["skipped", "1"] in rows(run._repr_html_())
    assert model.w.value.tolist() == [1.0, -1.0]


@each("clone", [copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))])
def test_a_copy_of_a_step_trains_its_own_parameters_as_the_first_would_have(clone: Any) -> None:
    model = Line()
    run = step(model.loss, [model.w, model.b], Adam([model.w, model.b], 0.1), backend="numpy")
    run(XS)
    twin = clone(run)
    before = model.w.value.copy()
    losses = [twin(XS).item() for _ in range(3)]
    assert np.array_equal(model.w.value, before) and run.steps == 1 and twin.steps == 4
    assert losses == [run(XS).item() for _ in range(3)]
    np.testing.assert_array_equal(model.w.value, twin.parameters[0].value)


def test_a_step_of_a_function_is_not_copied() -> None:
    model = Line()
    run = step(lambda x: model.loss(x), [model.w, model.b], SGD([model.w, model.b], 0.1), backend="numpy")
    for clone in (copy.deepcopy, copy.copy, pickle.dumps):
        with pytest.raises(tg.GraphError, match=r"(?s)would train its own parameters.*<lambda>.*make a new step"):
            clone(run)
