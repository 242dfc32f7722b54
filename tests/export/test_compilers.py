"""C files with every compiler at hand: no warning, no fault that a sanitizer finds, and the self-test passes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg

CORTEX = Path(__file__).parent / "cortex"
APART = "2 apart-b"
"""A name of a file that is no identifier."""
STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-DTG_SELF_TEST"]
C99 = ["-std=c99", *STRICT]
SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
BUILDS = {
    "gcc": ["gcc", *C99, "-O2"],
    "sanitized": ["gcc", *C99, "-O0", *SANITIZED, "-DTG_DOUBLE"],
    "clang": ["clang", *C99, "-O1"],
    "c++": ["g++", "-x", "c++", *STRICT, "-O0"],
}


def a_net() -> tuple[dict[str, Any], dict[str, Any]]:
    """Functions of an embedding, a layer and a head, over tokens, lengths and a mask."""
    embedding, head = tg.Embedding(11, 6, rng=0), tg.Linear(8, 3, rng=2)
    layer = tg.Recurrent(tg.cells.LSTM(6, 8, rng=1))

    def scores(tokens: Any, lengths: Any) -> Any:
        outputs, state = layer(embedding(tokens), lengths=lengths)
        return {"scores": head(outputs), "best": np.argmax(head(outputs), axis=-1), "state": state}

    def loss(tokens: Any, lengths: Any, labels: Any, rate: float) -> Any:
        losses = tg.softmax_cross_entropy(scores(tokens, lengths)["scores"], labels)
        return tg.mean(tg.where(np.arange(4)[:, None] < lengths, losses, 0.0)) * rate

    tokens, lengths, labels = np.arange(8).reshape(4, 2), np.array([4, 2]), np.array([[0, 1], [2, 0], [1, 1], [2, 2]])
    gradient = tg.value_and_grad(loss, {**layer.parameters(), **embedding.parameters()})
    functions = {"scores": scores, "gradient": gradient, "step": tg.cells.LEM(3, 5, rng=4)}
    return functions, {
        "scores": (tokens, lengths),
        "gradient": (tokens, lengths, labels, 0.5),
        "step": np.linspace(-1, 1, 3)[None],
    }


def a_step() -> tuple[Any, Any]:
    cell = tg.cells.coRNN(2, 4, rng=0)

    def loss(xs: Any, targets: Any) -> Any:
        return tg.mean((tg.unroll(cell, xs)[0] - targets) ** 2)

    step = tg.train.step(loss, cell.parameters(), tg.train.Adam(cell.parameters()), clip=1.0)
    return step, (np.ones((5, 1, 2), np.float32), np.zeros((5, 1, 4), np.float32))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files ``net.c``, ``small.c`` with weights in 8 bits, ``2 apart-b.c`` with weights in a file, ``train.c``."""
    place = tmp_path_factory.mktemp("files")
    tg.export.c(*a_net(), place / "net.c")
    tg.export.c(*a_net(), place / "small.c", int8=True)
    tg.export.c(*a_net(), place / f"{APART}.c", weights="file")
    tg.export.c(*a_step(), place / "train.c")
    return place


def said(command: list[str], folder: Path) -> str:
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert not run.returncode, f"{' '.join(command)}\n{run.stdout}\n{run.stderr}"[:6000]
    return run.stdout


@pytest.mark.parametrize("name", BUILDS)
def test_no_warning_and_a_self_test_that_passes(name: str, folder: Path) -> None:
    if shutil.which(BUILDS[name][0]) is None:
        pytest.skip(f"needs {BUILDS[name][0]}")
    for stem in ("net", "small", APART, "train"):
        said([*BUILDS[name], f"{stem}.c", "-o", f"{stem}-{name}", "-lm"], folder)
        told = said([f"./{stem}-{name}"], folder)
        assert "right" in told and "WRONG" not in told


@pytest.mark.parametrize("name", ["loss", r"model_\w+"])
def test_a_self_test_finds_a_wrong_number(name: str, folder: Path) -> None:
    """Of what a step returns, and of what it has trained."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    text = (folder / "train.c").read_text()
    spoilt = re.sub(rf"(want_{name}\[\d+\] = \{{\n +)", r"\g<1>1", text, count=1)
    assert spoilt != text
    (folder / "spoilt.c").write_text(spoilt)
    subprocess.run(["gcc", "-std=c99", "-DTG_SELF_TEST", "spoilt.c", "-o", "spoilt", "-lm"], cwd=folder, check=True)
    run = subprocess.run(["./spoilt"], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode and re.search(rf"{name.replace('_', '.')}: errs by .* WRONG", run.stdout)


@pytest.mark.parametrize("stem", ["net", "small", "train"])
def test_on_a_cortex_m4(stem: str, folder: Path) -> None:
    """Cross-compiled, run by qemu; the header's sizes are those of the object."""
    if shutil.which("arm-none-eabi-gcc") is None or shutil.which("qemu-system-arm") is None:
        pytest.skip("needs arm-none-eabi-gcc and qemu-system-arm")
    core = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-std=c99"]
    flags = ["-O1", "-DTG_SELF_TEST", "--specs=rdimon.specs", "-T", str(CORTEX / "mps2.ld"), str(CORTEX / "start.c")]
    said(["arm-none-eabi-gcc", *core, *flags, f"{stem}.c", "-o", f"{stem}.elf", "-lm"], folder)
    board = ["qemu-system-arm", "-M", "mps2-an386", "-nographic", "-semihosting-config", "enable=on,target=native"]
    told = said([*board, "-kernel", f"{stem}.elf"], folder)
    assert "right" in told and "WRONG" not in told
    said(["arm-none-eabi-gcc", *core, "-Os", "-c", f"{stem}.c", "-o", f"{stem}.o"], folder)
    text, data, bss = map(int, said(["arm-none-eabi-size", f"{stem}.o"], folder).splitlines()[1].split()[:3])
    header = (folder / f"{stem}.h").read_text()
    ram, flash = (int(re.search(rf"{word} +(\d+) bytes", header)[1]) for word in ("RAM", "flash"))  # type: ignore[index]
    assert data == 0 and abs(bss - ram) < 8
    assert flash < text < flash + 60_000


def test_eight_bits_are_told(folder: Path) -> None:
    """The error in the header is that of the result; the numbers take less room."""
    small, whole = ((folder / f"{name}.h").read_text() for name in ("small", "net"))
    change = float(re.search(r"small_scores: ([\d.e+-]+) of", small)[1])  # type: ignore[index]
    assert 1e-5 < change < 0.05
    assert "8 bits" not in whole
    sizes = [int(re.search(r"flash +(\d+) bytes", text)[1]) for text in (small, whole)]  # type: ignore[index]
    assert sizes[0] < 0.5 * sizes[1]
