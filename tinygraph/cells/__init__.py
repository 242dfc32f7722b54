"""Recurrent cells: parameters and the equations of one time step."""

from .antisymmetric import AntisymmetricRNN, GatedAntisymmetricRNN
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
from .peephole import PeepholeLSTM, ResLSTM
from .phased import PhasedLSTM
from .predictable import CFN, IndRNN, MinimalRNN
from .qrnn import QRNN
from .reduced import JANET, RAN, OriginalLSTM
from .rnn import RNN
from .simple import IRNN, SigmoidRNN
from .simple_gated import DSGU, SGU
from .slstm import sLSTM
from .strongly_typed import TGRU, TLSTM
from .taugru import tauGRU

__all__ = [
    "ATR", "BR", "CFN", "DSGU", "GRU", "IRNN", "JANET", "LEM", "LMU", "LRU", "LSTM", "MCLSTM", "MGU", "MUT1", "MUT2",
    "MUT3", "NAS", "NBR", "QRNN", "RAN", "RHN", "RNN", "SCRN", "SGRN", "SGU", "STAR", "TGRU", "TLSTM", "TRNN", "UGRNN",
    "WMCLSTM", "AntisymmetricRNN", "Cell", "ClockworkRNN", "FastGRNN", "FastRNN", "GatedAntisymmetricRNN", "IndRNN",
    "IntersectionRNN", "Jordan", "LayerNormLSTM", "LiGRU", "LightRU", "MiRU1", "MiRU2", "MinimalRNN",
    "MultiplicativeLSTM", "OriginalLSTM", "PeepholeLSTM", "PhasedLSTM", "ResLSTM", "SigmoidRNN", "UnICORNN", "coRNN",
    "minGRU", "minLSTM", "sLSTM", "tauGRU",
]  # fmt: skip
