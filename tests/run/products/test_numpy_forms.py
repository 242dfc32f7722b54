"""The forms of a product in numpy: each gives numpy's product, and is taken only where it was measured faster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tinygraph.run.products import numpy_forms
from tinygraph.run.products.numpy_forms import NumpyForm, choose_numpy
from tinygraph.run.products.problem import Problem, bounded

WEIGHT = Problem(4, (16, 512, 128), (128, 1), (512, 1), 512, (False, True))


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Made-up times are not kept."""
    yield
    numpy_forms._chosen.cache_clear()
    numpy_forms._measured.cache_clear()


@pytest.mark.parametrize("panels", [1, 2, 4])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("spare", [0, 3])
def test_every_form_is_numpys_product(panels: int, turned: bool, spare: int) -> None:
    random = np.random.default_rng(0)
    a, b = random.random((5, 6)), random.random((6, 8 + spare))[:, :8]
    b = np.asfortranarray(b) if turned else b
    whole = np.full((5, 8 + spare), 7.0)
    out, form = whole[:, :8], NumpyForm(panels)
    kept = form.memory(b)
    form.pack(b, kept)
    np.matmul(a, kept, out=form.panels_of(out))
    np.testing.assert_allclose(out, np.einsum("mk,kn->mn", a, b), rtol=1e-12)
    assert (whole[:, 8:] == 7.0).all()


def told(times: dict[int, float], pack_us: float) -> object:
    def timed(form: NumpyForm, problem: Problem, *arrays: np.ndarray) -> NumpyForm:
        return replace(form, run_us=times[form.panels], pack_us=pack_us if form.panels else 0.0)

    return timed


def test_copying_must_be_paid_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_forms, "_timed", told({0: 10.0, 1: 9.5, 2: 5.0, 8: 7.0}, pack_us=30.0))
    assert choose_numpy(WEIGHT, steps=5).panels == 0
    assert choose_numpy(WEIGHT, steps=10).panels == 2


def test_a_small_gain_is_not_worth_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_forms, "_timed", told({0: 10.0, 1: 9.5, 2: 9.2, 8: 9.5}, pack_us=0.0))
    assert choose_numpy(WEIGHT, steps=100).panels == 0


@pytest.mark.parametrize(
    "problem",
    [
        replace(WEIGHT, packable=(True, False)),
        replace(WEIGHT, shape=(500, 512, 128)),
        replace(WEIGHT, shape=(1, 512, 128)),
    ],
)
def test_what_cannot_gain_is_not_measured(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_forms, "_measured", lambda problem: pytest.fail("measured"))
    assert choose_numpy(problem, steps=100).panels == 0


def test_measuring_covers_all_forms_and_gives_rates() -> None:
    forms = numpy_forms._measured(replace(WEIGHT, b=(1, 128)))
    assert [form.panels for form in forms] == [0, 1, 2, 8]
    assert all(form.gflops == pytest.approx(2 * 16 * 512 * 128 / form.run_us / 1e3) for form in forms)
    narrow = numpy_forms._measured(replace(WEIGHT, shape=(16, 96, 128), b=(96, 1), out_m=96))
    assert [form.panels for form in narrow] == [0, 1]
    for columns, panels in ((126, [0, 1]), (128, [0, 1, 2]), (512, [0, 1, 2, 8])):  # of 64 columns or more each
        shape = replace(WEIGHT, shape=(2, columns, 2), a=(2, 1), b=(columns, 1), out_m=columns)
        assert [form.panels for form in numpy_forms._measured(shape)] == panels


def test_copying_is_spread_over_so_many_steps_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    for pack_us, panels in ((1023.5, 2), (1024.5, 0)):
        numpy_forms._chosen.cache_clear()
        numpy_forms._measured.cache_clear()
        monkeypatch.setattr(numpy_forms, "_timed", told({0: 2.2, 1: 9.0, 2: 1.0, 8: 9.0}, pack_us))
        assert choose_numpy(WEIGHT, steps=9000).panels == panels


def test_a_large_weights_times_are_those_that_were_measured_on_half_of_it_doubled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(numpy_forms, "_timed", told({0: 10.0, 1: 9.5, 2: 5.0, 8: 7.0}, pack_us=30.0))
    large = Problem(4, (16, 1024, 1024), (1024, 1), (1024, 1), 1024, (False, True))
    half, whole = choose_numpy(bounded(large), steps=100), choose_numpy(large, steps=100)
    assert half == replace(NumpyForm(2), run_us=5.0, pack_us=30.0)
    assert whole == replace(half, run_us=10.0, pack_us=60.0)
