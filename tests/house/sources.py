"""The repository's own text, read as syntax: files, imports, functions, fenced code in pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIBRARY = sorted((ROOT / "tinygraph").rglob("*.py"))
NEEDS = {ROOT / "tinygraph" / "export" / "torch" / "module.py": "torch"}
"""Maps files that an exporter imports when it is called to the package that they import."""
LOADABLE = [path for path in LIBRARY if path not in NEEDS or find_spec(NEEDS[path])]
SHOWN = sorted([*LIBRARY, *(ROOT / "models").rglob("*.py"), *(ROOT / "examples").rglob("*.py")])
EVERY = sorted([*SHOWN, *(ROOT / "tests").rglob("*.py")])
PAGES = [
    *sorted(ROOT.glob("README*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "zh").glob("*.md")),
]


def short(path: Path) -> str:
    """A path as a reader of the repository writes it."""
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def first_line(path: Path) -> str:
    """The first line of a file's docstring."""
    return (ast.get_docstring(tree(path)) or "").partition("\n")[0]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def lines(path: Path) -> int:
    return len(text(path).splitlines())


def line_of(whole: str, place: int) -> int:
    """The number of the line with the character at ``place``."""
    return whole.count("\n", 0, place) + 1


KNOWN = {module_name(path) for path in LIBRARY}


@cache
def imports(path: Path) -> dict[str, int]:
    """Modules of tinygraph that a file imports anywhere, but for its type annotations alone, and in which line."""
    return dict(_imports(path))


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    package = module_name(path).split(".") if path.name == "__init__.py" else module_name(path).split(".")[:-1]
    for node in _running(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name.split(".")[0] == "tinygraph")
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            if origin.split(".")[0] == "tinygraph":
                for alias in node.names:
                    whole = f"{origin}.{alias.name}"
                    yield (whole if whole in KNOWN else origin), node.lineno


def _running(root: ast.AST) -> Iterator[ast.AST]:
    """All statements of a syntax tree but those under ``if TYPE_CHECKING:``."""
    left = [root]
    while left:
        node = left.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        left += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)][::-1]


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
    blocks = re.finditer(r"^```python\n(.*?)^```$", text(page), flags=re.DOTALL | re.MULTILINE)
    return [(line_of(text(page), block.start()) + 1, block.group(1)) for block in blocks]
