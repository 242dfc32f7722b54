"""load_state_dict: tensors, arrays and files go in whole or not at all, and the message names all that does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg


class Tensor:
    """What PyTorch does with a tensor that needs a gradient and lies on a GPU."""

    def __init__(self, array: np.ndarray, steps: tuple[str, ...] = ("detach", "cpu")) -> None:
        self.array, self.steps = array, steps

    def detach(self) -> Tensor:
        return Tensor(self.array, self.steps[1:])

    def cpu(self) -> Tensor:
        assert self.steps == ("cpu",), "on the CPU it still needs a gradient"
        return Tensor(self.array, ())

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if self.steps:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad")
        return self.array


def arrays_of(cell: tg.cells.Cell, seed: int = 1) -> dict[str, np.ndarray]:
    """Random arrays of the shapes of the cell's parameters."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=p.shape) for name, p in cell.parameters().items()}


def assert_holds(cell: tg.cells.Cell, arrays: dict[str, np.ndarray]) -> None:
    for name, parameter in cell.parameters().items():
        assert parameter.dtype == cell.dtype
        np.testing.assert_array_equal(parameter.value, arrays[name].astype(cell.dtype))


@pytest.fixture
def cell() -> tg.cells.LSTM:
    return tg.cells.LSTM(3, 4, rng=0)


def test_arrays_are_copied_and_cast(cell: tg.cells.LSTM) -> None:
    arrays = arrays_of(cell)
    cell.load_state_dict(arrays)
    kept = {name: a.copy() for name, a in arrays.items()}
    arrays["weight_ih"][:] = 9
    assert_holds(cell, kept)
    state = cell.state_dict()
    state["weight_ih"][:] = 9
    assert_holds(cell, kept)


def test_the_parameters_stay_the_same_objects(cell: tg.cells.LSTM) -> None:
    """An optimizer and a compiled step go on with what they hold."""
    before = cell.parameters()
    step = tg.compile(lambda x: cell(x, cell.initial_state(2))[0], backend="numpy")
    x = np.ones((2, 3), np.float32)
    first = step(x)
    cell.load_state_dict(arrays_of(cell))
    assert all(p is before[name] for name, p in cell.parameters().items())
    second = step(x)
    assert np.abs(second - first).max() > 1e-3
    np.testing.assert_allclose(second, cell(x, cell.initial_state(2))[0].value, rtol=1e-5)


def test_tensors_that_need_gradients_or_lie_elsewhere(cell: tg.cells.LSTM) -> None:
    arrays = arrays_of(cell)
    cell.load_state_dict({name: Tensor(a) for name, a in arrays.items()})
    assert_holds(cell, arrays)


def test_parameters_of_our_own(cell: tg.cells.LSTM) -> None:
    arrays = arrays_of(cell)
    cell.load_state_dict({name: tg.parameter(a) for name, a in arrays.items()})
    assert_holds(cell, arrays)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_pytorchs_own_cells(kind: str) -> None:
    torch = pytest.importorskip("torch")
    theirs, ours = getattr(torch.nn, f"{kind}Cell")(3, 4), getattr(tg.cells, kind)(3, 4)
    ours.load_state_dict(dict(theirs.named_parameters()))
    assert_holds(ours, {name: p.detach().numpy() for name, p in theirs.named_parameters()})
    ours.load_state_dict(theirs.state_dict())
    x = np.ones((2, 3), np.float32)
    expected = theirs(torch.from_numpy(x))
    expected = expected[0] if kind == "LSTM" else expected
    np.testing.assert_allclose(ours(x, ours.initial_state(2))[0].value, expected.detach().numpy(), atol=1e-6)


