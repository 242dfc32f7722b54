"""The compiler of native code: what it counts, its disk cache, threads and processes at once, errors."""

import ctypes
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tinygraph.run.native import compiler, disk

from .kept import counted, files, plus, text

pytest.importorskip("llvmlite")

ROOT = Path(__file__).parents[3]


pytestmark = pytest.mark.usefixtures("own_folder")


def test_a_text_is_compiled_once_and_then_found_in_memory_and_on_disk():
    assert counted(lambda: plus(5)) == (1, 0)
    assert counted(lambda: plus(5)) == (0, 0)
    compiler.forget()
    assert counted(lambda: plus(5)) == (0, 1)
    assert counted(lambda: plus(6)) == (1, 0)
    assert (plus(5), plus(6)) == (5, 6)
    assert len(files()) == 2


def test_code_stays_alive_when_it_is_forgotten():
    library = compiler.compile_text(text(7))
    address = library.address("plus")
    compiler.forget()
    assert ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(1) == 8


def test_a_name_that_is_not_there():
    with pytest.raises(KeyError, match="minus"):
        compiler.compile_text(text(1)).address("minus")


def test_text_that_is_not_llvm():
    with pytest.raises(RuntimeError, match="parsing error"):
        compiler.compile_text("define i64 @f(")


@pytest.mark.parametrize(
    "features, size", [("+sse2,+avx2,+avx512f", 64), ("+avx2,-avx512f", 32), ("-avx2,+avx", 16), ("", 16)]
)
def test_vectors_are_as_wide_as_the_processors_widest_registers(features, size, monkeypatch):
    monkeypatch.setattr(compiler, "_host", lambda: ("some", features))
    assert compiler.vector_bytes() == size


@pytest.mark.parametrize("vectorised", [True, False])
def test_few_passes_for_what_is_vectorised_and_all_for_the_rest(vectorised, monkeypatch):
    import llvmlite.binding as llvm

    made, original = [], llvm.create_new_module_pass_manager
    monkeypatch.setattr(llvm, "create_new_module_pass_manager", lambda: made.append(1) or original())
    module = compiler._optimised(text(61), vectorised, compiler._machine())
    assert bool(made) is vectorised and "@plus" in str(module)
    assert f'"prefer-vector-width"="{8 * compiler.vector_bytes()}"' in str(module)


def test_what_is_no_object_file_is_not_loaded():
    assert compiler._loaded(b"garbage", text(1)) is None


def test_threads_at_once_compile_once():
    def work():
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(plus, [40] * 16)) == [40] * 16

    assert counted(work) == (1, 0)


def test_two_processes_at_once_and_a_warm_third():
    code = """
import sys
from tests.run.native.kept import plus
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
    assert len(files()) == 10 and len([*disk.folder().iterdir()]) == 11  # and the key of their seals


def test_another_processor_does_not_take_this_code(monkeypatch):
    plus(60)
    compiler.forget()
    name, features = compiler._host()
    monkeypatch.setattr(compiler, "_host", lambda: (name, features.replace("+avx512f", "-avx512f") + ",+sse2"))
    assert counted(lambda: plus(60)) == (1, 0)
