"""Training by JAX: runs in pieces, one program for all T of a bucket, ragged batches on two devices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.train.run import Training

jax = pytest.importorskip("jax")

CELL = tg.cells.GRU(3, 4, rng=0, dtype=np.float64)
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def two_wide_devices() -> None:
    from tests.targets.jax import ready

    ready()


@pytest.fixture
def compiled() -> Iterator[list[str]]:
    """What XLA compiles."""
    seen: list[str] = []

    def note(event: str, seconds: float, **_: Any) -> None:
        if event.endswith("backend_compile_duration"):
            seen.append(event)

    jax.monitoring.register_event_duration_secs_listener(note)
    yield seen
    jax.monitoring.clear_event_listeners()


def test_a_run_in_pieces_is_the_run_in_one(tmp_path: Path) -> None:
    """With dropout, an average and a schedule; saved in the middle of an epoch."""
    whole = Training(None, "jax", accumulate=1)
    expected = whole.end(whole.train(14))
    for steps in (5, 14):
        part = Training(tmp_path, "jax", accumulate=1)
        history = part.train(steps)
    ended = part.end(history)
    assert ended.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(ended[name], array, err_msg=name)


def test_a_run_by_numpy_goes_on_by_jax(tmp_path: Path) -> None:
    """In the middle of accumulated gradients."""
    whole = Training(None, "numpy")
    expected = whole.end(whole.train(14))
    Training(tmp_path, "numpy").train(5)
    part = Training(tmp_path, "jax")
    for name, array in part.end(part.train(14)).items():
        np.testing.assert_allclose(array, expected[name], 1e-9, 1e-12, err_msg=name)


def mean_loss(x: Any, y: Any, lengths: Any) -> Any:
    return tg.train.mean_cross_entropy(tg.unroll(CELL, x, lengths=lengths)[0], y, lengths=lengths)


def batch(T: int) -> tuple[np.ndarray, np.ndarray]:
    return RNG.normal(size=(T, 2, 3)), RNG.integers(0, 4, (T, 2))


def test_a_new_t_within_a_bucket_compiles_nothing(compiled: list[str]) -> None:
    gradient = tg.value_and_grad(mean_loss, CELL.parameters())
    step, pure = tg.compile(gradient, backend="jax"), tg.export.jax(gradient, CELL.parameters())
    jitted, alone = jax.jit(pure), tg.compile(gradient, backend="numpy")
    step(*tg.train.bucketed(*batch(8)))
    jitted(pure.values, *tg.train.bucketed(*batch(8)))
    assert len(compiled) >= 2
    compiled.clear()
    for T in (9, 10, 8):
        x, y = batch(T)
        padded = tg.train.bucketed(x, y)
        told = [step(*padded), jitted(pure.values, *padded)]
        assert not compiled
        value, slopes = alone(x, y, np.full(2, T))
        for own, gradients in told:
            assert float(own) == pytest.approx(float(value), rel=1e-12)
            for name, g in slopes.items():
                np.testing.assert_allclose(gradients[name], g, 1e-11, 1e-15)
    step(*tg.train.bucketed(*batch(11)))
    assert compiled, "the next bucket has another T"


def test_sums_and_counts_of_a_ragged_batch_give_the_gradient_of_the_mean() -> None:
    """Shards of 9 and of 3 real steps: the mean of their means is another number."""
    x, y = RNG.normal(size=(6, 4, 3)), RNG.integers(0, 4, (6, 4))
    lengths = np.array([6, 3, 1, 2])
    parameters = CELL.parameters()

    def sums(x: Any, y: Any, lengths: Any) -> Any:
        count = tg.sum(lengths).astype(np.float64)
        total = mean_loss(x, y, lengths) * count
        return total, tg.grad(total, parameters), count

    split = {"x": 1, "y": 1, "lengths": 0}
    step = jax.jit(tg.export.jax(sums, parameters, devices=2, split=split, combine="sum"))
    values = {name: p.value for name, p in parameters.items()}
    total, slopes, count = step(values, x, y, lengths)
    loss = mean_loss(x, y, lengths)
    assert float(count) == 12 and float(total / count) == pytest.approx(loss.item(), rel=1e-12)
    for name, g in tg.grad(loss, parameters).items():
        np.testing.assert_allclose(slopes[name] / count, g.value, 1e-12, 1e-15, err_msg=name)
    means = tg.export.jax(mean_loss, parameters, devices=2, split=split)(values, x, y, lengths)
    assert abs(float(means) - loss.item()) > 1e-3
