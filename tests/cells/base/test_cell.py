"""What every cell has from its base: sizes, seeds, starts, gates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg


@pytest.mark.parametrize("size", [0, -1, True, 1.5, "3", None])
@pytest.mark.parametrize("which", ["input_size", "hidden_size"])
@pytest.mark.parametrize("kind", [tg.cells.RNN, tg.cells.GRU, tg.cells.LSTM, tg.cells.MGU], ids=lambda k: k.__name__)
def test_sizes_are_integers_from_1(kind: Any, which: str, size: Any) -> None:
    with pytest.raises(tg.GraphError, match=rf"{kind.__name__}: {which}(?s:.)*{size!r}"):
        kind(**{"input_size": 3, "hidden_size": 4} | {which: size})


@pytest.mark.parametrize(
    "option, problem",
    [
        ({"dtype": int}, "GRU: the dtype"),
        ({"dtype": complex}, "GRU: the dtype"),
        ({"dtype": "words"}, "the dtype"),
        ({"rng": "a"}, "GRU: rng must be a seed"),
        ({"rng": -1}, "GRU: rng must be a seed"),
    ],
)
def test_weights_are_of_a_floating_dtype_and_drawn_by_a_generator(option: Any, problem: str) -> None:
    with pytest.raises(tg.GraphError, match=problem):
        tg.cells.GRU(3, 4, **option)


def test_numpys_integers_are_sizes_too() -> None:
    cell = tg.cells.GRU(np.int64(3), np.int32(4))
    assert (cell.input_size, cell.hidden_size) == (3, 4) and type(cell.hidden_size) is int


def test_seeds() -> None:
    same = [tg.cells.LSTM(3, 4, rng=given).state_dict() for given in (5, 5, np.random.default_rng(5))]
    for name, a in same[0].items():
        np.testing.assert_array_equal(a, same[1][name])
        np.testing.assert_array_equal(a, same[2][name])
    first, second = (tg.cells.LSTM(3, 4).state_dict() for _ in range(2))
    assert all((a != second[name]).all() for name, a in first.items())


def test_a_generator_goes_on_from_cell_to_cell() -> None:
    rng = np.random.default_rng(5)
    first, second = (tg.cells.RNN(3, 4, rng=rng).state_dict() for _ in range(2))
    assert all((a != second[name]).all() for name, a in first.items())


@pytest.mark.parametrize("dtype", [np.float32, np.float64, "float16"])
def test_one_dtype_for_parameters_state_and_output(dtype: Any) -> None:
    cell = tg.cells.GRU(3, 4, rng=0, dtype=dtype)
    assert {p.dtype for p in cell.parameters().values()} == {np.dtype(dtype)}
    y, h = cell(np.ones((2, 3), dtype), cell.initial_state(2))
    assert y.dtype == h.dtype == np.dtype(dtype)


def test_the_names_of_parameters_are_those_of_their_attributes() -> None:
    cell = tg.cells.MGU(3, 4, recurrent_bias=False)
    assert list(cell.parameters()) == ["weight_ih", "weight_hh", "bias_ih"]
    assert [p.name for p in cell.parameters().values()] == ["weight_ih", "weight_hh", "bias_ih"]


def test_initialisers_by_name_number_and_function() -> None:
    cell = tg.cells.MGU(
        3,
        4,
        rng=0,
        kernel_init=lambda rng, shape: np.full(shape, 2),
        bias_init=0.25,
        recurrent_kernel_init="orthogonal",
        recurrent_bias_init="ones",
    )
    U = cell.weight_hh.value
    np.testing.assert_allclose(U.T @ U, np.eye(4), atol=1e-6)
    for parameter, number in ((cell.weight_ih, 2), (cell.bias_ih, 0.25), (cell.bias_hh, 1)):
        assert (parameter.value == number).all() and parameter.dtype == np.float32


def test_a_wrong_initialiser() -> None:
    with pytest.raises(tg.GraphError, match=r"(?s)orthogonal.*'glorot'"):
        tg.cells.MGU(3, 4, kernel_init="glorot")
    with pytest.raises(tg.GraphError, match=r"(?s)\(8, 3\).*\(3, 8\)"):
        tg.cells.MGU(3, 4, kernel_init=lambda rng, shape: np.ones(shape[::-1]))


def test_an_option_that_no_cell_has() -> None:
    with pytest.raises(TypeError, match="sigma"):
        tg.cells.GRU(3, 4, sigma=1.0)


def test_a_gate_is_a_view_through_which_gradients_pass() -> None:
    cell = tg.cells.LSTM(3, 4, rng=0)
    forget = cell.gate("f")
    np.testing.assert_array_equal(forget.weight_ih.value, cell.weight_ih.value[4:8])
    np.testing.assert_array_equal(forget.bias_hh.value, cell.bias_hh.value[4:8])
    gradient = tg.grad(tg.sum(forget.weight_hh), cell.weight_hh).value
    assert gradient[4:8].all() and not gradient[:4].any() and not gradient[8:].any()


def test_a_gate_that_there_is_not() -> None:
    cell = tg.cells.LSTM(3, 4, bias=False, rng=0)
    with pytest.raises(tg.GraphError, match=r"(?s)i, f, g, o.*'z'"):
        cell.gate("z")
    with pytest.raises(AttributeError, match="weight_ho; it has weight_ih, weight_hh, bias_ih, bias_hh"):
        _ = cell.gate("f").weight_ho
    assert cell.gate("f").bias_ih is None


def test_a_cell_without_a_step_says_what_to_write() -> None:
    with pytest.raises(tg.GraphError, match="__call__"):
        tg.cells.Cell(3, 4)(np.ones(3), np.ones(4))


def test_integers_take_the_dtype_of_the_weights() -> None:
    from tinygraph.cells.base.affine import affine

    weight, bias = tg.parameter(np.ones((2, 3), np.float32)), tg.parameter(np.ones(2, np.float32))
    for dtype in (np.int64, np.uint8, bool):
        y = affine(tg.constant(np.eye(3).astype(dtype)), weight, bias)
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y.value, np.full((3, 2), 2.0))
    assert affine(tg.constant(np.eye(3)), weight).dtype == np.float64


def test_a_bias_is_yes_or_no_of_a_cell() -> None:
    for wrong in ("no", 0.5, -1, None):
        with pytest.raises(tg.GraphError, match=r"RNN: bias is yes or no[\s\S]*True or False"):
            tg.cells.RNN(2, 3, bias=wrong)  # type: ignore[arg-type]
    assert tg.cells.RNN(2, 3, bias=np.bool_(False), rng=0).bias_ih is None


def test_a_third_number_as_in_torch_is_told() -> None:
    with pytest.raises(tg.GraphError, match=r"RNN: bias is yes or no[\s\S]*2[\s\S]*num_layers"):
        tg.cells.RNN(2, 3, 2)  # type: ignore[arg-type]
    assert tg.cells.RNN(2, 3, 1, rng=0).bias_ih is not None  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match=r"tinygraph\.cells.*LSTMCell[\s\S]*fix") as caught:
        _ = tg.cells.LSTMCell
    assert "LSTM" in str(caught.value)


def test_the_state_that_a_layer_begins_with_is_its_cells() -> None:
    cell = tg.cells.LSTM(2, 3, rng=0)
    for size in (None, 4):
        for own, cells in zip(tg.Recurrent(cell).initial_state(size), cell.initial_state(size), strict=True):
            assert own.shape == cells.shape == ((3,) if size is None else (4, 3))
            assert own.dtype == np.float32 and not np.any(getattr(own, "value", own))


def test_a_cell_of_your_own_has_a_bias_unless_it_says_no() -> None:
    class Own(tg.cells.Cell):
        def __init__(self, bias: bool) -> None:
            super().__init__(3, 4)
            self.first, self.second = self.bias(4, init="ones"), self.bias(4, bias)

    first = Own(False).first
    assert first is not None and first.value.tolist() == [1.0] * 4 and Own(False).second is None
    assert list(Own(True).state_dict()) == ["first", "second"]
