"""The reference: a page for each part of the public API, its ops in one table, and the list of all public names.

``python docs/site/reference.py`` writes the list, `docs/api.txt`: names and signatures, held by a test, so that a
change of the API is seen. The pages are made when the site is built.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from docstring import markdown

import tinygraph as tg

LIST = Path(__file__).parents[1] / "api.txt"
PARTS = {"tg": tg, "tg.cells": tg.cells, "tg.train": tg.train, "tg.check": tg.check, "tg.export": tg.export}
INPUTS: dict[int, list[tuple[int, ...]]] = {1: [(2, 3)], 2: [(2, 3), (2, 3)], 3: [(2, 3), (2, 3), (2, 3)]}
SHAPES = {"matmul": [(2, 3), (3, 4)], "take": [(4, 3)], "softmax_cross_entropy": [(2, 3)]}


def public(module: ModuleType) -> dict[str, Any]:
    """The public names of a part with what they stand for, ops left out: they have a table."""
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    ours = {name: getattr(module, name) for name in sorted(names)}
    # Functions that belong to one, as `tg.draw.compare`.
    ours |= {f"{name}.{k}": f for name, x in ours.items() if inspect.isfunction(x) for k, f in _belonging(x)}
    ours = dict(sorted(ours.items()))
    return {name: x for name, x in ours.items() if not isinstance(x, tg.Op) and _is_ours(x)}


def _belonging(function: Any) -> list[tuple[str, Any]]:
    return [(name, x) for name, x in vars(function).items() if inspect.isfunction(x) and not name.startswith("_")]


def _is_ours(x: Any) -> bool:
    return callable(x) and getattr(x, "__module__", "").startswith("tinygraph")


def lines() -> Iterator[str]:
    """Each public name with its signature, a class with its public methods."""
    for part, module in PARTS.items():
        for name, x in public(module).items():
            yield f"{part}.{name}{_signature(x)}"
            if inspect.isclass(x) and part != "tg.cells":
                yield from _members(f"{part}.{name}", x)
    for name in sorted(tg.ops.__all__):
        op = getattr(tg.ops, name)
        call = f"({', '.join([*_inputs(op), *(f'{s}=' for s in op.settings)])})" if _is_op(op) else _signature(op)
        yield f"tg.ops.{name}{call}"


def _members(owner: str, kind: type) -> Iterator[str]:
    for name, member in _methods(kind):
        yield f"{owner}.{name}{_signature(member)}"


def _methods(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class has itself."""
    for name, x in sorted(vars(kind).items()):
        member = getattr(x, "__func__", x)
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            yield name, member


def _signature(x: Any) -> str:
    try:
        return str(inspect.signature(x)).replace("'", "")
    except (TypeError, ValueError):
        return ""


def _is_op(x: Any) -> bool:
    return isinstance(x, tg.Op)


def _inputs(op: Any) -> list[str]:
    parameters = [*inspect.signature(type(op).forward).parameters.values()][1:]
    return [p.name if p.kind is not p.VAR_POSITIONAL else f"*{p.name}" for p in parameters if p.default is p.empty]


def write(folder: Path) -> None:
    """Writes the pages of the reference, and the pictures of the ops beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for part, module in PARTS.items():
        page = part.replace(".", "_")
        parts.append(page)
        (folder / f"{page}.md").write_text(_page(part, module), encoding="utf-8")
    (folder / "ops.md").write_text(_table(folder), encoding="utf-8")
    tree = "\n".join(["```{toctree}", *parts, "ops", "```"])
    text = f"# Reference\n\nEvery public name, with its docstring. `help(tg.unroll)` shows the same.\n\n{tree}\n"
    (folder / "index.md").write_text(text, encoding="utf-8")


def _page(part: str, module: ModuleType) -> str:
    body = [f"# {part}\n"]
    for name, x in public(module).items():
        body += [f"## {name}", "", _call(f"{part}.{name}", x), "", markdown(x), ""]
        if inspect.isclass(x) and part != "tg.cells":
            for member, method in _methods(x):
                body += [f"### {name}.{member}", "", _call(f"{name}.{member}", method), "", markdown(method), ""]
    return "\n".join(body)


def _call(name: str, x: Any) -> str:
    return f"```python\n{name}{_signature(x)}\n```"


def _table(folder: Path) -> str:
    body = [
        "# Ops",
        "",
        "Each op with what it computes, the rule by which a gradient goes back, and, where small arrays are enough to",
        "show it, its picture. `tg.ops.tanh.forward` and `.backward` can be called on plain arrays.",
        "",
    ]
    for name in sorted(tg.ops.__all__):
        op = getattr(tg.ops, name)
        body += [
            f"## {name}",
            "",
            markdown(type(op) if _is_op(op) else op, formula=True),
            "",
            "```text",
            _rule(op),
            "```",
            "",
        ]
        if _draw(name, op, folder / f"{name}.svg"):
            body += [f"![{name}, forward and backward]({name}.svg)", ""]
    return "\n".join(body)


def _rule(op: Any) -> str:
    """The source of the local backward; of a function that is made of ops its own."""
    return textwrap.dedent(inspect.getsource(type(op).backward if _is_op(op) else op)).rstrip()


def _draw(name: str, op: Any, path: Path) -> bool:
    """Draws the op of small arrays with its gradient; False where it takes something else."""
    shapes = SHAPES.get(name) or INPUTS.get(op.arity if _is_op(op) else 1)
    if shapes is None:
        return False
    rng = np.random.default_rng(0)
    try:
        first = 1.2 if name == "arccosh" else 0.2
        z = op(*[tg.parameter(first + 0.6 * rng.random(s), n) for s, n in zip(shapes, "xyz", strict=False)])
        tg.draw(tg.sum(z), "backward", title=name).save(path)
    except (tg.GraphError, TypeError):
        return False
    return True


if __name__ == "__main__":
    LIST.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    print(f"wrote {LIST}")
