"""What is written into a result shows in its argument, and the other way round, where numpy's does, or is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.recording.record import own, root

ARRAYS = {
    "x": np.arange(12.0).reshape(3, 4) / 7 - 0.8,
    "v": np.array([0.9, -1.4, 0.35, 2.1]),
    "m": np.arange(9.0).reshape(3, 3) / 5 + np.eye(3),
    "t": np.cos(np.arange(24.0)).reshape(2, 3, 4),
}
WORDS = """
    np.conj(x)  np.conjugate(x)  x.conj()  np.real(x)  x.real  +x  np.positive(x)  np.roll(x,0)
    np.roll(x,4,1)  np.roll(x,(0,3),(0,0))  np.roll(x,())  np.roll(a=x,shift=12)  np.pad(x,0)  np.pad(v,(0,0))
    np.pad(x,0,mode='edge')  np.pad(array=x,pad_width=0)  np.einsum('ij->ji',x)  np.einsum('ii->i',m)
    np.einsum('ij',x)  np.einsum('i...->i...',x)  np.einsum('ij->i',x)  np.einsum('ij,ij->ij',x,x)
    np.meshgrid(v,v)  np.meshgrid(v,v,copy=False)  np.meshgrid(v)  np.meshgrid(v,copy=False)
    np.meshgrid(v,v,sparse=True)  np.meshgrid(v,v,sparse=True,copy=False)  np.reshape(x,(4,3))
    np.reshape(x,(4,3),copy=True)  np.reshape(x,-1,order='F')  x.reshape(2,6)  x.T.reshape(-1)
    np.broadcast_arrays(x,x)  np.broadcast_arrays(x,v)  np.broadcast_to(v,(2,4))  np.broadcast_to(x,(3,4))
    np.block(x)  np.block([x])  np.block([[x],[x]])  np.hstack([x])  np.vstack([v])  np.dstack([t])
    np.stack([v])  np.concatenate([x])  np.concatenate([x],axis=None)  np.column_stack([x])  np.append(v,[])
    np.tile(x,1)  np.tile(v,())  np.repeat(x,1,0)  np.diff(x,0)  np.diff(x,n=0)  np.rot90(x,0)  np.rot90(x,4)
    np.rot90(x)  np.rot90(x,2)  np.flip(x)  np.flip(x,())  np.flipud(x)  np.fliplr(x)  np.tril(x,9)
    np.triu(x,-9)  np.delete(x,[],0)  np.clip(x,-99,99)  np.round(x,20)  np.around(x)  np.nan_to_num(x)
    np.asarray(x)  np.ascontiguousarray(x)  np.asfortranarray(x)  np.array(x)  np.copy(x)  x.copy()
    x.flatten()  x.ravel()  np.ravel(x)  np.ravel(x,order='F')  x.T  x.T.T  np.transpose(x)
    np.permute_dims(x)  np.matrix_transpose(x)  np.swapaxes(x,0,0)  np.moveaxis(x,0,1)  np.moveaxis(x,0,0)
    np.rollaxis(x,1)  np.rollaxis(x,0)  np.squeeze(x)  np.squeeze(x[None])  np.expand_dims(x,0)
    np.atleast_1d(x)  np.atleast_1d(v,x)  np.atleast_2d(v)  np.atleast_3d(v)  np.split(x,1)
    np.array_split(x,1)  np.hsplit(x,2)  np.vsplit(x,1)  np.dsplit(t,2)  np.unstack(x)  np.diag(v)
    np.sum(x,axis=())  np.max(x,axis=())  np.mean(x,axis=())  np.where(True,x,0)  np.select([x>-99],[x])
    np.take(x,[0,1,2],0)  x[:]  x[...]  x[0]  x[[0,1,2]]  x[None]  np.sort(v)  np.partition(v,0)
    np.maximum(x,-99)  x*1  x+0  x**1  np.dot(x,1)  np.dot(1,x)  np.inner(x,1)  np.kron(1,x)  np.outer(v,1)
    np.tensordot(x,np.ones(()),0)  np.linalg.matrix_power(m,1)  np.linalg.matrix_power(m,2)  x.astype(float)
    x.astype(float,copy=False)  x.astype('f4')  np.astype(x,float)  np.astype(x,float,copy=False)
    x.clip(-99,99)  x.round(3)  x.repeat(1,0)  x.swapaxes(0,1)  np.apply_along_axis(np.copy,1,x)
    np.apply_over_axes(np.sum,x,())  np.lib.stride_tricks.sliding_window_view(v,2)  np.extract(x>-99,x)
    np.compress([1,1,1],x,axis=0)  np.choose(np.zeros((3,4),int),[x,x])  np.interp(v,v,v)  np.unwrap(v)
    np.convolve(v,[1.0])  np.ediff1d(v)  np.resize(x,(3,4))  np.average(x,axis=())  np.cross(m,m)  np.cov(x)
