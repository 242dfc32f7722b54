"""An option that is wrong is told by the name of what has it and by its own; what others' optimizers have, by ours."""

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

train = tg.train
W = tg.parameter([1.0, 2.0], "w")
SEQUENCES, SERIES, TEXT = [np.ones((n, 2)) for n in (2, 3, 4)], np.arange(30.0), np.arange(30) % 5


def stepped(**options):
    return train.step(lambda x: tg.sum(W * x), [W], train.SGD([W], 0.1), backend="numpy", **options)


def net(ids, state):
    return tg.take(np.eye(3), ids, axis=0), state


def drawn(**options):
    return train.sample(np.ones(3), np.random.default_rng(0), **options)


def written(length=2, **options):
    return train.generate(net, [0], length, state=np.zeros(1), rng=np.random.default_rng(0), **options)


def searched(length=2, width=2, **options):
    return train.beam(net, [0], length, width, state=np.zeros(1), **options)


NUMBER, WHOLE, FLAG, TEXTS = "number", "whole", "flag", "text"
WRONG = {NUMBER: ["a", None, np.nan, 1j], WHOLE: [0.5, "a", -7, True], FLAG: [2, "yes"], TEXTS: [3, b"a"]}
"""What is no number, no whole one from 1 or 0 on, neither yes nor no, no text."""
CALLS = {
    "Ragged": (
        lambda batch=2, **o: train.Ragged(SEQUENCES, batch, [0, 1, 2], **o),
        {"batch": WHOLE, "padding": NUMBER, "shuffle": FLAG, "seed": WHOLE},
    ),
    "Stream": (
        lambda **o: train.Stream(TEXT, **{"batch": 2, "steps": 3, **o}),
        {"batch": WHOLE, "steps": WHOLE, "separator": WHOLE},
    ),
    "Windows": (
        lambda **o: train.Windows(SERIES, **{"length": 3, **o}),
        {**dict.fromkeys(("length", "horizon", "batch", "stride", "seed"), WHOLE), "shuffle": FLAG},
    ),
    "bucketed": (lambda **o: train.bucketed(np.ones((3, 2)), **o), {"padding": NUMBER}),
    "split": (lambda **o: train.split(SERIES, **o), {"gap": WHOLE, "shares": NUMBER}),
    "split_sequences": (
        lambda **o: train.split_sequences(list("abcdefghijklm"), **o),
        {"seed": WHOLE, "shares": NUMBER},
    ),
    "Words": (lambda **o: train.Words("a b a", **o), {"size": WHOLE, "lower": FLAG}),
    "Characters": (lambda **o: train.Characters("a b a", **o), {"size": WHOLE}),
    "constant": (lambda **o: train.constant(**{"rate": 0.1, **o}), {"rate": NUMBER, "warm_up": WHOLE}),
    "step_decay": (
        lambda **o: train.step_decay(**{"rate": 0.1, "every": 2, **o}),
        {"rate": NUMBER, "every": WHOLE, "factor": NUMBER, "warm_up": WHOLE},
    ),
    "exponential": (
        lambda **o: train.exponential(**{"rate": 0.1, "factor": 0.5, **o}),
        {"rate": NUMBER, "factor": NUMBER, "warm_up": WHOLE},
    ),
    "cosine": (
        lambda **o: train.cosine(**{"rate": 0.1, "steps": 9, **o}),
        {"rate": NUMBER, "steps": WHOLE, "least": NUMBER, "warm_up": WHOLE},
    ),
    "one_cycle": (
        lambda **o: train.one_cycle(**{"rate": 0.1, "steps": 9, **o}),
        {"rate": NUMBER, "steps": WHOLE, "rise": NUMBER, "first": NUMBER, "last": NUMBER},
    ),
    "plateau": (
        lambda **o: train.plateau(**{"rate": 0.1, **o}),
        {"rate": NUMBER, "factor": NUMBER, "patience": WHOLE, "least": NUMBER},
    ),
    "clip_by_norm": (
        lambda **o: train.clip_by_norm([np.ones(2)], **{"max_norm": 1.0, **o}),
        {"max_norm": NUMBER, "each": FLAG},
    ),
    "clip_by_value": (lambda limit: train.clip_by_value([np.ones(2)], limit), {"limit": NUMBER}),
    "step": (stepped, {"accumulate": WHOLE, "nonfinite": TEXTS}),
    "fit": (
        lambda **o: train.fit(stepped(), [np.ones(2)], quiet=True, **{"steps": 1, **o}),
        {"steps": WHOLE, "every": WHOLE, "patience": WHOLE, "overfit": WHOLE},
    ),
    "find_learning_rate": (
        lambda **o: train.find_learning_rate(stepped(), [np.ones(2)], **o),
        {"low": NUMBER, "high": NUMBER, "steps": WHOLE},
    ),
    "Checkpoint": (lambda **o: train.Checkpoint("folder", **o), {"keep": WHOLE, "best": TEXTS}),
    "Average": (lambda **o: train.Average([W], **o), {"decay": NUMBER}),
    "sample": (drawn, {"temperature": NUMBER, "top_k": WHOLE, "top_p": NUMBER}),
    "generate": (written, {"length": WHOLE}),
    "beam": (searched, {"length": WHOLE, "width": WHOLE, "length_penalty": NUMBER}),
}
MAY_BE_NONE = {("Average", "decay"), ("sample", "top_p"), ("step", "clip")}


