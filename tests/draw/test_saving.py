"""A picture that is saved is whole, or the old one stays: in each format, whatever stops it; and it has a name."""

import errno
import os
import shutil
import stat
import sys

import pytest

import tinygraph as tg
from tests.each import each
from tests.interrupts import interrupted
from tinygraph.draw.write import render

from .networks import word_rnn

SYSTEM = shutil.which("dot")
FORMATS = ["dot", "gv", "", "txt", "html", "svg", "tex"]
if SYSTEM or render._from_pip():
    FORMATS += ["png"]
if SYSTEM:
    FORMATS += ["pdf"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")


@pytest.fixture(scope="module")
def drawing():
    return tg.draw(word_rnn(2))


def old(folder, suffix):
    path = folder / ("a." + suffix if suffix else "a")
    path.write_text("old")
    return path


def fails(error):
    def fail(*_):
        raise error

    return fail


@each("suffix", FORMATS)
@each("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_whatever_stops_a_save_the_old_picture_stays(tmp_path_factory, drawing, suffix, error):
    path = old(tmp_path_factory.mktemp("full"), suffix)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(type(error)) as caught:
        patch.setattr(os, "fsync", fails(error))
        drawing.save(path)
    if isinstance(error, OSError):
        assert caught.value.errno == errno.ENOSPC
        assert str(path) in str(caught.value) and "nothing was changed" in str(caught.value)
    assert path.read_text() == "old" and os.listdir(path.parent) == [path.name]
    drawing.save(path)
    assert path.read_text(errors="replace") != "old" and os.listdir(path.parent) == [path.name]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of files whose `with` was cut short
@each("suffix", ["dot", "txt"])
def test_an_interrupt_of_a_save_comes_out_as_itself(tmp_path_factory, suffix):
    drawing, path = tg.draw(tg.constant(1.0)), old(tmp_path_factory.mktemp("stopped"), suffix)
    for at in interrupted(lambda: drawing.save(path), every=11):
        content = path.read_text()
        assert content == "old" or content.rstrip("}\n").strip(), at
        assert os.listdir(path.parent) == [path.name], at
        path.write_text("old")


@posix
@each("suffix", FORMATS)
def test_links_are_followed_and_permissions_stay(tmp_path_factory, drawing, suffix):
    folder = tmp_path_factory.mktemp("links")
    path, link = old(folder, suffix), folder / ("b." + suffix if suffix else "b")
    path.chmod(0o600)
    link.symlink_to(path.name)
    drawing.save(link)
    assert link.is_symlink() and stat.S_IMODE(path.stat().st_mode) == 0o600 and path.stat().st_size > 3


def test_without_a_name_nothing_is_dropped_into_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(tg.GraphError, match=r"(?s)name of a file.*drawing\.save\("):
        tg.draw(word_rnn(1)).save()
    assert not os.listdir(tmp_path)


@each("name", ["render", "view", "node", "attr", "format", "show"])
def test_what_a_digraph_had_is_told(drawing, name):
    with pytest.raises(AttributeError, match=r"drawing\.digraph|\.digraph|save\("):
        getattr(drawing, name)
    assert not hasattr(drawing, name)


@each("name", ["", b"a.svg", 3, [], "folder", "folder/", ".", "a.svg\0"], ids=repr)
def test_what_names_no_file_is_refused(tmp_path_factory, drawing, name):
    folder = tmp_path_factory.mktemp("names")
    (folder / "folder").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with pytest.raises(tg.GraphError, match="save"):
            drawing.save(name)
    assert os.listdir(folder) == ["folder"] and not os.listdir(folder / "folder")


def test_a_picture_that_cannot_be_made_makes_no_folder(tmp_path, drawing, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sysconfig.get_path", lambda *_: "")
    with pytest.raises(tg.GraphError, match="Graphviz"):
        drawing.save(tmp_path / "new" / "a.png")
    assert not os.listdir(tmp_path)


@each("suffix", ["svg", "html", "gif"])
def test_folders_are_made_and_a_picture_is_saved_over_itself(tmp_path_factory, drawing, suffix):
    place = tmp_path_factory.mktemp("deep") / "down" / "further" / f"a.{suffix}"
    texts = []
    for _ in range(2):
        assert drawing.save(place) == str(place)
        texts.append(place.read_bytes())
    assert texts[0] == texts[1] and [*place.parent.iterdir()] == [place]
