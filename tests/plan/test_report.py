"""The table of a plan: every kind of action, loops in loops, work, traffic, units, forms and notes."""

import re
from html import unescape

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.plan.actions import Buffer, Call, Elementwise, Instruction, Product, Reduction, Repeat, View
from tinygraph.plan.report import amount, as_html, describe

F4 = np.dtype("f4")
T, B, H = 25, 2, 100


def view(buffer, *shape, strides=None, per_step=()):
    return View(buffer, 0, shape, strides or tuple(int(np.prod(shape[i + 1 :])) for i in range(len(shape))), per_step)


def chain(shape, loads, out, *names):
    """Ops of which each takes the last value twice, or once."""
    ops = [Instruction(name, (len(loads) + k - 1,), F4) for k, name in enumerate(names)]
    return Elementwise(shape, loads, tuple(ops), ((len(loads) + len(ops) - 1, out),))


@pytest.fixture
def plan():
    """h_t = tanh(h_{t-1} W + x_t + b) over T steps, and what is made of it."""
    x, W, b = Buffer("argument", T * B * H, F4), Buffer("parameter", H * H, F4), Buffer("parameter", H, F4)
    h, z, out = Buffer("scratch", (T + 1) * B * H, F4), Buffer("scratch", B * H, F4), Buffer("result", H, F4)
    row, zs = view(h, B, H, per_step=(B * H,)), view(z, B, H)
    product = Product(row, view(W, H, H), zs, (False, True))
    loads = (zs, view(x, B, H, per_step=(B * H,)), view(b, B, H, strides=(0, 1)))
    body = (product, chain((B, H), loads, row, "add", "add", "tanh"))
    inner = Repeat(3, 1, (Call(tg.ops.softmax, (zs,), {"axis": 0}, zs),))
    after = Reduction("sum", view(h, T + 1, B, H), view(out, H), (0, 1))
    return [Repeat(T, 0, (*body, inner)), after, chain((H,), (view(out, H),), view(out, H), "copy")], product


def table(text):
    """Cells of the table's rows, columns parted by two or more spaces."""
    lines = text.split("\n\n")[1].splitlines()
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


def test_every_row_of_a_plan(plan):
    actions, product = plan
    rows = table(describe(actions, forms={product: "packed 12.3 us"}))
    softmax = tg.ops.softmax.flops(tg.core.op.Spec((B, H), F4))
    loop = 25 * (2 * 2 * 100 * 100 + 3 * 200 + 3 * softmax)
    moved = 25 * 4 * (200 + 10_000 + 200 + 200 + 200 + 100 + 200 + 3 * 400)
    assert rows == [
        ["action", "shape", "work", "traffic", "form"],
        ["25 steps of", amount(loop, "FLOP"), amount(moved, "B")],
        ["product", "(2, 100) @ (100, 100)", "1.0 MFLOP", "1.0 MB", "packed 12.3 us"],
        ["add add tanh", "(2, 100)", "15.0 kFLOP", "70.0 kB"],
        ["3 steps of", amount(75 * softmax, "FLOP"), "120.0 kB"],
        ["softmax", "(2, 100) to (2, 100)", amount(75 * softmax, "FLOP"), "120.0 kB"],
        ["sum", "(26, 2, 100) over axis 0, 1", "5.2 kFLOP", "21.2 kB"],
        ["copy", "(100,)", "0 FLOP", "800 B"],
    ]


def test_what_is_in_a_loop_is_indented(plan):
    lines = describe(plan[0]).split("\n\n")[1].splitlines()
    assert [len(line) - len(line.lstrip()) for line in lines] == [0, 0, 4, 4, 4, 8, 0, 0]


def test_numbers_end_in_one_column(plan):
    lines = describe(plan[0]).split("\n\n")[1].splitlines()
    assert len({line.index("FLOP") + 4 for line in lines[1:]} | {lines[0].index("work") + 4}) == 1


def test_the_head_sums_up(plan):
    head = describe(plan[0], backend="numpy", peak_bytes=3_400_000, elapsed_s=1e-3).splitlines()
    softmax = tg.ops.softmax.flops(tg.core.op.Spec((B, H), F4))
    flops = 25 * (40_000 + 600 + 3 * softmax) + 5200
    assert head[0] == (
        f"plan for numpy: {amount(flops, 'FLOP')} at {amount(flops * 1000, 'FLOP/s')}, 5 actions, "
        "peak memory 3.4 MB (predicted)"
    )
    assert head[1] == "buffers: 1 argument 20.0 kB, 2 parameters 40.4 kB, 1 result 400 B, 2 scratch 21.6 kB"


