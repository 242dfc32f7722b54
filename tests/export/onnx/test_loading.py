"""Layers from ONNX files: PyTorch's, Keras' and our own, against onnxruntime; what is refused by its node's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tests.targets.sessions import session
from tinygraph.core.structure import leaves
from tinygraph.export.onnx.loading import Loading

from .by_torch import FILES
from .running import drawn, needs_onnx

pytestmark = needs_onnx
C = tg.cells


@each("name", ["lstm_script", "lstm_export", "gru_script", "gru_export", "rnn_script"])
def test_pytorchs_files(name: str) -> None:
    path = str(FILES / f"{name}.onnx")
    layer, own = tg.load_onnx(path), session(path)
    shape = [n if isinstance(n, int) else 5 - 3 * k for k, n in enumerate(own.get_inputs()[0].shape)]
    x = drawn(*shape)
    outputs, _ = layer(x)
    np.testing.assert_allclose(outputs.value, own.run(None, {own.get_inputs()[0].name: x})[0], atol=1e-6)
    assert layer.settings["axis"] == ("gru" in name)
    if "gru" in name:
        assert [*layer.parameters()][4] == "cells.0.backward.weight_ih"


OURS: dict[str, Any] = {
    "lstm": tg.Recurrent(C.LSTM(3, 4, rng=0, peepholes=True, clip=0.5, coupled=True)),
    "gru": tg.Recurrent(C.GRU(3, 4, rng=0, reset_after=False, gate_order="nzr")),
    "rnn": tg.Recurrent(C.RNN(3, 4, rng=0, nonlinearity="leaky_relu", bias=False), reverse=True),
    "both": tg.Recurrent(C.Stack.of(C.GRU, 3, 4, 2, bidirectional=True, rng=0)),
    "three": tg.Recurrent(C.Stack.of(C.LSTM, 3, 4, 3, rng=0), axis=1),
    "hard": tg.Recurrent(C.LSTM(3, 4, rng=0, gate_nonlinearity="hard_sigmoid")),
}


@each("name", OURS)
def test_our_own_files(name: str, tmp_path: Path) -> None:
    layer, x = OURS[name], drawn(2, 5, 3)
    tg.export.onnx(layer, x, tmp_path / "own.onnx")
    again = tg.load_onnx(tmp_path / "own.onnx")
    for a, b in zip(leaves(again(x)), leaves(layer(x)), strict=True):
        np.testing.assert_allclose(a.value, b.value, atol=1e-6)


def model(nodes: list[Any], arrays: dict[str, Any], shape: tuple[int, ...] = (5, 2, 3), kind: Any = np.float32) -> Any:
    """A model of one input ``x`` and one output ``y``."""
    from onnx import TensorProto, helper, numpy_helper

    number = TensorProto.FLOAT if kind is np.float32 else TensorProto.INT64
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", number, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["a", "b", "c"])],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def node(*words: Any, name: str = "", **settings: Any) -> Any:
    from onnx import helper

    kind, inputs, outputs = words
    return helper.make_node(kind, inputs.split(","), outputs.split(","), name=name, **settings)


def saved(proto: Any, tmp_path: Path) -> Path:
    (tmp_path / "made.onnx").write_bytes(proto.SerializeToString())
    return tmp_path / "made.onnx"


def weights(gates: int, directions: int = 1, bias: bool = True) -> dict[str, Any]:
    told = {"W": drawn(directions, 4 * gates, 3), "R": drawn(directions, 4 * gates, 4)}
    return told | ({"B": drawn(directions, 8 * gates)} if bias else {})


KERAS = ["Sigmoid", "Tanh", "Tanh"]


def keras_bidirectional() -> Any:
    """As tf2onnx writes it: batch first, the batch turned over, one bias, both directions in one node, joined."""
    arrays = weights(4, 2) | {"shape": np.array([0, 0, 8])}
    arrays["B"][:, 16:] = 0
    return model(
        [
            node("Transpose", "x", "xt", perm=[1, 0, 2]),
            node("LSTM", "xt,W,R,B", "Y", hidden_size=4, direction="bidirectional", activations=KERAS * 2),
            node("Transpose", "Y", "Yt", perm=[2, 0, 1, 3]),
            node("Reshape", "Yt,shape", "y"),
        ],
        arrays,
    )


def hard_gru() -> Any:
    """Keras 2's hard sigmoid, backwards, with numbers of its own."""
    settings = {"activations": ["HardSigmoid", "Tanh"], "activation_alpha": [0.2], "activation_beta": [0.5]}
    squeeze = node("Squeeze", "Y,one", "y")
    recurrent = node("GRU", "x,W,R,B", "Y", hidden_size=4, direction="reverse", linear_before_reset=1, **settings)
    return model([recurrent, squeeze], weights(3) | {"one": np.array([1])})


