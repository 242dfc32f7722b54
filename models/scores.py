"""Scores of music21's corpus as piano rolls: Bach's chorales in MusicXML, read by the standard library in seconds.

music21 itself reads a score in 0.2 s, of which most is for what is not needed here (beams, stems, text).
"""

from __future__ import annotations

import importlib.util
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from .task import MissingData

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
LOWEST, HIGHEST = 21, 108
"""The keys of a piano, as MIDI counts them."""

Note = tuple[Fraction, Fraction, int]
"""Start and end in quarters, and the pitch."""


def folder() -> Path:
    """Where music21 keeps Bach; it is not imported, which would take a second."""
    spec = importlib.util.find_spec("music21")
    if spec is None or spec.origin is None:
        fix = "python -m pip install music21, or all data at once: python -m pip install -e '.[data]'"
        raise MissingData("the data of this task come with the package music21", fix=fix)
    return Path(spec.origin).parent / "corpus" / "bach"


def roll(score: ET.Element) -> np.ndarray:
    """The keys that sound at each quarter, booleans (T, 88), in the key without sharps and flats.

    Note that starts after a quarter and ends before the next one is left out, as in the literature's data.
    """
    notes = [note for part in score.iter("part") for note in _notes(part)]
    fifths = int(score.findtext(".//key/fifths", "0"))
    shift = (-7 * fifths + 5) % 12 - 5  # the nearest way, at most half an octave up or down
    steps = int(max((end for _, end, _ in notes), default=Fraction(0)))
    keys = np.zeros((steps, HIGHEST - LOWEST + 1), bool)
    for start, end, pitch in notes:
        keys[-int(-start // 1) : -int(-end // 1), pitch + shift - LOWEST] = True
    return keys


def rolls(path: Path, voices: int = 4) -> list[np.ndarray]:
    """The rolls of all chorales for so many voices, by the names of their files, each but once."""
    scores = ((name, opened(path / name)) for name in sorted(file.name for file in path.glob("*.mxl")))
    distinct = {
        keys.tobytes(): keys for _, score in scores if len(score.findall("part")) == voices for keys in [roll(score)]
    }
    return list(distinct.values())


def opened(path: Path) -> ET.Element:
    """The score in a compressed MusicXML file."""
    with zipfile.ZipFile(path) as file:
        inside = next(name for name in file.namelist() if name.endswith("xml") and not name.startswith("META-INF"))
        return ET.fromstring(file.read(inside))


def _notes(part: ET.Element) -> Iterator[Note]:
    """The notes of a part; rests and grace notes are none."""
    divisions, now, start = 1, Fraction(0), Fraction(0)
    for item in part.iter():
        divisions = int(item.findtext("divisions", str(divisions))) if item.tag == "attributes" else divisions
        if item.tag not in ("note", "backup", "forward"):
            continue
        length = Fraction(int(item.findtext("duration", "0")), divisions)
        if item.tag == "note" and item.find("chord") is None:
            start = now
        if item.tag == "note" and item.find("pitch") is not None and length:
            yield start, start + length, _pitch(item)
        if item.find("chord") is None:
            now += -length if item.tag == "backup" else length


def _pitch(note: ET.Element) -> int:
    step, octave, alter = (note.findtext(f"pitch/{name}", "0") for name in ("step", "octave", "alter"))
    return SEMITONES[step] + 12 * (int(octave) + 1) + round(float(alter))
