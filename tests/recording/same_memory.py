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


def einsum_diagonal_written(w):
    x = np.ones((3, 3)) * w
    np.einsum("ii->i", x)[...] = np.arange(3.0)
    d = np.einsum("ii->i", x[:2, 1:])
    d *= w
    return np.sum(x * np.arange(9.0).reshape(3, 3))


def einsum_diagonals_of_a_stack(w):
    x = np.ones((2, 3, 3)) * w
    d = np.einsum("...ii->...i", x)
    d[1] = w * w
    x[0, 2] = np.arange(3.0)
    return np.sum(d * np.arange(6.0).reshape(2, 3)) + np.sum(x[1, 0])


def einsum_turned_written(w):
    x = np.ones((2, 3, 4)) * w
    before = x * 2.0
    turned = np.einsum("ijk->kij", x)
    turned[1, 0] = [1.0, w, 2.0]
    np.einsum("...", x)[1, 1] = 0.5
    np.einsum("ji", x[0])[:, 0] += w
    x[0, 0, 0] = w**3
    return np.sum(turned * np.arange(24.0).reshape(4, 2, 3)) + np.sum(before)


def einsum_sums_are_new(w):
    x = np.ones((3, 3)) * w
    for z in (np.einsum("ij->i", x), np.einsum("ij,ij->ij", x, x), np.einsum("ii", x)):
        z += 1.0
    return np.sum(x)


def a_reshape_of_no_axes_written(w):
    x = np.ones(3) * w
    x[1:2].reshape(())[...] = 5.0
    z = np.squeeze(x[2:])
    z += w
    turned = x[0, ...].T
    turned *= 3.0
    return np.sum(x * np.arange(1.0, 4.0)) + z * isinstance(z, np.ndarray)


def a_reshape_of_no_axes_read_later(w):
    x = np.ones((1, 1)) * w
    z, number = x.squeeze(), x[0, 0]
    x[0, 0] = w**2
    return z * 1.0 + number


def numbers_of_functions_have_one_name(w):
    x = np.arange(4.0) * w
    numbers = [np.inner(x, x), np.median(x), np.quantile(x, 0.3), np.linalg.norm(np.outer(x, x), 1)]
    numbers += [np.subtract.reduce(x), np.choose(1, [x[1], x[2]])]
    total = 0.0
    for number in numbers:
        same = number
        number += 1.0
        total += number * same + isinstance(same, np.ndarray)
    return total


def added(a, b):
    a += b


def an_array_made_of_a_number(w):
    total = 0.0
    for make in (np.array, np.asarray, np.asanyarray, np.copy, lambda x: np.full((), x), lambda x: np.full_like(x, x)):
        number = w * 2.0
        x = make(number)
        added(x, w)
        same = x
        x *= 2.0
        total += same * number * isinstance(x, np.ndarray) * (not np.isscalar(x))
    return total


def a_number_of_an_array_stays(w):
    x, y = np.zeros(()), np.zeros((1, 1))
    x += w
    y += w
    numbers = [float(x), x.item(), x.tolist(), x[()], float(y[0, 0]), y.item(), y.tolist()[0][0]]
    x += 1.0
    y[...] = 7.0
    return sum(numbers) * x


def a_buffer_of_a_list(w):
    x, y = np.asarray([0.0, 0.0]), np.asarray((1, 2))
    x[1] = w
    return np.sum(x) * y[1] + np.ascontiguousarray(w).shape[0]


def results_that_stretch(w):
    x, y = np.zeros((2, 3)), np.ones((2, 3))
    np.add(np.arange(3.0) * w, 1.0, out=x)
    np.multiply(w, w, out=y[1:])
    np.matmul(np.ones((2, 1)) * w, y[1:], y)
    return np.sum(x * np.arange(6.0).reshape(2, 3)) + np.sum(y)


def two_results(w):
    x, y, z = np.zeros(3), np.zeros(3), np.zeros(3)
    np.modf(np.arange(3.0) * 0.7 * w, x, y)
    whole, rest = np.divmod(np.arange(3.0) + w, 0.7, out=(None, z))
    return np.sum(x * np.arange(3.0)) + np.sum(y) + np.sum(whole) + np.sum(z) * (rest is z)


def new_arrays_that_hold_the_same(w):
    total = 0.0  # numpy copies, also where there is nothing to do
    for make in SAME:
        x = np.arange(9.0).reshape(3, 3) * w
        y = make(x)
        y[0] = 5.0
        x[1, 1] = w * w
        total += np.sum(x * np.arange(9.0).reshape(3, 3)) + np.sum(y * y)
    return total


SAME = [
    lambda x: np.roll(x, 0),
    lambda x: np.roll(a=x, shift=3, axis=0),
    lambda x: np.pad(x, 0),
    lambda x: np.block(x),
    lambda x: np.conjugate(x),
    lambda x: np.asarray(x, copy=True),
    lambda x: np.meshgrid(x[0], x[1], sparse=True)[0].repeat(3, axis=0),
]


def grids_that_show_and_grids_that_do_not(w):
    x = np.arange(3.0) * w
    shown, copied = np.meshgrid(x, x, copy=False)[0], np.meshgrid(x, x, sparse=True)[0]
    wide = np.broadcast_arrays(x, np.ones((2, 1)))[0]
    x[1] = w * w
    return np.sum(shown) + np.sum(copied) * 3.0 + np.sum(wide) * 5.0


PROGRAMS = [
    new_arrays_that_hold_the_same,
    grids_that_show_and_grids_that_do_not,
    einsum_diagonal_written,
    einsum_diagonals_of_a_stack,
    einsum_turned_written,
    einsum_sums_are_new,
    a_reshape_of_no_axes_written,
    a_reshape_of_no_axes_read_later,
    numbers_of_functions_have_one_name,
    an_array_made_of_a_number,
    a_number_of_an_array_stays,
    a_buffer_of_a_list,
    results_that_stretch,
    two_results,
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
