"""What is no layer in an ONNX file is refused by its node's name, with what came and how to go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.told import told
from tinygraph.export.onnx.loading import Loading

from .running import drawn, needs_onnx
from .test_loading import model, node, saved, weights

pytestmark = needs_onnx
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
        "an activation without its first number": (
            model(
                [node("RNN", "x,W,R,B", "Y", hidden_size=4, activations=["ScaledTanh"], activation_beta=[2.0]), out],
                weights(1) | one,
            ),
            "ScaledTanh is not known",
        ),
        "an activation without its second number": (
            model(
                [node("RNN", "x,W,R,B", "Y", hidden_size=4, activations=["ScaledTanh"], activation_alpha=[2.0]), out],
                weights(1) | one,
            ),
            "ScaledTanh is not known",
        ),
        "three that read the same": (
            model(
                [
                    *(
                        node("LSTM", "x,W,R,B", f"Y{k}", hidden_size=4, direction=way)
                        for k, way in enumerate(("forward", "reverse", "forward"))
                    ),
                    node("Squeeze", "Y2,one", "y"),
                ],
                arrays | one,
            ),
            "reads the same sequence as another node",
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
        with pytest.raises(tg.GraphError, match=words) as refusal:
            tg.load_onnx(saved(proto, tmp_path))
            pytest.fail(name)
        assert told(refusal.value) == ("g" if name == "no recurrent node" else "f"), name


def broken() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """What the error says, by the node's settings and arrays that do not fit."""
    return {
        "hidden size 4, and hidden_size is 5": ({"hidden_size": 5}, {}),
        "no such direction: sideways": ({"direction": "sideways"}, {}),
        "1 activations in place of 3": ({"activations": ["Relu"]}, {}),
        r"W is float32 \(1, 15, 3\) in place of float32 \(1, 16, 3\)": ({}, {"W": drawn(1, 15, 3)}),
        r"W is float32 \(1, 16, 3\) in place of float32 \(2, 16, 3\)": ({"direction": "bidirectional"}, {}),
        "W and R do not have three axes": ({}, {"R": drawn(16, 4)}),
        "do not have three axes": ({}, {"W": drawn(16, 3)}),
        r"B is float32 \(1, 16\) in place": ({}, {"B": drawn(1, 16)}),
        "R is float64": ({}, {"R": drawn(1, 16, 4).astype(np.float64)}),
    }


def test_a_node_that_no_runtime_would_run_is_refused(tmp_path: Path) -> None:
    for words, (settings, arrays) in broken().items():
        lstm = node(*LSTM, name="cell", **{"hidden_size": 4, **settings})
        proto = model([lstm, node("Squeeze", "Y,one", "y")], weights(4) | {"one": np.array([1])} | arrays)
        with pytest.raises(tg.GraphError, match=f"'cell'.*{words}"):
            tg.load_onnx(saved(proto, tmp_path))


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
    with pytest.raises(tg.GraphError, match=r"the array 'W' is damaged\n  got  ") as refusal:
        Loading(proto).layer()
    assert told(refusal.value) == "g"


def test_a_scan_is_refused(tmp_path: Path) -> None:
    tg.export.onnx(tg.Recurrent(tg.cells.MGU(3, 4, rng=0)), drawn(5, 2, 3), tmp_path / "mgu.onnx")
    with pytest.raises(tg.GraphError, match=r"no RNN, LSTM or GRU node[\s\S]*Scan"):
        tg.load_onnx(tmp_path / "mgu.onnx")


STARTS: dict[str, tuple[Any, bool]] = {
    "zeros of a shape": (lambda: [node("ConstantOfShape", "shape", "h")], True),
    "told zeros of a shape": (lambda: [node("ConstantOfShape", "shape", "h", value=filled(0))], True),
    "ones of a shape": (lambda: [node("ConstantOfShape", "shape", "h", value=filled(1))], False),
    "a constant of zeros": (lambda: [node("Constant", "", "h", value=filled(0, 1, 2, 4))], True),
    "a constant with a one": (lambda: [node("Constant", "", "h", value=filled(1, 1, 2, 4))], False),
    "a constant that is told in another way": (lambda: [node("Constant", "", "h", value_float=0.0)], False),
    "zeros that are joined": (lambda: [*halves(0), node("Concat", "a,b", "h", axis=1)], True),
    "zeros and ones that are joined": (lambda: [*halves(1), node("Concat", "a,b", "h", axis=1)], False),
    "zeros that are turned": (
        lambda: [node("ConstantOfShape", "turned", "a"), node("Transpose", "a", "h", perm=[1, 0, 2])],
        True,
    ),
    "zeros that are computed": (
        lambda: [node("ConstantOfShape", "shape", "a"), node("Neg", "a", "h")],
        False,
    ),
}


def filled(number: float, *shape: int) -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.full(shape or (1,), number, np.float32))


def halves(number: float) -> list[Any]:
    """Zeros, and others of the number."""
    return [
        node("ConstantOfShape", "half", "a"),
        node("ConstantOfShape", "half", "b", value=filled(number)),
    ]


@pytest.mark.parametrize("name", STARTS)
def test_a_first_state_in_the_file_is_zeros(name: str) -> None:
    make, right = STARTS[name]
    sizes = {"shape": np.array([1, 2, 4]), "half": np.array([1, 1, 4]), "turned": np.array([2, 1, 4])}
    lstm = node("LSTM", "x,W,R,B,,h,h", "Y", hidden_size=4, name="cell")
    nodes = [*make(), lstm, node("Squeeze", "Y,one", "y")]
    for each in nodes:
        if each.input == [""]:
            del each.input[:]
    loading = Loading(model(nodes, weights(4) | {"one": np.array([1])} | sizes))
    if right:
        assert loading.layer().cell.hidden_size == 4
        return
    with pytest.raises(tg.GraphError, match=r"'cell'.*its initial state 'h' is in the file, and not 0"):
        loading.layer()
