"""The folder of machine code: wrong places do no harm, its size is bounded, files of others are left alone."""

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.run.native import disk

from .kept import COMPILED, STORED, again, files, plus

pytest.importorskip("llvmlite")


@each("place", ["file", "file/cache", os.devnull, "", "folder", "~nobody-of-this-name/x", "/proc/none/cache"])
def test_a_wrong_place_does_no_harm(place, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TINYGRAPH_CACHE_DIR", place)
    again(9)
    assert again(9) in (COMPILED, STORED)
    assert tmp_path.joinpath("file").read_text() == ""


def test_without_a_home_nothing_is_kept(own_folder, monkeypatch):
    def homeless():
        raise RuntimeError("no home")

    monkeypatch.delenv("TINYGRAPH_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    if sys.platform != "win32":
        assert disk.folder() is None
    assert again(10) == again(10) == COMPILED


@each("platform, place", [("win32", ("AppData", "Local")), ("darwin", ("Library", "Caches")), ("linux", (".cache",))])
def test_each_system_has_its_place_for_caches(platform, place, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("TINYGRAPH_CACHE_DIR", "LOCALAPPDATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert disk.folder() == tmp_path.joinpath(*place, "tinygraph", "code-2")
    for name, of in (("LOCALAPPDATA", "win32"), ("XDG_CACHE_HOME", "linux")):
        monkeypatch.setenv(name, str(tmp_path / name))
        if platform == of:
            assert disk.folder() == tmp_path / name / "tinygraph" / "code-2"
    monkeypatch.setenv("TINYGRAPH_CACHE_DIR", str(tmp_path / "own"))
    assert disk.folder() == tmp_path / "own" / "code-2"


def test_without_a_home_there_is_nothing_to_clear(monkeypatch):
    monkeypatch.setattr(disk, "folder", lambda: None)
    disk.clear()


def test_a_key_that_cannot_be_read_again_seals_nothing(tmp_path):
    lost = SimpleNamespace(path=tmp_path, read=lambda name: None, write=lambda name, data, replace=True: None)
    with pytest.raises(OSError, match="secret cannot be read"):
        disk._made_secret(lost)


def test_a_full_disk_leaves_nothing_behind(own_folder, monkeypatch):
    def full(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert again(11) == again(11) == COMPILED
    assert [path.name for path in disk.folder().iterdir()] == [disk.SECRET]


def test_the_oldest_of_our_files_make_room(own_folder, monkeypatch):
    for number in range(4):
        plus(20 + number)
        newest = max(files(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (1000 + number, 1000 + number))
    size = files()[0].stat().st_size
    monkeypatch.setattr(disk, "BOUND", 2 * size)
    plus(30)
    kept = sorted(int(path.stat().st_mtime) for path in files())
    assert kept[:2] == [1002, 1003] and len(kept) == 3


def test_other_files_are_neither_counted_nor_deleted(own_folder, monkeypatch):
    monkeypatch.setattr(disk, "BOUND", 4000)
    plus(40)
    names = ["thesis.tex", "main.o", "a.part", "0" * 64, "0" * 64 + ".o.bak", "secrets", "0" * 63 + "/x.o"]
    others = [around / name for around in (own_folder, disk.folder()) for name in names]
    for path in [*others, own_folder / ("0" * 64 + ".o")]:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 10_000)
        os.utime(path, (1000, 1000))
    before = files()
    plus(41)
    assert {*before} <= {*files()}, "small files of ours were deleted as if others were ours"
    tg.cache_clear()
    assert [path for path in others if path.stat().st_size != 10_000] == []
    assert again(40) == COMPILED


def test_what_killed_processes_left_is_deleted_when_it_is_old(own_folder):
    plus(50)
    old, young = (disk.folder() / f"{'0' * 64}.o-{digit * 16}.part" for digit in "12")
    for path in (old, young):
        path.write_bytes(b"half")
    for path, minutes in ((old, 61), (young, 59)):
        os.utime(path, (time.time() - 60 * minutes,) * 2)
    plus(51)
    assert young.exists() and not old.exists()
