"""The pictures of the main job: a typical sentence, one unit, losses of held-out text through training."""

import re
from itertools import pairwise

import numpy as np
import pytest
import word_results
from word_corpus import Corpus
from word_net import Reader, WordRNN

import tinygraph as tg

ENGLISH = "the cat sees the dog . the small dog sees a cat ! does the cat run ? " * 20


@pytest.fixture
def trained():
    corpus = Corpus(ENGLISH)
    return corpus, Reader(WordRNN(len(corpus.vocabulary), 8, seed=1))


def bits_by_hand(net, ids):
    """Of each word of a text but the first, read from a state of zeros."""
    h, bits = np.zeros(8), []
    for word, target in pairwise(ids):
        h = np.tanh(net.U.value @ net.E.value[word] + net.W.value @ h)
        z = net.V.value @ h
        bits.append(np.log2(np.exp(z).sum()) - z[target] / np.log(2))
    return np.array(bits)


def test_the_sentence_drawn_is_the_one_nearest_to_the_mean_of_all(trained):
    corpus, read = trained
    bits = bits_by_hand(read.net, corpus.held)
    own = {place.start: bits[place.start : place.stop - 1].mean() for place in corpus.sentences()}
    assert len(own) >= 4
    nearest = min(own, key=lambda start: abs(own[start] - bits.mean()))
    assert word_results.typical_sentence(read, corpus).start == nearest


def test_the_picture_names_its_loss_and_the_mean_in_one_unit(trained, tmp_path):
    corpus, read = trained
    tg.train.save(tmp_path / word_results.SEEN.format(0), WordRNN(len(corpus.vocabulary), 8, seed=2).state_dict())
    word_results.write_pictures(read, corpus, 3.5, 7, tmp_path, tmp_path)
    picture, page = ((tmp_path / name).read_text(encoding="utf-8") for name in ("unrolled.svg", "unrolled.html"))
    place = word_results.typical_sentence(read, corpus)
    own = bits_by_hand(read.net, corpus.held)[place.start : place.stop - 1]
    assert f"after 7 steps: {own.mean():.2f} bits a word, held-out mean 3.50" in picture and "after 0 steps" in page
    assert all(f"{corpus.vocabulary.tokens[i]} →" in picture for i in corpus.held[place][:-1])
    text = word_results.picture(read, corpus, place, "").text()
    values = [f"{own.mean():.3f}", *(f"{bits:.3f}" for bits in own)]
    assert all(value in text for value in values) and len({*values}) > 2


def test_the_curve_shows_held_out_losses_through_training_and_says_that_dropout_is_on(tmp_path):
    history = tg.train.History()
    for k in range(6):
        history.add(5.0 - k / 2)
        history.look({"held out": 4.5 - k / 3})
    word_results.write_losses(history, 4.0, tmp_path)
    comments = re.findall(r"<!-- (.*?) -->", (tmp_path / "loss.svg").read_text(encoding="utf-8"))
    assert {"bits a word", "held out", "unigram 4.00"} <= {*comments}
    assert any("ropout is on in training only" in text for text in comments)
    assert not [path for path in tmp_path.iterdir() if path.name != "loss.svg"]
