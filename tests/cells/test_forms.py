"""RNN, LSTM and GRU as ONNX and Keras write them: the same numbers from the same arrays, by options."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.compiled.comparing import HAS_NATIVE
from tests.derivatives import assert_derivatives
from tests.each import each
from tests.oracles.oracle import FORMS, Oracle, files, load
from tinygraph.core.graph import ancestors

from .parity import built, differentiated, error, given, label, packed, results, unpacked, weighed

BOTH_WAYS = FORMS / "LSTM.onnx-both-ways.npz"
ORACLES = [load(path) for path in files(FORMS) if path != BOTH_WAYS]
KERAS = [oracle for oracle in ORACLES if oracle.case.startswith("keras")]
each_form = each("oracle", ORACLES, label)
each_of_keras = each("oracle", KERAS, label)


def from_onnx(W: Any, R: Any, B: Any = None, P: Any = None, direction: int = 0) -> dict[str, np.ndarray]:
    """Our arrays of one direction's of ONNX."""
    found = {"weight_ih": W[direction], "weight_hh": R[direction]}
    if B is not None:
        found["bias_ih"], found["bias_hh"] = np.split(B[direction], 2)
    return found if P is None else found | {"weight_ph": P[direction]}


def from_keras(kernel: Any, recurrent_kernel: Any, bias: Any = None) -> dict[str, np.ndarray]:
    """Our arrays of a Keras layer's."""
    found = {"weight_ih": kernel.T, "weight_hh": recurrent_kernel.T}
    if bias is not None:
        found |= {"bias_ih": bias} if bias.ndim == 1 else dict(zip(("bias_ih", "bias_hh"), bias, strict=True))
    return found


def ours(oracle: Oracle, group: str) -> dict[str, np.ndarray]:
    """The parameters of a group, or their gradients, by our names and in our layout."""
    names = ("kernel", "recurrent_kernel", "bias") if oracle in KERAS else ("W", "R", "B", "P")
    arrays = {name: a for name, a in oracle.group(group).items() if name in names}
    return from_keras(**arrays) if oracle in KERAS else from_onnx(**arrays)


def loaded(oracle: Oracle, **options: Any) -> Any:
    """Our cell of this form with the oracle's parameters."""
    cell = built(oracle, **options)
    cell.load_state_dict(ours(oracle, "state_dict"))
    return cell


def tolerance(oracle: Oracle) -> float:
    """onnxruntime computes in float32: of its sums of up to 17 numbers below 4, 1e-6 is two units in the last place."""
    return 1e-6 if oracle.source.startswith("onnxruntime") else 1e-12


def test_the_forms_are_there() -> None:
    """Each cell of both, with and without each option."""
    assert {oracle.cell for oracle in KERAS} == {oracle.cell for oracle in ORACLES} == {"RNN", "LSTM", "GRU"}
    assert (len(KERAS), len(ORACLES)) == (7, 22)
    assert sum(tolerance(oracle) == 1e-12 for oracle in ORACLES) == 14


@each_form
def test_outputs_and_final_states(oracle: Oracle) -> None:
    for name, y in results(loaded(oracle), *given(oracle)).items():
        assert error(y.value, oracle.arrays[name]) <= tolerance(oracle), name


@each_of_keras
def test_all_gradients(oracle: Oracle) -> None:
    step, names = differentiated(oracle, loaded(oracle))
    expected = {f"gradient.{name}": a for name, a in ours(oracle, "gradient").items()}
    expected |= {name: a for name, a in oracle.arrays.items() if name.startswith(("gradient.x", "gradient.initial"))}
    assert set(names) == expected.keys()
    for name, g in zip(names, step()[1], strict=True):
        assert error(g.value, expected[name]) <= 1e-12, name


