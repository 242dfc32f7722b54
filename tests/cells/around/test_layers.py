"""Driven layers equal PyTorch's and torchrecurrent's: stacked, in both directions, over rows of any length."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.cells.parity import error, given, label, weighed
from tests.compiled.comparing import HAS_NATIVE, each_backend
from tests.derivatives import assert_derivatives
from tests.each import each
from tests.oracles.oracle import Oracle
from tinygraph.core.structure import leaves

from .layers import (
    ONWARD,
    ORACLES,
    PYTORCH,
    RAGGED,
    built,
    differentiated,
    disagreements,
    expected,
    lengths,
    loaded,
    measured,
    packed,
    padded,
    place,
    places,
    results,
    time,
)

each_oracle = each("oracle", ORACLES, label)
each_ragged = each("oracle", RAGGED, label)


def named(*labels: str) -> Any:
    """A run for each of some oracles."""
    chosen = [oracle for oracle in ORACLES if label(oracle) in labels]
    assert len(chosen) == len(labels)
    return each("oracle", chosen, label)


def reference(oracle: Oracle) -> dict[str, np.ndarray]:
    """The layer's own results and gradients, which equal the oracle's."""
    return measured(oracle, loaded(oracle), oracle.arrays["x"])


def test_the_oracles_are_there() -> None:
    """Of each kind 1 to 3 layers, both directions, no bias, lengths, another time axis; and LSTM with proj_size."""
    for kind in ("RNN", "GRU", "LSTM"):
        cases = [oracle.options for oracle in PYTORCH if oracle.cell == kind]
        assert {case.get("num_layers", 1) for case in cases} == {1, 2, 3}
        for option, value in (("bidirectional", True), ("bias", False), ("batch_first", True), ("lengths", [3, 5, 1])):
            assert {case.get("num_layers", 1) for case in cases if case.get(option) == value} >= {1}, option
    assert sum("proj_size" in oracle.options for oracle in PYTORCH) == 4
    assert {oracle.options.get("nonlinearity") for oracle in PYTORCH} == {None, "relu"}
    assert len({oracle.cell for oracle in ORACLES}) == 3 + 9


@each_oracle
def test_outputs_final_states_and_all_gradients(oracle: Oracle) -> None:
    assert not disagreements(reference(oracle), expected(oracle))


@named("LSTM.layers2-bidirectional-lengths")
def test_the_comparison_would_notice(oracle: Oracle) -> None:
    """One gradient that is off by 1e-11 is told, and no other."""
    told = expected(oracle)
    told["gradient.weight_hh_l1_reverse"] = moved = told["gradient.weight_hh_l1_reverse"].copy()
    moved[7, 1] += 1e-11 * max(1.0, np.abs(moved).max())
    assert disagreements(reference(oracle), told).keys() == {"gradient.weight_hh_l1_reverse"}


@each_oracle
def test_a_state_dict_loads_as_it_is(oracle: Oracle) -> None:
    """Every array arrives at its place, the parameters stay the same objects, and our own state_dict loads too."""
    layer, other = built(oracle), built(oracle, seed=1)
    before = layer.parameters()
    layer.load_state_dict(oracle.group("state_dict"))
    assert all(p is before[name] for name, p in layer.parameters().items())
    for name, p in places(oracle, layer).items():
        np.testing.assert_array_equal(p.value, oracle.arrays[f"state_dict.{name}"])
    other.load_state_dict(layer.state_dict())
    for name, p in places(oracle, other).items():
        np.testing.assert_array_equal(p.value, oracle.arrays[f"state_dict.{name}"])


@named("GRU.layers2-bidirectional-lengths", "LSTM.proj_size-layers3-no_bias", "MGU.layers2")
def test_a_state_dict_that_does_not_fit_is_told_whole_and_nothing_is_loaded(oracle: Oracle) -> None:
    layer, arrays = built(oracle), oracle.group("state_dict")
    before = layer.state_dict()
    first, second, third, *_, last = arrays
    arrays |= {first: np.ones((2, 2)), last: np.ones(9), "weight_zz_l7": np.ones(3)}
    del arrays[second], arrays[third]
    with pytest.raises(tg.GraphError) as caught:
        layer.load_state_dict(arrays)
    ours = {id(p): name for name, p in layer.parameters().items()}
    ways = [ours[id(place(layer, name))] for name in (first, second, third, last)]
    message = [line for line in str(caught.value).splitlines() if not line.lstrip().startswith("expected")]
    for told in (*ways, "(2, 2)", "(9,)", "weight_zz_l7", "none was loaded"):
        assert told in " ".join(message), told
    for name, a in layer.state_dict().items():
        np.testing.assert_array_equal(a, before[name])


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_a_layer_of_one_cell_loads_the_same_names(kind: str) -> None:
    (oracle,) = [oracle for oracle in PYTORCH if label(oracle) == f"{kind}.lengths"]
    layer = tg.Recurrent(getattr(tg.cells, kind)(*oracle.sizes, dtype=np.float64))
    layer.load_state_dict(oracle.group("state_dict"))
    states = list(oracle.group("initial").values())
    state = tuple(states) if len(states) > 1 else states[0]
    outputs, final = layer(oracle.arrays["x"], state, lengths=lengths(oracle))
    found = {"outputs": outputs} | {f"final.{i}": s for i, s in enumerate(leaves(final))}
    told = expected(oracle)
    assert not disagreements({name: y.value for name, y in found.items()}, {name: told[name] for name in found})


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_pytorchs_own_layers(kind: str) -> None:
    """Tensors, straight from the module, whose parameters need gradients."""
    torch = pytest.importorskip("torch")
    theirs = getattr(torch.nn, kind)(3, 4, num_layers=2, bidirectional=True, batch_first=True)
    for weights in (theirs.state_dict(), dict(theirs.named_parameters())):
        cells = tg.cells.Stack.of(getattr(tg.cells, kind), 3, 4, num_layers=2, bidirectional=True)
        layer = tg.Recurrent(cells, axis=1)
        layer.load_state_dict(weights)
        x = np.cos(np.arange(30, dtype=np.float32)).reshape(2, 5, 3)
        told, _ = theirs(torch.from_numpy(x))
        np.testing.assert_allclose(layer(x)[0].value, told.detach().numpy(), atol=1e-6)


@each_oracle
def test_single_precision_stays_single(oracle: Oracle) -> None:
    layer = loaded(oracle, dtype=np.float32)
    states = [a.astype(np.float32) for a in oracle.group("initial").values()]
    for name, y in results(oracle, layer, oracle.arrays["x"].astype(np.float32), states).items():
        assert y.dtype == np.float32
        scale = max(1.0, np.abs(oracle.arrays[name]).max())
        np.testing.assert_allclose(y.value, oracle.arrays[name], rtol=0, atol=2e-5 * scale)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_the_way_back_alone(kind: str) -> None:
    """`tg.unroll` with reverse=True inside the lengths is the second half of what PyTorch gives in both directions."""
    (oracle,) = [o for o in PYTORCH if label(o) == f"{kind}.bidirectional-no_bias-batch_first-lengths"]
    cell = getattr(tg.cells, kind)(*oracle.sizes, bias=False, dtype=np.float64)
    weights = oracle.group("state_dict").items()
    cell.load_state_dict({n.removesuffix("_l0_reverse"): a for n, a in weights if n.endswith("_reverse")})
    states = list(oracle.group("initial").values())
    state = tuple(states[2:]) if kind == "LSTM" else states[1]
    outputs, final = tg.unroll(cell, oracle.arrays["x"], state, lengths=lengths(oracle), reverse=True, axis=1)
    assert error(outputs.value, oracle.arrays["outputs"][..., 4:]) <= 1e-12
    for s, told in zip(leaves(final), list(oracle.group("final").values())[len(states) // 2 :], strict=True):
        assert error(s.value, told) <= 1e-12


@named("RNN.lengths", "GRU.layers3-lengths", "LSTM.layers2-bidirectional-lengths")
def test_a_mask_of_the_real_steps_does_what_lengths_do(oracle: Oracle) -> None:
    layer, (x, states) = loaded(oracle), given(oracle)
    outputs, final = layer(x, packed(layer, oracle, states), mask=~padded(oracle))
    found = {"outputs": outputs} | {f"final.{i}": s for i, s in enumerate(leaves(final))}
    wrt = places(oracle, layer) | {"x": x}
    gradients = tg.grad(weighed(oracle, found), list(wrt.values()))
    found |= {f"gradient.{name}": g for name, g in zip(wrt, gradients, strict=True)}
    told = expected(oracle)
    assert not disagreements({name: y.value for name, y in found.items()}, {name: told[name] for name in found})


@each_oracle
def test_without_a_state_it_starts_from_zeros(oracle: Oracle) -> None:
    layer, x = loaded(oracle), oracle.arrays["x"]
    outputs, final = layer(x, lengths=lengths(oracle))
    zeros = results(oracle, layer, x, [np.zeros_like(s) for s in oracle.group("initial").values()])
    for y, z in zip([outputs, *leaves(final)], zeros.values(), strict=True):
        np.testing.assert_array_equal(y.value, z.value)


@pytest.mark.parametrize("oracle", ONWARD, ids=label)
def test_two_chunks_equal_one_pass(oracle: Oracle) -> None:
    """Rows that end within the first chunk have no step in the second."""
    layer, x, axis, ends = loaded(oracle), oracle.arrays["x"], time(oracle), lengths(oracle)
    state = packed(layer, oracle, list(oracle.group("initial").values()))
    outputs, done = [], 0
    for part in np.split(x, [2], axis):
        steps = part.shape[axis]
        inside = None if ends is None else np.clip(ends - done, 0, steps)
        y, state = layer(part, state, lengths=inside)
        outputs.append(y.value)
        done += steps
    found = {"outputs": np.concatenate(outputs, axis)} | {f"final.{i}": s.value for i, s in enumerate(leaves(state))}
    told = expected(oracle)
    assert not disagreements(found, {name: told[name] for name in found})


@each_ragged
def test_nan_in_the_padding_changes_no_bit(oracle: Oracle) -> None:
    late = padded(oracle)
    x = np.where(late[..., None], np.nan, oracle.arrays["x"])
    assert np.isnan(x).any()
    found = measured(oracle, loaded(oracle), x)
    for name, a in reference(oracle).items():
        np.testing.assert_array_equal(found[name], a, name)
    assert not found["outputs"][late].any()
    assert not found["gradient.x"][late].any()
    assert found["gradient.x"][~late].any()


EVEN = [oracle for oracle in ORACLES if oracle not in RAGGED]


@each_backend
@each("oracle", EVEN, label)
def test_compiled_equals_uncompiled(oracle: Oracle, backend: str) -> None:
    """Those over rows of any length are all compiled below, where the lengths are an argument."""
    compile_and_compare(oracle, backend)


@each_backend
@named("LSTM.layers2-bidirectional-lengths", "GRU.bidirectional-no_bias-batch_first-lengths", "RNN.layers3-lengths")
def test_compiled_with_known_lengths(oracle: Oracle, backend: str) -> None:
    compile_and_compare(oracle, backend)


def compile_and_compare(oracle: Oracle, backend: str) -> None:
    run, x = differentiated(oracle, loaded(oracle)), oracle.arrays["x"]
    assert not disagreements(tg.compile(run, backend=backend)(x), expected(oracle), 1e-11)


DEEP = [oracle for oracle in RAGGED if oracle.options.get("num_layers", 1) > 2]
IN_NUMPY = [(oracle, "numpy") for oracle in RAGGED if oracle not in DEEP]
IN_NATIVE_CODE = [(oracle, "native") for oracle in RAGGED if HAS_NATIVE]


@each("oracle, backend", IN_NUMPY + IN_NATIVE_CODE, lambda which: which if isinstance(which, str) else label(which))
def test_compiled_lengths_are_an_argument(oracle: Oracle, backend: str) -> None:
    """The same compiled function takes other lengths, and NaN in the padding, which changes with them."""
    layer, x = loaded(oracle), oracle.arrays["x"]
    compiled = tg.compile(differentiated(oracle, layer), backend=backend)
    steps = x.shape[time(oracle)]
    assert not disagreements(compiled(x, lengths(oracle)), expected(oracle), 1e-11)
    for ends in (np.array([5, 2, 4]), np.array([1, 1, 1]), np.array([5, 5, 5])):
        late = np.arange(steps)[:, None] >= ends
        late = late.T if time(oracle) else late
        found = compiled(np.where(late[..., None], np.nan, x), ends)
        assert not disagreements(found, measured(oracle, layer, x, ends), 1e-11)
        assert not found["gradient.x"][late].any()


@named(
    "RNN.layers3-lengths",
    "GRU.bidirectional-no_bias-batch_first-lengths",
    "LSTM.proj_size-lengths",
    "LSTM.layers2-no_bias-batch_first",
    "TLSTM.layers2",
)
def test_first_and_second_derivatives_against_differences(oracle: Oracle) -> None:
    layer, (x, states) = loaded(oracle), given(oracle)
    moved = [*layer.parameters().values(), x, *states]
    assert_derivatives(lambda: weighed(oracle, results(oracle, layer, x, states)), moved)


@named("LSTM.layers2-bidirectional-lengths")
def test_a_layer_names_its_parameters_by_their_way(oracle: Oracle) -> None:
    layer = loaded(oracle)
    names = layer.parameters()
    assert names["cells.1.backward.weight_hh"] is place(layer, "weight_hh_l1_reverse")
    assert names["cells.0.forward.bias_ih"] is place(layer, "bias_ih_l0")
