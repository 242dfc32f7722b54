"""Local rules: what an op computes and its gradient, read from the op's Python source as a few lines."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...core.op import Op

MOST, WIDE = 6, 96
"""Most lines of a rule, and most characters of a line: a longer rule is no help beside a picture."""
Known = dict[str, list[ast.stmt]]
"""Maps each local name of a function to the statements that compute its value."""


class LocalRule(NamedTuple):
    """Lines of the forward rule, ``z = tanh(x)``, and of the gradient's, ``gx = gz * (1 - z * z)``; () if unknown."""

    forward: tuple[str, ...] = ()
    backward: tuple[str, ...] = ()


_known: dict[type[Op], LocalRule] = {}


def rule(kind: type[Op]) -> LocalRule:
    """Returns the rules of an op class.

    Example:
        >>> from tinygraph.draw.views.formulas import rule
        >>> from tinygraph.ops.exponential import Tanh
        >>> rule(Tanh)
        LocalRule(forward=('z = tanh(x)',), backward=('gx = gz * (1 - z * z)',))
    """
    if kind in _known:
        return _known[kind]
    inputs = _inputs(kind.forward)
    back = [f"g{name}" for name in inputs] if kind.differentiable and kind.backward is not Op.backward else []
    _known[kind] = LocalRule(_lines(kind.forward, ["z"]), _lines(kind.backward, back) if back else ())
    return _known[kind]


def _inputs(function: Any) -> list[str]:
    """Returns the names of the arguments that are inputs of the graph; ``*x`` becomes ``xs``."""
    arguments = list(inspect.signature(function).parameters.values())[1:]
    named = [a for a in arguments if a.default is a.empty and a.kind is not a.VAR_KEYWORD]
    return [a.name + "s" * (a.kind is a.VAR_POSITIONAL and a.name[-1] != "s") for a in named]


def _lines(function: Any, results: list[str]) -> tuple[str, ...]:
    """Returns the rule of the simplest return statement; the others handle unusual shapes or save work."""
    body = _body(function)
    if any(isinstance(x, (ast.For, ast.While)) for x in body):
        return ()  # a loop is no formula
    returns = [x for x in _statements(body) if isinstance(x, ast.Return) and x.value is not None]
    rules = [_rule(body, x, results) for x in returns]
    # A result that stays zeros here is filled through an alias: an incomplete rule is worse than none.
    whole = [x for x in rules if x and not re.match(r"\w+ = (zeros|empty)\(", x[-1])]
    shown = [x for x in whole if len(x) <= MOST and max(map(len, x)) <= WIDE]
    texts = {x: " ".join(x) for x in shown}
    return min(texts, key=lambda x: (bool(re.search(r"\b_\w+\(", texts[x])), len(x), len(texts[x])), default=())


def _rule(body: list[ast.stmt], last: ast.Return, results: list[str]) -> tuple[str, ...]:
    """Returns the lines of one return statement and of the assignments that it depends on."""
    assert last.value is not None
    values = list(last.value.elts) if isinstance(last.value, (ast.Tuple, ast.List)) else [last.value]
    if len(values) != len(results):
        values, results = [last.value], ["g" if len(results) > 1 else results[0]]
    known = _assigned(body)
    values = [_without_clash(_listed(value), name, known) for name, value in zip(results, values, strict=True)]
    out: list[tuple[int, str]] = []
    new: dict[str, str] = {}
    for name, value in zip(results, values, strict=True):
        if isinstance(value, ast.Name) and value.id in known and value.id not in new:
            new[value.id] = name
        elif not _is_none(value) and _plain(value) != name:  # a local of the same name tells it already
            out.append((last.lineno, f"{name} = {_plain(value)}"))
    out += [(x.lineno, _plain(x)) for x in _dependencies(values, known)]
    return tuple(renamed(text, new) for _, text in sorted(out, key=lambda x: x[0]))


def _is_none(value: ast.expr) -> bool:
    """Whether a result is None, or a list of it."""
    inner = value.elt if isinstance(value, ast.ListComp) else value
    return isinstance(inner, ast.Constant) and inner.value is None


def _listed(value: ast.expr) -> ast.expr:
    """Returns a list for ``*(None for _ in arrays)``."""
    inner = value.value if isinstance(value, ast.Starred) else None
    return ast.ListComp(inner.elt, inner.generators) if isinstance(inner, ast.GeneratorExp) else value


