"""Training: gradient clipping, optimizers, checkpoints."""

from ..checkpoint import load as load
from ..checkpoint import save as save
from .clipping import clip_by_norm as clip_by_norm
from .clipping import clip_by_value as clip_by_value
from .optimizers import SGD as SGD
from .optimizers import Adam as Adam
from .optimizers import Optimizer as Optimizer
