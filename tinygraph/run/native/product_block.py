"""The block of the table that stands for one matrix product, and the functions that a product chooser puts there.

A native program calls, for each `Product` action and with the addresses of this very step::

    void run(int64 *site, char *a, char *b, char *out);       its address stands in site[RUN]
    void pack(int64 *site, char *a, char *b, char *out);      its address stands in site[PACK], or 0 for none

``pack`` is called once before the first step of the innermost `Repeat` around, with that step's addresses, if the
action has an operand that is ``fixed`` in it: here the chooser may copy a weight into the form that ``run`` wants.
``site`` points at the block itself; a function may write into its FREE part and nowhere else. Strides are in elements.
The block is filled by `table.fill`, but for RUN, PACK and FREE, which are 0 until the chooser sets them.
"""

from __future__ import annotations

RUN, PACK, M, N, K, A_M, A_K, B_K, B_N, OUT_M, ITEMSIZE = range(11)
"""Places in the block: two addresses, three sizes, strides of a along M and K, of b along K and N, of out along M."""

FREE = 11
"""The first of the places that belong to the chooser."""

SIZE = 24
"""Of the whole block: 13 free places."""
