"""Plain files: takes classes, functions and constants out of a script whose top level must not run."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ...core.errors import GraphError

LONGEST = 2.0
"""Seconds that one assignment of a script may take."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)


class PlainFile:
    """Parts of a script, as a module of their own.

    Args:
        path: a Python file; of its top level only what the wanted names need runs: imports, definitions, assignments.
        wanted: names of classes and functions.
        welcome: names that are taken if the file has them.
        instead: values for names whose own assignment cannot run, such as the size of a vocabulary that a file tells.

    Attributes:
        module: has the wanted names, with the lines of the file.
        left_out: what was needed and could not run, in words.

    Raises:
        GraphError: there is no such file, it is no Python, or it has no such name.
    """

    def __init__(
        self, path: str | Path, wanted: list[str], instead: Mapping[str, Any], welcome: Sequence[str] = ()
    ) -> None:
        self.path = Path(path).resolve()
        self.left_out: list[str] = []
        self._instead = instead
        tree = _parsed(self.path)
        missing = [name for name in wanted if not any(name in _bound_by(statement) for statement in tree.body)]
        if missing:
            names = [x.name for x in tree.body if isinstance(x, _DEFINITIONS)]
            problem = f"{self.path.name} has no {', '.join(missing)}"
            raise GraphError(problem, expected="a class or a function at the top level", got=", ".join(names) or "none")
        self.module = self._run(_needed(tree, [*wanted, *welcome]))

    def _run(self, statements: list[ast.stmt]) -> ModuleType:
        module = ModuleType(f"audited_{self.path.stem}")
        module.__file__ = str(self.path)
        module.__dict__["__builtins__"] = {**vars(builtins), "open": _opened, "input": _asked}
        sys.modules[module.__name__] = module
        for statement in statements:
            self._execute(statement, module)
        return module

    def _execute(self, statement: ast.stmt, module: ModuleType) -> None:
        code = compile(ast.Module([statement], []), str(self.path), "exec", dont_inherit=True)
        try:
            with contextlib.redirect_stdout(io.StringIO()), _in_time():
                exec(code, module.__dict__)
        except (Exception, SystemExit) as error:  # whatever the script raises
            names = sorted(_bound_by(statement))
            known = {name: self._instead[name] for name in names if name in self._instead}
            vars(module).update(known)
            self.left_out.append(_told(statement, names, known, error))


def _told(statement: ast.stmt, names: list[str], known: Mapping[str, Any], error: BaseException) -> str:
    why = f"{type(error).__name__}: {error}".partition("\n")[0]
    instead = ", ".join(f"{name} = {value}" for name, value in known.items())
    told = f"line {statement.lineno}, {', '.join(names)}: left out ({why})"
    return f"{told}; instead {instead}" if instead else told


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except (OSError, UnicodeError) as error:
        raise GraphError(f"{path.name} cannot be read: {error}") from None
    except SyntaxError as error:
        fix = "python -m lib2to3 or an editor turns Python 2 into 3" if "print" in str(error) else ""
        raise GraphError(f"{path.name}, line {error.lineno}: {error.msg}", expected="Python 3", fix=fix) from None


def _needed(tree: ast.Module, wanted: list[str]) -> list[ast.stmt]:
    """The statements, in order, that bind the wanted names, and the names that these read, and so on."""
    candidates = [x for x in tree.body if _may_run(x)]
    names, chosen = {*wanted}, set()
    grew = True
    while grew:
        grew = False
        for k, statement in enumerate(candidates):
            if k not in chosen and _bound_by(statement) & names:
                chosen.add(k)
                names |= {x.id for x in ast.walk(statement) if isinstance(x, ast.Name)}
                grew = True
    return [statement for k, statement in enumerate(candidates) if k in chosen]


def _may_run(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Import, ast.ImportFrom, *_DEFINITIONS, *_ASSIGNMENTS)):
        return True
    if not isinstance(statement, ast.Try):
        return False
    parts = [*statement.body, *(part for handler in statement.handlers for part in handler.body)]
    return all(isinstance(part, (ast.Import, ast.ImportFrom, ast.Pass)) for part in parts)


def _bound_by(statement: ast.stmt) -> set[str]:
    """The names that a statement binds, or whose contents it sets, as ``params["W"] = ...`` does."""
    if isinstance(statement, _DEFINITIONS):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Try):
        imports = [part for part in ast.walk(statement) if isinstance(part, (ast.Import, ast.ImportFrom))]
        return {name for part in imports for name in _bound_by(part)}
    if not isinstance(statement, _ASSIGNMENTS):
        return set()
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {name for target in targets for name in _roots(target)}


def _roots(target: ast.expr) -> Iterator[str]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for part in target.elts:
            yield from _roots(part)
    elif isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, (ast.Subscript, ast.Attribute, ast.Starred)):
        yield from _roots(target.value)


def _opened(file: Any, mode: str = "r", *args: Any, **settings: Any) -> Any:
    """`open` for reading alone."""
    if {*mode} & {*"wax+"}:
        raise PermissionError("files are not written in an audit")
    return open(file, mode, *args, **settings)


def _asked(*_: Any) -> str:
    raise EOFError("nobody is asked in an audit")


class TooLongError(RuntimeError):
    """An assignment took too long."""


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    """Raises when what runs within takes too long, where the system can tell."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise TooLongError(f"it takes more than {LONGEST:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
