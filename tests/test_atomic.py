"""Files that are saved are whole or as they were: links, permissions, left-overs, interrupts, and names of no file."""

import os
import platform
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import tinygraph as tg
from tests.each import each
from tests.interrupts import interrupted
from tinygraph import atomic

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")


def write(path, text):
    atomic.write(atomic.place("save", path), text.encode())


def test_a_file_is_new_or_replaced_and_nothing_else_is_left(tmp_path):
    for text in ("first", "", "second"):
        write(tmp_path / "a", text)
        assert (tmp_path / "a").read_text() == text and os.listdir(tmp_path) == ["a"]


def test_the_longest_name_that_a_file_may_have(tmp_path):
    write(tmp_path / ("n" * 255), "x")
    with pytest.raises(OSError, match="too long"):
        write(tmp_path / ("n" * 256), "x")


def test_file_and_folder_are_forced_to_disk_in_this_order(tmp_path, monkeypatch):
    calls, sync, replace = [], os.fsync, os.replace

    def synced(handle):
        calls.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else f"{os.fstat(handle).st_size} bytes")
        sync(handle)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", lambda *names: (calls.append("renamed"), replace(*names)))
    write(tmp_path / "a", "12345")
    assert calls == ["5 bytes", "renamed"] + ["folder"] * (os.name != "nt")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of files whose `with` was cut short
def test_each_interrupt_comes_out_as_itself_and_leaves_one_whole_file(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)
    write(tmp_path / "a", "old")
    states = set()
    for at in interrupted(lambda: write(tmp_path / "a", "new"), every=2):
        assert os.listdir(tmp_path) == ["a"], f"at instruction {at} a temporary file was left"
        states.add((tmp_path / "a").read_text())
        (tmp_path / "a").write_text("old")
    assert states == {"old", "new"}


@posix
@each("target", ["there", "not there"])
@each("relative", [True, False])
def test_a_link_is_followed(tmp_path_factory, target, relative):
    folder = tmp_path_factory.mktemp("links")
    (folder / "deep").mkdir()
    real = folder / "deep" / "real"
    if target == "there":
        real.write_text("old")
    (folder / "one").symlink_to("deep/real" if relative else real)
    (folder / "two").symlink_to("one")
    write(folder / "two", "new")
    assert real.read_text() == "new" and not real.is_symlink()
    assert (folder / "two").is_symlink() and (folder / "one").is_symlink()
    assert sorted(os.listdir(folder)) == ["deep", "one", "two"] and os.listdir(folder / "deep") == ["real"]


@posix
def test_links_in_a_ring_and_into_no_folder_are_errors(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to("none/x")
    for name in "abc":
        with pytest.raises(OSError, match=rf"(?s)symbolic links|no folder .*none.*nothing was changed.*{name}"):
            write(tmp_path / name, "x")
    assert all((tmp_path / name).is_symlink() for name in "abc")


@posix
@each("mode", [0o600, 0o640, 0o666, 0o755])
def test_permissions_of_a_file_stay(tmp_path_factory, mode):
    path = tmp_path_factory.mktemp("modes") / "a"
    path.write_text("old")
    path.chmod(mode)
    before = path.stat()
    write(path, "new")
    after = path.stat()
    assert stat.S_IMODE(after.st_mode) == mode and (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


@posix
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="needs the rights of root")
def test_the_owner_of_a_file_stays(tmp_path):
    (tmp_path / "a").write_text("old")
    os.chown(tmp_path / "a", 12345, 23456)
    write(tmp_path / "a", "new")
    kept = (tmp_path / "a").stat()
    assert (kept.st_uid, kept.st_gid) == (12345, 23456) and (tmp_path / "a").read_text() == "new"


@each("umask", [0o022, 0o077, 0o000])
def test_a_new_file_follows_the_umask(tmp_path_factory, umask):
    folder = tmp_path_factory.mktemp("umask")
    before = os.umask(umask)
    try:
        write(folder / "a", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "a").stat().st_mode) == 0o666 & ~umask


@posix
def test_a_private_file_is_never_readable_for_others(tmp_path, monkeypatch):
    (tmp_path / "a").touch(0o600)
    modes, sync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda h: (modes.append(stat.S_IMODE(os.fstat(h).st_mode)), sync(h)))
    write(tmp_path / "a", "secret")
    assert modes[0] == 0o600


