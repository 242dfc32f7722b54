"""What the lines of a function can be built from: variables, attributes, places of lists, with shapes seen in a run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType, FunctionType
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...ops.inference import Shape
from .source import Source, source_of
from .subject import Case, Subject

MOST = 90
"""More names than that make the search slow, and a function has them rarely."""


@dataclass
class Scope:
    """What a function's lines can be built from.

    Attributes:
        source: of the function.
        shapes: of each variable, attribute or place, by its text; numbers have the shape ().
        whole: those that are integers.
        nodes: their expressions, by text.
        indices: how lists and arrays are indexed by loops.
        backward: whether the backward pass alone runs it.
    """

    source: Source
    shapes: dict[str, Shape] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    nodes: dict[str, ast.expr] = field(default_factory=dict)
    indices: list[str] = field(default_factory=list)
    backward: bool = True
    _waiting: dict[str, CodeType] = field(default_factory=dict)
    _bases: dict[str, CodeType] = field(default_factory=dict)
    _opened: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.indices = indices_of(self.source.tree)
        self._await(atoms_of(self.source.tree))
        steps = [n for n in ast.walk(self.source.tree) if isinstance(n, ast.Subscript)]
        for node in steps:
            if is_atom(node.value):
                text = ast.unparse(node.value)
                self._bases[text] = _code(text)
        self._loops = loop_names(self.source.tree)
        tuples = {", ".join(map(ast.unparse, n.slice.elts)) for n in steps if isinstance(n.slice, ast.Tuple)}
        self._places = [text for text in sorted(tuples) if any(name in text.split(", ") for name in self._loops)]
        self._read = _read(self.source.tree)

    def _await(self, texts: Iterable[str]) -> None:
        for text in texts:
            if text not in self.shapes and text not in self._waiting and len(self.shapes) + len(self._waiting) < MOST:
                self._waiting[text] = _code(text)

    def enter(self, frame: FrameType, parameters: Iterable[str]) -> None:
        """At a call: the attributes of ``self`` and what is a parameter by the name of a global."""
        values = frame.f_locals
        self._await(name for name in parameters if name in frame.f_globals)
        for name, value in values.items():
            inner = getattr(value, "__dict__", None)
            if isinstance(inner, dict) and name == "self":
                self._await(f"self.{key}" for key in inner)
                self._bases_of(f"self.{key}" for key, part in inner.items() if isinstance(part, (dict, list)))

    def _bases_of(self, texts: Iterable[str]) -> None:
        for text in texts:
            self._bases.setdefault(text, _code(text))

    def look(self, frame: FrameType) -> None:
        """At a line: which of the names have a value by now."""
        values, names = frame.f_locals, frame.f_globals
        for text, code in [*self._bases.items()]:
            value = _evaluated(code, names, values)
            if value is not None:
                self._open(text, value, values)
                del self._bases[text]
        for name, value in values.items():
            if name not in self._opened and _is_open(value, name in self._read):
                self._opened.add(name)
                self._open(name, value, values)
        for text, code in [*self._waiting.items()]:
            value = _evaluated(code, names, values)
            if _is_number(value):
                self.shapes[text], self.nodes[text] = np.shape(value), ast.parse(text, mode="eval").body
                if np.asarray(value).dtype.kind in "iub":
                    self.whole.add(text)
            if value is not None:
                del self._waiting[text]

    def _open(self, text: str, value: Any, values: Mapping[str, Any]) -> None:
        """The parts of a dict by its keys, those of a list by the loops' indices."""
        if isinstance(value, Mapping):
            self._await(f"{text}[{key!r}]" for key in value if isinstance(key, str))
            if any(isinstance(key, str) for key in value):
                return
        loops = [name for name in self._loops if name in values]
        for name in loops or self._loops:
            self._await(f"{text}[{index}]" for index in (name, f"{name} - 1", f"{name} + 1"))
        self._await(f"{text}[{index}]" for index in self._places if isinstance(value, np.ndarray) and value.ndim > 2)

    def alike(self, shape: Shape | None) -> list[str]:
        """Arrays of one shape."""
        return [text for text, own in self.shapes.items() if own == shape and text not in self.whole]

    @property
    def arrays(self) -> dict[str, Shape]:
        return {text: shape for text, shape in self.shapes.items() if shape and text not in self.whole}

    @property
    def sizes(self) -> list[str]:
        """Numbers, such as those of steps and rows."""
        return [text for text, shape in self.shapes.items() if not shape and text not in self._loops]


def _read(tree: ast.AST) -> set[str]:
    """The names of which a function reads more than a length or a shape."""
    sizes = [n.args[0] for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "len" and n.args]
    sizes += [n.value for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "shape"]
    some = {id(n) for n in sizes}
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in some}


def _code(text: str) -> CodeType:
    return compile(text, "<audit>", "eval")