def turned_weights() -> Any:
    """Weights that are Keras' kernels, transposed in the file."""
    arrays = weights(1) | {"one": np.array([1]), "kernel": drawn(1, 3, 4)}
    numbers = {"activation_alpha": [0.5], "activation_beta": [2.0]}
    recurrent = node("RNN", "x,Wt,R,B", "Y", hidden_size=4, activations=["ScaledTanh"], **numbers)
    return model([node("Transpose", "kernel", "Wt", perm=[0, 2, 1]), recurrent, node("Squeeze", "Y,one", "y")], arrays)


@each("make", [keras_bidirectional, hard_gru, turned_weights])
def test_other_files(make: Any, tmp_path: Path) -> None:
    path, x = saved(make(), tmp_path), drawn(5, 2, 3)
    expected = session(str(path)).run(None, {"x": x})[0]
    outputs, _ = tg.load_onnx(path)(x)
    np.testing.assert_allclose(outputs.value, expected, atol=1e-6)


GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
VARIANTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "an RNN without a bias": ("RNN", "x,W,R", {}),
    "a GRU without a bias": ("GRU", "x,W,R", {}),
    "an LSTM without a bias": ("LSTM", "x,W,R", {}),
    "lengths left out": ("LSTM", "x,W,R,B,", {}),
    "peepholes": ("LSTM", "x,W,R,B,,,,P", {}),
    "peepholes without a bias": ("LSTM", "x,W,R,,,,,P", {}),
    "peepholes that are left out": ("LSTM", "x,W,R,B,,,,", {}),
    "peepholes both ways": ("LSTM", "x,W,R,B,,,,P", {"direction": "bidirectional"}),
    "clipped": ("LSTM", "x,W,R,B", {"clip": 0.25}),
    "coupled": ("LSTM", "x,W,R,B", {"input_forget": 1}),
    "reset before": ("GRU", "x,W,R,B", {"linear_before_reset": 0}),
    "reset after": ("GRU", "x,W,R,B", {"linear_before_reset": 1}),
    "reverse": ("LSTM", "x,W,R,B", {"direction": "reverse"}),
    "both ways": ("GRU", "x,W,R,B", {"direction": "bidirectional"}),
    "relu": ("RNN", "x,W,R,B", {"activations": ["Relu"]}),
    "softsign": ("RNN", "x,W,R,B", {"activations": ["Softsign"]}),
    "softplus": ("RNN", "x,W,R,B", {"activations": ["Softplus"]}),
    "leaky": ("RNN", "x,W,R,B", {"activations": ["LeakyRelu"], "activation_alpha": [0.3]}),
    "leaky by default": ("RNN", "x,W,R,B", {"activations": ["LeakyRelu"]}),
    "elu by default": ("RNN", "x,W,R,B", {"activations": ["Elu"]}),
    "hard by default": ("GRU", "x,W,R,B", {"activations": ["HardSigmoid", "Tanh"]}),
    "affine": (
        "RNN",
        "x,W,R,B",
        {"activations": ["Affine"], "activation_alpha": [0.5], "activation_beta": [0.25]},
    ),
    "others both ways": ("RNN", "x,W,R,B", {"activations": ["Relu", "Sigmoid"], "direction": "bidirectional"}),
    "numbers of some alone": (
        "LSTM",
        "x,W,R,B",
        {
            "activations": ["HardSigmoid", "Tanh", "ScaledTanh"],
            "activation_alpha": [0.3, 0.7],
            "activation_beta": [0.4, 1.5],
        },
    ),
}


