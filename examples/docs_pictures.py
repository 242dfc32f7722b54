"""Makes the pictures of README.md and docs/pictures.md.

Run as ``python examples/docs_pictures.py [FOLDER]``; the default folder is ``docs/``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gallery
import gallery_networks as net
import readme_picture

import tinygraph as tg


def drawings() -> dict[str, tg.Drawing]:
    """Maps file names to pictures."""
    return {
        "unrolled.svg": readme_picture.drawing(),
        "pictures/rolled.svg": tg.draw(net.both_ways(), "rolled"),
        "pictures/flow.svg": tg.draw(net.chain(12, 0.8), "flow", title="Vanishing"),
        "pictures/backward.svg": tg.draw(net.chain(3, 0.9), "backward"),
        "pictures/states.svg": gallery.numbers()["states"](),
        "pictures/gates.svg": gallery.numbers()["gates"](),
        "pictures/attention.svg": gallery.numbers()["attention"](),
        "pictures/saliency.svg": gallery.numbers()["saliency"](),
        "pictures/against.svg": gallery.against()["against_flow"](),
        "pictures/compiled.svg": tg.draw(net.compiled_rnn(), "compiled"),
    }


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "docs")
    for name, drawing in drawings().items():
        drawing.save(folder / name)
        print(f"wrote {folder / name}")
    tg.draw(net.lstm(4), gradients=True, fit="slide", title="An LSTM").save(folder / "pictures/playing.gif")


if __name__ == "__main__":
    main()