def test_scratch_buffers_that_share_bytes_are_counted_once():
    buffers = [Buffer("scratch", 100, F4, offset_bytes=at) for at in (0, 448, 0)]
    actions = [chain((100,), (view(b, 100),), view(b, 100), "tanh") for b in buffers]
    assert describe(actions).splitlines()[1] == "buffers: 3 scratch in 848 B"


def test_notes_stand_below():
    text = describe([], notes=["matmul (25, 100) is done once for all 25 steps", "3 products joined"])
    assert text.splitlines()[-3:] == [
        "changed by the passes:",
        "  matmul (25, 100) is done once for all 25 steps",
        "  3 products joined",
    ]
    assert "changed" not in describe([]) and "buffers: none" in describe([])


def test_a_long_chain_is_shortened():
    x = view(Buffer("scratch", 3, F4), 3)
    for names, shown in ((["tanh"] * 6, "tanh " * 6), (["tanh"] * 5 + ["exp"] * 7, "tanh " * 5 + "and 7 more ")):
        assert table(describe([chain((3,), (x,), x, *names)]))[1][0] == shown.strip()
    assert table(describe([Elementwise((3,), (x,), (), ((0, x),))]))[1][0] == "copy"


def test_reductions_of_a_pass_are_named_and_counted_with_its_ops():
    x, row = view(Buffer("scratch", 40, F4), 4, 10), view(Buffer("scratch", 4, F4), 4)
    for free in ("copy", "astype", "stop_gradient", "broadcast_to"):
        ops = tuple(Instruction(name, (k,), F4) for k, name in enumerate(("exp", free)))
        action = Elementwise((4, 10), (x,), ops, (), (("sum", 1, row), ("max", 2, row)))
        assert table(describe([action]))[1] == [f"exp {free} sum max", "(4, 10)", "120 FLOP", "192 B"]


def test_an_op_is_not_run_for_its_flops():
    class Never(tg.Op):
        def forward(self, x):
            raise AssertionError("run")

    x = view(Buffer("scratch", 6, F4), 2, 3)
    assert table(describe([Call(Never(), (x,), {}, x)]))[1] == ["never", "(2, 3) to (2, 3)", "6 FLOP", "48 B"]


def test_repeated_numbers_and_no_numbers_are_not_traffic():
    one, none, z = Buffer("constant", 1, F4), Buffer("scratch", 0, F4), Buffer("scratch", 40, F4)
    spread = View(one, 0, (4, 10), (0, 0))
    assert table(describe([chain((4, 10), (spread,), view(z, 4, 10), "copy")]))[1][-1] == "164 B"
    empty = View(none, 0, (0, 10), (0, 1))
    assert table(describe([chain((0, 10), (empty,), empty, "tanh")]))[1][-1] == "0 B"


@pytest.mark.parametrize(
    "number, text",
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (2_500_000, "2.5 MB"),
        (3.21e9, "3.2 GB"),
        (4e12, "4.0 TB"),
        (5e15, "5000.0 TB"),
        (999.7, "1.0 kB"),
    ],
)
def test_amounts(number, text):
    assert amount(number, "B") == text


def test_html_says_what_the_text_says(plan):
    actions, product = plan
    facts = {"forms": {product: "packed <1> us"}, "peak_bytes": 3e6, "elapsed_s": 25e-6, "backend": "numpy"}
    for notes in ((), ("one product & more", "another")):
        html = as_html(actions, notes=notes, **facts)
        told = unescape(re.sub(r"<[^>]+>", " ", html)).split()
        assert told == describe(actions, notes=notes, **facts).split(), html
        assert html.count("<tr>") == len(table(describe(actions))) + len(notes)


def test_the_work_of_an_op_that_knows_it_is_the_ops_own_and_of_others_a_result_each():
    a, b, out = (Buffer("scratch", n, F4) for n in (24, 60, 30))
    views = view(a, 2, 3, 4), view(b, 2, 4, 5), view(out, 2, 3, 5)
    matmul = Call(tg.ops.matmul, views[:2], {}, views[2])
    taken = Call(tg.ops.cumsum, views[:1], {"axis": 1}, views[0])
    rows = table(describe([matmul, taken], forms={}))
    assert rows[1][2] == amount(2 * 2 * 3 * 4 * 5, "FLOP") and rows[1][1] == "(2, 3, 4), (2, 4, 5) to (2, 3, 5)"
    assert rows[2][2] == amount(24, "FLOP")