@each("name", VARIANTS)
def test_nodes_of_many_forms(name: str, tmp_path: Path) -> None:
    kind, inputs, settings = VARIANTS[name]
    count = 1 + (settings.get("direction") == "bidirectional")
    arrays = weights(GATES[kind], count) | {"P": drawn(count, 12), "shape": np.array([5, 2, 4 * count])}
    used = [word for word in inputs.split(",") if word in arrays]
    nodes = [node(kind, inputs, "Y,last", hidden_size=4, **settings), node("Transpose", "Y", "Yt", perm=[0, 2, 1, 3])]
    proto = model([*nodes, node("Reshape", "Yt,shape", "y")], {word: arrays[word] for word in [*used, "shape"]})
    path, x = saved(proto, tmp_path), drawn(5, 2, 3)
    outputs, _ = tg.load_onnx(path)(x)
    np.testing.assert_allclose(outputs.value, session(str(path)).run(None, {"x": x})[0], rtol=1e-5, atol=1e-5)


LSTM = ("LSTM", "x,W,R,B", "Y")


def refused() -> dict[str, tuple[Any, str]]:
    """Files, and what the error says."""
    arrays, one = weights(4), {"one": np.array([1])}
    lstm, out = node(*LSTM, hidden_size=4, name="cell"), node("Squeeze", "Y,one", "y")
    head, whole = node("MatMul", "s,V", "y", name="head"), node("Squeeze", "Y,one", "s")
    table = {"table": drawn(9, 3)}
    started = node("LSTM", "x,W,R,B,,h,h", "Y", hidden_size=4, name="cell")
    odd = node(*LSTM, hidden_size=4, name="cell", activations=["Sigmoid", "ThresholdedRelu", "Tanh"])
    scaled = node("Mul", "W,two", "W2")
    timed = node("LSTM", "x,W,R,B,n", "Y", hidden_size=4, name="cell")
    sizes = {"W3": 3, "R3": 4, "W4": 4, "R4": 4, "W7": 7}
    more = arrays | one | {"n": np.int32([5, 5])} | {word: drawn(1, 12, size) for word, size in sizes.items()}
    back = node("GRU", "x,W3,R3", "Y", hidden_size=4, direction="reverse", name="cell")
    forth, beside = node("GRU", "s,W4,R4", "Z", hidden_size=4), node("LSTM", "x,W,R,B", "Z", hidden_size=4, name="two")
    mixed = node("GRU", "xs,W7,R4", "Z", hidden_size=4, name="two")
    end, both = node("Squeeze", "Z,one", "y"), node("Concat", "Y,Z", "YZ", axis=3)
    return {
        "lengths": (model([timed, out], more), "'cell'.*its lengths 'n' are in the file"),
        "two ways": (model([back, whole, forth, end], more), "'cell'.*one layer goes backwards and another does not"),
        "two of one sequence": (
            model([lstm, beside, both, node("Squeeze", "YZ,one", "y")], arrays | one),
            "'two'.*reads the same sequence as another node",
        ),
        "a layer that reads the input, too": (
            model([lstm, whole, node("Concat", "x,s", "xs", axis=2), mixed, end], more),
            "'two'.*does not read the whole output of the layer before it",
        ),
        "a head": (model([lstm, whole, head], arrays | one | {"V": drawn(4, 2)}), "'head'.*MatMul"),
        "an embedding": (
            model(
                [node("Gather", "table,x", "e", name="words"), node("LSTM", "e,W,R,B", "Y", hidden_size=4), out],
                arrays | one | table,
                (5, 2),
                np.int64,
            ),
            "'words'.*Gather",
        ),
        "no recurrent node": (model([node("Tanh", "x", "y")], {}), "no RNN, LSTM or GRU node"),
        "an initial state": (model([started, out], arrays | one | {"h": drawn(1, 2, 4)}), "initial state 'h'"),
        "an activation": (model([odd, out], arrays | one), "ThresholdedRelu is not known"),
        "an activation without its numbers": (
            model([node("RNN", "x,W,R,B", "Y", hidden_size=4, activations=["ScaledTanh"]), out], weights(1) | one),
            "ScaledTanh is not known",
        ),
        "an activation with other numbers": (
            model(
                [node("RNN", "x,W,R,B", "Y", hidden_size=4, activations=["Elu"], activation_alpha=[2.0]), out],
                weights(1) | one,
            ),
            "Elu is not known",
        ),
        "computed weights": (
            model([scaled, node("LSTM", "x,W2,R,B", "Y", hidden_size=4), out], arrays | one | {"two": np.float32(2)}),
            "weights 'W2' are computed",
        ),
        "computed weights that are turned": (
            model(
                [scaled, node("Transpose", "W2", "W3", perm=[0, 1, 2]), node("LSTM", "x,W3,R,B", "Y"), out],
                arrays | one | {"two": np.float32(2)},
            ),
            "weights 'W3' are computed",
        ),
        "weights that are an input": (
            model([node("LSTM", "x,x,R,B", "Y", hidden_size=4), out], arrays | one),
            "weights 'x' are computed, and not in the file",
        ),
        "a part": (
            model(
                [node("Slice", "x,a,b", "part", name="cut"), node("LSTM", "part,W,R,B", "Y", hidden_size=4), out],
                arrays | one | {"a": np.array([1]), "b": np.array([3])},
            ),
            "'cut'.*a part of the numbers",
        ),
    }


