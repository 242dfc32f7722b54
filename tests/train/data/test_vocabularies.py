"""Vocabularies: what is encoded is decoded, in any script; what is unknown is told; what is saved is the same."""

from __future__ import annotations

import gc
import json
import os
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.each import each
from tests.ops.random_calls import quick
from tinygraph.train.data.splitting import line_of_words, words_of

Words, Characters, Bytes = tg.train.Words, tg.train.Characters, tg.train.Bytes
TEXTS = st.text(max_size=40) | st.text(
    alphabet="ab' .,(-)’循环が\u3099\u0301ΑΣİ안\u1100\u1161हि\u200d👍🏽❤\ufe0f\n�", max_size=25
)


@given(TEXTS)
@settings(quick, max_examples=400)
def test_characters_and_bytes_come_back_as_they_were(text):
    assert Bytes().decode(Bytes().encode(text)) == text
    if text.strip(tg.train.data.vocabulary.UNKNOWN):
        known = Characters(text)
        assert known.decode(known.encode(text)) == text
        assert len(known.encode(text)) == len(text)


@given(TEXTS, st.booleans())
@example("(\u0301", False)
@example("a\u0301' b’s", True)
@settings(quick, max_examples=600)
def test_the_words_of_a_line_are_the_words_that_it_was_made_of(text, lower):
    words = words_of(text, lower)
    assert words_of(line_of_words(words), lower) == words
    assert "".join(words_of(text)) == "".join(unicodedata.normalize("NFC", text).split())
    if [w for w in words if w != "�"]:
        known = Words(text, lower=lower)
        ids = known.encode(text)
        assert (known.encode(known.decode(ids)) == ids).all()


@given(st.text(alphabet="ab .,(循'’\u0301न\u094d", min_size=1, max_size=30), st.text(alphabet="abc d循", max_size=20))
@settings(quick, max_examples=300)
def test_unknown_words_and_characters_are_0_and_stay_so(text, other):
    for kind in (Words, Characters):
        if not words_of(text):
            continue
        known = kind(text)
        ids = known.encode(other)
        parts = words_of(other) if kind is Words else list(other)
        assert [known.tokens[i] for i in ids] == [p if p in known.tokens else "�" for p in parts]
        assert (known.encode(known.decode(ids)) == ids).all()


def test_nothing_of_a_text_but_spaces_is_lost_among_words():
    text = "Καλημέρα, κόσμε!  हिन्दी में—\tΣΑΣ? 它's  “循环”神经网络 👩\u200d💻 x_1 3.14 안녕하세요"
    assert "".join(words_of(text)) == "".join(text.split())
    assert words_of("हिन्दी में") == ["हिन्दी", "में"]
    assert words_of("循环 it's") == ["循", "环", "it's"]
    for joiner in ("\u200c", "\u200d"):
        assert words_of(f"می{joiner}خواهم 它") == [f"می{joiner}خواهم", "它"]
    assert words_of("a\u200bb") == ["a", "\u200b", "b"], "a space without a width joins nothing"


@each("kind", [Words, Characters, tg.train.Bytes])
def test_no_ids_are_an_empty_text(kind):
    codec = kind() if kind is tg.train.Bytes else kind("a b")
    assert codec.decode([]) == codec.decode(codec.encode("")) == "" and codec.encode("").shape == (0,)


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=60), st.integers(2, 9))
@settings(quick, max_examples=100)
def test_the_most_frequent_are_kept_and_the_first_of_equals(tokens, size):
    counts = Counter(tokens)
    due = sorted(counts, key=lambda c: (-counts[c], tokens.index(c)))[: size - 1]
    assert Characters("".join(tokens), size).tokens[1:] == due
    assert Words(" ".join(tokens), size).tokens[1:] == due


