"""Training: gradient clipping, optimizers, checkpoints."""

from typing import Any as _Any

from ..checkpoint import load as load
from ..checkpoint import save as save
from ..core import habits as _habits
from ..core import missing as _missing
from .clipping import clip_by_norm as clip_by_norm
from .clipping import clip_by_value as clip_by_value
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
from .metrics import accuracy as accuracy
from .metrics import bits_per_character as bits_per_character
from .metrics import confusion as confusion
from .metrics import mae as mae
from .metrics import perplexity as perplexity
from .metrics import rmse as rmse
from .metrics import skill as skill
from .optimizers import SGD as SGD
from .optimizers import Adam as Adam
from .optimizers import Optimizer as Optimizer
from .running import Running as Running


def __getattr__(name: str) -> _Any:
    """Says what to write for ``tg.train.RMSprop`` and the like."""
    raise _missing.unknown(__name__, name, _habits.TRAIN.get(name, ""))