def test_a_safetensors_file(cell: tg.cells.LSTM, tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    arrays = arrays_of(cell)
    tg.train.save(tmp_path / "cell.safetensors", arrays)
    for path in (tmp_path / "cell.safetensors", str(tmp_path / "cell.safetensors")):
        other = tg.cells.LSTM(3, 4, rng=7)
        other.load_state_dict(path)
        assert_holds(other, arrays)
    tg.train.save(tmp_path / "ours.safetensors", other.state_dict())
    cell.load_state_dict(tmp_path / "ours.safetensors")
    assert_holds(cell, arrays)


def test_all_that_does_not_fit_is_told_at_once_and_nothing_is_loaded(cell: tg.cells.LSTM) -> None:
    before = cell.state_dict()
    arrays = arrays_of(cell) | {"weight_xh": np.ones(2), "gamma": np.ones(1), "weight_hh": np.ones((16, 5))}
    arrays |= {"bias_hh": np.ones((16, 1))}
    del arrays["bias_ih"], arrays["weight_ih"]
    with pytest.raises(tg.GraphError) as caught:
        cell.load_state_dict(arrays)
    message = str(caught.value)
    for told in (
        "missing: weight_ih, bias_ih",
        "unexpected: weight_xh, gamma",
        "weight_hh: (16, 5) instead of (16, 4)",
        "bias_hh: (16, 1) instead of (16,)",
        "none was loaded",
    ):
        assert told in message, told
    assert "strict=False" not in message, "it would fail again"
    assert_holds(cell, before)


@pytest.mark.parametrize("strict", [True, False])
def test_another_shape_is_refused_however_loosely_it_is_asked(cell: tg.cells.LSTM, strict: bool) -> None:
    before = cell.state_dict()
    arrays = arrays_of(cell) | {"weight_ih": np.ones((3, 16))}
    with pytest.raises(tg.GraphError, match=r"weight_ih: \(3, 16\) instead of \(16, 3\)"):
        cell.load_state_dict(arrays, strict=strict)
    assert_holds(cell, before)


def test_names_behind_a_prefix_are_told_with_the_line_that_loads_them(cell: tg.cells.LSTM, tmp_path: Path) -> None:
    net, arrays = tg.cells.Residual(tg.cells.Residual(cell)), arrays_of(cell)
    inside = {f"cell.cell.{name}": x for name, x in arrays.items()}
    others = {
        "model.": (cell, {f"model.{name}_l0": x for name, x in arrays.items()} | {"best": np.ones(1)}),
        "model.net.": (net, {f"model.net.{name}": x for name, x in inside.items()}),
        "cell.cell.": (net, arrays),
    }
    for prefix, (holder, arrays) in others.items():
        for strict in (True, False):
            with pytest.raises(tg.GraphError, match=rf"(?s)none was loaded.*\n  fix .*{prefix!r}") as caught:
                holder.load_state_dict(arrays, strict=strict)
        holder.load_state_dict(eval(str(caught.value).split("  fix ")[1], {"arrays": arrays}))
        assert_holds(cell, arrays_of(cell))
    pytest.importorskip("safetensors")
    checkpoint = tg.train.Checkpoint(tmp_path)
    with pytest.raises(tg.GraphError, match=r"tg\.train\.load\(path\)\.items\(\) if k\.startswith\('net/'\)"):
        cell.load_state_dict(checkpoint.save(1, {"net": cell, "opt": tg.train.Adam(cell.parameters())}))


def test_what_fits_in_no_name_is_refused_however_loosely_it_is_asked(cell: tg.cells.LSTM) -> None:
    before, words = cell.state_dict(), "(?s)none was loaded.*missing: weight_ih"
    for arrays in ({"w": np.ones(3)}, {}, {"weight_ih_l1": before["weight_ih"]}):
        for strict in (True, False):
            with pytest.raises(tg.GraphError, match=words) as caught:
                cell.load_state_dict(arrays, strict=strict)
            assert "strict=False" not in str(caught.value)
    assert_holds(cell, before)
    tg.Dropout(0.5).load_state_dict({"w": np.ones(3)}, strict=False)


def test_loosely_what_fits_is_loaded_and_the_rest_stays(cell: tg.cells.LSTM) -> None:
    before, arrays = cell.state_dict(), arrays_of(cell) | {"other": np.ones(3)}
    del arrays["weight_hh"]
    with pytest.raises(tg.GraphError, match=r"\n  fix .*, or strict=False"):
        cell.load_state_dict(arrays)
    cell.load_state_dict(arrays, strict=False)
    assert_holds(cell, arrays | {"weight_hh": before["weight_hh"]})


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM", "MGU"])
def test_zeros_may_stand_for_a_bias_that_was_not_wanted_and_other_numbers_may_not(kind: str) -> None:
    cell = getattr(tg.cells, kind)(3, 4, bias=False, rng=0)
    rows = cell.weight_ih.shape[0]
    arrays = arrays_of(cell)
    assert "bias_ih" not in arrays
    cell.load_state_dict(arrays | {"bias_ih": np.zeros(rows)})
    assert_holds(cell, arrays)
    before = cell.state_dict()
    with pytest.raises(tg.GraphError, match="unexpected: bias_ih"):
        cell.load_state_dict(arrays_of(cell, 2) | {"bias_ih": np.ones(rows)})
    assert_holds(cell, before)


def test_cells_within_a_cell_have_dotted_names() -> None:
    class Pair(tg.cells.Cell):
        def __init__(self, input_size: int, hidden_size: int, **options: Any) -> None:
            super().__init__(input_size, hidden_size, **options)
            self.first = tg.cells.RNN(input_size, hidden_size, rng=self.rng, dtype=self.dtype)
            self.rest = [tg.cells.GRU(hidden_size, hidden_size, bias=False, rng=self.rng, dtype=self.dtype)]
            self.scale = self.weight(1, init=1.0)

        def __call__(self, x: Any, h: Any) -> tuple[Any, Any]:
            y, h = self.first(x, h)
            return self.scale * self.rest[0](y, h)[0], h

    pair, other = Pair(3, 4, rng=1), Pair(3, 4, rng=2)
    assert list(pair.parameters()) == [
        "first.weight_ih",
        "first.weight_hh",
        "first.bias_ih",
        "first.bias_hh",
        "rest.0.weight_ih",
        "rest.0.weight_hh",
        "scale",
    ]
    other.load_state_dict(pair.state_dict() | {"rest.0.bias_ih": np.zeros(12)})
    assert_holds(other, pair.state_dict())
    with pytest.raises(tg.GraphError, match=r"missing: rest\.0\.weight_hh"):
        other.load_state_dict({name: a for name, a in pair.state_dict().items() if name != "rest.0.weight_hh"})


@pytest.mark.parametrize(
    "wrong, got",
    [
        (None, "NoneType"),
        ([np.ones(3)], "list"),
        ({0: np.ones(3)}, r"keys \[0\]"),
        (tg.cells.LSTM(3, 4), r"LSTM.*fix *pass its \.state_dict\(\)"),
    ],
)
def test_what_is_no_state_dict(cell: tg.cells.LSTM, wrong: Any, got: str) -> None:
    with pytest.raises(tg.GraphError, match=f"(?s)LSTM: parameters are loaded by name.*got *{got}"):
        cell.load_state_dict(wrong)


def test_an_array_of_words_changes_nothing(cell: tg.cells.LSTM) -> None:
    before = cell.state_dict()
    with pytest.raises(tg.GraphError, match="no real numbers: bias_hh"):
        cell.load_state_dict(arrays_of(cell) | {"bias_hh": np.full(16, "word")})
    assert_holds(cell, before)


def lstm() -> tg.cells.LSTM:
    return tg.cells.LSTM(3, 3, rng=0)


WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
AROUND: dict[str, tuple[Any, dict[str, str]]] = {
    "shortcut": (lambda: tg.cells.Residual(lstm()), {"l0": "cell."}),
    "twice": (lambda: tg.cells.LayerNorm(tg.cells.Zoneout(lstm(), 0.1)), {"l0": "cell.cell."}),
    "layers": (lambda: tg.cells.Stack([lstm(), tg.cells.Residual(lstm())]), {"l0": "cells.0.", "l1": "cells.1.cell."}),
    "around layers": (
        lambda: tg.cells.Zoneout(tg.cells.Stack([lstm(), lstm()]), 0.1),
        {"l0": "cell.cells.0.", "l1": "cell.cells.1."},
    ),
    "two ways": (
        lambda: tg.cells.Bidirectional(tg.cells.Residual(lstm()), lstm()),
        {"l0": "forward.cell.", "l0_reverse": "backward."},
    ),
    "layers two ways": (
        lambda: tg.cells.Stack(
            [tg.cells.Bidirectional(lstm(), tg.cells.Zoneout(lstm(), 0.1), "sum"), tg.cells.Residual(lstm())]
        ),
        {"l0": "cells.0.forward.", "l0_reverse": "cells.0.backward.cell.", "l1": "cells.1.cell."},
    ),
}


@pytest.mark.parametrize("around", AROUND)
def test_names_of_pytorchs_layers_reach_cells_within_wrappers(around: str) -> None:
    make, places = AROUND[around]
    layer = tg.Recurrent(make())
    norm = {name: x.value for name, x in layer.parameters().items() if name in ("weight", "bias")}
    rng = np.random.default_rng(4)
    given = {
        f"{w}_{at}": rng.normal(size=layer.parameters()[place + w].shape)
        for at, place in places.items()
        for w in WEIGHTS
    }
    layer.load_state_dict(given | norm)
    for at, place in places.items():
        for w in WEIGHTS:
            np.testing.assert_array_equal(layer.state_dict()[place + w], given[f"{w}_{at}"].astype(np.float32))


def test_a_name_that_could_be_of_two_is_of_none() -> None:
    nested = tg.cells.Stack([tg.cells.Stack([lstm(), lstm()]), lstm()])
    with pytest.raises(tg.GraphError, match="unexpected: weight_ih_l0, weight_ih_l1"):
        nested.load_state_dict({"weight_ih_l0": np.ones((12, 3)), "weight_ih_l1": np.ones((12, 3))})
