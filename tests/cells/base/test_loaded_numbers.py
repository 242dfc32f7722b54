"""load_state_dict looks at the numbers, too: NaN, infinity and what the dtype cannot hold are told at once."""

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each


def cell(dtype=np.float32):
    return tg.cells.LSTM(2, 3, rng=0, dtype=dtype)


def told(target, arrays, **settings):
    """The message of the refusal, after which the cell is as it was."""
    before = target.state_dict()
    with pytest.raises(tg.GraphError) as caught:
        target.load_state_dict(arrays, **settings)
    after = target.state_dict()
    assert all((before[name] == after[name]).all() for name in before)
    return str(caught.value)


def good():
    return {name: np.full(x.shape, 0.25) for name, x in cell().parameters().items()}


def test_all_misfits_are_told_in_one_message():
    arrays = good()
    arrays["weight_ih"][1, 1], arrays["weight_ih"][2, 0] = np.nan, -np.inf
    arrays["weight_hh"][0, 0] = 1e39
    arrays["bias_ih"] = np.ones(5)
    arrays["bias_hh"] = np.ones(12, complex)
    message = told(cell(), arrays)
    for part in ("not finite: weight_ih: 2 of 24", "too large: weight_hh: for float32", "bias_ih: (5,)", "bias_hh"):
        assert part in message, part


@each("number", [np.nan, np.inf, -np.inf, 3.5e38, -1e300])
@each("strict", [True, False])
def test_a_number_that_no_parameter_may_have(number, strict):
    arrays = good()
    arrays["bias_hh"][-1] = number
    assert "bias_hh" in told(cell(), arrays, strict=strict)


@each("number, dtype", [(3.4e38, np.float32), (1e300, np.float64), (1e-300, np.float32), (65504.0, np.float16)])
def test_a_number_at_the_end_of_the_dtype_is_loaded(number, dtype):
    target = tg.cells.RNN(1, 1, rng=0)
    target.weight_ih = tg.parameter(np.zeros((1, 1), dtype))
    arrays = target.state_dict() | {"weight_ih": np.array([[number]])}
    target.load_state_dict(arrays)
    assert target.weight_ih.dtype == dtype and target.weight_ih.value == np.array(number, dtype)


def test_whole_numbers_too_large_for_half_precision():
    target = tg.cells.RNN(1, 1, rng=0)
    target.weight_ih = tg.parameter(np.zeros((1, 1), np.float16))
    assert "too large: weight_ih" in told(target, target.state_dict() | {"weight_ih": np.array([[70_000]])})


def test_a_file_with_a_nan_is_no_checkpoint_of_a_cell(tmp_path):
    arrays = good()
    arrays["weight_ih"][0, 0] = np.nan
    tg.train.save(tmp_path / "a.safetensors", arrays)
    assert "weight_ih: 1 of 24" in told(cell(), tmp_path / "a.safetensors")
    assert np.isnan(tg.train.load(tmp_path / "a.safetensors")["weight_ih"][0, 0]), "load gives what is there"


def test_one_parameter_under_two_names():
    arrays = good() | {"weight_ih_l0": np.zeros((12, 2))}
    assert "there twice: weight_ih" in told(cell(), arrays)


def test_names_that_are_not_wanted_may_hold_anything():
    target = cell()
    target.load_state_dict(good() | {"best": np.array(np.inf)}, strict=False)
    assert (target.weight_ih.value == 0.25).all()
