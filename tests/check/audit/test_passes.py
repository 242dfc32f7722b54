"""The hand-written passes are right: central differences of their losses agree with them."""

from __future__ import annotations

from tests.each import each

from .passes import ALL, Pass, loaded
from .running import differences, relative, run_of


@each("one", ALL)
def test_a_pass_has_the_gradients_of_its_loss(one: Pass) -> None:
    run = run_of(one, loaded(one.file))
    own, due = run.gradients(run.numbers), differences(run)
    assert own.keys() == due.keys() and len(own) == len(one.parameters)
    errors = {name: relative(own[name], due[name]) for name in due}
    assert max(errors.values()) < 1e-7, errors


@each("one", ALL)
def test_a_pass_runs_twice_alike(one: Pass) -> None:
    """Neither the second call nor a second model sees what the first left."""
    run = run_of(one, loaded(one.file))
    first, second = run.gradients(run.numbers), run.gradients(run.numbers)
    assert all(relative(first[name], second[name]) == 0 for name in first)


def test_no_pass_knows_of_tinygraph() -> None:
    assert not [one.name for one in ALL if "tinygraph" in one.file.read_text(encoding="utf-8")]
