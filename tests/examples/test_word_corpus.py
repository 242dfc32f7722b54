"""The text of the main job: its parts, its sentences and the unigram score, against answers written out by hand."""

import math

import numpy as np
import pytest
from word_corpus import Corpus, TextError, read_text


def test_the_last_tenth_is_held_out_and_its_words_are_not_learned():
    corpus = Corpus(" ".join(f"w{i}" for i in range(10, 100)))
    assert len(corpus.train) + len(corpus.held) == 90 and len(corpus.train) == 81
    assert len(corpus.vocabulary) == 82 and (corpus.held == 0).all() and (corpus.train > 0).all()


def test_chinese_is_cut_between_two_characters():
    corpus = Corpus("循环网络读一个字再读一个字。" * 10)
    assert (len(corpus.train), len(corpus.held)) == (126, 14) and corpus.held.all()


def test_too_few_words_are_refused():
    Corpus("w " * 20)
    with pytest.raises(TextError, match="holds 19 words: at least 20"):
        Corpus("w " * 19)
    with pytest.raises(TextError, match="holds 0 words"):
        Corpus(" \n ")


def test_the_unigram_score_by_hand():
    corpus = Corpus("a a b " * 20)
    corpus.train, corpus.held = np.array([1, 1, 2]), np.array([2, 1, 0, 1])
    # With V = 3 and one count for each word: p = 1/6, 3/6, 2/6.
    bits = (math.log2(2) + math.log2(6) + math.log2(2)) / 3
    assert math.isclose(corpus.unigram_bits(), bits, rel_tol=1e-12)


def told(corpus):
    return [corpus.vocabulary.decode(corpus.held[place]) for place in corpus.sentences()]


def test_the_sentences_are_short_and_known():
    corpus = Corpus("the net reads a word , and then one more . " * 40)
    corpus.held = corpus.vocabulary.encode("the end. the net reads a zebra. the net reads one word, and the net reads.")
    assert told(corpus) == ["the net reads one word,", "and the net reads."]
    corpus.held = corpus.vocabulary.encode("a zebra " * 9)
    assert told(corpus) == [corpus.vocabulary.decode(corpus.held[:7])]


def test_missing_files_and_folders_are_refused(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(TextError, match="cannot read"):
            read_text(str(path))


@pytest.mark.parametrize(
    "content, match", [(b"\x89PNG\r\n", "not UTF-8 text: byte 0"), (b"ab\xff", "byte 2"), (b"ab\0cd", "binary")]
)
def test_files_that_are_not_text_are_refused(tmp_path, content, match):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(TextError, match=match):
        read_text(str(tmp_path / "file"))


def test_a_byte_order_mark_is_no_word_and_the_default_text_is_long(tmp_path):
    (tmp_path / "file").write_bytes("\ufeffone two".encode())
    assert read_text(str(tmp_path / "file")) == "one two" and len(read_text(None)) > 400_000
