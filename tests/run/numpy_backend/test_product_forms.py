"""Products by a weight in panels: the same numbers, copied before the innermost loop, and measured where it may pay."""

import numpy as np
import pytest

from tinygraph.plan.actions import Buffer, Product, Repeat, View
from tinygraph.run import by_numpy
from tinygraph.run.by_numpy import NumpyStretch
from tinygraph.run.numpy_backend import ByNumpy, aligned_block
from tinygraph.run.products.numpy_forms import NumpyForm

F8 = np.dtype("f8")
S, T, M, K, N = 2, 3, 2, 5, 8


def nested(transposed, row=N + 1):
    """z[s, t] = x[t] @ W[s] in a loop of loops, rows of z ``row`` elements apart; the product, actions, arrays."""
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=T * M * K), "W": rng.normal(size=S * K * N), "z": np.full(S * T * M * row, 7.0)}
    x, W, z = (
        Buffer(kind, arrays[name].size, F8) for kind, name in (("argument", "x"), ("parameter", "W"), ("result", "z"))
    )
    weight = View(W, 0, (K, N), (1, K) if transposed else (N, 1), (K * N,))
    out = View(z, 0, (M, N), (row, 1), (T * M * row, M * row))
    product = Product(View(x, 0, (M, K), (K, 1), (0, M * K)), weight, out, (False, True))
    return (
        product,
        [Repeat(S, 0, (Repeat(T, 1, (product, product)),))],
        dict(zip((x, W, z), arrays.values(), strict=True)),
    )


@pytest.mark.parametrize("panels", [0, 1, 2, 4])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("row", [N, N + 1])
def test_panels_give_the_same_product(panels, transposed, row):
    product, actions, arrays = nested(transposed, row)
    program = ByNumpy(actions, aligned_block(0), forms={product: NumpyForm(panels)})
    x, W, z = arrays.values()
    for scale in (1, 2):  # a new weight is copied anew
        W *= scale
        program.run(arrays)
        weights = W.reshape(S, N, K).swapaxes(1, 2) if transposed else W.reshape(S, K, N)
        found = z.reshape(S, T, M, row)
        expected = np.einsum("tmk,skn->stmn", x.reshape(T, M, K), weights)
        np.testing.assert_allclose(found[..., :N], expected, 1e-13)
        assert (found[..., N:] == 7).all()
    assert program.temporary_bytes == (K * N * 8 if panels else 0)
    lines = program.source.splitlines()
    copies = [number for number, line in enumerate(lines) if line.strip().startswith("packed")]
    assert len(copies) == bool(panels), "one copy for both products, before the loop"
    assert all(lines[number + 1].strip().startswith("for ") for number in copies)


def test_a_weight_that_changes_in_the_loop_is_left_as_it_is():
    product, _, arrays = nested(False)
    loose = Product(product.a, product.b, product.out, (False, False))
    program = ByNumpy([Repeat(S, 0, (loose,))], aligned_block(0), forms={loose: NumpyForm(2)})
    assert "packed" not in program.source and program.temporary_bytes == 0
    program.run(arrays)


def test_products_in_loops_are_asked_about_with_their_steps(monkeypatch):
    asked = []

    def choose(problem, steps):
        asked.append((problem, steps))
        return NumpyForm(2)

    monkeypatch.setattr(by_numpy, "choose_numpy", choose)
    product, actions, _ = nested(True)
    assert NumpyStretch([product, *actions], aligned_block(0)).forms == {product: str(NumpyForm(2))}
    problem, steps = asked[0]
    assert (problem.size, problem.shape, problem.a, problem.b, problem.out_m, problem.packable, steps) == (
        8,
        (M, N, K),
        (K, 1),
        (1, K),
        N + 1,
        (False, True),
        T,
    )
    assert NumpyStretch([product], aligned_block(0)).forms == {}


def test_the_measured_form_is_one_that_fits():
    product, actions, _ = nested(False)
    words = {str(NumpyForm(panels)).partition(" 0 us")[0] for panels in (0, 1)}
    assert any(NumpyStretch(actions, aligned_block(0)).forms[product].startswith(word) for word in words)
