"""Names: bits a letter, the chain of letters, rules for letters, and the nearest name, each against plain Python."""

import math

import numpy as np
import pytest

from models import names
from models.task import Budget
from tinygraph.train import Characters

REAL = ["LATIN SMALL LETTER A", "LATIN SMALL LETTER B", "GREEK SMALL LETTER ALPHA", "DIGIT ONE", "OX", "ALEF-2"] * 4


def changes_by_hand(a, b):
    if not a or not b:
        return len(a) + len(b)
    rest = changes_by_hand(a[1:], b[1:])
    return rest if a[0] == b[0] else 1 + min(rest, changes_by_hand(a[1:], b), changes_by_hand(a, b[1:]))


def test_the_nearest_name_is_that_of_a_search_through_all():
    known = ["OX", "AXE", "BOXES", "", "SIX OX", "XYZZY"]
    nearest = names.Nearest(known)
    for name in ("OX", "FOX", "AXES", "B OX", "QQQ", "YZZYX", ""):
        least = min(changes_by_hand(name, real) for real in known)
        changes, real = nearest(name)
        assert changes == least == changes_by_hand(name, real), name
        assert nearest.changes(name, np.arange(6)).tolist() == [changes_by_hand(name, real) for real in known]


def test_of_many_names_those_that_cannot_be_nearer_are_left_out(monkeypatch):
    random, tried = np.random.default_rng(0), []
    known = ["".join(random.choice([*"ABC"], size=random.integers(3, 30))) for _ in range(2000)]
    nearest, changes = names.Nearest(known), names.Nearest.changes
    monkeypatch.setattr(names.Nearest, "changes", lambda self, *a: tried.append(1) or changes(self, *a))
    found = nearest("ABCABCABC")
    assert found[0] == changes(nearest, "ABCABCABC", np.arange(2000)).min() and len(tried) < 8


@pytest.mark.parametrize("name", ["OX", "ALEF-2", "MARK -A", "SIGN A- B", "LETTER 9"])
def test_valid_names(name):
    assert names.VALID.fullmatch(name)


@pytest.mark.parametrize("name", ["", " OX", "OX ", "2 OX", "O  X", "OX-", "ox", "O--X", "Ö", "O-\n"])
def test_invalid_names(name):
    assert not names.VALID.fullmatch(name)


def test_the_chain_gives_chances_that_add_up_and_those_of_counts(monkeypatch):
    monkeypatch.setattr(names, "ORDER", 1)
    chain = names.Chain(["AB", "AA"], Characters(["AB" + names.END]))
    for before in ("", "\n", "A", "B", "?"):
        assert sum(chain.chance(letter, before) for letter in chain.letters) == pytest.approx(1)
    # Of 6 letters 3 are A, 1 B, 2 ends; after A come B, A and the end, once each.
    alone = (1 + 3 / 4) / 9
    assert chain.chance("B", "A") == pytest.approx((1 + 3 * alone) / 6)
    chances = [chain.chance(letter, before) for before, letter in ("\nA", "AB", "B\n")]
    assert chain.bits(["AB"]) == pytest.approx(-np.mean(np.log2(chances)))
    assert all(set(name) <= {"A", "B", chain.letters[0]} for name in chain.made(5, seed=0))


def by_hand(net, ids):
    """Chances (T, V) of what follows each id, by PyTorch's equations of a GRU."""
    p = {name: x.astype(np.float64) for name, x in net.state_dict().items()}
    h, chances = np.zeros(names.HIDDEN), []
    for i in ids:
        gi = p["cell.weight_ih"] @ p["embed.weight"][i] + p["cell.bias_ih"]
        gh = p["cell.weight_hh"] @ h + p["cell.bias_hh"]
        (ri, zi, ni), (rh, zh, nh) = np.split(gi, 3), np.split(gh, 3)
        r, z = 1 / (1 + np.exp(-ri - rh)), 1 / (1 + np.exp(-zi - zh))
        h = (1 - z) * np.tanh(ni + r * nh) + z * h
        logits = np.exp(p["head.weight"] @ h + p["head.bias"])
        chances.append(logits / logits.sum())
    return np.array(chances)


def test_the_figures_are_those_of_the_trained_network(monkeypatch):
    train, held = REAL, ["LATIN SMALL LETTER ALPHA", "ALEF-1", "OX"]
    kept = []
    fresh = names.trained
    monkeypatch.setattr(names, "data", lambda: (train, held))
    monkeypatch.setattr(names, "HIDDEN", 12)
    monkeypatch.setattr(names, "MADE", 20)
    monkeypatch.setattr(names, "trained", lambda *a: kept.append((a[0], fresh(*a))) or kept[0][1])
    result = names.result(Budget(0.02, 1500, clock=False), seed=1)
    letters, net = kept[0]
    bits = []
    for name in held:
        ids = letters.encode("\n" + name + "\n")
        bits += [-math.log2(chances[i]) for chances, i in zip(by_hand(net, ids[:-1]), ids[1:], strict=True)]
    rows = {row.unit: row for row in result.rows}
    assert rows["bits a letter"].figure == pytest.approx(np.mean(bits), rel=1e-5)
    made = names.made(net, letters, 20, seed=1)
    new = [name for name in made if name not in REAL]
    assert rows["new"].figure == len(new) / 20 and all("\n" not in name for name in made)
    valid = np.mean([bool(names.VALID.fullmatch(name)) for name in new])
    assert rows["valid in letters"].figure == pytest.approx(valid) and result.steps == 30
    assert result.sample.count("\n") == min(len(new), 12) - 1


def test_the_names_are_those_of_unicode():
    train, held = names.data()
    assert len(train) > 29_000 and abs(len(train) - 9 * len(held)) < 10 and not {*train} & {*held}
    assert "LATIN SMALL LETTER A" in [*train, *held] and not any(name.startswith("CJK UNIFIED IDEO") for name in train)
    assert sum(not names.VALID.fullmatch(name) for name in [*train, *held]) == 0
