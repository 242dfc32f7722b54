"""What training refuses says what is wrong, what came, and what was expected; what lies at the bound is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph import train
from tinygraph.checkpoint import load_with_metadata

W = tg.parameter([1.0, 2.0], "w")
LOGITS = np.zeros((3, 4))


def loss(x: Any) -> Any:
    return tg.sum(W * x)


def stepped() -> Any:
    return train.step(loss, [W], train.SGD([W], 0.0625), backend="eager")


def net(tokens: Any, state: Any) -> Any:
    """Logits of the next token, the one after each: (T, B) to (T, B, 4)."""
    return tg.constant(np.eye(4) * 9)[(tokens + 1) % 4], state


def generated(**settings: Any) -> list[int]:
    return train.generate(net, [0], 3, state=np.zeros((1, 1)), **settings).tolist()


def fitted(**options: Any) -> Any:
    return train.fit(stepped(), [np.ones(2)], steps=1, quiet=True, **options)


CHECKPOINT: Any = train.Checkpoint("folder")
GROUPS: Any = {"*": 0.5}
REFUSED: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "Checkpoint: no folder": (lambda: train.Checkpoint(5), ["a path", "int"]),  # type: ignore[arg-type]
    "mean_cross_entropy: targets are ids": (
        lambda: train.mean_cross_entropy(LOGITS, np.zeros(3)),
        ["integers (...) for (..., V)", "float64 (3,) for logits (3, 4)"],
    ),
    "mean_cross_entropy: targets are ids ": (
        lambda: train.mean_cross_entropy(LOGITS, np.zeros(4, int)),
        ["int64 (4,) for logits (3, 4)"],
    ),
    "Standard: other features": (
        lambda: train.Standard(np.arange(6.0).reshape(3, 2))(np.ones((4, 3))),
        ["(..., 2)", "shape (4, 3)"],
    ),
    "Windows: the series has other axes": (
        lambda: train.Windows(np.zeros((9, 2, 2)), 3),
        ["(N,) or (N, I)", "(9, 2, 2)"],
    ),
    "fit: checkpoint is no Checkpoint": (
        lambda: train.fit(stepped(), [np.ones(2)], steps=1, checkpoint="folder", quiet=True),  # type: ignore[arg-type]
        ["str", "tg.train.Checkpoint(folder)"],
    ),
    "fit: the data have no batch": (lambda: train.fit(stepped(), [], steps=1, quiet=True), ["[]"]),
    "fit: patience waits for a lower figure of validate": (
        lambda: train.fit(stepped(), [np.ones(2)], steps=1, patience=1, quiet=True),
        ["validate=, which returns one"],
    ),
    "generate: stop is a token, or several": (lambda: generated(stop=[0.5]), ["integers", "0.5"]),  # type: ignore[list-item]
    "generate: no tokens to begin with": (
        lambda: train.generate(net, [], 3),
        ["integers (T, B) or (T,)", "begin with a token"],
    ),
    "generate: no tokens to begin with ": (lambda: train.generate(net, [0.5], 3), ["0.5"]),
    "fit needs a function": (lambda: fitted(callbacks=3), ["got       3"]),
    "fit, also: things are saved by name": (lambda: fitted(also=tg.cells.GRU(3, 4)), ["GRU", '{"net": net}']),
    "Checkpoint: things are saved by name": (lambda: CHECKPOINT.save(1, W), ["Parameter", '{"net": net}']),
    "Checkpoint: things are saved by name ": (lambda: CHECKPOINT.save(1, {3: W}), ["[3]", '{"net": net}']),
    "save: not named arrays": (lambda: train.save("a", {"a": np.float32(3)}), ["'a': np.float32(3.0)", "np.asarray("]),
    "save: not named arrays ": (lambda: train.save("a", {"a": np.array([1j])}), ["'a': ndarray complex128"]),
    "sample: top_p is no probability": (
        lambda: train.sample(LOGITS, np.random.default_rng(0), top_p=1.01),
        ["a number in (0, 1]", "1.01"],
    ),
    "sample: no generator": (
        lambda: train.sample(LOGITS, 3, temperature=1.0),  # type: ignore[arg-type]
        ["int", "np.random.default_rng(seed)"],
    ),
    "an optimizer's groups are no groups": (
        lambda: train.SGD([W], 0.1, groups=GROUPS),
        ["a dict from patterns of names to options", "{'*': 0.5}"],
    ),
    "one_cycle: rise is no share": (
        lambda: train.one_cycle(0.1, 9, rise=1.0),
        ["a number between 0 and 1", "1.0"],
    ),
    "plateau: factor is no share": (
        lambda: train.plateau(0.1, factor=1.0),
        ["a number between 0 and 1", "1.0"],
    ),
    "step: no optimizer": (
        lambda: train.step(loss, [W], []),
        ["an optimizer, or a list of them", "[]", "tg.train.Adam(parameters)"],
    ),
    "step: no optimizer ": (lambda: train.step(loss, [W], [None]), ["[None]"]),  # type: ignore[list-item]
}


@each("problem", REFUSED)
def test_what_is_refused_says_why(problem: str) -> None:
    call, words = REFUSED[problem]
    with pytest.raises(tg.GraphError) as told:
        call()
    text = str(told.value)
    assert text.startswith(problem.strip()) and [word for word in words if word not in text] == [], text


def test_what_lies_at_the_bound_is_taken() -> None:
    lengths: list[int] = []
    fitted(callbacks=lambda history: lengths.append(len(history)))
    assert lengths == [1]
    assert generated(stop=2) == [1, 2] and generated(stop=[]) == [1, 2, 3]
    assert train.sample(LOGITS, np.random.default_rng(0), top_p=1.0).shape == (3,)
    assert train.one_cycle(0.1, 9, rise=0.999)(0) > 0 and train.plateau(0.1, factor=0.999).factor == 0.999
    assert train.SGD([W], 0.1, groups=None).steps == 0 and len(train.Windows(np.arange(9.0), 3)) == 1
    assert train.Standard(np.arange(3.0))(np.ones((4, 3))).shape == (4, 3), "one number is that of all features"


def test_a_checkpoint_without_a_file_or_with_a_damaged_one_names_it(tmp_path: Path) -> None:
    kept = train.Checkpoint(tmp_path)
    with pytest.raises(tg.GraphError, match="Checkpoint: no file in") as told:
        kept.load({})
    assert str(tmp_path) in str(told.value) and "step-*.safetensors" in str(told.value)
    path = kept.save(3, {"w": train.SGD([W], 0.1)})
    arrays, texts = load_with_metadata(path)
    (form,) = [name for name, text in texts.items() if '"states"' in text]
    train.save(path, arrays, texts | {form: texts[form][:-2]})
    with pytest.raises(tg.GraphError, match="is damaged"):
        kept.load({"w": train.SGD([W], 0.1)})


def test_a_part_without_parameters_has_no_gradients() -> None:
    a, b = tg.parameter([1.0]), tg.parameter([2.0])
    rule = train.SGD({"a": a, "none": None, "more": [None, b]}, 0.5)
    rule.step({"a": np.ones(1), "none": None, "more": [None, np.ones(1)]})
    assert (a.value.tolist(), b.value.tolist()) == ([0.5], [1.5])


def test_what_cannot_be_described_is_refused_by_the_compiled_function() -> None:
    run = train.step(loss, [W], train.SGD([W], 0.0625), backend="numpy")
    run(np.ones(2))
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(tg.GraphError, match="compile"):
        run(endless)


def test_a_state_of_lists_is_taken_if_they_have_the_shapes_and_dtypes() -> None:
    rule = train.SGD([W], 0.5, momentum=0.9)
    lists = {name: np.asarray(x).tolist() for name, x in rule.state_dict().items()}
    rule.load_state_dict(lists)
    assert {name: np.asarray(x).tolist() for name, x in rule.state_dict().items()} == lists
    name = next(name for name, x in lists.items() if isinstance(x, list))
    with pytest.raises(tg.GraphError, match=f"the state {name} does not fit"):
        rule.load_state_dict(lists | {name: [1, 2]})
