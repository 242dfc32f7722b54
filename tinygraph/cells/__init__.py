"""Recurrent cells: parameters and the equations of one time step."""

from .cell import Cell
from .gated import MGU
from .lstm import LSTM

__all__ = ["LSTM", "MGU", "Cell"]
