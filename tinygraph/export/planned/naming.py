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
from ...engine import transforms
from .formulas import MATH

_WORDS = """
    int8_t int32_t uint8_t isfinite printf size_t FILE updated shapes start
    alignas alignof and and_eq arguments Array asm async auto await bitand bitor bool break case catch char
    class compl concept const const_cast constexpr continue debugger decltype default delete do double
    dynamic_cast else enum EOF errno Error eval explicit export extends extern false finally float Float32Array
    Float64Array for friend function gamma goto if implements import in index INFINITY inline instanceof int
    Int32Array interface j0 j1 jn learning_rate let long loss_of main Math model mutable namespace NAN new
    noexcept not not_eq NULL null nullptr Number Object of operator or or_eq package private protected public
    RangeError register reinterpret_cast requires restrict return short signed signgam sizeof static
    static_assert static_cast steps struct super switch template this thread_local throw time true try typedef
    typeid typename typeof Uint8Array undefined union unsigned using var virtual void volatile wchar_t weights
    while with xor xor_eq y0 y1 yield yn
"""
KEYWORDS = frozenset([*_WORDS.split(), *MATH, *(f"{name}f" for name in MATH)])
"""Words with a meaning in C99, C++ or JavaScript, and names of their libraries that would be hidden."""

_LIBRARY = """
    abort abs accept access alarm asctime assert atexit atof atoi atol atoll bind bsearch bzero calloc cbrt ceil chdir
    clearerr clock close connect copysign crypt ctime daemon difftime div drem dup environ erf exit exp10 fclose fdim
    feof ferror fflush ffs fgetc fgetpos fgets fma fmax fmin fopen fork fprintf fputc fputs fread free freopen frexp
    fscanf fseek fsetpos ftell fwrite getc getchar getenv gets gmtime hypot ilogb imaxabs isalnum isalpha isblank
    iscntrl isdigit isgraph isinf islower isnan isnormal isprint ispunct isspace isupper isxdigit kill labs ldexp ldiv
    lgamma link listen llabs lldiv llrint llround localtime log10 log2 logb longjmp lrint lround malloc memchr memcmp
    memcpy memmove memset mktime modf nan nearbyint nextafter nexttoward nice open pause perror pipe poll pow10 putc
    putchar puts qsort raise rand random read realloc recv remainder remove remquo rename rewind rindex round scalbln
    scalbn scanf select send setbuf setenv setjmp setlocale setvbuf shutdown sigaction signal signbit significand
    sincos sleep snprintf socket sprintf srand sscanf stat strcat strchr strcmp strcoll strcpy strcspn strerror
    strftime strlen strncat strncmp strncpy strpbrk strrchr strspn strstr strtod strtof strtok strtol strtold strtoll
    strtoul strtoull strxfrm symlink sync system tgamma time tmpfile tmpnam tolower toupper trunc truncate ungetc
    unlink usleep vfprintf vprintf vscanf vsnprintf vsprintf vsscanf wait wcslen wctomb write
"""
LIBRARY = frozenset(_LIBRARY.split())
"""Functions of C's library: one of the file must not take their place in the whole program."""

_OWN = re.compile(r"(?:[ikntsw]\d+|[vqp]\d+\w*|tg_\w*|TG\w*|_\w*)\Z")
"""Names that the generated code takes itself, and those with an underscore in front, which are the compiler's."""


def legal(text: str) -> str:
    """A text as an identifier of C, C++ and JavaScript.

    Example:
        >>> from tinygraph.export.planned.naming import legal
        >>> legal("cells.0.weight_ih"), legal("états"), legal("2nd"), legal("for"), legal("ψ"), legal("输入")
        ('cells_0_weight_ih', 'etats', 'x2nd', 'for_', 'greek_small_letter_psi', 'u8f93u5165')
    """
    name = "".join(c if c.isascii() else _spelled(c) for c in text)
    name = re.sub(r"_+", "_", re.sub(r"\W", "_", name, flags=re.ASCII)).strip("_") or "x"
    name = f"x{name}" if name[0].isdigit() else name
    return f"{name}_" if name in KEYWORDS or _OWN.match(name) else name


def function_name(text: str) -> str:
    """A text as the name of a function of the file.

    Example:
        >>> from tinygraph.export.planned.naming import function_name
        >>> function_name("gru"), function_name("nan"), function_name("read")
        ('gru', 'nan_', 'read_')
    """
    name = legal(text)
    return f"{name}_" if name.removesuffix("f") in LIBRARY or name in LIBRARY else name


def _spelled(letter: str) -> str:
    """A letter in ASCII: without its accents, or its name, or its number where the name has it."""
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    name = unicodedata.name(letter, f"-{ord(letter):x}").lower()
    return plain or (f"u{ord(letter):x}" if name.endswith(f"-{ord(letter):x}") else name)


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
    own = inspect.isfunction(fn) and fn.__globals__.get("__name__") == transforms.__name__
    wrt = inspect.getclosurevars(fn).nonlocals.get("wrt") if own else None
    if wrt is None:
        return [*_words(structure, _returned(fn), "")]
    names = [getattr(x, "name", None) for x in leaves(wrt)]
    parts = [word or name for word, name in zip(_words(structure[1], None, ""), names, strict=True)]
    loss = next(_words(structure[0], _returned(fn), ""))
    return [loss or "loss", *(f"d_{word}" if word else "" for word in parts)]


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
    fn = fn if inspect.isroutine(fn) else getattr(fn, "__call__", None)  # noqa: B004  its source is wanted
    try:
        source = textwrap.dedent(inspect.getsource(fn))
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