@each("owner", CALLS)
def test_a_wrong_option_is_told_by_its_name(owner):
    call, options = CALLS[owner]
    for name, kind in options.items():
        for value in WRONG[kind]:
            if value is None and (owner, name) in MAY_BE_NONE:
                continue
            with pytest.raises(tg.GraphError) as caught:
                call(**{name: value})
            problem = str(caught.value).partition("\n")[0]
            assert problem.startswith(f"{owner}: ") and name in problem, f"{name}={value!r}: {problem}"


LEAST = {
    **{(owner, "seed"): 0 for owner in ("Ragged", "Windows", "split_sequences")},
    **{(owner, "warm_up"): 0 for owner in ("constant", "step_decay", "exponential", "cosine")},
    ("Stream", "separator"): 0,
    ("split", "gap"): 0,
    ("plateau", "patience"): 0,
    ("Words", "size"): 2,
    ("Characters", "size"): 2,
    ("one_cycle", "steps"): 2,
    ("find_learning_rate", "steps"): 10,
}
"""Of whole numbers that are not from 1 on the least."""


@each("owner", CALLS)
def test_the_least_of_each_count_is_taken_and_no_less(owner):
    call, options = CALLS[owner]
    for name in (name for name, kind in options.items() if kind is WHOLE):
        least = LEAST.get((owner, name), 1)
        more = {"validate": lambda: 1.0} if (owner, name) == ("fit", "patience") else {}
        call(**more, **{name: least})
        with pytest.raises(tg.GraphError, match=rf"(?s){owner}: {name} .*from {least}"):
            call(**more, **{name: least - 1})


@each(
    "call, match",
    [
        (lambda: train.step(3, [W], train.SGD([W], 0.1)), "^step"),
        (lambda: train.fit(stepped(), [np.ones(2)], steps=1, validate=3), "^fit"),
        (lambda: train.fit(stepped(), [np.ones(2)], steps=1, callbacks=[3]), "^fit"),
        (lambda: train.Streaming(3), "^Streaming"),
        (lambda: train.generate(3, [0], 1), "^generate"),
        (lambda: train.beam(3, [0], 1, 1), "^beam"),
        (lambda: train.data.batches.Batches("own").batch(None, 0), r"(?s)Batches has no batch.*define batch\("),
        (lambda: len(train.data.batches.Batches("own")), r"(?s)Batches has no __len__.*number of batches"),
        (lambda: len(train.data.vocabulary.Codec()), r"(?s)Codec has no __len__.*number of ids"),
        (lambda: train.data.vocabulary.Codec().encode("a"), r"(?s)Codec has no encode.*define encode\("),
        (lambda: train.Bytes.file(3), "path is needed"),
        (lambda: train.Ragged("text", 2), "no list of arrays"),
        (lambda: train.Ragged([np.ones((2, 2)), np.ones((2, 2), int)], 2, [0, 1]), "sequence 1 is not like the first"),
        (lambda: train.Ragged([np.ones((2, 2)), np.ones((3, 2))], 2, [[1, 2], [0.5, 1, 2]]), "(?s)of one kind"),
        (lambda: train.Stream([1, 2, 3], 1, 1, documents=np.zeros(0, int)), r"(?s)places in the text.*none"),
        (lambda: train.Stream([1, 2, 3], 1, 1, documents=[-1]), r"(?s)from 0 to 2.*from -1 to -1"),
        (lambda: train.Stream([1, 2, 3], 1, 1, documents=[0, 1, 3]), r"(?s)from 0 to 2.*from 0 to 3"),
        (lambda: train.Words({"a": 1}), "Words: a text or several"),
        (lambda: train.split("text"), "a text or a series"),
        (lambda: train.split({1: 2}), "a text or a series"),
        (lambda: train.Stream("循", 1, 1), r"(?s)no array of numbers.*Characters\(text\)"),
        (lambda: train.Words.from_dict({"kind": "Words", "tokens": ["a", "a"], "lower": False}), "no saved vocab"),
        (lambda: train.Words.from_dict({"kind": "Words", "tokens": ["", "a"], "lower": False}), "no saved vocab"),
        (lambda: train.Words.from_dict({"kind": "Words", "tokens": ["a", "�"], "lower": False}), "no saved vocab"),
    ],
)
def test_what_is_no_such_thing_is_told(call, match):
    with pytest.raises(tg.GraphError, match=match):
        call()


def test_names_of_other_libraries_lead_to_ours():
    with pytest.raises(AttributeError, match=r"(?s)ReduceLROnPlateau.*tg\.train\.plateau"):
        train.ReduceLROnPlateau  # noqa: B018
    assert not hasattr(train, "nothing")


@each(
    "name, ours",
    [
        ("zero_grad", r"tg\.zero_grad\(opt\.parameters\)"),
        ("param_groups", r"opt\.learning_rate = "),
        ("beta1", r"opt\.betas"),
        ("apply_gradients", r"opt\.step\(gradients\)"),
        ("minimize", r"opt\.step\(tg\.grad"),
        ("params", r"opt\.parameters"),
    ],
)
def test_words_of_other_libraries_lead_to_ours(name, ours):
    for optimizer in (train.SGD([W], 0.1), train.Adam([W]), train.Muon([tg.parameter(np.eye(2))])):
        assert not hasattr(optimizer, name)
        with pytest.raises(AttributeError, match=rf"(?s){name}.*{ours}"):
            getattr(optimizer, name)
