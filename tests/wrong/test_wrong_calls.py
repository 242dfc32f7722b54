"""Wrong calls of every public callable end in a result, a GraphError, an OSError, or Python's word on a signature."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import numpy as np
import pytest

import tinygraph as tg
from tests.house.test_words import GIVEN, public
from tinygraph.ops.numpy_speaks import FUNCTIONS, UFUNCS

from .fuzz import CALLS, attempt, failures, verdict
from .values import WRONG

MOST_BYTES = 24 << 30
"""A size that is taken by mistake must not fill the machine's memory."""


@pytest.fixture(autouse=True)
def bounded(tmp_path, monkeypatch) -> Iterator[None]:
    """Files that are written by mistake lie in a folder of the test's; memory has an end."""
    monkeypatch.chdir(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES if before[1] < 0 else min(MOST_BYTES, before[1]), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def tried() -> set[str]:
    """The last word of each right call's name and of what it belongs to."""
    return {word for right in CALLS for word in right.name.split(".")}


def test_every_public_callable_is_tried():
    names = {name for name, thing in public().items() if callable(thing)}
    apart = GIVEN | {"Node", "Op", "WideningWarning", "cache_clear"}
    names = {name for name in names if name.split(".")[-1] not in apart}
    assert len(names) > 130
    assert {name for name in names if name.split(".")[-1] not in tried()} == set()
    methods = {name for name in dir(tg.Node) if not name.startswith("_") and callable(getattr(tg.Node, name))}
    assert methods - {right.name.removeprefix("Node.") for right in CALLS} == set()
    numpys = {f"np.{function.__name__}" for function in [*UFUNCS, *FUNCTIONS]}
    assert numpys - {right.name for right in CALLS} == set()
    drawing = {f"Drawing.{name}" for name, value in vars(tg.Drawing).items() if name[0] != "_" and callable(value)}
    assert drawing - {right.name for right in CALLS} == set()


def test_the_right_calls_are_right():
    """A wrong value can only be told in a call that is right without it."""
    refused = []
    for right in CALLS:
        function, args = right.make()
        try:
            with np.errstate(all="ignore"):
                function(*args, **{k: make() for k, make in right.options.items()})
        except (tg.GraphError, TypeError) as error:
            refused.append(f"{right.name}: {error}"[:100])
    # What nodes refuse on purpose, 19 operators among it, and methods that need more than a word.
    assert len(refused) < 64, refused


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_wrong_calls_end_as_they_may(seed):
    found = [f"{told}\n    {problem}" for told, problem in failures(CALLS, 2000, seed)]
    assert not found, "\n".join(found)


def test_the_judge_tells_the_library_from_the_rest():
    def raises(error):
        raise error

    assert verdict(lambda: raises(KeyError("the test's own"))) is None
    assert verdict(lambda: tg.grad()) is None  # Python's own word on the signature
    assert verdict(lambda: tg.GraphError("x" * 1000)) is None
    assert "KeyError" in (verdict(lambda: tg.core.structure.builder({"a": 1})({})) or "")
    assert "characters" in (verdict(lambda: raises(tg.GraphError("\n".join(["x" * 1000] * 5)))) or "")


def test_a_seed_gives_the_same_calls():
    told = [[attempt(CALLS[3], rng)[0] for _ in range(5)] for rng in map(np.random.default_rng, (5, 5, 6))]
    assert told[0] == told[1] != told[2]


def test_each_value_is_made_anew():
    assert all(make() is not None or name == "None" for name, make in WRONG.items())
    assert WRONG["list of numbers"]() is not WRONG["list of numbers"]()
