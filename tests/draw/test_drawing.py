"""What a drawing can do: files by suffix, plain text, notebooks, views by name."""

import gc
import html
import re
import shutil
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.draw import VIEWS
from tinygraph.draw.picture import Picture
from tinygraph.draw.write import render
from tinygraph.draw.write.plain import plain

from .networks import both_ways, lstm, perceptron, word_rnn

SYSTEM = shutil.which("dot")
rendering = pytest.mark.skipif(SYSTEM is None and render._from_pip() is None, reason="no Graphviz")


@pytest.fixture
def no_program(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: "")


@pytest.mark.parametrize(
    "suffix, start",
    [
        ("svg", b"<?xml"),
        ("txt", b"Recurrent network, 1 step, unrolled\n\nt = 1"),
        ("html", b"<!DOCTYPE"),
        pytest.param("png", b"\x89PNG", marks=rendering),
        *(
            pytest.param(suffix, start, marks=pytest.mark.skipif(SYSTEM is None, reason="no system Graphviz"))
            for suffix, start in (("pdf", b"%PDF"), ("ps", b"%!PS"), ("json", b"{"), ("jpg", b"\xff\xd8"))
        ),
    ],
)
def test_the_suffix_says_what_is_written(tmp_path, suffix, start):
    with tg.step(1):
        drawing = tg.draw(tg.tanh(tg.constant([0.5])))
    out = tmp_path / "new" / f"a.{suffix}"
    assert drawing.save(out) == str(out)
    assert out.read_bytes().startswith(start) and [x.name for x in out.parent.iterdir()] == [out.name]


