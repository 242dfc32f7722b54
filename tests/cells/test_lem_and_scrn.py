"""LEM and SCRN as their authors have them: ``variant="paper"``, against plain numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy import ndarray

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.derivatives import assert_derivatives
from tests.oracles.oracle import Oracle

from .beyond import blocks, linear, sigmoid
from .parity import WHOLE, differentiated, error, given, label, loaded, results, weighed

PAPER = [oracle for oracle in WHOLE if oracle.cell in ("LEM", "SCRN")]
each_paper_form = pytest.mark.parametrize("oracle", PAPER, ids=label)

Step = tuple[ndarray, tuple[ndarray, ndarray]]


def lem(p: dict[str, ndarray], x: ndarray, y: ndarray, z: ndarray, dt: float = 1.0) -> Step:
    """The authors' step: y is read out of the new z."""
    (in_1, in_2, in_z, in_y), (u_1, u_2, u_z) = blocks(linear(p, x), 4), blocks(linear(p, y, "hh"), 3)
    slow, fast = dt * sigmoid(in_1 + u_1), dt * sigmoid(in_2 + u_2)
    z = z + fast * (np.tanh(in_z + u_z) - z)
    y = y + slow * (np.tanh(in_y + linear(p, z, "ch")) - y)
    return y, (y, z)


def scrn(p: dict[str, ndarray], x: ndarray, h: ndarray, s: ndarray) -> Step:
    """The paper's step: h is the hidden layer, s the context."""
    H = len(h)
    (in_s, in_h), alpha = blocks(linear(p, x), 2), p["alpha"]
    s = alpha * s + (1 - alpha) * in_s
    from_s, bias = blocks(linear(p, s, "ch"), 2), blocks(p["bias_hh"], 2)
    h = sigmoid(from_s[0] + in_h + p["weight_hh"][:H] @ h + bias[0])
    return np.tanh(p["weight_hh"][H:] @ h + bias[1] + from_s[1]), (h, s)


def by_numpy(oracle: Oracle) -> dict[str, ndarray]:
    """Outputs and final states, one sequence after the other."""
    step: Any = {"LEM": lem, "SCRN": scrn}[oracle.cell]
    xs, p = oracle.arrays["x"], oracle.group("state_dict")
    outputs = np.zeros_like(oracle.arrays["outputs"])
    final = [np.zeros_like(a) for a in oracle.group("initial").values()]
    for b in range(xs.shape[1]):
        state = tuple(a[b] for a in oracle.group("initial").values())
        for t, x in enumerate(xs[:, b]):
            outputs[t, b], state = step(p, x, *state)
        for a, s in zip(final, state, strict=True):
            a[b] = s
    return {"outputs": outputs, "final.0": final[0], "final.1": final[1]}


@each_paper_form
def test_the_papers_form_is_the_authors(oracle: Oracle) -> None:
    cell, expected = loaded(oracle, variant="paper"), by_numpy(oracle)
    found = results(cell, *given(oracle))
    assert found.keys() == expected.keys()
    assert max(error(y.value, expected[name]) for name, y in found.items()) <= 1e-14
    assert error(found["outputs"].value, oracle.arrays["outputs"]) > 1e-3, "the same as coded"


@each_paper_form
def test_the_papers_form_has_right_gradients(oracle: Oracle) -> None:
    cell, (x, states) = loaded(oracle, variant="paper"), given(oracle)
    moved = [*cell.parameters().values(), x, *states]
    assert_derivatives(lambda: weighed(oracle, results(cell, x, states)), moved)


@each_backend
@each_paper_form
def test_the_papers_form_compiles(oracle: Oracle, backend: str) -> None:
    step, _ = differentiated(oracle, loaded(oracle, variant="paper"))
    (total, gradients), (compiled, found) = step(), tg.compile(step, backend=backend)()
    assert error(compiled, total.value) <= 1e-12
    assert all(error(a, b.value) <= 1e-11 for a, b in zip(found, gradients, strict=True))


@each_paper_form
def test_the_papers_form_in_two_chunks_equals_one_pass(oracle: Oracle) -> None:
    cell, x, expected = loaded(oracle, variant="paper"), oracle.arrays["x"], by_numpy(oracle)
    first, state = tg.unroll(cell, x[:1], tuple(oracle.group("initial").values()))
    second, state = tg.unroll(cell, x[1:], state)
    assert error(np.concatenate([first.value, second.value]), expected["outputs"]) <= 1e-14
    assert error(state[0].value, expected["final.0"]) <= 1e-14


@each_paper_form
def test_another_variant_is_refused(oracle: Oracle) -> None:
    with pytest.raises(tg.GraphError, match=f"{oracle.cell}: no such variant"):
        getattr(tg.cells, oracle.cell)(3, 4, variant="original")


def test_a_checkpoint_of_the_authors_needs_its_last_input_blocks_exchanged() -> None:
    """Their ``inp2hid`` has the rows that go to y before those that go to z."""
    rng, H = np.random.default_rng(0), 4
    cell = tg.cells.LEM(3, H, variant="paper", dt=0.5, rng=0, dtype=np.float64)
    theirs = {name: rng.normal(size=p.shape) for name, p in cell.parameters().items()}
    exchanged = np.r_[0 : 2 * H, 3 * H : 4 * H, 2 * H : 3 * H]
    cell.load_state_dict(theirs | {name: theirs[name][exchanged] for name in ("weight_ih", "bias_ih")})
    x, y, z = rng.normal(size=3), rng.normal(size=H), rng.normal(size=H)
    (dt_1, dt_2, in_y, in_z), (u_1, u_2, u_z) = blocks(linear(theirs, x), 4), blocks(linear(theirs, y, "hh"), 3)
    keep = 1 - 0.5 * sigmoid(dt_2 + u_2)
    new = keep * z + (1 - keep) * np.tanh(in_z + u_z)
    keep = 1 - 0.5 * sigmoid(dt_1 + u_1)
    shown = keep * y + (1 - keep) * np.tanh(linear(theirs, new, "ch") + in_y)
    got, (_, c) = cell(x, (y, z))
    assert error(got.value, shown) <= 1e-14
    assert error(c.value, new) <= 1e-14


@pytest.mark.parametrize(("name", "scalar"), [("SCRN", "alpha"), ("JANET", "beta")])
def test_scalars_are_trained_and_of_the_cells_dtype(name: str, scalar: str) -> None:
    """torchrecurrent leaves them in single precision in a cell of double precision."""
    cell = getattr(tg.cells, name)(3, 4, **{scalar: 0.75}, rng=0, dtype=np.float64)
    parameter = cell.parameters()[scalar]
    assert (parameter.shape, parameter.dtype, float(parameter.value)) == ((), np.dtype(np.float64), 0.75)
