"""Only code that this user's tinygraph wrote for this program runs: exchanged, damaged and forged files are refused."""

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tinygraph.run.native import disk

from .kept import COMPILED, STORED, again, files, key

pytest.importorskip("llvmlite")

ROOT = Path(__file__).parents[3]
SEED = 20


def damages(draw, whole, other):
    """Contents that a file may have instead of ``whole``; ``other`` is the right content of another file."""
    head, code = whole[: disk.SEAL_BYTES], whole[disk.SEAL_BYTES :]
    yield from (b"", b"no", other, head, code, whole + b"x", head[::-1] + code, head + other[disk.SEAL_BYTES :])
    for _ in range(20):
        yield whole[: draw.randrange(len(whole))]
        yield draw.randbytes(draw.randrange(1, 2000))
        flipped = bytearray(whole)
        flipped[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        yield bytes(flipped)
        for content in (draw.randbytes(500), bytes(flipped[disk.SEAL_BYTES :]), code):
            for digest in (hashlib.sha256(content), hashlib.blake2b(content, digest_size=disk.SEAL_BYTES)):
                yield digest.digest() + content
                yield hashlib.new(digest.name, key(1).encode() + content).digest()[: disk.SEAL_BYTES] + content


def sealed(draw, whole):
    """Contents that are no code, but under a right seal."""
    code = whole[disk.SEAL_BYTES :]
    yield from (b"", b"\x7fELF", b"garbage" * 50, code[:64], code[:-1], code[64:])
    for _ in range(20):
        yield draw.randbytes(draw.randrange(1, 2000))
        yield code[: draw.randrange(len(code))]


def try_all():
    """In a process of its own: each wrong content is refused, and the numbers stay right."""
    again(1)
    again(2)
    one, two = (disk.folder() / f"{key(number)}.o" for number in (1, 2))
    whole, other = one.read_bytes(), two.read_bytes()
    draw = random.Random(SEED)
    for content in damages(draw, whole, other):
        one.write_bytes(content)
        assert again(1) == COMPILED, content
    for content in sealed(draw, whole):
        disk.write(key(1), content)
        assert again(1) == COMPILED, content
    assert again(1) == again(2) == STORED


def in_a_process(code):
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_damaged_or_forged_file_is_run(own_folder):
    in_a_process("from tests.run.native.test_seal import try_all; try_all()")


PROGRAMS = """
import numpy as np, tinygraph as tg
from tinygraph.run.native.compiler import compiled
x = np.arange(6.0).reshape(2, 3)
assert np.array_equal(tg.compile(lambda x: tg.sum(x * x) + 1, backend="native")(x), 56.0)
assert np.allclose(tg.compile(lambda x: tg.exp(x @ x.T) / x[0, 1], backend="native")(x), np.exp(x @ x.T))
assert np.array_equal(tg.compile(lambda x: (x + 1, x - 1, tg.maximum(x, 2)), backend="native")(x)[2], np.maximum(x, 2))
print(compiled.count)
"""


def test_files_that_were_exchanged_give_the_right_numbers(own_folder):
    count = int(in_a_process(PROGRAMS))
    assert count == len(files()) > 3 and int(in_a_process(PROGRAMS)) == 0
    names, contents = files(), [path.read_bytes() for path in files()]
    for path, content in zip(names, contents[1:] + contents[:1], strict=True):
        path.write_bytes(content)
    assert int(in_a_process(PROGRAMS)) == count


def test_the_seal_is_by_a_key_of_the_folder(own_folder):
    again(1)
    whole = files()[0].read_bytes()
    secret = disk.folder() / disk.SECRET
    first = secret.read_bytes()
    for content in (os.urandom(32), b"", b"short"):
        secret.write_bytes(content)
        assert again(1) == COMPILED and again(1) == STORED
    secret.write_bytes(first)
    assert again(1) == COMPILED
    assert files()[0].read_bytes()[: disk.SEAL_BYTES] == whole[: disk.SEAL_BYTES]
