"""Names in generated code: the user's names of arguments, results and weights, made legal and different."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from ...core.structure import leaves

KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    "alignas alignof and and_eq asm bitand bitor bool catch class compl concept const_cast constexpr decltype delete "
    "dynamic_cast explicit export false friend mutable namespace new noexcept not not_eq nullptr operator or or_eq "
    "private protected public reinterpret_cast requires static_assert static_cast template this thread_local throw "
    "true try typeid typename using virtual wchar_t xor xor_eq "
    "arguments await debugger eval extends finally function implements import in instanceof interface let null of "
    "package super typeof undefined var with yield async Math Float32Array Float64Array Int32Array Uint8Array Object "
    "Number Array RangeError Error NULL NAN INFINITY EOF main errno model weights steps learning_rate loss_of "
    "j0 j1 jn y0 y1 yn gamma index time signgam".split()
)
"""Words with a meaning in C99, C++ or JavaScript, and names of their libraries that would be hidden."""

_OWN = re.compile(r"(?:[ikntsw]\d+|[vqp]\d+\w*|tg_\w*|TG\w*|_\w*)\Z")
"""Names that the generated code takes itself, and those with an underscore in front, which are the compiler's."""


def legal(text: str) -> str:
    """A text as an identifier of C, C++ and JavaScript.

    Example:
        >>> from tinygraph.export.planned.naming import legal
        >>> legal("cells.0.weight_ih"), legal("états"), legal("2nd"), legal("for"), legal("ψ")
        ('cells_0_weight_ih', 'etats', 'x2nd', 'for_', 'greek_small_letter_psi')
    """
    letters = [c if c.isascii() else unicodedata.normalize("NFKD", c).encode("ascii", "ignore").decode()
               or unicodedata.name(c, "x").lower() for c in text]  # fmt: skip
    name = re.sub(r"_+", "_", re.sub(r"\W", "_", "".join(letters), flags=re.ASCII)).strip("_") or "x"
    name = f"x{name}" if name[0].isdigit() else name
    return f"{name}_" if name in KEYWORDS or _OWN.match(name) else name


class Names:
    """Gives out different names."""

    def __init__(self, *taken: str) -> None:
        self._taken = {*taken}

    def new(self, text: str) -> str:
        """A legal name like the text that nothing has yet."""
        name, k = legal(text), 1
        first = name
        while name in self._taken:
            k += 1
            name = f"{first}_{k}"
        self._taken.add(name)
        return name


def result_words(fn: Callable[..., Any], structure: Any) -> list[str]:
    """A word for each result: a dict's key, a node's name, the variable that the function returns; else ``""``."""
    words = [*_words(structure, _returned(fn), "")]
    wrt = getattr(fn, "__wrapped__", None) and inspect.getclosurevars(fn).nonlocals.get("wrt")
    if wrt is None or not isinstance(structure, tuple):
        return words
    names = [getattr(x, "name", None) for x in leaves(wrt)]
    own = [word or name or "" for word, name in zip(words[1:], names, strict=True)]
    loss = next(_words(structure[0], _returned(fn.__wrapped__), ""))  # type: ignore[attr-defined]
    return [loss or "loss", *(f"d_{word}" if word else "" for word in own)]


def _words(part: Any, written: ast.expr | None, word: str) -> Iterator[str]:
    if part is None:
        return
    if isinstance(part, dict):
        own = _written_values(written)
        for key, x in part.items():
            yield from _words(x, own.get(key), f"{word}_{key}" if word else f"{key}")
    elif isinstance(part, (list, tuple)):
        names = getattr(part, "_fields", [""] * len(part))
        alike = isinstance(written, (ast.Tuple, ast.List)) and len(written.elts) == len(part)
        parts = written.elts if alike else [None] * len(part)  # type: ignore[union-attr]
        outer = word or _word(written)
        for k, (x, own, name) in enumerate(zip(part, parts, names, strict=True)):
            yield from _words(x, own, name or (f"{outer}_{k}" if outer and own is None else ""))
    else:
        yield getattr(part, "name", None) or word or _word(written)


def _word(written: ast.expr | None) -> str:
    if isinstance(written, ast.Name):
        return written.id
    return written.attr if isinstance(written, ast.Attribute) else ""


def _written_values(written: ast.expr | None) -> dict[Any, ast.expr]:
    if not isinstance(written, ast.Dict):
        return {}
    pairs = zip(written.keys, written.values, strict=True)
    return {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}


def _returned(fn: Any) -> ast.expr | None:
    """The expression of the last ``return`` of a function, as far as it can be known."""
    fn = fn if inspect.isroutine(fn) else getattr(type(fn), "__call__", None)
    try:
        source = textwrap.dedent(inspect.getsource(fn))  # type: ignore[arg-type]
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    functions = [x for x in ast.walk(tree) if isinstance(x, (ast.FunctionDef, ast.Lambda))]
    if not functions or (isinstance(functions[0], ast.Lambda) and len(functions) > 1):
        return None
    if isinstance(functions[0], ast.Lambda):
        return functions[0].body
    returns = [x for x in ast.walk(functions[0]) if isinstance(x, ast.Return)]
    return max(returns, key=lambda x: x.lineno).value if returns else None
