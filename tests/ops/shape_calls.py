"""numpy's functions of shapes, joins and choices in the forms in which people call them: for arrays and nodes alike."""

from __future__ import annotations

import numpy as np

from .array_calls import MASK, ROWS, Form, S, V, W, X, Y, Z, spread

COPIES: dict[str, list[Form]] = {
    "repeat": [
        Form(lambda x: np.repeat(x, 3), (X,)),
        Form(lambda x: np.repeat(x, 2, axis=0), (X,)),
        Form(lambda x: np.repeat(x, [2, 0, 1, 3], axis=1), (X,)),
        Form(lambda x: np.repeat(x, np.array([2, 0, 1, 3]), axis=1) * np.repeat(x, np.array([1, 2, 1, 2]), 1), (X,)),
        Form(lambda x: np.repeat(x, [2], -1), (X,)),
        Form(lambda z: np.repeat(z, 4), (Z,)),
        Form(lambda x: np.repeat(x, 0, axis=1), (X,)),
    ],
    "tile": [
        Form(lambda x: np.tile(x, 2), (X,)),
        Form(lambda x: np.tile(x, (2, 1)), (X,)),
        Form(lambda v: np.tile(v, (3, 2)), (V,)),
        Form(lambda y: np.tile(y, (2, 3)), (Y,)),
        Form(lambda z: np.tile(z, 3), (Z,)),
        Form(lambda x: np.tile(x, (0, 1)), (X,)),
    ],
    "pad": [
        Form(lambda v: np.pad(v, 2), (V,)),
        Form(lambda x: np.pad(x, ((1, 0), (0, 2))), (X,)),
        Form(lambda x: np.pad(x, (1, 2), constant_values=(5, 7)), (X,)),
        Form(lambda x: np.pad(x, ((1, 1), (2, 0)), "constant", constant_values=((1, 2), (3, 4))), (X,)),
        Form(lambda x: np.pad(x, 1, mode="edge"), (X,)),
        Form(lambda x: np.pad(x, ((0, 0), (2, 3)), "reflect"), (X,)),
        Form(lambda v: np.pad(v, (7, 9), "wrap"), (V,)),
        Form(lambda v: np.pad(v, (7, 2), "symmetric", reflect_type="even"), (V,)),
        Form(lambda x: np.pad(x, {1: (1, 2)}), (X,)),
    ],
    "tril": [Form(np.tril, (S,)), Form(lambda x: np.tril(x, -1), (X,)), Form(lambda y: np.tril(y, k=1), (Y,))],
    "triu": [
        Form(np.triu, (S,)),
        Form(lambda x: np.triu(x, k=1), (X,)),
        Form(np.triu, (V,)),
        Form(lambda y: np.triu(y, -1), (Y,)),
    ],
    "diag": [
        Form(np.diag, (V,)),
        Form(lambda v: np.diag(v, -2), (V,)),
        Form(lambda v: np.diag(v, k=1), (V,)),
        Form(np.diag, (X,)),
        Form(lambda x: np.diag(x, 2), (X,)),
        Form(np.diagflat, (X,)),
    ],
    "diagonal": [
        Form(np.diagonal, (X,)),
        Form(lambda y: np.diagonal(y, 1, 2, 0), (Y,)),
        Form(lambda y: np.diagonal(y, offset=-1, axis1=-2, axis2=-1), (Y,)),
        Form(lambda x: np.diagonal(x, 9), (X,)),
    ],
    "trace": [
        Form(np.trace, (X,)),
        Form(lambda y: np.trace(y, axis1=1, axis2=2), (Y,)),
        Form(lambda x: np.trace(x, -1, dtype=np.float64), (X,)),
    ],
}

MOVES: dict[str, list[Form]] = {
    "roll": [
        Form(lambda v: np.roll(v, 2), (V,)),
        Form(lambda x: np.roll(x, -1), (X,)),
        Form(lambda x: np.roll(x, 5, axis=1), (X,)),
        Form(lambda x: np.roll(x, (1, -1), axis=(0, 1)), (X,)),
        Form(lambda x: np.roll(x, 1, axis=(0, 0)), (X,)),
    ],
    "flip": [
        Form(np.flip, (X,)),
        Form(lambda y: np.flip(y, 1), (Y,)),
        Form(lambda y: np.flip(y, axis=(0, -1)), (Y,)),
        Form(np.fliplr, (X,)),
        Form(np.flipud, (V,)),
        *(Form(lambda y, k=k: np.rot90(y, k), (Y,)) for k in (0, 1, 2, 3, -1)),
        Form(lambda y: np.rot90(y, axes=(2, 1)), (Y,)),
    ],
    "rollaxis": [Form(lambda y: np.rollaxis(y, 2), (Y,)), Form(lambda y: np.rollaxis(y, 0, 3), (Y,))],
    "atleast": [
        *(Form(f, (a,)) for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d) for a in (Z, V, X, Y)),
        Form(lambda v, x: np.atleast_2d(v, x, 3.0), (V, X)),
    ],
    "broadcast_arrays": [
        Form(lambda w, z, x: np.broadcast_arrays(w[:, None], z, x), (W, Z, X)),
        Form(lambda v: np.broadcast_arrays(v, np.ones((2, 1))), (V,)),
    ],
    "meshgrid": [
        Form(np.meshgrid, (V, W)),
        Form(lambda v, w, u: np.meshgrid(v, w, u, indexing="ij"), (V, W, W * 2)),
        Form(lambda v, w: np.meshgrid(v, w, sparse=True), (V, W)),
        Form(np.meshgrid, (V,)),
    ],
    "linspace": [
        Form(lambda z: np.linspace(z, 5.0, 7), (Z,)),
        Form(lambda v: np.linspace(0, v, num=4, endpoint=False), (V,)),
        Form(lambda w, v: np.linspace(w, v[:3], 5, axis=-1), (W, V)),
        Form(lambda z: np.linspace(z, 2 * z, 4, retstep=True), (Z,)),
        Form(lambda z: np.linspace(z, 2 * z, 1), (Z,)),
        Form(lambda z: np.linspace(z, 2 * z, 0), (Z,)),
    ],
}

