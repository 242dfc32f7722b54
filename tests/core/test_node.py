"""Leaves, nodes, their labels and the errors of wrong calls."""

import threading

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.op import Spec


def test_leaves_copy_what_they_are_given():
    array = np.ones(3)
    p, c = tg.parameter(array, "p"), tg.constant(array)
    array[:] = 7
    assert p.value.tolist() == c.value.tolist() == [1, 1, 1]
    assert (p.op, p.inputs, p.grad, p.step, p.scope, p.origin, p.name) == (None, (), None, None, "", None, "p")


@pytest.mark.parametrize("field", ["op", "inputs", "attributes", "shape", "dtype", "step", "scope", "origin"])
def test_graph_fields_cannot_be_set(field):
    with pytest.raises(AttributeError):
        setattr(tg.tanh(tg.constant(1.0)), field, None)


@pytest.mark.parametrize(
    "make, value",
    [
        (tg.parameter, 3),
        (tg.parameter, [1, 2]),
        (tg.parameter, True),
        (tg.parameter, 1j),
        (tg.parameter, "a"),
        (tg.parameter, [[1.0], [1.0, 2.0]]),
        (tg.constant, "a"),
        (tg.constant, None),
        (tg.constant, 1j),
        (tg.constant, [tg.parameter(1.0)]),
    ],
)
def test_what_cannot_be_a_leaf(make, value):
    with pytest.raises(tg.GraphError):
        make(value)


@pytest.mark.parametrize("call", [tg.parameter, tg.constant, tg.exp, lambda nodes: tg.constant(1.0) * nodes])
def test_a_list_of_nodes_is_named_as_such_with_what_joins_them(call):
    with pytest.raises(tg.GraphError, match="list of nodes") as caught:
        call([tg.constant([1.0]), tg.constant([2.0])])
    assert (
        "tg.stack" in str(caught.value) and "2 in a list" in str(caught.value) and "test_node.py" in str(caught.value)
    )


def test_a_parameter_takes_a_value_of_its_own_kind_only():
    p = tg.parameter(np.ones((2, 2), np.float32), "W")
    for wrong in (np.ones(2, np.float32), np.ones((2, 2)), 1.0):
        with pytest.raises(tg.GraphError, match="'W'"):
            p.value = wrong
    p.value = p.value - np.float32(0.25)
    assert (p.value == 0.75).all() and p.value.dtype == np.float32


def test_python_numbers_are_weak_and_arrays_are_not():
    x = tg.constant(np.ones(2, np.float32))
    assert {(x * 2.0).dtype, (2 - x).dtype, (x**2).dtype, tg.where(x > 0, x, 0.0).dtype} == {np.dtype("f4")}
    assert (x * np.float64(2)).dtype == (x + np.ones(2)).dtype == np.float64
    assert (tg.constant([1, 2]) * 2).dtype == np.int64 and (tg.constant([1, 2]) * 0.5).dtype == np.float64


def test_labels_in_errors_name_op_node_and_step():
    h, w = tg.constant(np.ones((32, 64))), tg.parameter(np.ones((65, 128)), "W")
    with pytest.raises(tg.GraphError) as caught, tg.step(3):
        tg.matmul(h, w, name="h_proj")
    lines = str(caught.value).splitlines()
    assert lines[0] == "matmul 'h_proj' at step 3: inner sizes differ"
    assert [line.split()[0] for line in lines[1:]] == ["expected", "got", "fix"] and "(32, 64) @ (65, 128)" in lines[2]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: tg.tanh(),
        lambda x: tg.tanh(x, x),
        lambda x: tg.sum(x, 0, True, 1),
        lambda x: tg.sum(x, ax=0),
        lambda x: tg.add(x),
        lambda x: tg.stack([]),
        lambda x: tg.concatenate([x, x[0]]),
        lambda x: tg.reshape(x, (7,)),
        lambda x: tg.transpose(x, (0, 0)),
        lambda x: x[5],
        lambda x: x[0, 0, 0],
        lambda x: x["a"],
        lambda x: x[[0.5]],
        lambda x: tg.take(x, [9], axis=0),
        lambda x: x + np.ones(4),
        lambda x: tg.broadcast_to(x, (4, 3)),
        lambda x: tg.split(x, 2, axis=1),
        lambda x: tg.split(x, 2, axis=5),
        lambda x: tg.one_hot([3], 3),
        lambda x: tg.einsum("ij,jk->ik", x, x),
        lambda x: tg.einsum("ij,jk", x),
        lambda x: tg.softmax(x, axis=4),
        lambda x: len(tg.sum(x)),
        lambda x: tg.max(x[:0]),
    ],
)
def test_wrong_calls_raise_a_graph_error(call):
    with pytest.raises(tg.GraphError):
        call(tg.parameter(np.ones((2, 3))))


def test_settings_may_be_positional_as_in_numpy():
    x = tg.constant(np.arange(6.0).reshape(2, 3))
    assert tg.sum(x, 0).shape == (3,) and tg.sum(x, 1, True).shape == (2, 1) and tg.transpose(x, (1, 0)).shape == (3, 2)
    assert tg.concatenate([x, x], 1).shape == (2, 6) and tg.clip(x, 1, 2).value.max() == 2


