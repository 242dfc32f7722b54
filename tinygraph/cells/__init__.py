"""Recurrent cells, their wrappers, and the layer that unrolls a cell over time."""

from typing import Any as _Any

from ..core import habits as _habits
from ..core import missing as _missing
from .antisymmetric import AntisymmetricRNN, GatedAntisymmetricRNN
from .around.bidirectional import Bidirectional
from .around.parallel import Parallel
from .around.recurrent import Recurrent
from .around.stack import Stack
from .around.wrapper import LayerNorm, Residual
from .around.zoneout import Zoneout
from .base.cell import Cell
from .br_nbr import BR, NBR
from .cfn_indrnn_minimal import CFN, IndRNN, MinimalRNN
from .clockwork_rnn import ClockworkRNN
from .cornn_unicornn import UnICORNN, coRNN
from .fastrnn_fastgrnn import FastGRNN, FastRNN
from .gru import GRU
from .intersection_mclstm import MCLSTM, IntersectionRNN
from .jordan import Jordan
from .layernorm_lstm import LayerNormLSTM
from .lem import LEM
from .ligru_lightru_atr import ATR, LightRU, LiGRU
from .lmu import LMU
from .lru import LRU
from .lstm import LSTM
from .mgu import MGU
from .mingru_minlstm import minGRU, minLSTM
from .miru import MiRU1, MiRU2
from .multiplicative_wmclstm_nas import NAS, WMCLSTM, MultiplicativeLSTM
from .mut import MUT1, MUT2, MUT3
from .original_janet_ran import JANET, RAN, OriginalLSTM
from .peephole_reslstm import PeepholeLSTM, ResLSTM
from .phased_lstm import PhasedLSTM
from .qrnn import QRNN
from .rhn import RHN
from .rnn import RNN
from .scrn import SCRN
from .sgrn_star_ugrnn_trnn import SGRN, STAR, TRNN, UGRNN
from .sgu_dsgu import DSGU, SGU
from .sigmoid_irnn import IRNN, SigmoidRNN
from .slstm import sLSTM
from .taugru import tauGRU
from .tgru_tlstm import TGRU, TLSTM

__all__ = [
    "ATR", "BR", "CFN", "DSGU", "GRU", "IRNN", "JANET", "LEM", "LMU", "LRU", "LSTM", "MCLSTM", "MGU", "MUT1", "MUT2",
    "MUT3", "NAS", "NBR", "QRNN", "RAN", "RHN", "RNN", "SCRN", "SGRN", "SGU", "STAR", "TGRU", "TLSTM", "TRNN",
    "UGRNN", "WMCLSTM", "AntisymmetricRNN", "Bidirectional", "Cell", "ClockworkRNN", "FastGRNN", "FastRNN",
    "GatedAntisymmetricRNN", "IndRNN", "IntersectionRNN", "Jordan", "LayerNorm", "LayerNormLSTM", "LiGRU", "LightRU",
    "MiRU1", "MiRU2", "MinimalRNN", "MultiplicativeLSTM", "OriginalLSTM", "Parallel", "PeepholeLSTM", "PhasedLSTM",
    "Recurrent", "ResLSTM", "Residual", "SigmoidRNN", "Stack", "UnICORNN", "Zoneout", "coRNN", "minGRU", "minLSTM",
    "sLSTM", "tauGRU",
]  # fmt: skip


def __getattr__(name: str) -> _Any:
    """Says what to write for ``tg.cells.LSTMCell`` and the like."""
    raise _missing.unknown(__name__, name, _habits.CELLS.get(name, ""))
