"""What a C file's header and a module's comments tell is so: sizes by the compiler, shapes and kinds by the arrays."""

from __future__ import annotations

import ctypes
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.structure import leaves

from .in_c import Library
from .test_compilers import a_net, a_step

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None or shutil.which("nm") is None, reason="needs gcc and nm")
MODULES = {
    "net": (a_net, {}),
    "small": (a_net, {"int8": True}),
    "apart": (a_net, {"weights": "file"}),
    "train": (a_step, {}),
}
SHAPES: dict[str, dict[str, dict[str, tuple[int, ...]]]] = {
    "scores": {
        "inputs": {"tokens": (4, 2), "lengths": (2,)},
        "outputs": {"scores": (4, 2, 3), "best": (4, 2), "state_0": (2, 8), "state_1": (2, 8)},
    },
    "gradient": {
        "inputs": {"tokens": (4, 2), "lengths": (2,), "labels": (4, 2), "rate": ()},
        "outputs": {
            "loss": (),
            "d_weight_ih": (32, 6),
            "d_weight_hh": (32, 8),
            "d_bias_ih": (32,),
            "d_bias_hh": (32,),
            "d_weight": (11, 6),
        },
    },
    "step": {
        "inputs": {"inputs": (1, 3), "state_0": (1, 5), "state_1": (1, 5)},
        "outputs": {"outputs": (1, 5), "new_state_0": (1, 5), "new_state_1": (1, 5)},
    },
    "train": {"inputs": {"xs": (5, 1, 2), "targets": (5, 1, 4)}, "outputs": {"loss": ()}},
}
"""By the functions of `a_net` and `a_step`, as their authors would write them down."""
WHOLE = {"tokens", "lengths", "labels", "best"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("told")
    for stem, (make, options) in MODULES.items():
        tg.export.c(*make(), place / f"{stem}.c", **options)
    tg.export.js(*a_net(), place / "net.js")
    tg.export.js(*a_step(), place / "train.js")
    return place


def ran(command: list[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def symbols(stem: str, folder: Path, *flags: str) -> dict[str, int]:
    """Bytes of work memory (b) and of fixed numbers (r) in the object."""
    ran(["gcc", "-std=c99", *flags, "-c", f"{stem}.c", "-o", f"{stem}.o"], folder)
    sizes = {"b": 0, "r": 0}
    for _, size, kind, name in (
        row.split() for row in ran(["nm", "-S", f"{stem}.o"], folder).splitlines() if " U " not in row
    ):
        if kind in sizes and name != "tg_weights":
            sizes[kind] += int(size, 16)
    return sizes


@needs_gcc
@pytest.mark.parametrize("stem", MODULES)
def test_the_memory_is_what_the_compiler_takes(stem: str, folder: Path) -> None:
    header = (folder / f"{stem}.h").read_text()
    told = {
        w: [int(n) for n in re.search(rf"{w} +(\d+) bytes .*?\((\d+) with", header).groups()] for w in ("RAM", "flash")
    }  # type: ignore[union-attr]
    for k, flags in enumerate(([], ["-DTG_DOUBLE"])):
        own = symbols(stem, folder, *flags)
        assert (told["RAM"][k], told["flash"][k]) == (own["b"], own["r"])
    assert ("bytes of model" in header) == (stem == "train")
    if stem == "train":
        wide = [int(n) for n in re.search(r"(\d+) bytes of model \((\d+)\)", header).groups()]  # type: ignore[union-attr]
        (folder / "size.c").write_text(
            '#include <stdio.h>\n#include "train.h"\n'
            'int main(void) { printf("%d", (int)sizeof(train_model)); return 0; }\n'
        )
        for told_size, flags in zip(wide, ([], ["-DTG_DOUBLE"]), strict=True):
            ran(["gcc", *flags, "size.c", "-o", "size"], folder)
            assert 0 <= int(ran(["./size"], folder)) - told_size < 8, "but for what aligns the last field"


@pytest.mark.parametrize("stem", MODULES)
def test_a_header_has_each_argument_with_its_shape_and_size(stem: str, folder: Path) -> None:
    header = (folder / f"{stem}.h").read_text()
    for word in ["train"] if stem == "train" else ["scores", "gradient", "step"]:
        function = word if stem == "train" else f"{stem}_{word}"
        comment = header.partition(f" * {function}:\n")[2].partition("\n * \n")[0]
        rows = [re.fullmatch(r" \*   (in |out) (\w+) +(.*)", row) for row in comment.splitlines()]
        own = {way: {m[2]: m[3] for m in rows if m and m[1].strip() == way} for way in ("in", "out")}
        due = {
            way: {n: str(s).replace(",)", ")") if s else "a number" for n, s in SHAPES[word][f"{way}puts"].items()}
            for way in own
        }
        assert (
            own == due
            and len({row.index(m[3], 8) for row, m in zip(comment.splitlines(), rows, strict=True) if m}) == 1
        )
        (declared,) = re.findall(rf"^int {function}\((.*)\);$", header, re.M)
        macros = {
            n: int(s) for n, s in re.findall(rf"#define {function.upper()}_(\w+) (\d+)\n", header) if n != "WEIGHTS"
        }
        both = SHAPES[word]["inputs"] | SHAPES[word]["outputs"]
        assert macros == {n.upper(): int(np.prod(s)) for n, s in both.items() if s}
        kinds = {n: "int32_t" if n in WHOLE else "tg_real" for n in both}
        told = [f"const {kinds[n]} *{n}" if s else f"{kinds[n]} {n}" for n, s in SHAPES[word]["inputs"].items()]
        told += [f"{kinds[n]} *{n}" for n in SHAPES[word]["outputs"]]
        assert declared == ", ".join([*(["train_model *model"] if stem == "train" else []), *told])
    assert ("_use first" in header) == ("void apart_use(const tg_real *weights);" in header) == (stem == "apart")
    assert ("_start first" in header) == ("void train_start(train_model *model);" in header) == (stem == "train")


@pytest.mark.parametrize("stem", ["net", "train"])
def test_a_module_has_each_argument_with_its_kind_and_shape(stem: str, folder: Path) -> None:
    text = (folder / f"{stem}.js").read_text()
    words = ["train"] if stem == "train" else ["scores", "gradient", "step"]
    table = json.loads(re.search(r"^export const shapes = (.*);$", text, re.M)[1])  # type: ignore[index]
    prefix = "" if stem == "train" else f"{stem}_"
    assert table == {f"{prefix}{w}": {k: {n: [*s] for n, s in x.items()} for k, x in SHAPES[w].items()} for w in words}

    def kind(name: str, shape: tuple[int, ...]) -> str:
        return ("Int32Array" if name in WHOLE else "Float32Array") if shape else "number"

    for word in words:
        before, head, _ = text.partition(f"export function {prefix}{word}(")
        comment = before.rpartition("/**")[2]
        inputs, outputs = SHAPES[word]["inputs"], SHAPES[word]["outputs"]
        params = re.findall(r"@param \{(\w+)\} (\w+)  (.*)", comment)
        due = [(kind(n, s), n, f"shape {[*s]}" if s else "a number") for n, s in inputs.items()]
        model = [("object", "model", "from start(); changed")] if stem == "train" else []
        assert head and params == model + due
        (kinds, shapes) = re.search(r"@returns \{\{(.*)\}\}  (.*)", comment).groups()  # type: ignore[union-attr]
        pairs = [f"{n}: {kind(n, s)}" for n, s in outputs.items()] + ["updated: boolean"] * (stem == "train")
        assert kinds == ", ".join(pairs)
        assert all(f"{n} shape {[*s]}" if s else f"{n} a number" in shapes for n, s in outputs.items())


@needs_gcc
def test_the_change_by_eight_bits_is_that_of_the_results(folder: Path) -> None:
    """Both files in C, in double; what is told has two digits."""
    functions, examples = a_net()
    library = Library(folder, double=True)
    library.names = ["net", "small"]
    library.build()
    header = (folder / "small.h").read_text()
    for word, fn in functions.items():
        example = examples[word]
        own = (*example,) if isinstance(example, tuple) else (example, fn.initial_state(1))
        like = [y.value if isinstance(y, tg.Node) else np.asarray(y) for y in leaves(fn(*own))]
        a, b = (library.call(f"{stem}_{word}", own, like) for stem in ("small", "net"))
        floats = [(x, y) for x, y in zip(a, b, strict=True) if y.dtype.kind == "f"]
        change = max(np.abs(x - y).max() / np.abs(y).max() for x, y in floats)
        told = float(re.search(rf"small_{word}: ([\d.e+-]+) of the largest", header)[1])  # type: ignore[index]
        assert told == pytest.approx(change, rel=0.06, abs=1e-7)


def test_a_result_has_work_memory_where_it_would_spoil_an_argument_of_its_size(tmp_path: Path) -> None:
    """Its array may be that argument's; it cannot be one of another size or kind."""
    for fn, numbers in (
        (lambda x: (x[:4] * 2.0, x * 3.0), 0),
        (lambda x: (x > 1.0, x * 3.0), 0),
        (lambda x: (x * 3.0, x[:4] * 2.0), 8),
        (lambda x: (x[::-1] * 2.0, x * 3.0), 16),  # one pass writes both
    ):
        tg.export.c(fn, np.ones(8), tmp_path / "a.c")
        ram = re.search(r"RAM +(\d+) bytes", (tmp_path / "a.h").read_text())
        assert ram and int(ram[1]) == 4 * numbers


def test_eight_bits_have_a_scale_for_each_row_and_move_no_weight_far(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(12, 9)) * 10.0 ** rng.integers(-3, 3, size=(12, 1))
    weights[3] = 0.0
    table = tg.parameter(weights, "table")
    tg.export.c(lambda i: tg.take(table, i, axis=0), np.array([0, 5]), tmp_path / "table.c", int8=True)
    text = (tmp_path / "table.c").read_text()
    (numbers,), (scales,) = (
        re.findall(rf"static const {kind} \w+\[\d+\] = {{([^}}]*)}}", text)[:1] for kind in ("int8_t", "tg_real")
    )
    q = np.array([int(x) for x in numbers.replace("\n", " ").split(",") if x.strip()]).reshape(12, 9)
    s = np.array([float(x) for x in scales.replace("\n", " ").split(",") if x.strip()])
    assert np.abs(q).max() == 127 and not q[3].any() and (np.abs(np.delete(q, 3, axis=0)).max(axis=1) == 127).all()
    rows = np.abs(weights).max(axis=1)
    np.testing.assert_allclose(s[rows > 0], rows[rows > 0] / 127, rtol=1e-6)
    assert (np.abs(q * s[:, None] - weights) <= 0.00401 * rows[:, None]).all()


def test_small_matrices_vectors_and_what_else_is_read_stay_as_they_are(tmp_path: Path) -> None:
    """Of fewer than 64 numbers, of one column, or read by something besides a product."""
    for shape, fn in (
        ((9, 7), lambda w: lambda x: x @ w),
        ((64, 1), lambda w: lambda x: x @ w),
        ((9, 9), lambda w: lambda x: x @ w + np.max(x[:, None] + w)),
        ((9, 9), lambda w: lambda x: x[:, None] * w),
    ):
        w = tg.parameter(np.random.default_rng(1).normal(size=shape), "w")
        tg.export.c(fn(w), np.ones(shape[0]), tmp_path / "w.c", int8=True)
        assert "int8_t" not in (tmp_path / "w.c").read_text(), shape
    w = tg.parameter(np.random.default_rng(1).normal(size=(8, 8)), "w")
    for fn in (lambda x: x @ w, lambda x: w @ x, lambda x: x @ w.T):
        tg.export.c(fn, np.ones(8), tmp_path / "w.c", int8=True)
        assert len(re.findall("int8_t", (tmp_path / "w.c").read_text())) == 1


@needs_gcc
def test_start_sets_what_the_optimizer_holds_now(tmp_path: Path) -> None:
    step, example = a_step()
    for _ in range(3):
        step(*example)
    tg.export.c(step, example, tmp_path / "now.c")
    library = Library(tmp_path, double=True)
    library.names = ["now"]
    library.build()
    state, parameters = step.optimizers[0].state_dict(), step.parameters
    size = 3 * sum(p.size for p in parameters.values())
    model = ctypes.create_string_buffer(8 * size + 40)
    library.shared.now_start(model)
    numbers = np.frombuffer(model.raw, np.float64)
    due = [p.value.ravel() for p in parameters.values()]
    due += [state[f"{m}.{name}"].ravel() for name in parameters for m in ("mean", "square")]
    np.testing.assert_array_equal(numbers[:size].astype(np.float32), np.concatenate(due))
    assert numbers[size] == 0.001 and np.frombuffer(model.raw, np.int32)[2 * size + 2 : 2 * size + 4].tolist() == [3, 0]
