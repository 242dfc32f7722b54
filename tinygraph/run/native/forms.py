"""Forms: what machine code knows of an action, which is everything but sizes, strides and addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...plan.actions import View


class ViewForm(NamedTuple):
    """A view without its sizes.

    Attributes:
        code: its dtype, as `instructions.code_of` returns it.
        inner: its stride along the innermost axis: ``"broadcast"`` (0), ``"contiguous"`` (1) or ``"strided"`` (other).
        slot: its first slot, relative to the first slot of its action.
        axes: number of its strides.
    """

    code: str
    inner: str
    slot: int
    axes: int


class InstructionForm(NamedTuple):
    """An `Instruction`, its attributes as sorted pairs; ``written`` tells 0.0 from -0.0 in them."""

    op: str
    args: tuple[int, ...]
    code: str
    attributes: tuple[tuple[str, Any], ...]
    written: str = ""


class ElementwiseForm(NamedTuple):
    """An `Elementwise`. ``sizes``: the first slot of the loops' sizes; ``axes``: the number of loops."""

    sizes: int
    axes: int
    loads: tuple[ViewForm, ...]
    instructions: tuple[InstructionForm, ...]
    stores: tuple[tuple[int, ViewForm], ...]
    reduces: tuple[tuple[str, int, ViewForm], ...]


class ReductionForm(NamedTuple):
    """A `Reduction`. Its sizes, and the strides of x, are those of the kept axes and then of the reduced axes.

    Attributes:
        along: whether the innermost loop runs along a reduced axis; if not, along the last kept axis.
    """

    kind: str
    sizes: int
    kept: int
    reduced: int
    along: bool
    x: ViewForm
    out: ViewForm


class ProductForm(NamedTuple):
    """A `Product`. ``block``: first slot of its product block; ``packed``: whether an operand is loop-invariant."""

    block: int
    packed: bool
    a: ViewForm
    b: ViewForm
    out: ViewForm


class ArgmaxForm(NamedTuple):
    """The place of the largest number along an axis. Its sizes are those of the kept axes and then of that axis."""

    sizes: int
    kept: int
    x: ViewForm
    out: ViewForm


class RunningForm(NamedTuple):
    """Numbers along an axis, combined by ``op``: each partial result, or the last alone; sizes as in `ArgmaxForm`."""

    op: str
    every: bool
    sizes: int
    kept: int
    x: ViewForm
    out: ViewForm


class LookupForm(NamedTuple):
    """A `take` or `pick`: for each of the outer axes a row of x, told by one index or several, is copied.

    Attributes:
        sizes: the first slot of the sizes of the outer and then of the inner axes.
        outer, inner: the numbers of these axes.
        ends: the first slot of the sizes of x along the axes of the indices; after these come its strides there.
        refused: the slot that says whether an index was out of range; after it the steps of the loops around then.
    """

    sizes: int
    outer: int
    inner: int
    ends: int
    refused: int
    x: ViewForm
    indices: tuple[ViewForm, ...]
    out: ViewForm


class OneHotForm(NamedTuple):
    """A `one_hot`: sizes are those of the axes of the labels, and the depth; ``refused`` as in `LookupForm`."""

    sizes: int
    outer: int
    refused: int
    labels: ViewForm
    out: ViewForm


Form = ElementwiseForm | ReductionForm | ProductForm | ArgmaxForm | RunningForm | LookupForm | OneHotForm


class PlacedForm(NamedTuple):
    """A form, and the first slot of its action."""

    start: int
    form: Form


class RepeatForm(NamedTuple):
    """A `Repeat`. ``steps``: the slot of the number of steps."""

    steps: int
    depth: int
    body: tuple[Any, ...]


def inner(stride: int, last: int, store: bool = False) -> str:
    """Classifies the innermost stride of a view (see `ViewForm`); with ``last`` = 1 step the stride does not matter."""
    if stride == 0 and not store:
        return "broadcast"
    return "contiguous" if stride == 1 or last == 1 else "strided"


def innermost(x: View) -> int:
    """The axis of x for the innermost loop: the last axis with stride 1, else the last axis."""
    return max((axis for axis, stride in enumerate(x.strides) if stride == 1), default=len(x.shape) - 1)


def merged(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """Merges adjacent axes where the strides of every view allow it; outer axes of size 1 keep the rank.

    Args:
        shape: sizes of the axes; no axes count as one axis of size 1.
        strides: the strides of each view, in elements.

    Example:
        >>> from tinygraph.run.native.forms import merged
        >>> merged((4, 5, 6), [(30, 6, 1), (0, 0, 0)])
        ([1, 1, 120], [[0, 0, 1], [0, 0, 0]])
        >>> merged((4, 5, 6), [(30, 6, 1), (6, 0, 1)])
        ([4, 5, 6], [[30, 6, 1], [6, 0, 1]])
    """
    if not shape:
        return [1], [[1] for _ in strides]
    sizes, columns = [shape[-1]], [[s[-1] for s in strides]]  # the axes so far, the innermost first
    for axis in range(len(shape) - 2, -1, -1):
        outer = [s[axis] for s in strides]
        if shape[axis] == 1:
            continue
        if all(inner_stride * sizes[-1] == stride for inner_stride, stride in zip(columns[-1], outer, strict=True)):
            sizes[-1] *= shape[axis]
        else:
            sizes.append(shape[axis])
            columns.append(outer)
    missing = len(shape) - len(sizes)
    sizes += [1] * missing
    columns += [[0] * len(strides)] * missing
    return sizes[::-1], [list(s) for s in zip(*columns[::-1], strict=True)] if strides else []
