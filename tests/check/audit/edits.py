"""Faults that can be planted in one line of a hand-written backward pass: edits of its text, found in its syntax."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

SIZES = {"np", "t", "T", "B", "H", "D", "n", "n_in", "n_out", "lr", "max_norm", "norm", "name", "self", "dparam"}
"""Names that hold no array of the graph."""
GATES = set("ifogzrn")
PRODUCTS = {"dot", "matmul", "outer"}
Part = ast.expr | ast.stmt


@dataclass(frozen=True)
class Edit:
    """One fault in one line.

    Attributes:
        line: its number.
        kind: what sort of fault it is.
        start, end: columns of the text that goes.
        new: what comes instead.
        sets: what a deleted line would have set.
    """

    line: int
    kind: str
    start: int
    end: int
    new: str
    sets: tuple[str, ...] = ()


def applied(text: str, edits: tuple[Edit, ...]) -> str:
    """The text with the edits, each on a line of its own."""
    lines = text.splitlines(keepends=True)
    for edit in edits:
        line = lines[edit.line - 1]
        lines[edit.line - 1] = line[: edit.start] + edit.new + line[edit.end :]
    return "".join(lines)


class Edits:
    """All edits of the functions with these qualified names in a text."""

    def __init__(self, text: str, functions: tuple[str, ...]) -> None:
        self.lines = text.splitlines()
        self.all: list[Edit] = []
        for name, function in _functions(ast.parse(text)):
            if name in functions:
                self._of(function)
        self.all = list(dict.fromkeys(self.all))

    def _of(self, function: ast.FunctionDef) -> None:
        last = function.end_lineno or 0
        marks = [n for n in range(function.lineno, last) if self.lines[n - 1].strip() == "# backward"]
        first = marks[0] if marks else function.lineno
        self.names = {a.arg for a in function.args.args} - SIZES
        self.attributes: set[str] = set()
        self.keys: dict[str, set[str]] = {}
        bases = [node.value for node in ast.walk(function) if isinstance(node, ast.Subscript)]
        self.indexed, self.parts = {ast.unparse(base) for base in bases}, {id(base) for base in bases}
        methods = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
        for node in ast.walk(function):
            if id(node) not in methods:
                self._scope(node)
        for node in ast.walk(function):
            if isinstance(node, ast.stmt) and node.lineno > first:
                self._statement(node)

    def _scope(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            self.names |= {node.id} - SIZES
        if isinstance(node, ast.Attribute) and _is_self(node):
            self.attributes.add(node.attr)
        if isinstance(node, ast.Subscript) and _key(node):
            self.keys.setdefault(ast.unparse(node.value), set()).add(_key(node))

    def _add(self, kind: str, node: Part, new: str, end: Part | None = None) -> None:
        end = end or node
        if node.lineno == end.end_lineno and self._text(node, end) != new:
            self.all.append(Edit(node.lineno, kind, node.col_offset, end.end_col_offset or 0, new))

    def _text(self, node: Part, end: Part | None = None) -> str:
        return self.lines[node.lineno - 1][node.col_offset : (end or node).end_col_offset]

    def _inside(self, node: Part) -> str:
        """A part as it can stand anywhere."""
        return f"({self._text(node)})" if isinstance(node, (ast.BinOp, ast.UnaryOp)) else self._text(node)

    def _statement(self, node: ast.stmt) -> None:
        if not isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr, ast.Return)) or node.lineno != node.end_lineno:
            return
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        if not isinstance(node, ast.Return):
            filled = node.value.args[:1] if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else targets
            sets = tuple(sorted({_owner(part) for target in filled if target for part in _parts(target)}))
            self.all.append(Edit(node.lineno, "deleted", node.col_offset, node.end_col_offset or 0, "pass", sets))
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            self._assignment(node, targets[0])
        for part in _expressions(node):
            self._expression(part)

    def _assignment(self, node: ast.Assign | ast.AugAssign, target: ast.expr) -> None:
        value, own = self._text(node.value), self._text(target)
        whole = self._inside(node.value)
        if isinstance(target, ast.Tuple):
            for a, b in itertools.combinations(target.elts, 2):
                names = [self._text({a: b, b: a}.get(e, e)) for e in target.elts]
                self._add("unpacking", target, ", ".join(names))
            return
        for factor in ("2", "0.5"):
            self._add("scale", node.value, f"{factor} * {whole}")
        if isinstance(node, ast.Assign):
            self._add("sign", node.value, f"-{whole}")
            self._add("accumulate", node, f"{own} += {value}")
            return
        if isinstance(node.op, (ast.Add, ast.Sub)):
            plus = isinstance(node.op, ast.Add)
            self._add("sign", node, f"{own} {'-=' if plus else '+='} {value}")
            self._add("accumulate", node, f"{own} = {value}")
        if isinstance(target, ast.Name):
            self._names(target)

    def _expression(self, node: ast.expr) -> None:
        if isinstance(node, ast.Name) and node.id in self.names:
            self._names(node)
        elif isinstance(node, ast.Attribute):
            self._attribute(node)
        elif isinstance(node, ast.Subscript):
            self._subscript(node)
        elif isinstance(node, ast.BinOp):
            self._operation(node)
            self._derivative(node)
        elif isinstance(node, ast.Call):
            self._product_call(node)

    def _names(self, node: ast.Name) -> None:
        for other in sorted(self.names - {node.id}):
            if self._alike(node, other):
                self._add(_swap(node.id, other), node, other)

    def _alike(self, node: ast.expr, other: str) -> bool:
        """Nobody writes by mistake an index behind what never has one, or the whole of what always has one."""
        return (id(node) in self.parts) == (other in self.indexed)

    def _attribute(self, node: ast.Attribute) -> None:
        if node.attr == "T":
            self._add("transpose", node, self._text(node.value))
        elif _is_self(node) and node.attr in self.attributes:
            for other in sorted(self.attributes - {node.attr}):
                if self._alike(node, f"self.{other}"):
                    self._add(_swap(node.attr, other), node, f"self.{other}")

    def _subscript(self, node: ast.Subscript) -> None:
        if _key(node):
            for other in sorted(self.keys[ast.unparse(node.value)] - {_key(node)}):
                self._add(_swap(_key(node), other), node.slice, f'"{other}"')
            return
        for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            if re.fullmatch(r"t( [+-] 1)?", ast.unparse(part)):
                for other in ("t", "t - 1", "t + 1", "-1", "0"):
                    self._add("index", part, other)

    def _operation(self, node: ast.BinOp) -> None:
        left, right = self._inside(node.left), self._inside(node.right)
        if isinstance(node.op, (ast.Add, ast.Sub)):
            minus = isinstance(node.op, ast.Sub)
            self._add("term", node, left)
            self._add("term", node, f"(-{right})" if minus else right)
            self._add("sign", node, f"({left} + {right})" if minus else f"({left} - {right})")
        elif isinstance(node.op, ast.Mult):
            self._add("factor", node, left)
            self._add("factor", node, right)
        elif isinstance(node.op, (ast.Div, ast.Pow)):
            self._add("factor", node, left)
        elif isinstance(node.op, ast.MatMult):
            self._add("operands", node, f"({right} @ {left})")
            self._turned(node.left, node.right)

    def _turned(self, *operands: ast.expr) -> None:
        for operand in operands:
            if not isinstance(operand, ast.Attribute) or operand.attr != "T":
                self._add("transpose", operand, f"{self._text(operand)}.T")

    def _product_call(self, node: ast.Call) -> None:
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in PRODUCTS:
            return
        if len(node.args) == 2:
            a, b = node.args
            self._add("operands", a, f"{self._text(b)}, {self._text(a)}", end=b)
            self._turned(a, b)
        else:
            self._add("operands", node, f"{self._inside(node.args[0])}.{function.attr}({self._text(function.value)})")
            self._turned(function.value, node.args[0])

    def _derivative(self, node: ast.BinOp) -> None:
        """1 - h**2 and h * (1 - h), as they are written where h is taken for what came before the activation."""
        shown = self._text(node)
        square = r"(?P<h>[\w.\[\] +\-]+?)"
        tanh = re.fullmatch(rf"(?P<one>1(\.0)?) - (?:{square} ?\*\* ?2|np\.square\((?P<s>.+)\))", shown)
        twice = re.fullmatch(r"1 - (?P<h>.+) \* (?P=h)", shown)
        if tanh or twice:
            h = (tanh.groupdict().get("h") or tanh["s"]) if tanh else twice["h"]  # type: ignore[index]
            self._add("derivative", node, f"1 - np.tanh({h}) ** 2")
            self._add("derivative", node, f"{h} * (1 - {h})")
        slope = re.search(r"(?P<h>[\w.\[\]]+) \* \(1 - (?P=h)\)$", shown)
        if slope:
            self._add("derivative", node, shown[: slope.start()] + f"(1 - {slope['h']} * {slope['h']})")


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{f.name}", f) for f in node.body if isinstance(f, ast.FunctionDef))


def _expressions(node: ast.stmt) -> Iterator[ast.expr]:
    """All that a statement reads, but for what stands within an index or the arguments of range."""
    left: list[ast.AST] = [node]
    while left:
        part = left.pop()
        if isinstance(part, ast.expr) and not isinstance(getattr(part, "ctx", None), ast.Store):
            yield part
        skipped = getattr(part, "slice", None)
        left += [child for child in ast.iter_child_nodes(part) if child is not skipped]


def _parts(target: ast.expr) -> list[ast.expr]:
    return [part for each in target.elts for part in _parts(each)] if isinstance(target, ast.Tuple) else [target]


def _owner(target: ast.expr) -> str:
    """What a target sets: a variable, an attribute, a place in a dict by its key; an array for its parts."""
    whole = isinstance(target, ast.Subscript) and not _key(target)
    return ast.unparse(target.value if whole else target)  # type: ignore[attr-defined]


def _key(node: ast.Subscript) -> str:
    constant = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    return node.slice.value if constant else ""  # type: ignore[attr-defined]


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def _swap(own: str, other: str) -> str:
    """A swap of names is one of gates where they differ in the gate's letter alone."""
    differing = [{a, b} for a, b in zip(own, other, strict=False) if a != b]
    alone = len(own) == len(other) and len(differing) == 1
    return "gate" if alone and differing[0] <= GATES else "name"
