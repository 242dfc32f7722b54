"""Recurrent cells, what goes around them, and the layer that drives them over time."""

from .antisymmetric import AntisymmetricRNN, GatedAntisymmetricRNN
from .bidirectional import Bidirectional
from .bistable import BR, NBR
from .cell import Cell
from .clockwork import ClockworkRNN
from .context import SCRN
from .decoupled import MCLSTM, IntersectionRNN
from .fast import FastGRNN, FastRNN
from .gated import MGU
from .gru import GRU
from .highway import RHN
from .jordan import Jordan
from .lem import LEM
from .light import ATR, LightRU, LiGRU
from .lmu import LMU
from .lru import LRU
from .lstm import LSTM
from .lstm_forms import NAS, WMCLSTM, MultiplicativeLSTM
from .mingru import minGRU, minLSTM
from .miru import MiRU1, MiRU2
from .mutated import MUT1, MUT2, MUT3
from .normed import LayerNormLSTM
from .one_gate import SGRN, STAR, TRNN, UGRNN
from .oscillating import UnICORNN, coRNN
from .parallel import Parallel
from .peephole import PeepholeLSTM, ResLSTM
from .phased import PhasedLSTM
from .predictable import CFN, IndRNN, MinimalRNN
from .qrnn import QRNN
from .recurrent import Recurrent
from .reduced import JANET, RAN, OriginalLSTM
from .rnn import RNN
from .simple import IRNN, SigmoidRNN
from .simple_gated import DSGU, SGU
from .slstm import sLSTM
from .stack import Stack
from .strongly_typed import TGRU, TLSTM
from .taugru import tauGRU
from .wrapper import LayerNorm, Residual
from .zoneout import Zoneout

__all__ = [
    "ATR", "BR", "CFN", "DSGU", "GRU", "IRNN", "JANET", "LEM", "LMU", "LRU", "LSTM", "MCLSTM", "MGU", "MUT1", "MUT2",
    "MUT3", "NAS", "NBR", "QRNN", "RAN", "RHN", "RNN", "SCRN", "SGRN", "SGU", "STAR", "TGRU", "TLSTM", "TRNN",
    "UGRNN", "WMCLSTM", "AntisymmetricRNN", "Bidirectional", "Cell", "ClockworkRNN", "FastGRNN", "FastRNN",
    "GatedAntisymmetricRNN", "IndRNN", "IntersectionRNN", "Jordan", "LayerNorm", "LayerNormLSTM", "LiGRU", "LightRU",
    "MiRU1", "MiRU2", "MinimalRNN", "MultiplicativeLSTM", "OriginalLSTM", "Parallel", "PeepholeLSTM", "PhasedLSTM",
    "Recurrent", "ResLSTM", "Residual", "SigmoidRNN", "Stack", "UnICORNN", "Zoneout", "coRNN", "minGRU", "minLSTM",
    "sLSTM", "tauGRU",
]  # fmt: skip
