"""The numbers of a graph from arrays alone: its values again, and its gradients by differences of each op's forward.

Neither `tg.grad` nor the `backward` of any op is called. The gradient of the root with respect to an input of an op is
the gradient with respect to its result times the op's Jacobian, of which each column is a central difference.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from tinygraph.core.graph import ancestors

STEP = 1e-5
MOVES = {"transpose", "swapaxes", "reshape", "getitem", "take", "stack", "concatenate", "broadcast_to"}
MANY = 500
"""The most elements of a matrix that are moved one by one."""


class Recomputed:
    """A graph of one root: ``value`` of each node, ``gradient`` of the root with respect to each, and along each input.

    ``cuts``: whether nothing comes back through stop_gradient.
    """

    def __init__(self, root, cuts=True):
        self.root, self.cuts = root, cuts
        self.nodes = ancestors([root])
        self.value = {}
        for x in self.nodes:
            if x.op is None:
                self.value[x] = x.value.astype(np.float64) if x.dtype.kind == "f" else x.value
            else:
                self.value[x] = self.forward(x, [self.value[y] for y in x.inputs])
        self._jacobian_products = {}

    @staticmethod
    def forward(node, inputs):
        return np.asarray(node.op.forward(*inputs, **node.attributes))

    @cached_property
    def users(self):
        """Maps each node to the pairs (user, slot) that read it."""
        users = {x: [] for x in self.nodes}
        for x in self.nodes:
            for slot, y in enumerate(x.inputs):
                users[y].append((x, slot))
        return users

    def back(self, node, slot, g):
        """The gradient with respect to one input of an op, from the gradient ``g`` with respect to its result."""
        inputs = [self.value[x] for x in node.inputs]
        out = np.zeros(inputs[slot].shape)
        if inputs[slot].dtype.kind != "f" or not np.any(g) or (self.cuts and node.op.name == "stop_gradient"):
            return out
        if node.op.name in MOVES:
            return self._moved_back(node, slot, g, inputs)
        if node.op.name == "matmul" and out.size > MANY:
            return self._back_of_large(slot, g, *inputs)
        for i in np.ndindex(out.shape):
            ends = []
            for sign in (1, -1):
                moved = inputs[slot].copy()
                moved[i] += sign * STEP
                ends.append(self.forward(node, [*inputs[:slot], moved, *inputs[slot + 1 :]]))
            out[i] = np.sum(g * (ends[0] - ends[1])) / (2 * STEP)
        return out

    def _moved_back(self, node, slot, g, inputs):
        """As `back`, of an op that only moves elements: sent through it, positions say where each went."""
        places = [np.full(x.shape, -1.0) if x.dtype.kind == "f" else x for x in inputs]
        places[slot] = np.arange(inputs[slot].size, dtype=float).reshape(inputs[slot].shape)
        source = self.forward(node, places).astype(int).ravel()
        out = np.zeros(inputs[slot].size)
        np.add.at(out, source[source >= 0], g.ravel()[source >= 0])
        return out.reshape(inputs[slot].shape)

    @staticmethod
    def _back_of_large(slot, g, a, b):
        """As `back`, of a product with a large matrix, which would take long by differences."""
        if a.ndim < 2 or b.ndim < 2:
            one = np.outer(g, b) if slot == 0 and b.ndim == 1 else np.outer(a, g) if slot == 1 and a.ndim == 1 else None
            assert one is not None, "a vector is never large here"
            return one
        out = g @ np.swapaxes(b, -1, -2) if slot == 0 else np.swapaxes(a, -1, -2) @ g
        return out.sum(axis=tuple(range(out.ndim - (a, b)[slot].ndim)))

    @cached_property
    def gradient(self):
        """Maps each node to d root / d node."""
        return self.spread({self.root: np.ones(self.value[self.root].shape)})

    def spread(self, seeds, through=lambda user: True):
        """Gradients from ``seeds``, nodes with gradients; ``through`` says which ops pass theirs on."""
        arrived = {x: g.copy() for x, g in seeds.items()}
        for node in reversed(self.nodes):
            if node not in arrived or node.op is None or not through(node):
                continue
            for slot, x in enumerate(node.inputs):
                if x.dtype.kind == "f":
                    arrived[x] = arrived.get(x, 0.0) + self.product(node, slot, arrived[node], seeds)
        return arrived

    def product(self, node, slot, g, seeds):
        """As `back`; kept if the gradient is that of the whole root."""
        if set(seeds) != {self.root}:
            return self.back(node, slot, g)
        if (node, slot) not in self._jacobian_products:
            self._jacobian_products[node, slot] = self.back(node, slot, g)
        return self._jacobian_products[node, slot]

    def piece(self, node, slot):
        """What of d root / d input comes back along this one input of an op."""
        if node not in self.gradient:
            return np.zeros(self.value[node.inputs[slot]].shape)
        return self.product(node, slot, self.gradient[node], {self.root: None})

    def paths(self, user, boxes, g=None):
        """Pairs (box, gradient) for each way from an op down to a box, over nodes that have no box."""
        if user.op is None:
            return
        for slot, x in enumerate(user.inputs):
            if x.dtype.kind != "f":
                continue
            along = self.piece(user, slot) if g is None else self.back(user, slot, g)
            if x in boxes:
                yield x, along
            else:
                yield from self.paths(x, boxes, along)
