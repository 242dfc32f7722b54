"""A text of 4 GiB in an address space of 2 GiB: only what is read is in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GIB = 1 << 30
JOB = """
import resource, sys
import numpy as np
import tinygraph as tg

def resident():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) << 10, \
           resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10

path, mapped = sys.argv[1], int(sys.argv[2])
# A map counts as address space: 2 GiB are left for everything else.
resource.setrlimit(resource.RLIMIT_AS, (mapped + (2 << 30),) * 2)
tokens = np.memmap(path, np.uint8, "r") if mapped else tg.train.Bytes.file(path)
before = resident()
train, test = tg.train.split(tokens, (0.75, 0.25), gap=64)
data = tg.train.Stream(train, 32, 64, separator=10)
data.position = {**data.position, "epoch": 1, "batch": len(data) - 60}
seen = 0
for x, y, reset in data:
    seen += int((y >= 0).sum())
assert data.position["epoch"] == 2, data.position
held = tg.train.Stream(test, 8, 128)
x, y, reset = next(iter(held))
windows = tg.train.Windows(np.asarray(test[-200_000:]), 64, 8, 16)
assert next(iter(windows))[0].shape == (64, 16, 1)
grown = [b - a for a, b in zip(before, resident())]
print(seen, len(data), *grown)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("mapped", [False, True])
def test_a_text_larger_than_the_address_space_is_read_in_little_memory(tmp_path, mapped):
    path, size = tmp_path / "text", 4 * GIB
    with open(path, "wb") as file:
        file.truncate(size)  # sparse: it takes no place on the disk
        file.seek(size - 5)
        file.write(b"abc\nd")
    job = [sys.executable, "-c", JOB, str(path), str(size if mapped else 0)]
    run = subprocess.run(job, cwd=ROOT, capture_output=True, text=True)
    assert not run.returncode, run.stderr
    seen, batches, own, peak = map(int, run.stdout.split())
    train = round((size - 64) * 0.75)
    per_row = -(-(train - 1) // 32)
    assert batches == -(-per_row // 64)
    due = (
        train
        - 1
        - sum(min((batches - 60) * 64, (b + 1) * (train - 1) // 32 - b * (train - 1) // 32) for b in range(32))
    )
    assert seen == due
    assert own < 64 << 20 and peak < 256 << 20
