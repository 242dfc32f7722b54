"""Every picture of the gallery, its views and its tips, in Chinese: no English word of ours is left."""

from __future__ import annotations

import gallery

from tests.draw.latin import english, names_of, told_by


def test_no_english_word_is_left_in_the_pictures_of_the_gallery() -> None:
    for part in gallery.sections().values():
        for name, draw in part.items():
            picture = draw(lang="zh").picture
            shown = [line for x in told_by(picture) for line in x.split("\n")]
            names = names_of(picture)
            assert not {x: english(x, names) for x in shown if english(x, names)}, name