def _evaluated(code: CodeType, names: dict[str, Any], values: Mapping[str, Any]) -> Any:
    try:
        return eval(code, names, values)  # names, attributes and places alone, which the user's own lines read too
    except Exception:  # it has no value yet
        return None


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (np.ndarray, np.generic, int, float)) and getattr(value, "dtype", np.dtype(int)).kind != "O"
    )


def _is_open(value: Any, read: bool) -> bool:
    """Whether a variable's places may be meant: of lists, dicts, and arrays that are not read or have three axes."""
    return isinstance(value, (Mapping, list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 1 + read)


def is_atom(node: ast.AST) -> bool:
    """Whether it is a name, an attribute, or a place of one."""
    if isinstance(node, ast.Subscript):
        return is_atom(node.value)
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and is_atom(node.value))


def atoms_of(tree: ast.AST) -> list[str]:
    """The names, attributes and places in a function, each once."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    own = [
        n
        for n in ast.walk(tree)
        if is_atom(n) and id(n) not in called and getattr(n, "attr", "") not in ("T", "shape", "size")
    ]
    arguments = [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]
    texts = [ast.unparse(node) for node in own]
    return [*dict.fromkeys([*arguments, *texts])]


def loop_names(tree: ast.AST) -> list[str]:
    """The variables of loops."""
    targets = [node.target for node in ast.walk(tree) if isinstance(node, (ast.For, ast.comprehension))]
    names = [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    indexed = {
        n.id
        for s in ast.walk(tree)
        if isinstance(s, ast.Subscript)
        for n in ast.walk(s.slice)
        if isinstance(n, ast.Name)
    }
    return [*dict.fromkeys(name for name in names if name in indexed)]


def indices_of(tree: ast.AST) -> list[str]:
    """Index expressions: those seen, then neighbours of the loops' variables, the ends, and those from the end."""
    loops = loop_names(tree)
    seen = [ast.unparse(i) for n in ast.walk(tree) if isinstance(n, ast.Subscript) for i in parts_of_index(n.slice)]
    near = [f"{name}{shift}" for name in loops for shift in ("", " - 1", " + 1")]
    ends = [] if not loops else ["-1", "0", *(f"{end} - 1 - {name}" for name in loops for end in ends_of(tree))]
    return [*dict.fromkeys([*(s for s in seen if any(n in s for n in loops)), *near, *ends])]


def parts_of_index(node: ast.expr) -> list[ast.expr]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return [part for part in parts if isinstance(part, (ast.Name, ast.BinOp, ast.Constant, ast.UnaryOp))]


def ends_of(tree: ast.AST) -> list[str]:
    """The bounds of ranges that are names or lengths."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "range"]
    parts = [p for call in calls for arg in call.args for p in ast.walk(arg) if isinstance(p, (ast.Name, ast.Call))]
    return [
        *dict.fromkeys(
            ast.unparse(p) for p in parts if not isinstance(p, ast.Name) or p.id not in ("len", "range", "reversed")
        )
    ][:2]


class ScopeWatch:
    """Runs a subject once and keeps a scope of each function of the user that ran.

    Attributes:
        scopes: by function, in the order in which they ran; none of those whose source cannot be read.
    """

    def __init__(self, subject: Subject, case: Case) -> None:
        self.scopes: dict[FunctionType, Scope] = {}
        self._parameters = [*subject.parameters]
        self._files = {f.__code__.co_filename for f in subject.functions}
        self._functions = {f.__code__: f for g in subject.functions for f in (*functions_near(g), g)}
        self._codes: dict[CodeType, Scope | None] = {}
        self._backward = subject.functions[0].__code__
        before = sys.gettrace()
        try:
            sys.settrace(self._call)
            subject.gradients(case)
        except Exception:  # what ran until then is known
            pass
        finally:
            sys.settrace(before)

    def _call(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        if code.co_filename not in self._files:
            return None
        if code not in self._codes:
            self._codes[code] = self._scope(code)
        scope = self._codes[code]
        if scope is None:
            return None
        scope.backward &= self._is_below(frame)
        scope.enter(frame, self._parameters)
        return self._line

    def _is_below(self, frame: FrameType | None) -> bool:
        """Whether a call comes from the backward pass, or is it."""
        while frame is not None:
            if frame.f_code is self._backward:
                return True
            frame = frame.f_back
        return False

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        scope = self._codes[frame.f_code]
        if scope is not None:
            scope.look(frame)
        return self._line

    def _scope(self, code: CodeType) -> Scope | None:
        function = self._functions.get(code)
        if function is None:
            return None
        try:
            self.scopes[function] = Scope(source_of(function))
        except GraphError:
            return None
        return self.scopes[function]


def functions_near(function: FunctionType) -> Iterator[FunctionType]:
    """The functions of a function's file, methods too."""
    for value in [*function.__globals__.values()]:
        if isinstance(value, FunctionType):
            yield value
        elif isinstance(value, type) and value.__module__ == function.__globals__.get("__name__"):
            inner = [getattr(part, "__func__", getattr(part, "fget", part)) for part in vars(value).values()]
            yield from (part for part in inner if isinstance(part, FunctionType))
