"""The repository's own text, read as syntax: files, imports, functions, fenced code in pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIBRARY = sorted((ROOT / "tinygraph").rglob("*.py"))
SHOWN = sorted([*LIBRARY, *(ROOT / "models").rglob("*.py"), *(ROOT / "examples").rglob("*.py")])
EVERY = sorted([*SHOWN, *(ROOT / "tests").rglob("*.py")])
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def short(path: Path) -> str:
    """A path as a reader of the repository writes it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def first_line(path: Path) -> str:
    """The first line of a file's docstring."""
    return (ast.get_docstring(tree(path)) or "").partition("\n")[0]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def imports(path: Path) -> Iterator[str]:
    """Modules of tinygraph that a file imports anywhere, but for those of its type annotations alone."""
    known = {module_name(p) for p in LIBRARY}
    package = module_name(path).split(".") if path.name == "__init__.py" else module_name(path).split(".")[:-1]
    for node in _running(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "tinygraph")
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            if origin.split(".")[0] == "tinygraph":
                for alias in node.names:
                    yield f"{origin}.{alias.name}" if f"{origin}.{alias.name}" in known else origin


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """All of a syntax tree but what stands under ``if TYPE_CHECKING:``."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _running(child)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length in lines of each function of a file, without its docstring."""
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node) is not None:
                said = node.body[0]
                assert said.end_lineno is not None
                length -= said.end_lineno - said.lineno + 1
            yield f"{short(path)}:{node.lineno} {node.name}", length


def python_blocks(page: Path) -> list[tuple[int, str]]:
    """Line number and text of each ```python block of a page."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [(text[: block.start()].count("\n") + 2, block.group(1)) for block in found]
