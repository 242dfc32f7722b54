"""Calls that no picture can be made of, and numbers at the ends of what a float holds: told, or drawn as they are."""

import shutil

import numpy as np
import pytest

import tinygraph as tg

from .networks import weights, word_rnn
from .recurrent import gru

LOSS = word_rnn(3)


@pytest.mark.parametrize(
    "wrong, word",
    [
        ({"view": []}, "no view"),
        ({"view": np.ones(2)}, "no view"),
        ({"level": np.ones(2)}, "no level"),
        ({"params": LOSS}, "draw has no option params"),
        ({"values": np.ones(2)}, "values"),
        ({"values": "yes"}, "values"),
        ({"gradients": "yes"}, "gradients"),
        ({"gradients": [LOSS]}, "gradients"),
        ({"gradients": LOSS}, "gradients"),
        ({"gradients": {LOSS: "x"}}, "real numbers"),
        ({"gradients": {LOSS: [[1.0], [1.0, 2.0]]}}, "real numbers"),
        ({"gradients": {LOSS: 1j}}, "real numbers"),
        ({"gradients": {LOSS: object()}}, "real numbers"),
        ({"truncate": 2.5}, "truncate"),
        ({"max_nodes": True}, "max_nodes"),
    ],
)
def test_an_option_of_another_kind_is_named(wrong, word):
    with pytest.raises(tg.GraphError, match=word) as told:
        tg.draw(LOSS, **wrong)
    assert "got" in str(told.value)


@pytest.mark.parametrize("tokens", [b"abc", {"a", "b", "c"}, LOSS, {"a": "b"}, {0: "a", 1: "b", 2: "c"}])
@pytest.mark.parametrize("view", ["unrolled", "rolled", "flow", "backward"])
def test_tokens_that_would_stand_at_the_wrong_step_are_refused(tokens, view):
    with pytest.raises(tg.GraphError, match="tokens"):
        tg.draw(LOSS, view, tokens=tokens)
    assert tg.draw(LOSS, view, tokens={2: "b"}).source


def test_numbers_of_numpy_do_for_options():
    assert tg.draw(LOSS, truncate=np.int64(1)).source == tg.draw(LOSS, truncate=1).source


@pytest.mark.parametrize("wrong", [3, None, [3], [LOSS], "xy"])
def test_snapshots_that_are_no_drawings_are_told(wrong, tmp_path):
    with pytest.raises(tg.GraphError, match=r"drawings|tg\.draw"):
        tg.draw(LOSS).save(tmp_path / "x.html", snapshots=wrong)
    assert not (tmp_path / "x.html").exists()


@pytest.mark.parametrize("name", ["x.svg", "x.txt", "x.dot", "x"])
def test_snapshots_are_only_for_a_page(name, tmp_path):
    with pytest.raises(tg.GraphError, match="page"):
        tg.draw(LOSS).save(tmp_path / name, snapshots=[tg.draw(LOSS)])


@pytest.mark.parametrize("name, got", [(None, "nothing"), (3, "3"), (b"x.svg", "b'x.svg'"), (7.5, "7.5")])
def test_what_is_no_name_of_a_file(name, got):
    with pytest.raises(tg.GraphError, match=rf"(?s)save: no name of a file.*got +.*{got}.*fix"):
        tg.draw(LOSS).save(name)


def test_a_folder_is_no_place_for_a_picture(tmp_path):
    (tmp_path / "x.svg").mkdir()
    with pytest.raises((IsADirectoryError, PermissionError, tg.GraphError)):
        tg.draw(LOSS).save(tmp_path / "x.svg")
    assert not list((tmp_path / "x.svg").iterdir())


def test_a_file_outlives_a_graphviz_that_fails(tmp_path, monkeypatch):
    (tmp_path / "fails").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "fails").chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: str(tmp_path / "fails"))
    (tmp_path / "x.png").write_text("old")
    with pytest.raises(tg.GraphError, match="Graphviz"):
        tg.draw(LOSS).save(tmp_path / "x.png")
    assert (tmp_path / "x.png").read_text() == "old"


@pytest.mark.parametrize("size, told", [(1e-200, "1.4e-200"), (1e-320, "1.4e-320"), (1e300, "1.4e300")])
def test_a_norm_is_told_where_its_square_is_no_float(size, told):
    x = tg.constant([1.0, 2.0], name="x")
    h = tg.exp(x)
    given = np.full(2, size)
    drawn = tg.draw(h, gradients={x: given, h: given}).picture
    assert [box.below for box in drawn.boxes] == [f"2 · ‖∂‖ {told}"] * 2
    assert drawn.scale is not None and 0 < drawn.scale[0] < drawn.scale[1] < np.inf


@pytest.mark.parametrize("gain", [1e-60, 1e60])
def test_flow_tells_what_is_left_after_a_long_way(gain):
    w, h = tg.parameter(gain, name="w"), tg.constant(0.0, name="h0")
    for t in range(5):
        with tg.step(t):
            h = tg.add(w * h, 0.0, name="h")
    text = tg.draw(tg.sum(h), "flow").text()
    assert all(x in text for x in [f"1.0e{round(np.log10(gain)) * k}" for k in (1, 2, 3, 4)])


def test_whole_numbers_are_drawn_with_gradients_that_they_have_not_and_no_view_of_gradients_takes_them():
    """An index of the largest is no loss: its picture is drawn, without norms; what shows gradients alone says so."""
    largest = tg.argmax(tg.parameter([1.0, 2.0], "w") * 2.0)
    for view in ("unrolled", "both"):
        drawn = tg.draw(largest, view, gradients=True).picture
        assert {box.norm for box in drawn.boxes} == {None} and "not computed" in drawn.boxes[0].below
    for view in ("backward", "saliency"):
        with pytest.raises(tg.GraphError, match=r"needs one loss of one element\n[\s\S]*got +argmax \(\) int64"):
            tg.draw(largest, view)


def test_gradients_that_add_up_to_infinity_are_no_warning():
    loss = gru(4)
    given, waiting = {}, [loss]
    for node in waiting:
        if node not in given:
            given[node] = np.full(node.shape, 1.7e308)
            waiting += node.inputs
    for view, level in (("unrolled", "op"), ("unrolled", "whole"), ("rolled", "auto")):
        assert "∞" in tg.draw(loss, view, level=level, gradients=given).source


def test_a_step_of_initial_states_alone_has_no_column():
    w = weights(A=(2, 2), B=(2, 2), C=(2, 2))

    def inner(x, h):
        h = tg.tanh(w["A"] @ x + w["B"] @ h)
        return h, h

    def outer(x, h):
        h = tg.tanh(w["C"] @ tg.unroll(inner, x, np.zeros(2))[1] + h)
        return h, h

    loss = tg.mean(tg.unroll(outer, np.ones((3, 2, 2)), np.zeros(2))[0])
    for level in ("op", "cell", "layer", "whole"):
        for view in ("unrolled", "rolled", "both", "backward"):
            drawn = tg.draw(loss, view, level=level).picture
            assert all(band.left < band.right for band in drawn.bands)


def test_text_never_cuts_a_number_short():
    text = tg.draw(word_rnn(3), gradients=True).text()
    for box in tg.draw(word_rnn(3)).picture.boxes:
        assert all(part.text in text for part in box.title if part.kind == "value")
    assert "‖0.…" not in tg.draw(LOSS, "backward").text()
