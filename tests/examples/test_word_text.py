"""Words, vocabulary, streams and the unigram score, against answers written out by hand."""

import doctest
import math

import numpy as np
import pytest
import word_text
from word_text import (
    Corpus,
    TextError,
    Vocabulary,
    join_words,
    read_text,
    short_sentence,
    split_held_out,
    split_words,
    streams,
    unigram_bits,
)


def test_the_docstrings_run():
    assert doctest.testmod(word_text).failed == 0


@pytest.mark.parametrize(
    "text, words",
    [
        ("The RNN's state: h_t = 3.5!", ["the", "rnn's", "state", ":", "h_t", "=", "3", ".", "5", "!"]),
        ("循环网络RNN很好。", ["循", "环", "网", "络", "rnn", "很", "好", "。"]),
        ("ループ", ["ル", "ー", "プ"]),
        ("Cafe\u0301 ÄÖ", ["café", "äö"]),
        (" \n\t", []),
    ],
)
def test_words(text, words):
    assert split_words(text) == words


def test_joined_words_are_the_same_words():
    words = split_words("See the 循环网络, it's (not) hard. Is it?")
    assert join_words(words) == "see the 循环网络, it's ( not) hard. is it?"
    assert split_words(join_words(words)) == words


def test_the_vocabulary_keeps_the_most_frequent_and_numbers_the_rest_0():
    vocabulary = Vocabulary(split_words("b a a c b a d"), size=3)
    assert vocabulary.words == ["<unk>", "a", "b"] and len(vocabulary) == 3
    np.testing.assert_array_equal(vocabulary.encode(["b", "c", "a", "new"]), [2, 0, 1, 0])
    assert vocabulary.decode([1, 0]) == ["a", "<unk>"]


def test_the_last_tenth_is_held_out_and_its_words_are_not_learned():
    corpus = Corpus(" ".join(f"w{i}" for i in range(100)))
    assert len(corpus.train) == 90 and corpus.held_words == [f"w{i}" for i in range(90, 100)]
    assert len(corpus.vocabulary) == 91 and (corpus.held == 0).all()


def test_too_few_words_are_refused():
    split_held_out(["w"] * 20)
    with pytest.raises(TextError, match="holds 19 words"):
        split_held_out(["w"] * 19)


def test_streams_lie_side_by_side_each_word_beside_the_next():
    words, targets = streams(np.arange(12), 3)
    np.testing.assert_array_equal(words, [[0, 3, 6], [1, 4, 7], [2, 5, 8]])
    np.testing.assert_array_equal(targets, words + 1)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_short_text_has_fewer_streams(count):
    words, targets = streams(np.arange(count), 16)
    assert words.shape == (1, count - 1)
    np.testing.assert_array_equal(targets, words + 1)


def test_the_unigram_score_by_hand():
    # Training words 1 1 2; with V = 3 and one count for each word: p = 1/6, 3/6, 2/6.
    bits = unigram_bits(np.array([1, 1, 2]), np.array([2, 1, 0, 1]), 3)
    assert math.isclose(bits, (math.log2(2) + math.log2(6) + math.log2(2)) / 3, rel_tol=1e-12)


def test_the_sentence_to_draw_is_short_known_and_made_of_words():
    vocabulary = Vocabulary(split_words("the net reads a word and then one more ."))
    words = split_words("too short. the net reads x = 1. the net reads a zebra. the net reads one word. the end.")
    assert short_sentence(words, vocabulary) == split_words("the net reads one word.")
    assert short_sentence(["a", "zebra"] * 9, vocabulary) == ["a", "zebra"] * 3 + ["a"]


@pytest.mark.parametrize(
    "content, match",
    [(b"\x89PNG\r\n", "not UTF-8 text: byte 0"), (b"ab\xff", "byte 2"), (b"ab\0cd", "binary")],
)
def test_files_that_are_not_text_are_refused(tmp_path, content, match):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(TextError, match=match):
        read_text(str(tmp_path / "file"))


def test_missing_files_and_folders_are_refused(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(TextError, match="cannot read"):
            read_text(str(path))


def test_a_byte_order_mark_is_no_word(tmp_path):
    (tmp_path / "file").write_bytes("\ufeffone two".encode())
    assert split_words(read_text(str(tmp_path / "file"))) == ["one", "two"]


def test_the_default_text_is_long():
    assert len(split_words(read_text(None))) > 50_000
