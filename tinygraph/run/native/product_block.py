"""The product block: the part of the table for one matrix product, with its function pointers.

Native code calls two functions for each `Product` action, with the addresses of the current step::

    void run(int64 *block, char *a, char *b, char *out);       function pointer in block[RUN]
    void pack(int64 *block, char *a, char *b, char *out);      function pointer in block[PACK]; 0 for none

``pack`` is called once before the first step of the innermost loop around, with the addresses of that step, if an
operand of the product is ``fixed`` in the loop: it may copy a weight into the layout that ``run`` needs. ``block``
points to the product block itself; the functions may write to its FREE slots. Strides are in elements.
The table sets the sizes and strides. The pointers and the FREE slots are 0 until a kernel is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

RUN, PACK, M, N, K, A_M, A_K, B_K, B_N, OUT_M, ITEMSIZE = range(11)
"""Slots: two function pointers, three sizes, strides of a along M and K, of b along K and N, of out along M."""

FREE = 11
"""The first of the slots that belong to the chosen kernel."""

SIZE = 24
"""Slots of a block; 13 of them are free."""


def block(shape: Sequence[int], a: Sequence[int], b: Sequence[int], out_m: int, itemsize: int) -> list[int]:
    """A block for sizes (M, N, K) and strides of a, b and out, without function pointers."""
    numbers = [0, 0, *shape, *a, *b, out_m, itemsize]
    return numbers + [0] * (SIZE - len(numbers))
