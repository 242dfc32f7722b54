"""The parts of a cell: base classes, parameters and names, gates, initialisers, activations, loading."""

from .activations import Activation as Activation
from .activations import activation as activation
from .affine import affine as affine
from .cell import Cell as Cell
from .classic import ClassicCell as ClassicCell
from .initial import Initialiser as Initialiser
from .initial import gaussian as gaussian
from .initial import within as within
from .input_gated import InputGated as InputGated
from .linear import LinearCell as LinearCell
from .linear import LinearTerms as LinearTerms
from .packed import Init as Init
from .packed import PackedCell as PackedCell
from .sizes import finite as finite
from .sizes import whole as whole
from .variants import is_paper as is_paper