def test_steps_and_scopes_nest_and_threads_do_not_share_them():
    seen = []
    with tg.scope("a"), tg.step(1):
        with tg.scope("b"), tg.step(2):
            inner = tg.tanh(tg.constant(0.0))
        thread = threading.Thread(target=lambda: seen.append(tg.tanh(tg.constant(0.0))))
        thread.start()
        thread.join()
        outer = tg.tanh(tg.constant(0.0))
    assert (inner.step, inner.scope, outer.step, outer.scope) == (2, "a/b", 1, "a")
    assert (seen[0].step, seen[0].scope) == (None, "")


def test_repr_and_format_show_the_number():
    x = tg.tanh(tg.constant(0.5), name="h")
    assert repr(x).startswith("<tanh 'h' () float64: 0.46") and f"{x:.3f}" == "0.462" and "tanh" in f"{x}"


def test_an_op_of_five_lines_has_everything():
    class Cube(tg.Op):
        def forward(self, x, scale=1.0):
            return scale * x * x * x

        def backward(self, gz, z, x, scale=1.0):
            return gz * 3 * scale * x * x

    cube = Cube()
    tg.check.gradients(lambda x: cube(x, 2.0), [np.array([0.5, -1.5])], order=3)
    assert cube.name == "cube" and cube.arity == 1 and cube.settings == ("scale",)
    assert cube.backward(np.ones(2), None, np.array([1.0, 2.0])).tolist() == [3, 12]
    assert cube.infer(Spec((4, 2), np.dtype("f4"))) == Spec((4, 2), np.dtype("f4"))
    assert cube.flops(Spec((4, 2), np.dtype("f4"))) == 8


def test_an_op_whose_rule_speaks_tinygraph_works_on_both_roads():
    class Twice(tg.Op):
        def forward(self, x):
            return x * x

        def backward(self, gz, z, x):
            return tg.multiply(gz, tg.multiply(x, 2.0))

    x = tg.parameter([3.0])
    tg.sum(Twice()(x)).backward()
    assert x.grad.tolist() == [6.0] and tg.grad(Twice()(x), x).value.tolist() == [6.0]


def test_ops_without_a_rule_say_so():
    class Half(tg.Op):
        def forward(self, x):
            return x / 2

    x = tg.parameter(1.0)
    with pytest.raises(tg.GraphError, match="half has no gradient"):
        tg.grad(Half()(x), x)


def test_a_python_number_takes_the_dtype_that_numpy_gives_it():
    x, n = tg.constant(np.ones(2, np.float32)), tg.constant(np.array([1, 2], np.int8))

    def constant_of(node):
        return node.inputs[-1].dtype

    assert constant_of(x + 2) == constant_of(x + 2.5) == np.float32 and constant_of(n + 2) == np.int8
    assert constant_of(n + 2.5) == np.float64 and constant_of(tg.add(1, 2)) == np.int64
    assert constant_of(tg.add(1.0, 2.0)) == np.float64
    assert constant_of(tg.equal(x, True)).kind == "b", "a boolean stays one beside floats"
    assert constant_of(tg.add(n, True)).kind == "b"


@pytest.mark.parametrize("number", [10**30, -(10**30), 1 << 64])
def test_an_integer_that_no_array_holds_is_refused(number):
    for call in (lambda: tg.add(number, 1), lambda: tg.constant([1, 2]) + number, lambda: tg.constant(number)):
        with pytest.raises(tg.GraphError):
            call()
    assert (tg.constant([1.0]) + 10**30).item() == 1e30
    with pytest.raises(tg.GraphError, match="an integer is too large"):
        tg.constant(np.array([1, 2], np.int8)) + 1000


def test_a_number_in_words_asks_for_one_element():
    assert f"{tg.constant([2.0]):.3f}" == "2.000" and int(tg.constant([4]).item()) == 4
    x = tg.constant([1.0, 2.0])
    for wrong in (
        lambda: f"{x:.2f}",
        x.item,
        lambda: bool(x),
        lambda: bool(tg.constant([])),
        lambda: f"{x[0]:nonsense}",
    ):
        with pytest.raises(tg.GraphError):
            wrong()
    assert [10, 20][tg.constant(1)] == 20
    for wrong in (lambda: [10][tg.constant(0.0)], lambda: range(x), lambda: [10][tg.constant([0])]):
        with pytest.raises(TypeError, match="not one integer"):
            wrong()


@pytest.mark.parametrize("wrong", [3, b"a", ["a"], ("a", "b")])
def test_a_name_is_a_text(wrong):
    for make in (tg.parameter, tg.constant, tg.tanh):
        with pytest.raises(tg.GraphError, match="name is a text"):
            make(1.0, name=wrong)
    with pytest.raises(tg.GraphError, match="name is a text"), tg.scope(wrong):
        pass


@pytest.mark.parametrize("wrong", [-1, 2.0, "1", None, True, [1]])
def test_a_step_is_a_whole_number(wrong):
    with pytest.raises(tg.GraphError, match=r"step: t is a whole number"), tg.step(wrong):
        pass
    with tg.step(np.int64(3)):
        assert tg.tanh(0.0).step == 3


def test_labels_show_eighty_characters_of_a_name():
    for count in (79, 80, 81, 500):
        kept = "n" * count if count <= 80 else "n" * 79 + "…"
        assert tg.constant(1.0, "n" * count).label() == f"constant '{kept}'"
        op = type(
            "O", (tg.Op,), {"name": "n" * count, "forward": lambda self, x: x, "backward": lambda self, gz, z, x: gz}
        )
        assert op()(1.0).label() == kept and repr(op()) == f"<op {kept}>"
    assert tg.constant(1.0, "").label() == tg.constant(1.0).label() == "constant"
