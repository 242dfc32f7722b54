"""What people write runs in C and JavaScript as it does here, and the header has their names."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.targets.js import run_in_node
from tinygraph.core.structure import leaves
from tinygraph.export.planned.naming import legal

from .in_c import KINDS, Library
from .strangers import FUNCTIONS

PARTS = {name: fn for name, (fn, _) in FUNCTIONS.items()}, {name: example for name, (_, example) in FUNCTIONS.items()}


def arguments(name: str) -> Any:
    """The arrays and floats that the exported function takes: a layer's state, too."""
    fn, example = FUNCTIONS[name]
    own = example if isinstance(example, tuple) else (example,)
    return (*own, fn.initial_state(own[0].shape[1])) if isinstance(fn, tg.Recurrent) else own


def expected(name: str) -> list[np.ndarray]:
    fn = FUNCTIONS[name][0]
    return leaves(tg.compile(fn.fn if isinstance(fn, tg.compiled.Compiled) else fn, backend="numpy")(*arguments(name)))


def assert_right(name: str, got: list[Any]) -> None:
    wanted = expected(name)
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted, strict=True):
        tolerance = 1e-12 if b.dtype == np.float64 else 2e-6
        np.testing.assert_allclose(a, b.astype(KINDS[b.dtype.kind]), tolerance, tolerance, err_msg=name)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_in_c(tmp_path: Path) -> None:
    library = Library(tmp_path, double=True)
    library.add("a", *PARTS)
    library.build()
    for name in FUNCTIONS:
        assert_right(name, library.call(f"a_{legal(name)}", arguments(name), expected(name)))
    header = (tmp_path / "a.h").read_text()
    for line in (
        "int a_own(const tg_real *x, const tg_real *h, tg_real *y, tg_real *h_out);",
        "int a_translate(const tg_real *xs, const tg_real *ys, int32_t *best, tg_real *for_);",
        "int a_scaled(const tg_real *batch_x, tg_real scale, tg_real *logits, tg_real *mean_of_x);",
        "int a_gradient(const tg_real *x, tg_real *loss, tg_real *d_W);",
        "int a_one_step(const tg_real *inputs, const tg_real *state_0, const tg_real *state_1, tg_real *outputs, "
        "tg_real *new_state_0, tg_real *new_state_1);",
    ):
        assert line in header


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_in_node(tmp_path: Path) -> None:
    tg.export.js(*PARTS, tmp_path / "a.js")
    calls = {f"a_{legal(n)}": [x if type(x) is float else x.tolist() for x in leaves(arguments(n))] for n in FUNCTIONS}
    results = run_in_node(tmp_path, calls, "a")
    for name in FUNCTIONS:
        got = results[f"a_{legal(name)}"]
        assert not isinstance(got, str), f"{name}: {got}"
        arrays = [np.reshape(a, b.shape) for a, b in zip(got, expected(name), strict=True)]
        wide = [b.astype(np.float64) if b.dtype.kind == "f" else b for b in expected(name)]
        for a, b in zip(arrays, wide, strict=True):
            np.testing.assert_allclose(a, b, 2e-6, 2e-6, err_msg=name)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_a_result_may_be_the_array_of_an_argument(tmp_path: Path) -> None:
    """A state is updated in place, step after step, whichever of its arrays the results are written to."""
    library = Library(tmp_path, double=True)
    cells = {kind: getattr(tg.cells, kind)(3, 4, rng=0, dtype=np.float64) for kind in ("LSTM", "GRU", "RHN", "coRNN")}
    xs = np.random.default_rng(1).normal(size=(3, 1, 3))
    library.add("cell", cells, dict.fromkeys(cells, xs[0]))
    library.build()
    for kind, cell in cells.items():
        function = getattr(library.shared, f"cell_{kind}")
        function.argtypes = [ctypes.c_void_p] * (2 + 2 * len(leaves(cell.initial_state(1))))
        state = [np.array(s) for s in leaves(cell.initial_state(1))]
        output = np.empty((1, 4))
        for x in xs:
            function(*(a.ctypes.data for a in [np.ascontiguousarray(x), *state, output, *state]))
        outputs, last = tg.unroll(cell, xs, cell.initial_state(1))
        np.testing.assert_allclose(output, outputs[-1].value, 1e-12, err_msg=kind)
        for a, b in zip(state, leaves(last), strict=True):
            np.testing.assert_allclose(a, b.value, 1e-12, err_msg=kind)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_an_index_out_of_range_is_told(tmp_path: Path) -> None:
    table = tg.Embedding(5, 2, rng=0, dtype=np.float64)
    library = Library(tmp_path, double=True)
    library.add("row", table, np.array([4, 0]))
    library.build()
    like = [np.zeros((2, 2))]
    assert library.call("row", [np.array([4, -1])], like)[0].tolist() == table(np.array([4, -1])).value.tolist()
    for wrong in (5, -6):
        with pytest.raises(IndexError, match="returned 1"):
            library.call("row", [np.array([0, wrong])], like)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_weights_in_a_file_are_handed_over(tmp_path: Path) -> None:
    cell = tg.cells.GRU(3, 4, rng=0, dtype=np.float64)
    library, x = Library(tmp_path, double=True), np.ones((1, 3))
    library.add("gru", cell, x, weights="file")
    library.build()
    arguments, like = (x, cell.initial_state(1)), [np.zeros((1, 4))] * 2
    with pytest.raises(IndexError, match="returned 3"):
        library.call("gru", arguments, like)
    numbers = np.fromfile(tmp_path / "gru.bin")
    library.shared.gru_use(numbers.ctypes.data_as(ctypes.c_void_p))
    np.testing.assert_allclose(library.call("gru", arguments, like)[0], cell(*arguments)[0].value, 1e-12)
    assert f"#define GRU_WEIGHTS {numbers.size}" in (tmp_path / "gru.h").read_text()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_a_function_takes_no_place_of_the_librarys(tmp_path: Path) -> None:
    """A file called nan.c or write.c must not hide what the whole program calls by this name."""
    library = Library(tmp_path)
    for name in ("nan", "write", "fmaxf", "gru"):
        library.add(name, lambda x: x / 0.0, np.ones(2))
    library.build()
    for name in ("nan_", "write_", "fmaxf_", "gru"):
        assert np.isinf(library.call(name, [np.ones(2)], [np.ones(2)])[0]).all()


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_no_elements_are_no_elements_in_javascript(tmp_path: Path) -> None:
    tg.export.js(lambda x: (x * 2, np.sum(x, axis=0)), np.zeros((0, 3)), tmp_path / "none.js")
    assert run_in_node(tmp_path, {"none": [[]]}, "none")["none"] == [[], [0, 0, 0]]


def test_letters_of_any_alphabet_have_short_names() -> None:
    assert legal("输入") == "u8f93u5165" and legal("é") == "e" and legal("β") == "greek_small_letter_beta"
