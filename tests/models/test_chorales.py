"""Chorales: how scores are read, and nats a step of a network written in numpy, beside keys by themselves."""

import xml.etree.ElementTree as ET
from importlib.util import find_spec

import numpy as np
import pytest

from models import chorales, scores
from models.task import Budget, MissingData

SCORE = """<score-partwise><part id="1"><measure>
<attributes><divisions>2</divisions><key><fifths>1</fifths></key></attributes>
<note><pitch><step>G</step><octave>4</octave></pitch><duration>2</duration></note>
<note><pitch><step>F</step><alter>1</alter><octave>4</octave></pitch><duration>1</duration></note>
<note><grace/><pitch><step>A</step><octave>4</octave></pitch></note>
<note><pitch><step>E</step><octave>4</octave></pitch><duration>1</duration></note>
<note><rest/><duration>2</duration></note>
<backup><duration>6</duration></backup>
<note><pitch><step>G</step><octave>2</octave></pitch><duration>6</duration></note>
<note><chord/><pitch><step>D</step><octave>3</octave></pitch><duration>6</duration></note>
<note><pitch><step>B</step><alter>-1</alter><octave>3</octave></pitch><duration>1</duration></note>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>1</duration></note>
</measure></part></score-partwise>"""


def test_a_roll_has_the_keys_that_sound_at_each_quarter():
    roll = scores.roll(ET.fromstring(SCORE))
    # One sharp: all is moved by a fourth, G to C. The half of a quarter between two quarters is left out.
    sounding = [[scores.LOWEST + key for key in np.flatnonzero(step)] for step in roll]
    c, g = 43 + 5, 50 + 5
    assert sounding == [[c, g, 72], [c, g, 71], [c, g], [58 + 5]]


@pytest.mark.parametrize("fifths", range(-7, 8))
def test_all_keys_become_the_one_without_sharps(fifths):
    tonic = 60 + (7 * fifths) % 12
    step, alter = "CCDDEFFGGAAB"[tonic % 12], (0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0)[tonic % 12]
    text = SCORE[: SCORE.index("<note>")].replace("<fifths>1", f"<fifths>{fifths}")
    pitch = f"<pitch><step>{step}</step><alter>{alter}</alter><octave>4</octave></pitch>"
    text += f"<note>{pitch}<duration>2</duration></note></measure></part></score-partwise>"
    (key,) = np.flatnonzero(scores.roll(ET.fromstring(text))[0])
    assert (key + scores.LOWEST) % 12 == 0 and abs(key + scores.LOWEST - tonic) <= 6


def by_hand(net, rolls):
    """Nats a step, chorale by chorale, in float64."""
    p = {name: x.astype(np.float64) for name, x in net.state_dict().items()}
    total = 0.0
    for roll in rolls:
        h = c = np.zeros(chorales.HIDDEN)
        before = np.zeros(chorales.KEYS)
        for keys in roll:
            z = p["cell.weight_ih"] @ before + p["cell.bias_ih"] + p["cell.weight_hh"] @ h + p["cell.bias_hh"]
            i, f, g, o = np.split(z, 4)
            i, f, o = (1 / (1 + np.exp(-a)) for a in (i, f, o))
            c = f * c + i * np.tanh(g)
            h = o * np.tanh(c)
            chances = 1 / (1 + np.exp(-(p["head.weight"] @ h + p["head.bias"])))
            total -= sum(np.log(q if sounds else 1 - q) for q, sounds in zip(chances, keys, strict=True))
            before = keys.astype(float)
    return total / sum(len(roll) for roll in rolls)


def made(n, seed):
    random = np.random.default_rng(seed)
    chords = random.random((3, chorales.KEYS)) < 0.05
    return [chords[(np.arange(random.integers(5, 9)) + random.integers(3)) % 3] for _ in range(n)]


def test_the_figure_is_nats_a_step(monkeypatch):
    monkeypatch.setattr(chorales, "HIDDEN", 12)
    parts = made(20, 0), made(4, 1), made(6, 0)
    monkeypatch.setattr(chorales, "data", lambda: parts)
    nets, fresh = [], chorales.trained
    monkeypatch.setattr(chorales, "trained", lambda *arguments: nets.append(fresh(*arguments)) or nets[0])
    result = chorales.result(Budget(0.02, 1000, clock=False), seed=0)
    (row,) = result.rows
    assert row.figure == pytest.approx(by_hand(nets[0], parts[2]), rel=1e-5) and not row.higher and row.bar == 8.45
    train, test = np.concatenate(parts[0]), np.concatenate(parts[2])
    chances = [(sum(train[:, k]) + 1) / (len(train) + 2) for k in range(chorales.KEYS)]
    nats = [-np.log(q if sounds else 1 - q) for step in test for q, sounds in zip(chances, step, strict=True)]
    assert row.baselines["each key by itself"] == pytest.approx(sum(nats) / len(test))
    assert row.figure < 88 * np.log(2) and result.steps == 20


def test_the_data_are_music21s():
    if find_spec("music21") is None:
        with pytest.raises(MissingData, match="music21"):
            scores.folder()
        return
    path = scores.folder() / "bwv10.7.mxl"
    roll = scores.roll(scores.opened(path))
    assert roll.sum(axis=1).max() == 4 and len(roll) > 40
    voices = scores.opened(path).findall("part")
    assert len(voices) == 4
