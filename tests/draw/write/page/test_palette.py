"""The colours of a page: heat in both themes, and text that can be read on each."""

import colorsys
import re
from itertools import pairwise

import pytest

from tests.each import each
from tinygraph.draw.norms.heat import ODD, ramp
from tinygraph.draw.write.page.palette import Palette, level_of

PAPER, NIGHT = "#ffffff", "#161b22"


def themes(palette):
    """The variables of the day and of the night, read from the style sheet; the two ways into the night are one."""
    day, *nights = (
        dict(re.findall(r"--(\w+):(#[0-9a-f]{6});", block)) for block in re.findall(r"\{(--[^}]*)\}", palette.css())
    )
    assert nights[0] == nights[1] and len(nights) == 2 and day.keys() == nights[0].keys()
    return day, nights[0]


def rgb(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def brightness(colour):
    """Relative luminance (WCAG 2.2)."""
    r, g, b = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in rgb(colour))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a, b):
    low, high = sorted((brightness(a), brightness(b)))
    return (high + 0.05) / (low + 0.05)


def heat(theme):
    numbers = sorted(int(name[1:]) for name in theme if re.fullmatch(r"h\d+", name))
    assert numbers == list(range(33))
    return [theme[f"h{k}"] for k in numbers]


def test_a_larger_norm_is_further_from_the_background_in_small_steps():
    for theme, ground in zip(themes(Palette()), (PAPER, NIGHT), strict=True):
        colours = heat(theme)
        distances = [contrast(c, ground) for c in colours]
        assert distances == sorted(distances) and distances[0] < 2 and distances[-1] > 8
        for a, b in pairwise(colours):
            assert 0 < max(abs(x - y) for x, y in zip(rgb(a), rgb(b), strict=True)) < 0.1


def test_text_can_be_read_on_every_colour():
    palette = Palette()
    for colour in ("#f0f4fa", "#2b6cb0", "#276749", "#b02a1a", "#eef0f3", "#c3c8d0", "#123456", "#ffff00", "#777777"):
        palette.key(colour)
    for theme in themes(palette):
        for name, colour in theme.items():
            if f"i{name}" in theme:
                assert contrast(colour, theme[f"i{name}"]) >= 4.5


@each("level", [k / 100 for k in range(101)])
def test_a_heat_colour_has_the_variable_nearest_to_its_level(level):
    day, _ = themes(Palette())
    assert level_of(ramp(level)) == pytest.approx(level, abs=0.007)
    name = Palette().key(ramp(level))
    assert abs(int(name[1:]) / 32 - level) <= 0.5 / 32 + 0.007
    assert max(abs(x - y) for x, y in zip(rgb(day[name]), rgb(ramp(level)), strict=True)) < 0.06


def test_other_colours_keep_their_hue_by_night_and_turn_their_lightness_round():
    colours = ["#102040", "#2b6cb0", "#7fb0e0", "#e8f0fa"]
    palette = Palette()
    names = [palette.key(c) for c in colours]
    assert names == ["k0", "k1", "k2", "k3"] == [palette.key(c) for c in colours]
    assert palette.key(ODD) == "odd" and palette.key("none")[0] == "k" and level_of("none") is None
    day, night = themes(palette)
    assert [day[name] for name in names] == colours
    lights = [brightness(night[name]) for name in names]
    assert lights == sorted(lights, reverse=True)
    for name, colour in zip(names, colours, strict=True):
        (was, _, _), (now, _, _) = (colorsys.rgb_to_hls(*rgb(c)) for c in (colour, night[name]))
        assert now == pytest.approx(was, abs=0.02)
    palette.key("#ffffff")
    assert themes(palette)[1]["k5"] == "#161b22"


def test_black_is_nearly_white_by_night_and_a_grey_as_light_as_it_was_dark():
    palette = Palette()
    names = [palette.key(c) for c in ("#000000", "#808080", "#fefefe")]
    night = themes(palette)[1]
    meant = [0.15 + 0.82 * (1 - x / 255) for x in (0, 128, 254)]
    assert [night[name] for name in names] == [f"#{round(255 * x):02x}" + f"{round(255 * x):02x}" * 2 for x in meant]
