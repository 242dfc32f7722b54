"""Random recurrent programs have without marks the steps that `tg.step` gives them, and so have their pictures."""

from __future__ import annotations

from random import Random

from tests.each import each
from tinygraph.core.graph import ancestors

from .running import ops_at_steps, run, told, without_marks

HEAD = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def dense(z, w):
    a = z @ w
    return np.tanh(a)
def cell_norm(x, h):
    return np.var(x @ U) / (1 + np.std(h))
"""
LOOPS = (
    ("for t in range(4):", "t", "X[t]"),
    ("for t, x in enumerate(X):", "t", "x"),
    ("for t in range(3, -1, -1):", "t", "X[t]"),
    ("for t in reversed(range(4)):", "t", "X[t]"),
    ("for k in range(1, 5):", "k - 1", "X[k - 1]"),
)
LINES = (
    ["a = sigmoid(a) * np.tanh(a)"],
    ["a = dense(a, A) + a"],
    ["a = (a - np.mean(a)) / np.sqrt(np.var(a) + 1e-5)"],
    ["for w in (A, B):", "    a = dense(a, w)"],
    ["a = np.concatenate([a, h], axis=1)[:, 1:4]"],
    ["a = a + sum([h @ A, h @ B, a])"],
    ["c = 0.5 * c + np.tanh(a)", "a = c * sigmoid(a @ C)"],
    ["if {t} > 1:", "    a = a + h @ E"],
    ["a = np.where(X[0] > 0, a, h)"],
    ["a = np.maximum(a, 0.1 * a)"],
)
FIRSTS = (
    ["n = np.var({x} @ U) + np.std(h)"],
    ["n = 1 + np.linalg.norm(h)", "n = n * np.median({x} ** 2)"],
    ["n = np.std({x}) * np.std(h @ A)"],
    ["n = cell_norm({x}, h)"],
)
"""What a step may begin with: functions of numpy's that call so many others that inner ops do not tell the line."""
ENDS = (
    ["loss = np.mean(h)"],
    ["loss = np.mean(np.stack(hs) ** 2)"],
    ["loss = 0", "for {v} in range(4):", "    with tg.step({v}):", "        loss = loss + np.mean(hs[{v}] @ V)"],
    [
        "ys = []",
        "for {v} in range(4):",
        "    with tg.step({v}):",
        "        ys.append(np.exp(hs[{v}]))",
        "loss = np.mean(np.stack(ys))",
    ],
    ["s = h", "for k in range(3):", "    with tg.step(k):", "        s = np.tanh(s @ C + h)", "loss = np.sum(s)"],
)


def written(draw: Random) -> str:
    head, t, x = draw.choice(LOOPS)
    body = [f"a = {x} @ U + h @ W"]
    if draw.random() < 0.5:
        body = [*(line.format(x=x) for line in draw.choice(FIRSTS)), *body, "a = a * n"]
    for lines in draw.sample(LINES, draw.randrange(0, 5)):
        body += [line.replace("{t}", t) for line in lines]
    body += [draw.choice(("h = np.tanh(a)", "h = np.tanh(a) / (1 + np.std(a))", "h = a - np.std(a)")), f"hs[{t}] = h"]
    steps = [head, f"    with tg.step({t}):", *(f"        {line}" for line in body)]
    if draw.random() < 0.4:  # within functions, as programs have it
        steps = ["def forward(h, c, hs):", *(f"    {line}" for line in steps), "    return h", "h = forward(h, c, hs)"]
    variable = draw.choice("tv")
    end = [line.replace("{v}", variable) for line in draw.choice(ENDS)]
    start = ["h, c, hs = np.zeros((2, 3)), np.zeros((2, 3)), [0, 0, 0, 0]"]
    return "\n".join([HEAD, *start, *steps, *end, ""])


@each("seed", range(60))
def test_steps_are_those_of_the_marks(seed: int) -> None:
    source = written(Random(seed))
    by_hand = ops_at_steps(ancestors([run(source)]))
    assert len({step for *_, step in by_hand}) > 3
    assert ops_at_steps(told(run(without_marks(source)))) == by_hand, source