def test_what_is_no_layer_is_refused_by_name(tmp_path: Path) -> None:
    for name, (proto, words) in refused().items():
        with pytest.raises(tg.GraphError, match=words):
            tg.load_onnx(saved(proto, tmp_path))
            pytest.fail(name)


def broken() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """What the error says, by the node's settings and arrays that do not fit."""
    return {
        "hidden size 4, and hidden_size is 5": ({"hidden_size": 5}, {}),
        "no such direction: sideways": ({"direction": "sideways"}, {}),
        "1 activations in place of 3": ({"activations": ["Relu"]}, {}),
        r"W is float32 \(1, 15, 3\) in place of float32 \(1, 16, 3\)": ({}, {"W": drawn(1, 15, 3)}),
        r"W is float32 \(1, 16, 3\) in place of float32 \(2, 16, 3\)": ({"direction": "bidirectional"}, {}),
        "do not have three axes": ({}, {"R": drawn(16, 4)}),
        r"B is float32 \(1, 16\) in place": ({}, {"B": drawn(1, 16)}),
        "R is float64": ({}, {"R": drawn(1, 16, 4).astype(np.float64)}),
    }


def test_a_node_that_no_runtime_would_run_is_refused(tmp_path: Path) -> None:
    for words, (settings, arrays) in broken().items():
        lstm = node(*LSTM, name="cell", **{"hidden_size": 4, **settings})
        proto = model([lstm, node("Squeeze", "Y,one", "y")], weights(4) | {"one": np.array([1])} | arrays)
        with pytest.raises(tg.GraphError, match=f"'cell'.*{words}"):
            tg.load_onnx(saved(proto, tmp_path))


def test_the_batch_is_first_where_the_node_says_so(tmp_path: Path) -> None:
    arrays, read = weights(4) | {"one": np.array([1])}, []
    for layout in (0, 1):
        lstm = node(*LSTM, hidden_size=4, layout=layout)
        read.append(tg.load_onnx(saved(model([lstm, node("Squeeze", "Y,one", "y")], arrays), tmp_path)))
    x = drawn(5, 2, 3)
    np.testing.assert_array_equal(read[1](x.swapaxes(0, 1))[0].value, read[0](x)[0].value.swapaxes(0, 1))


def test_an_attribute_of_a_later_opset_is_refused_by_name() -> None:
    """Which onnx's own check would take."""
    lstm = node(*LSTM, hidden_size=4, name="cell", zoneout=0.1, again=1)
    proto = model([lstm, node("Squeeze", "Y,one", "y")], weights(4) | {"one": np.array([1])})
    with pytest.raises(tg.GraphError, match=r"'cell'.*it has attributes that are not known: again, zoneout"):
        Loading(proto).layer()


def test_an_array_of_no_dtype_is_refused(tmp_path: Path) -> None:
    proto = model([node(*LSTM, name="cell"), node("Squeeze", "Y,one", "y")], weights(4) | {"one": np.array([1])})
    proto.graph.initializer[0].data_type = 86
    with pytest.raises(tg.GraphError, match=r"damaged|no ONNX file"):
        tg.load_onnx(saved(proto, tmp_path))


def test_a_scan_is_refused(tmp_path: Path) -> None:
    tg.export.onnx(tg.Recurrent(C.MGU(3, 4, rng=0)), drawn(5, 2, 3), tmp_path / "mgu.onnx")
    with pytest.raises(tg.GraphError, match=r"no RNN, LSTM or GRU node[\s\S]*Scan"):
        tg.load_onnx(tmp_path / "mgu.onnx")