def test_several_texts_and_where_each_begins():
    known = Words(["a b", "c"])
    ids, starts = known.documents(["b c", "", "a"])
    assert known.decode(ids) == "b c a" and starts.tolist() == [0, 2]
    ids, starts = Bytes().documents(["é", "a"])
    assert len(ids) == 3 and starts.tolist() == [0, 2]
    assert [a.tolist() for a in known.documents([])] == [[], []]


KNOWN = {
    "lower": Words("It's a a循 (b)", lower=True),
    "words": Words("B b"),
    "characters": Characters("循环\u0301 a\n"),
    "bytes": Bytes(),
}


@pytest.mark.parametrize("known", KNOWN.values(), ids=KNOWN)
def test_what_is_saved_as_json_is_the_same(known):
    again = type(known).from_dict(json.loads(json.dumps(known.to_dict())))
    for text in ("a B b循", "循\u0301 It's", ""):
        assert again.encode(text).tolist() == known.encode(text).tolist()
    assert again.to_dict() == known.to_dict() and len(again) == len(known)


def test_wrong_bytes_and_ids_are_told():
    assert Bytes().decode([0xE5, 0xBE, 97]) == "�a"
    words = Words("a b")
    wrong = {
        "there is no such id": lambda: words.decode([3]),
        "(?s)no such id.*-1 to 0": lambda: words.decode([-1, 0]),
        "what is decoded are ids": lambda: words.decode([0.5]),
        "Words: what is encoded is a text": lambda: words.encode(["a"]),
        "Bytes: a text is encoded": lambda: Bytes().encode(3),
        "has no token": lambda: Words(" \n"),
        "size is a whole number": lambda: Characters("ab", 1),
        "a text or several": lambda: Words(3),
        "a text is a text": lambda: Words([b"a"]),
        "lower is yes or no": lambda: Words("a", lower="x"),
        "Words: this is no saved vocabulary": lambda: Words.from_dict(Characters("a").to_dict()),
        "Bytes: this is no saved vocabulary": lambda: Bytes.from_dict({}),
    }
    for problem, call in wrong.items():
        with pytest.raises(tg.GraphError, match=problem):
            call()


def test_a_file_is_read_where_it_is_asked_for_and_an_empty_one_told(tmp_path):
    file = tmp_path / "text"
    file.write_bytes("循a".encode())
    tokens = Bytes.file(file)
    assert Bytes().decode(tokens) == "循a" and len(tokens) == 4 and tokens.shape == (4,)
    assert tokens[-1] == tokens[3] == tokens[np.int64(3)] == tokens[np.uint8(3)] == 97 and tokens[1:][:-1][
        1:
    ].__array__().tolist() == [0xAA]
    for wrong in (slice(None, None, 2), "a", [1]):
        with pytest.raises(tg.GraphError, match="by slices"):
            tokens[wrong]
    assert repr(tokens[1:3]) == f"FileBytes({str(file)!r}, 1:3)"
    whole = tg.train.Stream(np.frombuffer("循a".encode(), np.uint8), 2, 1)
    assert [a.tolist() for b in tg.train.Stream(tokens, 2, 1) for a in b] == [a.tolist() for b in whole for a in b]
    assert whole.position["of"] == tg.train.Stream(tokens, 2, 1).position["of"]
    file.write_bytes(b"a")
    with pytest.raises(tg.GraphError, match="has become shorter"):
        np.asarray(tokens)
    file.write_bytes(b"")
    with pytest.raises(tg.GraphError, match="is empty"):
        Bytes.file(file)
    with pytest.raises(OSError):
        Bytes.file(tmp_path / "none")


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files")
def test_a_file_is_closed_when_nothing_reads_it_any_more(tmp_path):
    (tmp_path / "text").write_bytes(b"abcd")
    before = len(os.listdir("/proc/self/fd"))
    part = Bytes.file(tmp_path / "text")[1:3]
    assert len(os.listdir("/proc/self/fd")) == before + 1
    assert np.asarray(part, np.int32).tolist() == [98, 99]
    del part
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before