"""
CALLS = WORDS.split()  # no call has a space
PROGRAMS = """
def into_the_result(x, v, m, t):
    x, v, m, t = np.array(x), np.array(v), np.array(m), np.array(t)
    z = CALL
    for z in z if isinstance(z, (tuple, list)) else [z]:
        z[...] = 7.0
    return [np.copy(y) for y in (x, v, m, t)]

def into_the_argument(x, v, m, t):
    x, v, m, t = np.array(x), np.array(v), np.array(m), np.array(t)
    z = CALL
    for y in (x, v, m, t):
        y[...] = 7.0
    return [y * 1.0 for y in (z if isinstance(z, (tuple, list)) else [z])]
"""


def writes(program: Any) -> Any:
    """What came of the program, or the refusal; numpy's beside it."""
    try:
        got = tg.recorded(program)(*map(tg.parameter, ARRAYS.values()))
    except tg.GraphError as error:
        return error
    right = program(*ARRAYS.values())
    for z, expected in zip(got, right, strict=True):
        assert z.shape == np.shape(expected)
        np.testing.assert_allclose(z.value, expected, 1e-12)
    return None


def test_writes_show_where_numpys_do() -> None:
    """Refused are few: what shows another array without a way to write through it, or lies in an unknown order."""
    wrong, refused = [], []
    for call in CALLS:
        names: dict[str, Any] = {"np": np, "__name__": "a_file", "__builtins__": __builtins__}
        exec(PROGRAMS.replace("CALL", call), names)
        for program in (names["into_the_result"], names["into_the_argument"]):
            try:
                refused += [call] if writes(program) else []
            except AssertionError:
                wrong.append(f"{program.__name__}: {call}")
    assert not wrong, wrong
    assert len(refused) < 40, refused


def turned_in_memory(w: Any, order: str, dtype: Any) -> Any:
    x = np.array(w)
    y = x.T.astype(dtype, order=order)
    row = y.reshape(-1)
    y[0] = 5.0
    return row * 1.0 + np.sum(y)


@each("dtype", [np.float64, np.float32])
@each("order", ["C", "F", "K"])
def test_astype_lies_as_it_was_asked_to(order: str, dtype: Any) -> None:
    w = ARRAYS["x"]
    z = tg.recorded(turned_in_memory)(tg.parameter(w), order, dtype)
    np.testing.assert_allclose(z.value, turned_in_memory(w, order, dtype), 1e-6)
    with pytest.raises(tg.GraphError, match="it may be the array or a copy"):
        tg.recorded(lambda x: x.astype(dtype, order="C", copy=False))(tg.parameter(w))


DIAGONALS: dict[str, Any] = {
    "square": lambda h, w: np.fill_diagonal(h[:3], w),
    "wide": lambda h, w: np.fill_diagonal(h[:2], w),
    "tall": lambda h, w: np.fill_diagonal(h, w),
    "tall, again from the top": lambda h, w: np.fill_diagonal(h, w, wrap=True),
    "of a cube": lambda h, w: np.fill_diagonal(h[:8].reshape(2, 2, 6)[..., :2], w),
}


@each("name", DIAGONALS)
def test_diagonals_are_filled_as_numpys(name: str) -> None:
    def fill(w: Any) -> Any:
        h = np.zeros((9, 3))
        DIAGONALS[name](h, w * 2.0)
        return h * (1.0 + np.arange(3.0))

    w = tg.parameter(0.75)
    z = tg.recorded(fill)(w)
    np.testing.assert_array_equal(z.value, fill(0.75))
    assert tg.grad(tg.sum(z), w).item() == np.sum(fill(1.0))


def test_what_numpys_writers_refuse_is_refused() -> None:
    calls: list[Any] = [
        lambda w: np.fill_diagonal(np.zeros((2, 3, 3)) + w, w),
        lambda w: np.fill_diagonal(np.zeros(3) + w, w),
        lambda w: np.copyto(np.zeros(3, np.float32), np.ones(3) * w, casting="no"),
        lambda w: np.copyto(np.zeros(3, np.float32), np.ones(3) * w, casting="safe"),
        lambda w: np.partition(np.ones(3) * w, 1, order="a"),
    ]
    for call in calls:
        with pytest.raises((TypeError, ValueError)):
            call(2.0)
        with pytest.raises(tg.GraphError):
            tg.recorded(call)(tg.parameter(2.0))
    for casting in ("same_kind", "unsafe"):
        tg.recorded(lambda w, c=casting: np.copyto(np.zeros(3, np.float32), np.ones(3) * w, c))(tg.parameter(2.0))


@tg.recorded
def views_of_one(x: Any) -> Any:
    h = np.zeros((3, 2))
    h[0] = x
    views: list[Any] = []
    for k in range(9):
        views = [h[k % 3]]
    assert len(own(root(h)).views) <= 3
    assert [view() for view in own(root(h)).views][-1] is views[0]
    return h


def test_views_that_nobody_holds_are_not_kept() -> None:
    views_of_one(tg.parameter(np.ones(2)))
