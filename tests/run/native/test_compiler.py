"""The compiler of native code: what it counts, its disk cache, threads and processes at once, errors."""

import ctypes
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tinygraph.run.native import compiler, disk

pytest.importorskip("llvmlite")

ROOT = Path(__file__).parents[3]


def text(number):
    return f"define i64 @plus(i64 %x) #0 {{ %y = add i64 %x, {number} ret i64 %y }}"


def forget():
    """As in a process that has compiled nothing yet."""
    compiler._libraries.clear()


def plus(number):
    address = compiler.compile_text(text(number)).address("plus")
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(1) - 1


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYGRAPH_CACHE_DIR", str(tmp_path / "cache"))
    forget()
    yield
    forget()


def counted(function):
    """How many texts ``function`` compiled, and how many it found on disk."""
    count, found = compiler.compiled.count, compiler.compiled.from_disk
    function()
    return compiler.compiled.count - count, compiler.compiled.from_disk - found


def files():
    return sorted(disk.folder().iterdir())


def test_a_text_is_compiled_once_and_then_found_in_memory_and_on_disk():
    assert counted(lambda: plus(5)) == (1, 0)
    assert counted(lambda: plus(5)) == (0, 0)
    forget()
    assert counted(lambda: plus(5)) == (0, 1)
    assert counted(lambda: plus(6)) == (1, 0)
    assert (plus(5), plus(6)) == (5, 6)
    assert len(files()) == 2


def test_code_stays_alive_when_it_is_forgotten():
    library = compiler.compile_text(text(7))
    address = library.address("plus")
    forget()
    assert ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(1) == 8


def test_a_name_that_is_not_there():
    with pytest.raises(KeyError, match="minus"):
        compiler.compile_text(text(1)).address("minus")


def test_text_that_is_not_llvm():
    with pytest.raises(RuntimeError, match="parsing error"):
        compiler.compile_text("define i64 @f(")


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:-1], lambda b: b[:40] + b"x" + b[41:], lambda b: b"no"])
def test_a_damaged_file_is_compiled_again(damage):
    plus(8)
    (file,) = files()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    forget()
    assert counted(lambda: plus(8)) == (1, 0)
    assert plus(8) == 8
    forget()
    assert counted(lambda: plus(8)) == (0, 1)


@pytest.mark.parametrize("place", ["a_file", "under_a_file"])
def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch, place):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TINYGRAPH_CACHE_DIR", str(tmp_path / ("file" if place == "a_file" else "file/cache")))
    assert counted(lambda: plus(9)) == (1, 0)
    assert plus(9) == 9


def test_without_a_home_nothing_is_kept(monkeypatch):
    def homeless():
        raise RuntimeError("no home")

    monkeypatch.delenv("TINYGRAPH_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    if sys.platform != "win32":
        assert disk.folder() is None
    assert plus(10) == 10


def test_the_oldest_files_make_room(monkeypatch):
    for number in range(4):
        plus(20 + number)
        newest = max(files(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (1000 + number, 1000 + number))
    size = files()[0].stat().st_size
    monkeypatch.setattr(disk, "BOUND", 2 * size)
    plus(30)
    kept = sorted(int(path.stat().st_mtime) for path in files())
    assert kept[:2] == [1002, 1003] and len(kept) == 3


def test_threads_at_once_compile_once():
    def work():
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(plus, [40] * 16)) == [40] * 16

    assert counted(work) == (1, 0)


def test_two_processes_at_once_and_a_warm_third():
    code = """
import sys
from tests.run.native.test_compiler import plus
from tinygraph.run.native.compiler import compiled
assert [plus(n) for n in range(50, 60)] == list(range(50, 60))
print(compiled.count, compiled.from_disk)
"""
    start = lambda: subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: E731
    both = [start(), start()]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all(sum(map(int, out.split())) == 10 for out in outputs)
    third = start()
    assert third.communicate(timeout=60)[0].split() == ["0", "10"]
    assert len(files()) == 10 and {path.suffix for path in files()} == {".o"}


def test_another_processor_does_not_take_this_code(monkeypatch):
    plus(60)
    forget()
    name, features = compiler._host()
    monkeypatch.setattr(compiler, "_host", lambda: (name, features.replace("+avx512f", "-avx512f") + ",+sse2"))
    assert counted(lambda: plus(60)) == (1, 0)