@pytest.mark.parametrize("name", ["a.gv", "a.dot", "a", "a.DOT"])
def test_dot_text_needs_no_program(tmp_path, name, no_program):
    drawing = tg.draw(word_rnn(2))
    assert Path(drawing.save(tmp_path / name)).read_text(encoding="utf-8") == drawing.source
    drawing.save(tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == drawing.text() + "\n"


def test_other_suffixes_are_refused_and_nothing_is_written(tmp_path, no_program):
    for name in ("a.htm", "a.xyz"):
        with pytest.raises(tg.GraphError, match=r"\.svg, \.html, \.txt, \.dot, \.gv, \.png, \.pdf, or another format"):
            tg.draw(word_rnn(1)).save(tmp_path / name)
    with pytest.raises(tg.GraphError, match="Graphviz"):
        tg.draw(word_rnn(1)).save(tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(SYSTEM is None, reason="no system Graphviz")
def test_graphvizs_own_way_of_rendering_still_works(tmp_path):
    digraph = tg.draw(word_rnn(1)).digraph
    digraph.attr(bgcolor="yellow")
    assert digraph.render("rnn", directory=tmp_path, format="png") == str(tmp_path / "rnn.png")
    assert sorted(x.name for x in tmp_path.iterdir()) == ["rnn", "rnn.png"]


def test_a_notebook_without_a_program_shows_the_picture_and_has_its_text(no_program):
    drawing = tg.draw(word_rnn(2))
    told = drawing._repr_mimebundle_()
    assert told["image/svg+xml"].partition("viewBox")[2] == drawing.pipe(encoding="utf-8").partition("viewBox")[2]
    assert told["text/plain"] == drawing.text() and len(told) == 2


def test_an_unknown_view_names_the_known_ones():
    with pytest.raises(tg.GraphError) as error:
        tg.draw(word_rnn(1), view="sideways")
    assert all(name in str(error.value) for name in (*VIEWS, "sideways"))


def own_view(given, options):
    return Picture(title=options.title, boxes=tg.draw(given).picture.boxes)


def test_a_view_is_one_line_in_the_table(monkeypatch):
    monkeypatch.setitem(VIEWS, "own", (__name__, "own_view"))
    drawing = tg.draw(word_rnn(1), "own", title="mine")
    assert "mine" in drawing.source and "mine" in drawing.text()


@pytest.mark.parametrize("root", [word_rnn(6), lstm(6), both_ways(6), word_rnn(200)])
def test_the_text_fits_100_columns(root):
    gradients = root.op.name == "divide"
    assert max(map(len, tg.draw(root, gradients=gradients).text().splitlines())) <= 100


def test_the_text_shows_steps_rows_state_and_parameters():
    text = tg.draw(word_rnn(4, cut=2), gradients=True, tokens=["I", "am", "so", "so"], title="net").text()
    lines = text.splitlines()
    assert lines[0] == "net" and any(" ".join(line.split()) == "t = 1 I t = 2 am t = 3 so t = 4 so" for line in lines)
    row = next(line for line in lines if line.startswith("h1 = tanh"))
    assert row.split("  ")[0] == "h1 = tanh" and [f"h{t} = tanh" in row for t in (1, 2, 3, 4)] == [True] * 4
    assert "  t = 1: h1 = tanh ----> t = 2: W @ h1" in lines
    assert "  t = 2: h2 = tanh --|-> t = 3: W @ h2" in lines and text.count("--|->") == 2
    assert any(line.split()[:3] == ["W", "6×6", "4×"] and "‖∂‖" in line for line in lines)
    assert lines.index(row) < next(i for i, line in enumerate(lines) if line.startswith("x1"))


def test_the_text_shows_where_the_initial_state_goes():
    assert "  start: h0 ----> t = 1: W @ h0" in tg.draw(word_rnn(3)).text().splitlines()
    lines = tg.draw(both_ways(3)).text().splitlines()
    assert "  start: h₀ ----> t = 0: B @ h₀" in lines and "  t = 2: B @ h₀ <---- start: h₀" in lines
    assert "  start: h0 ----> cell: W @ hₜ₋₁" in tg.draw(word_rnn(3), "rolled").text().splitlines()


def test_the_text_goes_by_the_places_of_columns_not_by_their_order_in_the_list():
    picture = tg.draw(word_rnn(4)).picture
    assert plain(replace(picture, bands=picture.bands[::-1])) == plain(picture)


def test_above_six_steps_the_middle_is_left_out():
    text = tg.draw(word_rnn(9), level="op").text()
    heads = next(line for line in text.splitlines() if line.startswith("t = 1"))
    assert " ".join(heads.split()) == "t = 1 t = 2 t = 3 … 4 more … t = 8 t = 9"
    assert "h4" not in text.replace("@ h4", "") and "t = 8: h8 = tanh ----> t = 9: W @ h8" in text
    assert "more" not in tg.draw(word_rnn(6)).text()


def test_a_graph_without_time_is_a_list_from_the_loss_down():
    lines = tg.draw(perceptron()).text().splitlines()
    names = [next(i for i, line in enumerate(lines) if line.startswith(x)) for x in ("sum", "squared", "relu", "x   ")]
    assert names == sorted(names)


def test_a_rolled_cell_tells_how_often_it_runs_and_what_returns():
    lines = tg.draw(word_rnn(4), view="rolled").text().splitlines()
    assert "cell × 4" in lines
    returns = [line for line in lines if line.startswith("  t-1 → t: ")]
    assert len(returns) == 1 and "tanh ----> W @ h" in returns[0]


@each("suffix", ["svg", "html", "txt", "dot", "gv", "tex"])
def test_bytes_text_and_file_are_the_same(tmp_path, suffix):
    drawing = tg.draw(word_rnn(2), gradients=True)
    data = drawing.pipe(suffix)
    assert isinstance(data, bytes) and data.decode() == drawing.pipe(suffix, "utf-8") == drawing.pipe(
        suffix, encoding="utf-8"
    )
    assert Path(drawing.save(tmp_path / f"x.{suffix}")).read_bytes() == data
    assert suffix != "svg" or drawing.pipe() == data
    assert suffix not in ("dot", "gv") or data.decode() == drawing.source
    assert suffix != "txt" or data.decode() == drawing.text() + "\n"


def test_a_page_in_a_notebook_is_the_page_in_a_frame_that_reaches_nothing():
    drawing = tg.draw(word_rnn(2))
    (page,) = re.findall(r'srcdoc="([^"]*)"></iframe>$', drawing.page()._repr_html_())
    assert html.unescape(page) == drawing.pipe("html", "utf-8")
    frame = drawing.page(height=333, snapshots=[drawing])._repr_html_().partition("srcdoc")[0]
    assert 'sandbox="allow-scripts"' in frame and "height:333px" in frame and "width:100%" in frame
    assert "height:600px" in drawing.page()._repr_html_() and 'id="curve"' not in page
    for wrong in (0, -3, 2.5, "600", True):
        with pytest.raises(tg.GraphError, match="height"):
            drawing.page(height=wrong)
    with pytest.raises(tg.GraphError, match="snapshots must be drawings"):
        drawing.page(snapshots=3)


def test_in_a_notebook_a_wide_picture_is_as_wide_as_its_cell():
    for drawing, wide in ((tg.draw(tg.constant(1.0)), False), (tg.draw(word_rnn(6)), True)):
        svg, size = drawing._repr_mimebundle_()["image/svg+xml"], drawing.pipe(encoding="utf-8")
        (width,) = re.findall(r' width="(\d+)pt"', size)
        assert (int(width) > 540) == wide
        head = svg.partition("viewBox")[0]
        assert ('width="100%"' in head and f"max-width:{width}pt" in head) == wide
        assert (f'width="{width}pt"' in head and "max-width:100%" in head) != wide and "max-width" not in size


def test_each_digraph_is_a_new_one_and_the_collector_is_as_it_was():
    drawing = tg.draw(word_rnn(2))
    drawing.digraph.node("mine")
    assert "mine" not in drawing.source and drawing.digraph is not drawing.digraph
    on = gc.isenabled()
    try:
        for before in (gc.enable, gc.disable):
            before()
            state = gc.isenabled()
            tg.draw(word_rnn(2))
            with pytest.raises(tg.GraphError):
                tg.draw(word_rnn(2), tokens=3)
            assert gc.isenabled() == state
    finally:
        (gc.enable if on else gc.disable)()


def test_mermaid_has_a_box_a_cell_unless_a_level_is_named():
    assert tg.draw(word_rnn(3))._cells is not None and tg.draw(word_rnn(3), level="op")._cells is None
    assert tg.draw(word_rnn(3), "both").mermaid() == tg.draw(word_rnn(3), "both", level="cell").mermaid()


def test_a_view_of_ones_area_is_one_of_its_own_candidates():
    """Both has its gradients by itself; each view says what it is."""
    both = tg.draw(word_rnn(2), "both", fit="slide").picture
    assert both.scale is not None and both.view == "both" and tg.draw(word_rnn(2), fit="slide").picture.scale is None
    assert all(tg.draw(word_rnn(3), view).picture.view == view for view in ("flow", "states", "rolled", "backward"))
    assert tg.draw(word_rnn(2), lang="zh", title="state").picture.title == "state"
