"""Training: the step and its loop, optimizers, schedules, clipping, checkpoints, averages, data."""

from typing import Any as _Any

from ..checkpoint import load as load
from ..checkpoint import metadata as metadata
from ..checkpoint import save as save
from ..core import habits as _habits
from ..core import missing as _missing
from .adam import Adam as Adam
from .adam import AdamW as AdamW
from .adam import NAdam as NAdam
from .adam import RAdam as RAdam
from .adaptive import Adadelta as Adadelta
from .adaptive import Adagrad as Adagrad
from .adaptive import RMSprop as RMSprop
from .averaging import Average as Average
from .checkpoints import Checkpoint as Checkpoint
from .clipping import clip_by_norm as clip_by_norm
from .clipping import clip_by_value as clip_by_value
from .data.bucketed import bucketed as bucketed
from .data.bytes import Bytes as Bytes
from .data.counted import mean_cross_entropy as mean_cross_entropy
from .data.ragged import Ragged as Ragged
from .data.splits import Standard as Standard
from .data.splits import split as split
from .data.splits import split_sequences as split_sequences
from .data.stream import Stream as Stream
from .data.vocabulary import Characters as Characters
from .data.vocabulary import Words as Words
from .data.windows import Windows as Windows
from .descent import SGD as SGD
from .descent import Lion as Lion
from .fit import fit as fit
from .generation import beam as beam
from .generation import generate as generate
from .generation import sample as sample
from .history import History as History
from .metrics import accuracy as accuracy
from .metrics import bits_per_character as bits_per_character
from .metrics import confusion as confusion
from .metrics import mae as mae
from .metrics import perplexity as perplexity
from .metrics import rmse as rmse
from .metrics import skill as skill
from .muon import Muon as Muon
from .optimizer import Optimizer as Optimizer
from .rate_search import find_learning_rate as find_learning_rate
from .running import Running as Running
from .schedules import constant as constant
from .schedules import cosine as cosine
from .schedules import exponential as exponential
from .schedules import one_cycle as one_cycle
from .schedules import plateau as plateau
from .schedules import step_decay as step_decay
from .step import step as step
from .streaming import Streaming as Streaming


def __getattr__(name: str) -> _Any:
    """Says what to write for ``tg.train.RMSprop`` and the like."""
    raise _missing.unknown(__name__, name, _habits.TRAIN.get(name, ""))
