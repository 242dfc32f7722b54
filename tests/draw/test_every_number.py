"""Every number and every verdict in every picture of the gallery, and in pictures of the networks of these tests.

What a picture says is read from its texts, and computed again by `Recomputed`, from arrays and without `tg.grad`.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest

import tinygraph as tg
from tests.draw.claims import Claims
from tests.draw.recomputed import Recomputed
from tests.draw.recurrent import NETWORKS

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

import gallery

PICTURES = {name: draw for drawings in gallery.sections().values() for name, draw in drawings.items()}


@cache
def asked(name):
    """What a picture of the gallery was drawn of, the view, and the picture."""
    calls = []
    draw = tg.draw

    def noted(root, view="unrolled", **options):
        calls.append((root, view, options))
        return draw(root, view, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tg, "draw", noted)
        if hasattr(PICTURES[name], "args"):
            call = PICTURES[name]
            return call.args[0], "unrolled", call.keywords, call().picture
        picture = PICTURES[name]().picture
    (call,) = calls
    return *call, picture


def columns(view):
    return [name for name in PICTURES if asked(name)[1] == view]


def held_against_arrays(picture, root):
    right = Recomputed(root)
    ops = tg.draw(root, level="op", max_nodes=None).picture
    claims = Claims(picture, right, ops)
    claims.of_boxes()
    claims.of_arrows()
    claims.of_notes()
    claims.of_table(Recomputed(root, cuts=False) if picture.truncation else None)
    claims.of_scale()
    claims.of_columns()
    assert not claims.wrong, (len(claims.wrong), claims.wrong[:5])
    return claims.count


@pytest.mark.parametrize("name", columns("unrolled"))
def test_every_number_of_a_picture_with_columns(name):
    root, _, _, picture = asked(name)
    assert held_against_arrays(picture, root) > 20


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("level", ["op", "cell"])
def test_every_number_of_the_networks_of_these_tests(name, level):
    root = NETWORKS[name][0]
    assert held_against_arrays(tg.draw(root, gradients=True, level=level).picture, root) > 20
