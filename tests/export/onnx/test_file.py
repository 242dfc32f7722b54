"""The file: whole or not at all, readable again, and one clear error for each wrong argument."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.targets.sessions import session
from tests.told import told
from tinygraph.core.op import Spec
from tinygraph.core.traced import Slot
from tinygraph.export.onnx import model
from tinygraph.ops.lookup import ARRAY

from .running import drawn, needs_onnx

LAYER = tg.Recurrent(tg.cells.LSTM(3, 4, rng=0, clip=2.0))


@needs_onnx
def test_a_file_says_what_it_is(tmp_path: Path) -> None:
    tg.export.onnx(LAYER, drawn(5, 2, 3), tmp_path / "lstm.onnx")
    told = tg.export.metadata(tmp_path / "lstm.onnx")
    assert told["cell"] == "LSTM" and told["tinygraph"] and told["settings"]["axis"] == 0
    assert told["options"]["hidden_size"] == 4 and told["options"]["clip"] == 2.0
    assert told["inputs"] == {"inputs": ["T", "B", None], "state.0": ["B", None], "state.1": ["B", None]}
    assert told["natives"]["LSTM"]["cell"] == "LSTM" and told["natives"]["LSTM"]["options"]["clip"] == 2.0
    own = session(str(tmp_path / "lstm.onnx"))
    assert [x.shape for x in own.get_inputs()] == [["T", "B", 3], ["B", 4], ["B", 4]]
    assert [x.shape for x in own.get_outputs()] == [["T", "B", 4], ["B", 4], ["B", 4]]
    assert own.get_modelmeta().producer_name == "tinygraph"
    assert [path.name for path in tmp_path.iterdir()] == ["lstm.onnx"]


@needs_onnx
def test_parameters_keep_their_names(tmp_path: Path) -> None:
    import onnx

    cell = tg.cells.MGU(3, 4, rng=0)
    tg.export.onnx(tg.Recurrent(cell), drawn(5, 2, 3), tmp_path / "mgu.onnx")
    arrays = {a.name: onnx.numpy_helper.to_array(a) for a in onnx.load(tmp_path / "mgu.onnx").graph.initializer}
    for name, parameter in cell.parameters().items():
        np.testing.assert_array_equal(arrays[name], parameter.value)
    assert {*tg.export.metadata(tmp_path / "mgu.onnx")["parameters"]} == {*map(str, cell.parameters())}


class Net(tg.Module):
    """Has attributes of names that layers have, too."""

    def __init__(self) -> None:
        self.settings, self.w = [np.ones(2)], tg.parameter(np.ones(2, np.float32), "w")

    def __call__(self, x: Any) -> Any:
        return x * self.w


@needs_onnx
def test_settings_are_a_layers_alone(tmp_path: Path) -> None:
    tg.export.onnx(Net(), drawn(5, 2), tmp_path / "net.onnx", ("T",))
    told_of = tg.export.metadata(tmp_path / "net.onnx")
    assert told_of["settings"] == {} and told_of["cell"] == "Net" and told_of["parameters"] == ["w"]


def python_loop(x: Any) -> Any:
    return tg.stack([x[t] for t in range(x.shape[0])])


OTHERS = Slot(Spec((5, 2), np.dtype(np.float32)), "a")
"""An argument of another function that is traced."""
CAPTURED = drawn(5)
FIVE = np.array([True, False, True, True, False])
WRONG: dict[str, tuple[Any, Any, dict[str, Any], str, str]] = {
    "no function": (3, drawn(5, 2, 3), {}, "only what can be called", "gf"),
    "a class": (tg.cells.LSTM, drawn(5, 2, 3), {}, "only what can be called", "gf"),
    "no array": (lambda x: x, "words", {}, "the example has no array", "f"),
    "no array for a layer": (LAYER, None, {}, "the example has no array", "eg"),
    "texts": (lambda x: x, np.array(["a"]), {}, "no real numbers", "g"),
    "too many arguments": (lambda x: x, (drawn(2), drawn(2)), {}, "takes 1 positional argument", "g"),
    "another input size": (LAYER, drawn(5, 2, 7), {}, "input", "eg"),
    "no letters": (lambda x: x, drawn(5, 2), {"dynamic": 7}, "dynamic", "eg"),
    "None": (lambda x: x, drawn(5, 2), {"dynamic": None}, "dynamic names no axes", "eg"),
    "other letters": (LAYER, drawn(5, 2, 3), {"dynamic": ("batch", "T")}, "dynamic names no axes of a layer", "eg"),
    "a text for yes": (LAYER, drawn(5, 2, 3), {"native": "yes"}, "native is yes or no", "eg"),
    "masked": (LAYER, np.ma.masked_array(drawn(5, 2, 3)), {}, "masked array", "f"),
    "letters twice": (lambda x: x, drawn(5, 2), {"dynamic": ("T", "T")}, "dynamic names no axes", "eg"),
    "an unknown input": (lambda x: x, drawn(5, 2), {"dynamic": {"y": ("T",)}}, "dynamic does not fit", "eg"),
    "too many letters": (lambda x: x, drawn(5, 2), {"dynamic": {"x": ("T", "B", "C")}}, "dynamic does not fit", "eg"),
    "axes alike": (lambda x, h: x[0] + h, (drawn(2, 2, 3), drawn(2, 3)), {}, "cannot be told apart", "gf"),
    "a Python loop": (python_loop, drawn(5, 2), {}, "other things at other sizes", "egf"),
    "a captured array": (
        lambda x: x * CAPTURED[:, None],
        drawn(5, 2),
        {},
        "for the example's sizes and for no others",
        "egf",
    ),
    "a root of T": (lambda x: x / np.sqrt(np.float32(x.shape[0])), drawn(5, 2), {}, "cannot stay free", "gf"),
    "a decision": (lambda x: x if float(x[0, 0]) > 0 else -x, drawn(5, 2), {}, "float", "egf"),
    "noise": (lambda x: x + tg.noise(np.ones, x.shape, np.float32), drawn(5, 2), {}, "random numbers are drawn", "f"),
    "no result": (lambda x: None, drawn(5, 2), {}, "returned no array", "f"),
    "an argument of another function": (
        lambda x: x + OTHERS,
        drawn(5, 2),
        {"dynamic": ()},
        r"slot 'a': slot 'a' is no input of the function\n  fix +pass it as an argument$",
        "f",
    ),
    "booleans for places": (
        lambda x: tg.ops.pick(x, FIVE, index=(ARRAY,)),
        drawn(5, 2),
        {"dynamic": ()},
        "pick: an index of booleans",
        "egf",
    ),
}
if np.dtype(np.longdouble).itemsize > 8:
    words = r"export\.onnx: astype: ONNX has no arrays of float\d+\n  fix +x\.astype\(np\.float32\)$"
    WRONG["a dtype that ONNX lacks"] = (lambda x: x.astype(np.longdouble), drawn(5, 2), {}, words, "f")


@needs_onnx
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_is_one_error_and_leaves_the_file_that_was_there(name: str, tmp_path: Path) -> None:
    fn, example, options, words, lines = WRONG[name]
    place = tmp_path / "was.onnx"
    place.write_bytes(b"as it was")
    with pytest.raises(tg.GraphError, match=words) as refusal:
        tg.export.onnx(fn, example, place, **options)
    assert told(refusal.value) == lines
    assert place.read_bytes() == b"as it was" and [*tmp_path.iterdir()] == [place]


@needs_onnx
def test_a_graph_that_onnx_refuses_is_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import onnx

    def refuse(*_: Any, **__: Any) -> None:
        raise onnx.checker.ValidationError("why " * 100)

    monkeypatch.setattr(onnx.checker, "check_model", refuse)
    words = r"onnx's checker refuses the graph\n  got +(why ){75}\n  fix +this is a fault of the exporter"
    with pytest.raises(tg.GraphError, match=words):
        tg.export.onnx(LAYER, drawn(5, 2, 3), tmp_path / "lstm.onnx")
    assert not [*tmp_path.iterdir()]


@needs_onnx
def test_a_folder_that_is_not_installed_has_version_0(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(model, "version", missing)
    tg.export.onnx(LAYER, drawn(5, 2, 3), tmp_path / "lstm.onnx")
    assert tg.export.metadata(tmp_path / "lstm.onnx")["tinygraph"] == "0"


def missing(name: str) -> str:
    raise PackageNotFoundError(name)


@needs_onnx
def test_a_wrong_place_is_one_error(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "no" / "such" / "folder.onnx", 7, ""):
        with pytest.raises(tg.GraphError, match=r"export\.onnx"):
            tg.export.onnx(LAYER, drawn(5, 2, 3), place)
    foreign = Path(__file__).parent / "files" / "gru_script.onnx"
    for place, words, lines in (
        (tmp_path / "none.onnx", "there is no file", "f"),
        (Path(__file__), "no ONNX file", "eg"),
        (foreign, r"(?s)says nothing of tinygraph.*producer 'pytorch'", "g"),
    ):
        with pytest.raises(tg.GraphError, match=words) as refusal:
            tg.export.metadata(place)
        assert told(refusal.value) == lines


def test_a_missing_package_is_told_with_the_line_for_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    for call in (lambda p: tg.export.onnx(LAYER, drawn(5, 2, 3), p), tg.export.metadata):
        with pytest.raises(tg.GraphError, match=r'needs the package onnx[\s\S]*pip install "tinygraph-rnn\[onnx\]"'):
            call(tmp_path / "lstm.onnx")
    assert not [*tmp_path.iterdir()]
