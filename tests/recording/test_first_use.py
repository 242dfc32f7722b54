"""What a library loads at its first use is recorded there already, in a process that has loaded nothing else."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

FRESH = """
import sys
import numpy as np, scipy, tinygraph as tg

w = tg.parameter(np.array([1.0, 2.0]))

def loss():
    h = np.zeros((2, 2))
    h[0], h[1] = w * 2, w
    return np.sum(scipy.special.softmax(h, axis=1)[:, 0]) + np.sum(scipy.special.logsumexp(h, axis=0))

assert "scipy.special" not in sys.modules
tg.recorded(loss)().backward()
print(*w.grad)
"""


def test_scipys_functions_of_an_array_with_nodes_in_it() -> None:
    """softmax of (2a, 2b) and of (a, b): derivatives 2 p q and p q of p = 1 / (1 + exp(2 (b - a))), and of one half."""
    pytest.importorskip("scipy.special")

    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    p, q = 1 / (1 + np.exp(2.0)), 1 / (1 + np.exp(1.0))
    slope = 2 * p * (1 - p) + q * (1 - q)
    shares = [1 + 1 / (1 + np.exp(-x)) for x in (1.0, 2.0)]  # of log(exp(2x) + exp(x)): 2 s + (1 - s), s = sigmoid(x)
    np.testing.assert_allclose([float(x) for x in done.stdout.split()], [shares[0] + slope, shares[1] - slope])


STRANGER = """
import sys, types
import numpy as np, tinygraph as tg

sys.modules["scipy"] = types.ModuleType("scipy")
w = tg.parameter(np.array([1.0, 2.0]))

def loss():
    h = np.zeros(2)
    h[:] = w * w
    return np.sum(h)

tg.recorded(loss)().backward()
print(*w.grad)
"""


def test_another_module_by_the_name_of_scipy_is_left_alone() -> None:
    done = subprocess.run([sys.executable, "-c", STRANGER], capture_output=True, text=True, check=False)
    assert done.stdout == "2.0 4.0\n", done.stderr