def _without_clash(value: ast.expr, name: str, known: Known) -> ast.expr:
    """Write a local that has the name of the result, but another value, into the result: ``gx = spread(gx, x)``."""
    own = known.get(name, [])
    simple = len(own) == 1 and isinstance(own[0], ast.Assign) and isinstance(own[0].targets[0], ast.Name)
    if not simple or name not in _names(value) or _plain(value) == name:
        return value
    assert isinstance(own[0], ast.Assign)
    filled = ast.parse(renamed(ast.unparse(value), {name: f"({ast.unparse(own[0].value)})"}), mode="eval").body
    return filled if len(f"{name} = {_plain(filled)}") <= WIDE else value


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Replace local names in a line by others, or by what they stand for; a keyword such as ``axis=`` stays."""
    return re.sub(r"(?<![\w.])[^\W\d]\w*(?!\w|=[^=])", lambda m: names.get(m[0], m[0]), text)


def _body(function: Any) -> list[ast.stmt]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []  # defined at a prompt or generated: there is no source file
    body = tree.body[0].body if isinstance(tree.body[0], ast.FunctionDef) else []
    return [one for x in body for one in _one_by_one(x)]


def _one_by_one(x: ast.stmt) -> list[ast.stmt]:
    """Returns ``a = 1`` and ``b = 2`` for ``a, b = 1, 2``."""
    pair = x.targets[0] if isinstance(x, ast.Assign) else None
    if not isinstance(x, ast.Assign) or not isinstance(pair, ast.Tuple) or not isinstance(x.value, ast.Tuple):
        return [x]
    return [ast.copy_location(ast.Assign([a], b), x) for a, b in zip(pair.elts, x.value.elts, strict=True)]


def _assigned(body: list[ast.stmt]) -> Known:
    """Maps each local name to the statements that compute it.

    These are its last assignment in any branch that is not None, and later writes into it.
    """
    known: Known = {}
    for x in _statements(body):
        # A call statement such as np.add.at(z, ...) may write into a local; a check of inputs names no local.
        names = [y for y in _names(x) if y in known] if isinstance(x, ast.Expr) else _written(x)
        value: Any = getattr(x, "value", None)
        if not names or (isinstance(value, ast.Constant) and value.value is None):
            continue
        replaces = isinstance(x, ast.Assign) and not isinstance(x.targets[0], ast.Subscript)
        for name in names:
            kept = [] if replaces and name not in _names(value) else known.get(name, [])
            known[name] = [*kept, x]
    return known


def _written(x: ast.stmt) -> list[str]:
    """Returns the names that an assignment sets or changes: ``z = x``, ``z += x``, ``z[i] = x``."""
    targets = x.targets if isinstance(x, ast.Assign) else [x.target] if isinstance(x, ast.AugAssign) else []
    outer = [t.value if isinstance(t, ast.Subscript) else t for t in targets]
    return [name for t in outer for name in _names(t)]


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for x in body:
        yield x
        for part in ("body", "orelse"):
            yield from _statements(getattr(x, part, []))


def _dependencies(results: list[ast.expr], known: Known) -> list[ast.stmt]:
    """Returns the statements that compute the names in the results, directly or through other names."""
    out: dict[ast.stmt, None] = {}
    queue = [name for x in results for name in _names(_shown(x))]
    while queue:
        for x in known.pop(queue.pop(), ()):
            out[x] = None
            queue += _names(_shown(x))
    return [*out]


def _names(x: ast.AST) -> list[str]:
    return [y.id for y in ast.walk(x) if isinstance(y, ast.Name)]


def _plain(x: ast.AST) -> str:
    return ast.unparse(_shown(x))


def _shown(x: ast.AST) -> ast.AST:
    return ast.fix_missing_locations(_Plainer().visit(ast.parse(ast.unparse(x)).body[0]))


class _Plainer(ast.NodeTransformer):
    """Simplifies code to a formula: removes what handles unusual shapes or saves work."""

    def visit_Expr(self, x: ast.Expr) -> ast.AST:
        return self.visit(x.value)

    def visit_IfExp(self, x: ast.IfExp) -> ast.AST:
        """``gx if wanted[0] else None`` becomes ``gx``; of two ways for different dtypes the first is shown."""
        none = isinstance(x.orelse, ast.Constant) and x.orelse.value is None
        of_dtypes = any(isinstance(y, ast.Attribute) and y.attr == "dtype" for y in ast.walk(x.test))
        return self.visit(x.body) if none or of_dtypes else self.generic_visit(x)

    def visit_Attribute(self, x: ast.Attribute) -> ast.AST:
        if isinstance(x.value, ast.Name) and x.value.id in ("np", "numpy", "tg"):
            return ast.Name(x.attr)
        return self.generic_visit(x)

    def visit_Call(self, x: ast.Call) -> ast.AST:
        if isinstance(x.func, ast.Attribute) and x.func.attr in ("of", "forward"):
            x.func = x.func.value  # an op inside a rule
        self.generic_visit(x)
        if isinstance(x.func, ast.Attribute) and x.func.attr == "astype" and x.keywords:
            return x.func.value  # a copy only where the dtype differs
        name = x.func.id if isinstance(x.func, ast.Name) else ""
        if name == "unbroadcast":
            return x.args[0]
        if name == "_turned":
            return ast.Attribute(x.args[0], "T")
        if name == "swapaxes" and ast.unparse(ast.Tuple(x.args[1:])) == "(-1, -2)":
            return ast.Attribute(x.args[0], "T")
        if name in _INFIX and len(x.args) == 2:
            return ast.BinOp(x.args[0], _INFIX[name], x.args[1])
        return x


_INFIX: dict[str, ast.operator] = {"matmul": ast.MatMult(), "quotient": ast.Div()}
