"""Which files are opened as BLAS, in which order, and by which names their functions are read; made-up files."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.each import each
from tinygraph.run.products import blas

FUNCTION = ctypes.CFUNCTYPE(None)


class Library:
    """Stands for ctypes.CDLL: its functions are the words that the file holds; one that holds none is no library."""

    opened: list[str] = []  # noqa: RUF012

    def __init__(self, path: str) -> None:
        words = Path(path).read_text().split()
        if not words:
            raise OSError("not a library")
        Library.opened.append(Path(path).name)
        for k, word in enumerate(words):
            setattr(self, word, FUNCTION(1000 + k))

    def MKL_Set_Threading_Layer(self, layer: int) -> None:  # noqa: N802  the name is MKL's
        Library.opened.append(f"layer {layer}")


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(blas, "CDLL", Library)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    Library.opened.clear()
    for search in (blas.bundled, blas.system, blas.mkl):
        search.cache_clear()
    yield
    monkeypatch.undo()
    for search in (blas.bundled, blas.system, blas.mkl):
        search.cache_clear()


PLAIN = "cblas_sgemm cblas_dgemm"


def write(folder: Path, name: str, words: str = PLAIN) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(words)
    return file


def test_functions_are_found_under_the_names_of_each_build(tmp_path: Path) -> None:
    for before, after, bits in [("scipy_", "64_", 64), ("", "64_", 64), ("scipy_", "", 32), ("", "", 32)]:
        names = [f"{before}{word}{after}" for word in ("cblas_sgemm", "cblas_dgemm", "openblas_get_num_threads")]
        file = write(tmp_path, "library.so", f"{' '.join(names)} {before}openblas_set_num_threads{after} other")
        library = blas.opened("its name", file)
        assert library is not None
        assert (library.name, library.bits, library.path) == ("its name", bits, str(file))
        assert library.gemm == {4: 1000, 8: 1001} and library.thread_functions() == (1002, 1003)


@each("words", ["cblas_sgemm", "cblas_dgemm other", "cblas_sgemm cblas_dgemm64_", ""])
def test_half_a_library_is_none(words: str, tmp_path: Path) -> None:
    assert blas.opened("half", write(tmp_path, "library.so", words)) is None


@each("more", ["", "openblas_get_num_threads", "openblas_set_num_threads"])
def test_threads_are_set_only_by_both_functions(more: str, tmp_path: Path) -> None:
    library = blas.opened("plain", write(tmp_path, "library.so", f"{PLAIN} {more}"))
    assert library is not None and library.thread_functions() == (0, 0)


FILES = ["lib/lib{}.so", "lib/lib{}.so.2", "lib/lib{}.1.dylib", "Library/bin/{}.2.dll"]


@each("form", FILES)
def test_mkl_is_found_wherever_it_lies_and_set_to_one_thread_before_it_is_used(form: str, tmp_path: Path) -> None:
    blas.mkl.cache_clear()
    Library.opened.clear()
    for file in tmp_path.glob("*/**/*mkl*"):
        file.unlink()
    path = tmp_path / form.format("mkl_rt")
    write(path.parent, path.name)
    library = blas.mkl()
    assert library is not None and (library.name, library.path) == ("mkl", str(path))
    assert Library.opened == [path.name, "layer 1", path.name]


def test_a_file_that_is_not_mkl_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "lib", "libmkl_rt.so.1", "")
    write(tmp_path / "lib", "libmkl_rt.so.2")
    write(tmp_path / "lib", "libmkl.so")
    library = blas.mkl()
    assert library is not None and library.path.endswith("libmkl_rt.so.2")


def test_of_the_environments_libraries_openblas_comes_first(tmp_path: Path) -> None:
    assert blas.system() is None
    for name, expected in [("libblas.so", "libblas"), ("libcblas.so.3", "libcblas"), ("libopenblas.so", "libopenblas")]:
        write(tmp_path / "lib", name)
        blas.system.cache_clear()
        library = blas.system()
        assert library is not None and library.name == "system" and Path(library.path).name.startswith(expected)
    write(tmp_path / "lib", "libopenblas.so", "nothing_of_ours")
    blas.system.cache_clear()
    library = blas.system()
    assert library is not None and Path(library.path).name == "libcblas.so.3"


def test_on_macos_it_is_accelerate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(blas, "opened", lambda name, file: (name, file))
    framework = Path("/System/Library/Frameworks/Accelerate.framework")
    assert blas.system() == ("system", framework / "Accelerate")


@each("folder", ["{}.libs", "{}/.dylibs", "{}/.libs"])
def test_the_library_that_a_package_brings_lies_beside_or_inside_of_it(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = f"made_up_{len(folder)}"
    write(tmp_path / "site" / package, "__init__.py", "")
    place = tmp_path / "site" / folder.format(package)
    write(place, "liba_openblas.so", "")
    file = write(place, "libscipy_openblas64_.so", "scipy_cblas_sgemm64_ scipy_cblas_dgemm64_")
    write(place, "libgfortran.so")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    library = blas.bundled(package)
    assert library is not None and (library.name, library.path, library.bits) == (package, str(file), 64)


def test_scipys_is_tried_last_and_only_where_scipy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def library(name: str) -> blas.Blas:
        return blas.Blas(name, {4: 1, 8: 1}, 64, "")

    brought: dict[str, Any] = {"numpy": library("numpy"), "scipy": library("scipy")}
    monkeypatch.setattr(blas, "bundled", brought.get)
    monkeypatch.setattr(blas, "system", lambda: library("system"))
    monkeypatch.setattr(blas, "mkl", lambda: library("mkl"))
    for modules, numpys, expected in [
        ({}, True, "numpy mkl"),
        ({"scipy.linalg": blas}, True, "numpy mkl scipy"),
        ({"scipy.linalg": blas}, False, "system mkl scipy"),
    ]:
        monkeypatch.setitem(brought, "numpy", library("numpy") if numpys else None)
        monkeypatch.delitem(sys.modules, "scipy.linalg", raising=False)
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)
        assert " ".join(x.name for x in blas.libraries()) == expected