@posix
@each("name", [b"a", 3, None, "", "folder", "folder/", "new/", ".", "pipe", "a\0b", "a\ud800"], ids=repr)
def test_what_names_no_file_is_refused(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("names")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    full = f"{folder}/{name}" if isinstance(name, str) and name else name
    for use in (lambda: write(full, "x"), lambda: tg.train.load(full)):
        with pytest.raises(tg.GraphError, match="file"):
            use()
    assert sorted(os.listdir(folder)) == ["folder", "pipe"] and not os.listdir(folder / "folder")


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*missing.*nothing was changed"):
        write(tmp_path / "missing" / "a", "x")
    (tmp_path / "a").write_text("")
    with pytest.raises(NotADirectoryError):
        write(tmp_path / "a" / "b", "x")


@posix
def test_a_folder_or_a_file_that_may_not_be_written_is_one_clear_error(tmp_path):
    """Where the test runs as root, as another user."""
    code = (
        "import os, sys; from tinygraph import atomic\n"
        "os.getuid() == 0 and os.setuid(65534)\n"
        "for name in sys.argv[1:]:\n"
        "    try: atomic.write(atomic.place('save', name), b'new')\n"
        "    except PermissionError as error: print(error)\n"
    )
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    try:
        for name, mode in (("closed", 0o555), ("open", 0o777)):
            (folder / name).mkdir()
            (folder / name / "a").write_text("old")
            (folder / name / "a").chmod(0o444 if name == "open" else 0o666)
            (folder / name).chmod(mode)
        folder.chmod(0o755)
        names = [str(folder / name / "a") for name in ("closed", "open")]
        run = [sys.executable, "-c", code, *names]
        settings = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        lines = subprocess.check_output(run, text=True, env=settings).splitlines()
        assert len(lines) == 2 and all("nothing was changed" in line for line in lines)
        assert "Permission denied" in lines[0] and "write-protected" in lines[1]
        assert all(name in line for name, line in zip(names, lines, strict=True))
        assert all(Path(name).read_text() == "old" for name in names)
        assert os.listdir(folder / "open") == ["a"]
    finally:
        (folder / "closed").chmod(0o755)
        subprocess.run(["rm", "-r", folder], check=True)


@posix
def test_only_what_dead_processes_left_of_this_file_is_removed(tmp_path, monkeypatch):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    path, ours, here = tmp_path / "a", os.getpid(), platform.node()
    gone = [atomic._part(path, dead.pid)]
    stays = [
        atomic._part(tmp_path / "b", dead.pid),
        atomic._part(path, ours),
        atomic._part(path, 1),
        ".a.part",
        gone[0] + ".part",
        gone[0].upper(),
        "x" + gone[0],
        ".tinygraph-notes.part",
    ]
    monkeypatch.setattr(platform, "node", lambda: "another")
    stays.append(atomic._part(path, dead.pid))
    gone.append(atomic._part(path, dead.pid))
    gone.append(atomic._part(path, ours))
    monkeypatch.setattr(platform, "node", lambda: here)
    for name in gone + stays:
        (tmp_path / name).write_text("")
    for name in gone[1:]:
        os.utime(tmp_path / name, (time.time() - 3700,) * 2)
    folder = tmp_path / atomic._part(path, dead.pid)
    folder.mkdir()
    link = tmp_path / atomic._part(path, dead.pid)
    link.symlink_to("notes")
    write(path, "x")
    assert sorted(os.listdir(tmp_path)) == sorted([*stays, folder.name, link.name, "a"])


def test_threads_that_write_one_file_leave_one_of_their_contents(tmp_path):
    texts = [letter * 200_000 for letter in "abcdef"]
    threads = [threading.Thread(target=lambda t=t: [write(tmp_path / "x", t) for _ in range(10)]) for t in texts]
    for thread in threads:
        thread.start()
    seen = 0
    while any(thread.is_alive() for thread in threads):
        if (tmp_path / "x").exists():
            assert (tmp_path / "x").read_text() in texts
            seen += 1
    assert seen and os.listdir(tmp_path) == ["x"]