@each_form
def test_two_chunks_and_single_rows_equal_one_pass(oracle: Oracle) -> None:
    cell, (x, initial) = loaded(oracle), given(oracle)
    whole = results(cell, x, initial)
    first, between = tg.unroll(cell, x.value[:1], packed(initial))
    parts = results(cell, x.value[1:], unpacked(between))
    assert error(np.concatenate([first.value, parts.pop("outputs").value]), whole["outputs"].value) <= 1e-14
    assert all(error(s.value, whole[name].value) <= 1e-14 for name, s in parts.items())
    for row in range(x.shape[1]):
        found = results(cell, x.value[:, row], [s.value[row] for s in initial])
        assert error(found.pop("outputs").value, whole["outputs"].value[:, row]) <= 1e-14
        assert all(error(s.value, whole[name].value[row]) <= 1e-14 for name, s in found.items())


IN_NATIVE_CODE = [(oracle, "native") for oracle in ORACLES if HAS_NATIVE]
IN_NUMPY = [(oracle, "numpy") for oracle in KERAS]


@each("oracle, backend", IN_NATIVE_CODE + IN_NUMPY, lambda which: which if isinstance(which, str) else label(which))
def test_compiled_equals_uncompiled(oracle: Oracle, backend: str) -> None:
    step, _ = differentiated(oracle, loaded(oracle))
    (total, gradients), (compiled, found) = step(), tg.compile(step, backend=backend)()
    assert error(compiled, total.value) <= 1e-11
    assert all(error(a, b.value) <= 1e-11 for a, b in zip(found, gradients, strict=True))


def nearest_kink(oracle: Oracle, cell: Any) -> float:
    """How near to its bound any clipped number comes; infinite without a clip."""
    outputs, _ = tg.unroll(cell, oracle.arrays["x"], packed([*oracle.group("initial").values()]))
    clipped = [x.inputs[0].value for x in ancestors([outputs]) if x.op is tg.ops.clip]
    return min((float(np.abs(np.abs(z) - cell.clip.limit).min()) for z in clipped), default=np.inf)


@each_form
def test_first_and_second_derivatives_against_differences(oracle: Oracle) -> None:
    """With the clip, if there is one, where a step of the differences does not cross it."""
    limits = [{"clip": 0.5 + n / 40} for n in range(20)] if "clip" in oracle.options else [{}]
    cell = max((loaded(oracle, **limit) for limit in limits), key=lambda cell: nearest_kink(oracle, cell))
    assert nearest_kink(oracle, cell) > 0.005
    x, initial = given(oracle)
    assert_derivatives(lambda: weighed(oracle, results(cell, x, initial)), [*cell.parameters().values(), x, *initial])


def test_two_directions_of_onnx_over_rows_of_their_own_lengths() -> None:
    oracle = load(BOTH_WAYS)
    cells = [built(oracle), built(oracle)]
    for direction, cell in enumerate(cells):
        cell.load_state_dict(from_onnx(**oracle.group("state_dict"), direction=direction))
    layer, (h, c) = tg.Recurrent(tg.cells.Bidirectional(*cells)), oracle.group("initial").values()
    lengths = oracle.arrays["lengths"].astype(int)
    outputs, final = layer(oracle.arrays["x"], ((h[0], c[0]), (h[1], c[1])), lengths=lengths)
    expected = np.concatenate(list(oracle.arrays["outputs"].swapaxes(0, 1)), axis=-1)
    assert error(outputs.value, expected) <= 1e-6
    for direction, states in enumerate(final):
        for i, s in enumerate(states):
            assert error(s.value, oracle.arrays[f"final.{i}"][direction]) <= 1e-6


def test_the_forget_gate_starts_as_keras_starts_it() -> None:
    (oracle,) = [oracle for oracle in KERAS if label(oracle) == "LSTM.keras"]
    cell = tg.cells.LSTM(3, 4, recurrent_bias=False, bias_init="zeros", forget_bias=1)
    np.testing.assert_array_equal(cell.bias_ih.value, oracle.arrays["state_dict.start.bias"])
