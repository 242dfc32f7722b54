"""scipy.special's functions of whole arrays in recorded files: values and gradients are those of scipy itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg


def mixture(special: Any, x: Any, b: Any) -> dict[str, Any]:
    """Each function in the forms that people write, of (2, 3) numbers."""
    return {
        "softmax": special.softmax(x, axis=1),
        "softmax of all": special.softmax(x),
        "log_softmax": special.log_softmax(x, axis=-1),
        "logsumexp": special.logsumexp(x),
        "of axes": special.logsumexp(x, axis=(0, 1)),
        "kept": special.logsumexp(a=x, axis=0, keepdims=True),
        "weighted": special.logsumexp(x, 1, b),
        "weighted, kept": special.logsumexp(x, axis=1, b=b, keepdims=True),
        "of a list": special.logsumexp([x[0], x[1] * 2], axis=0),
    }


B = np.array([[1.0, 0.0, 2.0], [0.5, 3.0, 1.0]])


def total(by: Any, special: Any, x: Any) -> Any:
    return sum(np.sum(np.sin(z) * (k + 1)) for k, z in enumerate(by(special, x, B).values()))


def test_recorded_files_may_call_scipys_functions_of_arrays() -> None:
    special = pytest.importorskip("scipy.special")
    x = tg.parameter(np.random.default_rng(3).normal(size=(2, 3)) * 30, name="x")
    values = tg.recorded(lambda x: mixture(special, x, B))(x)
    for name, right in mixture(special, x.value, B).items():
        np.testing.assert_allclose(values[name].value, right, 1e-12, err_msg=name)
    x.value = x.value / 30
    loss = tg.recorded(lambda x: total(mixture, special, x))(x)
    step = 1e-6 * np.eye(6).reshape(6, 2, 3)
    slopes = [total(mixture, special, x.value + d) - total(mixture, special, x.value - d) for d in step]
    np.testing.assert_allclose(tg.grad(loss, x).value.ravel(), np.array(slopes) / 2e-6, 1e-6, 1e-7)


def test_scipys_functions_by_any_name_and_as_before_afterwards() -> None:
    special, scipy = pytest.importorskip("scipy.special"), pytest.importorskip("scipy")
    x = tg.parameter([[1.0, 2.0, 4.0]])
    names: dict[str, Any] = {"__name__": "a_file", "__builtins__": __builtins__}
    source = "import scipy\nimport scipy.special as sp\nfrom scipy.special import logsumexp as lse\n"
    exec(source + "def f(x): return scipy.special.logsumexp(x) + sp.logsumexp(x) + lse(x) + sp.expit(x).sum()", names)
    right = 3 * np.log(np.sum(np.exp(x.value))) + np.sum(1 / (1 + np.exp(-x.value)))
    assert tg.recorded(names["f"])(x).item() == pytest.approx(right, rel=1e-14)
    assert tg.compile(tg.recorded(names["f"]))(x.value).item() == pytest.approx(right, rel=1e-14)
    assert names["scipy"] is scipy and names["sp"] is special and names["lse"] is special.logsumexp
    with pytest.raises(tg.GraphError, match=r"no sign(?s:.*)np\.sign"):
        tg.recorded(lambda x: special.logsumexp(x, return_sign=True))(x)


def test_they_are_called_with_numbers_too_and_other_names_are_scipys() -> None:
    special = pytest.importorskip("scipy.special")

    def f(x: Any) -> Any:
        return special.logsumexp(np.ones(3), keepdims=True) + special.gamma(4.0) + x, special.softmax(x=[0.0, 0.0])

    z, halves = tg.recorded(f)(tg.parameter([1.0]))
    assert z.item() == pytest.approx(1 + np.log(3) + 6 + 1, rel=1e-14)
    assert type(halves) is np.ndarray and halves.tolist() == [0.5, 0.5]


def test_weights_keep_large_numbers_finite_and_the_axes_that_are_asked_for() -> None:
    special = pytest.importorskip("scipy.special")
    x = np.array([[1000.0, 1001.0], [-1000.0, -999.0]])
    for settings in ({"axis": 1}, {"axis": 0, "keepdims": True}, {"axis": (0, 1)}, {"axis": None}):
        right = special.logsumexp(x, b=2.0, **settings)
        ours = tg.recorded(lambda v, s=settings: special.logsumexp(v, b=2.0, **s))(tg.parameter(x))
        assert ours.shape == np.shape(right)
        np.testing.assert_allclose(ours.value, right, 1e-14)
