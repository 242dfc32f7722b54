"""Numbers and names as pictures write them: the digits against decimal arithmetic, and the room that texts take."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest

from tests.each import each
from tinygraph.draw.labels import cells, clean, html, number, op_words, shape, tooltip, width

SEEDED = np.random.default_rng(0)
VALUES = [float(10.0**k * m) for k in range(-12, 12) for m in SEEDED.uniform(1, 9.9, 4)]
VALUES += [0.001, 0.00099, 0.0010004, 1.0, 9.94, 9.96, 99.4, 99.6, 100.0, 12345.0, 99999.0, 1e5, 123456.0, 1e-7, 1e30]


def rounded(x: float, digits: int) -> Decimal:
    """A number with so many digits that count."""
    exact = Decimal(x)
    return exact.quantize(Decimal(1).scaleb(exact.adjusted() + 1 - digits), ROUND_HALF_EVEN)


@each("digits", [2, 3, 4, 6])
@each("x", VALUES)
def test_a_number_has_its_digits_and_no_more(x: float, digits: int) -> None:
    for sign in (1, -1):
        text = number(sign * x, digits)
        assert text.startswith("-") == (sign < 0)
        bare = text.lstrip("-")
        whole = Decimal(bare)
        if 10**digits - 0.5 <= x < 1e5:
            assert whole == Decimal(x).quantize(Decimal(1), ROUND_HALF_EVEN) and bare.isdigit()
        else:
            assert whole == rounded(x, digits)
            mantissa = bare.partition("e")[0].replace(".", "").lstrip("0")
            assert len(mantissa) == digits, "zeros at the end are written, too"
        assert ("e" in bare) == (not 1e-3 <= x < max(1e5, 10**digits - 0.5)), "a power of ten for small and large ones"
        assert not bare.endswith(".") and "e+" not in bare and "e-0" not in bare


@each(
    "x, text",
    [(0.0, "0"), (-0.0, "0"), (np.inf, "∞"), (-np.inf, "-∞"), (np.nan, "NaN"), (99.6, "100"), (-0.05, "-0.050")],
)
def test_what_is_no_plain_number(x: float, text: str) -> None:
    assert number(x) == text


def test_names_and_shapes() -> None:
    assert shape((100, 1)) == "100×1" and shape(()) == "scalar" and shape((3,)) == "3"
    assert op_words("softmax_cross_entropy") == "softmax cross-entropy" and op_words("a_b_c") == "a b c"
    assert html("a<b>&\"'\\") == "a&lt;b&gt;&amp;&quot;&#39;\\\\"
    assert tooltip(['x"\\', "<y>"]) == "x&quot;\\\\\\\\&#10;&lt;y&gt;", "Graphviz unescapes it twice"
    assert len(tooltip(["x" * 900])) == 500


@each("text, wide", [("abc", 3), ("输入", 4), ("h₀", 2), ("e\u0301", 1), ("한a", 3), ("", 0), ("ａ", 2), ("‖∂‖", 3)])
def test_a_terminal_has_so_many_cells_for_a_text(text: str, wide: int) -> None:
    assert cells(text) == wide


HELVETICA = (
    dict.fromkeys("ijl'|", 0.28) | dict.fromkeys("ft.,:;![]() ", 0.34) | {"W": 0.95, "M": 0.84, "m": 0.89, "w": 0.78}
)


@each("text", ["illicit", "W @ hₜ₋₁", "Minimum", "loss", "t = 12", "tanh(x)", "mmm", "输入", "‖∂‖ 0.12"])
def test_a_text_has_room_in_helvetica_and_not_twice_as_much(text: str) -> None:
    """By the widths of its bold letters; one of Chinese is as wide as high."""
    ems = sum(1.0 if c >= "\u4e00" else HELVETICA.get(c, 0.6) for c in text)
    for size in (9.0, 13.0):
        assert 0.85 * ems * size < width(text, size, True) < 1.6 * ems * size
        assert width(text, size) < width(text, size, True) == pytest.approx(1.1 * width(text, size))
        assert width(text, 2 * size) == pytest.approx(2 * width(text, size))
    assert width(text + "x", 10) > width(text, 10)


def test_a_name_of_sixty_characters_stays_whole_and_a_longer_one_ends_in_dots() -> None:
    assert clean("a" * 60) == "a" * 60 and clean("a" * 61) == "a" * 59 + "…"
