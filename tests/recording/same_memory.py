"""Small programs in which it matters what is a view, what a copy, and how an array lies in memory."""

import numpy as np


def astype_without_a_copy(w):
    x = np.zeros((2, 3))
    y = x.astype(float, copy=False)
    y[0] = w
    return np.sum(x)


def broadcast_shows_later_writes(w):
    x = np.zeros(3) + w
    y = np.broadcast_to(x, (2, 3))
    x[0] = 0
    return np.sum(y)


def ascontiguousarray_is_the_array(w):
    x = np.copy(np.ones((2, 3)))
    y = np.ascontiguousarray(x)
    y[0] = w
    return np.sum(x)


def asarray_in_another_order_copies(w):
    x = np.ones((2, 3)) * w
    y = np.asarray(x, order="F")
    y[0] = 0
    return np.sum(x)


def an_array_of_no_axes(w):
    total = np.array(0.0)
    same = total
    total += w
    return same * 1.0


def a_view_of_no_axes_written(w):
    x = np.zeros((2, 2))
    z = x[1, 1, ...]
    z[...] = w
    return np.sum(x)


def a_view_of_no_axes_added_to(w):
    x = np.zeros((2, 2))
    z = x[1, 1, ...]
    z += w
    return np.sum(x)


def a_view_of_no_axes_read_later(w):
    x = np.zeros((2, 2))
    z = x[1, 1, ...]
    x[1, 1] = w
    return z * 1.0


def copy_of_a_transpose(w):
    x = (np.ones((2, 3)) * w).T.copy()
    x.ravel()[0] = 0
    return np.sum(x)


def sorted_transpose(w):
    a = np.ones((2, 3)) * w
    x = np.sort(a.T, axis=0)
    x.ravel()[0] = 0
    return np.sum(x)


def zeros_like_a_transpose(w):
    a = np.ones((2, 3)) * w
    x = np.zeros_like(a.T)
    x.ravel()[0] = w
    return np.sum(x) + 0 * w


def np_copy_in_order_c(w):
    a = np.ones((2, 3)) * w
    x = np.copy(a.T, order="C")
    x.ravel()[0] = 0
    return np.sum(x)


def columns_by_a_list(w):
    x = (np.ones((2, 3)) * w)[:, [0, 1]]
    x.ravel()[0] = 0
    return np.sum(x)


def einsum_turned(w):
    a = np.ones((2, 3)) * w
    x = np.einsum("ij->ji", a)
    x.ravel()[0] = 0
    return np.sum(x)


def product_turned(w):
    m = np.ones((2, 3)) * w
    x = m @ m.T
    x.T.reshape(-1)[0] = 0
    return np.sum(x)


def instance_of_ndarray(w):
    x = np.ones(2) * w
    return np.sum(x) * (2.0 if isinstance(x, np.ndarray) else 1.0)


def full_of_a_node(w):
    A = np.ones(3)
    x = np.full_like(A, w)
    x[0] += w
    return np.sum(x)


def putmask(w):
    x = np.ones((3, 4)) * w
    np.putmask(x, np.arange(12).reshape(3, 4) < 6, 0.1 * x)
    return np.sum(x)


PROGRAMS = [
    astype_without_a_copy,
    broadcast_shows_later_writes,
    ascontiguousarray_is_the_array,
    asarray_in_another_order_copies,
    an_array_of_no_axes,
    a_view_of_no_axes_written,
    a_view_of_no_axes_added_to,
    a_view_of_no_axes_read_later,
    copy_of_a_transpose,
    sorted_transpose,
    zeros_like_a_transpose,
    np_copy_in_order_c,
    columns_by_a_list,
    einsum_turned,
    product_turned,
    instance_of_ndarray,
    full_of_a_node,
    putmask,
]
