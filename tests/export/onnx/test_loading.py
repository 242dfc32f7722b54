"""Layers from ONNX files: PyTorch's, Keras' and our own, against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tests.targets.sessions import session
from tinygraph.core.structure import leaves

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
    "hard with another second number": (
        "GRU",
        "x,W,R,B",
        {"activations": ["HardSigmoid", "Tanh"], "activation_alpha": [1 / 6], "activation_beta": [0.4]},
    ),
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


STEPS: dict[str, Any] = {
    "Cast": lambda: [node("Cast", "s", "s2", to=1)],
    "Concat": lambda: [node("Concat", "s", "s2", axis=2)],
    "Identity": lambda: [node("Identity", "s", "s2")],
    "Reshape": lambda: [node("Reshape", "s,shape", "s2")],
    "Squeeze": lambda: [node("Unsqueeze", "s,two", "u"), node("Squeeze", "u,two", "s2")],
    "Transpose": lambda: [node("Transpose", "s", "u", perm=[2, 0, 1]), node("Transpose", "u", "s2", perm=[1, 2, 0])],
}


@each("name", STEPS)
def test_what_keeps_all_numbers_may_stand_between_two_layers(name: str, tmp_path: Path) -> None:
    arrays = weights(3) | {"one": np.array([1]), "two": np.array([2]), "shape": np.array([5, 2, 4])}
    arrays |= {"W2": drawn(1, 4, 4), "R2": drawn(1, 4, 4)}
    first = [node("GRU", "x,W,R,B", "Y", hidden_size=4), node("Squeeze", "Y,one", "s")]
    last = [node("RNN", "s2,W2,R2", "Z", hidden_size=4), node("Squeeze", "Z,one", "y")]
    path, x = saved(model([*first, *STEPS[name](), *last], arrays), tmp_path), drawn(5, 2, 3)
    outputs, _ = tg.load_onnx(path)(x)
    np.testing.assert_allclose(outputs.value, session(str(path)).run(None, {"x": x})[0], atol=1e-6)


def test_the_batch_is_first_where_the_node_says_so(tmp_path: Path) -> None:
    arrays, read = weights(4) | {"one": np.array([1])}, []
    for layout in (0, 1):
        lstm = node("LSTM", "x,W,R,B", "Y", hidden_size=4, layout=layout)
        read.append(tg.load_onnx(saved(model([lstm, node("Squeeze", "Y,one", "y")], arrays), tmp_path)))
    x = drawn(5, 2, 3)
    np.testing.assert_array_equal(read[1](x.swapaxes(0, 1))[0].value, read[0](x)[0].value.swapaxes(0, 1))
