"""Code that another user could have planted is not run: who owns folder and files, and who can write to them."""

import os
import shutil

import pytest

from tests.each import each
from tinygraph.run.native import disk, private_folder

from .kept import COMPILED, STORED, again, files, key

pytest.importorskip("llvmlite")
pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has other rights")

NOBODY = 65534
UNSAFE = "tinygraph keeps no machine code on disk: .*set TINYGRAPH_CACHE_DIR to a folder that only you can write"


@pytest.fixture
def stored(own_folder):
    """The folder with the code of one program."""
    again(1)
    assert again(1) == STORED
    return own_folder


def mode(path):
    return oct(path.stat().st_mode & 0o7777)


def test_folder_and_files_are_the_users_alone(own_folder):
    before = os.umask(0)
    try:
        again(1)
    finally:
        os.umask(before)
    assert mode(own_folder) == mode(disk.folder()) == "0o700"
    assert {mode(path) for path in disk.folder().iterdir()} == {"0o600"}


@each("rights", [0o770, 0o702, 0o777])
@each("which", ["folder", "around"])
def test_a_folder_that_others_can_write_to_is_not_used(stored, which, rights):
    path = disk.folder() if which == "folder" else stored
    path.chmod(rights)
    with pytest.warns(RuntimeWarning, match=UNSAFE):
        assert again(1) == COMPILED
    path.chmod(0o700)
    assert again(1) == STORED


def test_in_a_folder_like_that_of_temporary_files_ours_is_safe(stored):
    stored.chmod(0o1777)
    assert again(1) == STORED


@each("rights", [0o660, 0o602, 0o666])
def test_a_file_that_others_can_write_to_is_written_anew(stored, rights):
    (file,) = files()
    file.chmod(rights)
    assert again(1) == COMPILED
    assert mode(file) == "0o600" and again(1) == STORED
    (disk.folder() / disk.SECRET).chmod(rights)
    assert again(1) == COMPILED and again(1) == STORED


def test_links_are_not_followed(stored, tmp_path):
    (file,) = files()
    shutil.move(file, tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert again(1) == COMPILED and not file.is_symlink()
    shutil.move(disk.folder(), tmp_path / "moved")
    disk.folder().symlink_to(tmp_path / "moved")
    with pytest.warns(RuntimeWarning, match=UNSAFE):
        assert again(1) == COMPILED


def test_a_pipe_or_folder_in_a_files_place_does_not_stop_us(stored):
    for make in (os.mkfifo, os.mkdir):
        (file,) = files()
        file.unlink()
        make(file)
        assert again(1) == COMPILED


def test_where_files_have_no_owners_the_folder_is_used_by_its_path(own_folder, monkeypatch):
    """On Windows, whose folder of caches is private by its access list."""
    monkeypatch.setattr(private_folder, "HAS_OWNERS", False)
    again(1)
    assert again(1) == STORED and [path.name for path in disk.folder().glob("*.o")] == [f"{key(1)}.o"]
    disk.folder().chmod(0o777)
    assert again(1) == STORED
    disk.clear()
    assert again(1) == COMPILED and len([*disk.folder().iterdir()]) == 2


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs the right to give files away")
def test_what_belongs_to_another_user_is_not_read(stored):
    (file,) = files()
    os.chown(file, NOBODY, NOBODY)
    assert again(1) == COMPILED and again(1) == STORED
    os.chown(disk.folder(), NOBODY, NOBODY)
    with pytest.warns(RuntimeWarning, match=UNSAFE):
        assert again(1) == COMPILED