JOINS: dict[str, list[Form]] = {
    "concatenate": [
        Form(lambda x, v: np.concatenate([x, v], axis=None), (X, V)),
        Form(lambda x, y: np.concatenate((x, y[0, :1]), dtype=np.float64), (X, Y)),
        Form(lambda x, y: np.concatenate((x, y[0], [[1, 2, 3, 4]])), (X, Y)),
        Form(lambda y: np.concatenate(y), (Y,)),
        Form(lambda x: np.stack([x, x * 2], 1, dtype=np.float64), (X,)),
    ],
    "hstack": [
        Form(lambda v, w: np.hstack([v, w]), (V, W)),
        Form(lambda x: np.hstack((x, x * x, np.ones((3, 1)))), (X,)),
        Form(lambda z, v: np.hstack([z, v, 2.0]), (Z, V)),
        Form(np.hstack, (Y,)),
    ],
    "vstack": [
        Form(lambda v: np.vstack([v, v * v]), (V,)),
        Form(lambda x, y: np.vstack((x, y[0], y[1, 0])), (X, Y)),
        Form(np.vstack, (X,)),
    ],
    "dstack": [
        Form(lambda v: np.dstack([v, v * v]), (V,)),
        Form(lambda x: np.dstack((x, np.ones((3, 4)))), (X,)),
        Form(lambda y: np.dstack([y, y]), (Y,)),
    ],
    "column_stack": [
        Form(lambda w, x: np.column_stack([w, x, [1.0, 2.0, 3.0]]), (W, X)),
        Form(lambda v: np.column_stack((v, v)), (V,)),
    ],
    "block": [
        Form(lambda x, w: np.block([[x, w[:, None]], [np.ones((1, 5))]]), (X, W)),
        Form(lambda v, w: np.block([v, w, 3.0]), (V, W)),
        Form(lambda y: np.block([[[y]], [[y * y]]]), (Y,)),
    ],
    "append": [
        Form(lambda x, v: np.append(x, v), (X, V)),
        Form(lambda x, y: np.append(x, y[0], axis=0), (X, Y)),
        Form(lambda v: np.append(v, 1.0), (V,)),
        Form(lambda v: np.append([1, 2], v), (V,)),
    ],
    "insert": [
        Form(lambda v: np.insert(v, 2, 9.0), (V,)),
        Form(lambda v, w: np.insert(v, 1, w), (V, W)),
        Form(lambda v, w: np.insert(v, [1, 1, 4], w), (V, W)),
        Form(lambda x, w: np.insert(x, 1, w, axis=1), (X, W)),
        Form(lambda x, w: np.insert(x, [1], w[:, None], axis=1), (X, W)),
        Form(lambda x: np.insert(x, -1, 3, axis=0), (X,)),
        Form(lambda x, v: np.insert(x, slice(0, 3, 2), v[:4], axis=0), (X, V)),
        Form(lambda x: np.insert(x, 5, x[0]), (X,)),
    ],
    "delete": [
        Form(lambda v: np.delete(v, 2), (V,)),
        Form(lambda x: np.delete(x, [0, -1], axis=1), (X,)),
        Form(lambda x: np.delete(x, slice(0, 2), 0), (X,)),
        Form(lambda x: np.delete(x, ROWS, 0), (X,)),
        Form(lambda x: np.delete(x, 3), (X,)),
    ],
    "splits": [
        Form(lambda v: np.array_split(v, 3), (V,)),
        Form(lambda x: np.array_split(x, 7, axis=1), (X,)),
        Form(lambda x: np.array_split(x, [1, 3], 1), (X,)),
        Form(lambda x: np.hsplit(x, 2), (X,)),
        Form(lambda v: np.hsplit(v, [2]), (V,)),
        Form(lambda x: np.vsplit(x, 3), (X,)),
        Form(lambda y: np.dsplit(y, [1, 2]), (Y,)),
    ],
}

CHOICES: dict[str, list[Form]] = {
    "select": [
        Form(lambda x: np.select([x > 1, x < -1], [x * x, -x], default=0.5), (X,)),
        Form(lambda x, w: np.select([ROWS[:, None], x > 0], [w[:, None], x]), (X, W)),
    ],
    "choose": [
        Form(lambda v, w: np.choose(np.array([0, 1, 1]), [v[:3], w]), (V, W)),
        Form(lambda x, z: np.choose(MASK.astype(int), (x, z)), (X, Z)),
    ],
    "compress": [
        Form(lambda x: np.compress([False, True, True], x, axis=0), (X,)),
        Form(lambda x: np.compress([True, False, False, True], x), (X,)),
        Form(lambda x: np.extract(MASK, x), (X,)),
    ],
    "clip": [
        Form(lambda x: np.clip(x, np.array([-1.0, -2.0, 0.0, -3.0]), 1.5), (X,)),
        Form(lambda x, w: np.clip(x, None, w[:, None]), (X, W)),
        Form(lambda x: np.clip(x, [[-0.5], [-1.0], [0.3]], np.full((3, 4), 1.1)), (X,)),
        Form(lambda x: np.clip(x, min=-1, max=1), (X,)),
        Form(lambda x, w: x.clip(w[:, None] - 5, 2), (X, W)),
        Form(lambda w: np.clip(np.array([0.1, 5.0, -9.0]), w - 1, w + 1), (spread(3),)),
    ],
}
