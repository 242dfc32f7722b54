"""Finding the BLAS libraries: nothing breaks where there are none, and those of numpy and scipy are told apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinygraph.run.products import blas


def test_a_file_that_is_no_library_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "libopenblas.so"
    file.write_bytes(b"not a library")
    assert blas.opened("made up", file) is None
    assert blas.opened("missing", tmp_path / "missing.so") is None


def test_a_package_that_is_not_installed_has_no_library() -> None:
    assert blas.bundled("no_such_package_as_this") is None


def test_no_library_in_an_empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert blas.mkl.__wrapped__() is None
    assert sys.platform == "darwin" or blas.system.__wrapped__() is None


def test_threads_can_be_asked_and_set() -> None:
    library = blas.bundled("numpy")
    if library is None or library.get_threads is None or library.set_threads is None:
        pytest.skip("numpy brought no OpenBLAS")
    before = library.get_threads()
    try:
        library.set_threads(1)
        assert library.get_threads() == 1
        np.testing.assert_array_equal(np.ones((3, 2)) @ np.ones((2, 4)), np.full((3, 4), 2.0))
    finally:
        library.set_threads(before)


def test_scipy_is_not_loaded_for_its_library() -> None:
    code = (
        "import sys; from tinygraph.run.products import blas; names = [x.name for x in blas.libraries()];"
        "assert 'scipy' not in names and 'scipy' not in sys.modules, names"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
