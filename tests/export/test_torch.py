"""`tg.export.torch`: modules of PyTorch beside PyTorch's own layers, its gradcheck and its optimizers."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.told import told

torch = pytest.importorskip("torch")

T, B, I, H = 5, 2, 3, 4  # noqa: E741  the axes' own letters


def drawn(*shape: int, dtype: Any = torch.float64, seed: int = 0) -> Any:
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def layer(cell: Any = tg.cells.LSTM, dtype: Any = np.float64, **options: Any) -> tg.Recurrent:
    return tg.Recurrent(cell(I, H, rng=0, dtype=dtype), **options)


def weighed(y: Any) -> Any:
    return (y * torch.arange(y.numel(), dtype=y.dtype).reshape(y.shape).cos()).sum()


@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-13), (torch.float32, 3e-6)])
@pytest.mark.parametrize("cell, theirs", [(tg.cells.LSTM, torch.nn.LSTM), (tg.cells.GRU, torch.nn.GRU)])
def test_values_and_gradients_are_those_of_pytorch(cell: Any, theirs: Any, dtype: Any, tolerance: float) -> None:
    module = tg.export.torch(layer(cell, str(dtype).partition(".")[2]))
    other = theirs(I, H).to(dtype)
    other.load_state_dict({f"{name}_l0": w for name, w in module.state_dict().items()})
    x, h, c = drawn(T, B, I, dtype=dtype), drawn(B, H, dtype=dtype, seed=1), drawn(B, H, dtype=dtype, seed=2)
    state = (h, c) if cell is tg.cells.LSTM else h
    y, last = module(x, state)
    y2, last2 = other(x, tuple(s[None] for s in state) if cell is tg.cells.LSTM else h[None])
    torch.testing.assert_close(y, y2, rtol=0, atol=tolerance)
    last, last2 = (last[1], last2[1][0]) if cell is tg.cells.LSTM else (last, last2[0])
    wrt = (x, h, c) if cell is tg.cells.LSTM else (x, h)
    ours = torch.autograd.grad(weighed(y) + weighed(last), [*wrt, *module.parameters()])
    expected = torch.autograd.grad(weighed(y2) + weighed(last2), [*wrt, *other.parameters()])
    for a, b in zip(ours, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=10 * tolerance)


def test_gradcheck_passes_for_inputs_state_and_parameters() -> None:
    module = tg.export.torch(layer(tg.cells.LEM))

    def run(x: Any, h: Any, c: Any, *weights: Any) -> Any:
        names = dict(zip(module.state_dict(), weights, strict=True))
        outputs, state = torch.func.functional_call(module, names, (x, (h, c)), {"lengths": [5, 2]})
        return outputs, *state

    point = drawn(T, B, I), drawn(B, H, seed=1), drawn(B, H, seed=2), *module.parameters()
    assert torch.autograd.gradcheck(run, point)


def test_names_numbers_and_buffers_are_the_layers_both_ways() -> None:
    net = tg.Recurrent(tg.cells.Stack.of(tg.cells.GRU, I, H, num_layers=2, bidirectional=True, rng=0)).freeze(
        "cells.1.*"
    )
    module = tg.export.torch(net)
    assert [*module.state_dict()] == [*net.state_dict()] and "cells.0.forward.weight_ih" in module.state_dict()
    assert [name for name, _ in module.named_parameters()] == [*net.parameters()]
    assert len([*module.buffers()]) == len(net.state_dict()) - len(net.parameters()) > 0
    other = tg.Recurrent(tg.cells.Stack.of(tg.cells.GRU, I, H, num_layers=2, bidirectional=True, rng=7))
    module.load_state_dict({name: torch.from_numpy(w) for name, w in other.state_dict().items()})
    x = np.ones((T, B, I), np.float32)
    np.testing.assert_allclose(module(torch.from_numpy(x))[0].detach(), other(x)[0].value, atol=1e-6)
    net.load_state_dict(module.state_dict())
    np.testing.assert_array_equal(net(x)[0].value, other(x)[0].value)


def test_an_optimizer_of_pytorch_trains_it_within_a_model_of_pytorch() -> None:
    torch.manual_seed(0)
    module = tg.export.torch(layer(tg.cells.LEM, np.float32))
    head = torch.nn.Linear(H, 1)
    optimizer = torch.optim.Adam([*module.parameters(), *head.parameters()], lr=0.05)
    x = drawn(T, 8, I, dtype=torch.float32).detach()
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = ((head(module(x)[0][-1])[:, 0] - x.sum((0, 2)).tanh()) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.2 * losses[0]


def test_only_what_needs_a_gradient_gets_one() -> None:
    module = tg.export.torch(layer())
    module.weight_ih.requires_grad_(False)
    x = drawn(T, B, I)
    weighed(module(x.detach())[0]).backward()
    assert x.grad is None and module.weight_ih.grad is None and module.weight_hh.grad is not None
    (needs,) = {needs for which, needs in module._halves._compiled if which == "backward"}
    assert needs == (False, True, True, True, False)
    with torch.no_grad():
        assert module(x)[0].grad_fn is None
    assert ("value", ()) in module._halves._compiled


def test_what_is_made_of_parameters_alone_is_computed_again_and_not_kept() -> None:
    W = tg.parameter(np.full((5, 4), 0.1), "W")
    module = tg.export.torch(lambda x: np.tanh(x @ np.exp(W)), parameters={"W": W})
    kept: list[tuple[int, ...]] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(tuple(t.shape)) or t, lambda t: t):
        module(drawn(3, 5)).sum().backward()
    assert sorted(kept) == [(3, 4), (3, 5), (5, 4)], "the output, the input and W, but not exp(W)"


def test_dropout_draws_once_for_both_halves_and_eval_ends_it() -> None:
    mask = tg.cells.Stack.of(tg.cells.RNN, I, H, num_layers=2, dropout=0.5, rng=0, dtype=np.float64)
    module = tg.export.torch(tg.Recurrent(mask))
    x = drawn(T, B, I)
    state = [s.detach() for s in module(x)[1]]
    outputs, _ = module(x, state)
    assert not torch.equal(outputs, module(x, state)[0])
    (slope,) = torch.autograd.grad(outputs[0, 0, 0], dict(module.named_parameters())["cells.1.bias_ih"])
    assert abs(float(slope[0]) - (1 - float(outputs[0, 0, 0].detach()) ** 2)) < 1e-12
    module.eval()
    assert torch.equal(module(x)[0], module(x)[0]) and not mask.training


def test_any_nesting_and_other_dtypes_come_and_go() -> None:
    w = tg.parameter(np.ones(3), "w")

    def fn(batch: dict[str, Any], power: int, scale: float = 2.0) -> Any:
        y = batch["x"] * w * scale
        return {"y": [y**power, (batch["rows"] + 1,)], "none": None, "where": batch["x"] > 0}

    module = tg.export.torch(fn, {"deep.w": w})
    x = drawn(3)
    results = module({"x": x, "rows": torch.tensor([1, 2])}, 2, scale=3.0)
    assert results["none"] is None and torch.equal(results["where"], x > 0)
    assert torch.equal(results["y"][1][0], torch.tensor([2, 3])) and not results["where"].requires_grad
    results["y"][0].sum().backward()
    torch.testing.assert_close(x.grad, 18 * x.detach())
    torch.testing.assert_close(dict(module.named_parameters())["deep.w"].grad, 18 * x.detach() ** 2)


def test_arrays_and_numbers_of_numpy_are_taken_as_tensors() -> None:
    module = tg.export.torch(lambda x, y, k: x * y * k)
    x = drawn(3)
    module(x, np.broadcast_to(2.0, 3), np.float64(3.0)).sum().backward()
    torch.testing.assert_close(x.grad, torch.full_like(x, 6.0))


def test_checkpointing_of_pytorch_runs_it_again() -> None:
    module, x = tg.export.torch(layer()), drawn(T, B, I)
    outputs, _ = torch.utils.checkpoint.checkpoint(module, x, use_reentrant=False)
    expected = torch.autograd.grad(weighed(module(x)[0]), x)[0]
    torch.testing.assert_close(torch.autograd.grad(weighed(outputs), x)[0], expected)


def test_hooks_weight_norms_and_half_of_the_results_work() -> None:
    module, x = tg.export.torch(layer()), drawn(T, B, I)
    plain = torch.autograd.grad(weighed(module(x)[1][1]), x)[0]
    torch.nn.utils.parametrizations.weight_norm(module, "weight_hh")
    torch.testing.assert_close(torch.autograd.grad(weighed(module(x)[1][1]), x)[0], plain)
    shapes: list[Any] = []
    module.register_forward_hook(lambda _, inputs, results: shapes.append(results[0].shape))
    module(x)
    assert shapes == [(T, B, H)]


def test_tensors_that_are_not_contiguous_are_read_right() -> None:
    module = tg.export.torch(layer())
    x = drawn(I, B, 2 * T)
    outputs, _ = module(x.permute(2, 1, 0)[::2])
    torch.testing.assert_close(outputs, module(x.permute(2, 1, 0)[::2].contiguous())[0])
    outputs.sum().backward()
    assert x.grad[:, :, ::2].abs().min() > 0 and not x.grad[:, :, 1::2].any()


def test_threads_share_a_module() -> None:
    module = tg.export.torch(layer())
    xs = [drawn(T, B, I, seed=k) for k in range(8)]

    def slope(x: Any) -> Any:
        return torch.autograd.grad(weighed(module(x)[0]), x)[0]

    alone = [slope(x) for x in xs]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            assert all(map(torch.equal, pool.map(slope, xs), alone))


def test_torch_compile_leaves_it_alone() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(I, I).double(), tg.export.torch(lambda x: tg.tanh(x) * 2.0))
    x, compiled = drawn(B, I), torch.compile(module, backend="eager")
    torch.testing.assert_close(compiled(x), module(x))
    torch.testing.assert_close(torch.autograd.grad(compiled(x).sum(), x), torch.autograd.grad(module(x).sum(), x))


def test_copies_and_pickles_are_modules_of_their_own() -> None:
    module = tg.export.torch(layer(tg.cells.GRU))
    x = drawn(T, B, I)
    expected = module(x)[0]
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        torch.testing.assert_close(other(x)[0], expected)
        with torch.no_grad():
            other.weight_ih.zero_()
        assert not torch.equal(other(x)[0], expected) and torch.equal(module(x)[0], expected)


def test_a_copy_of_a_functions_module_has_numbers_of_its_own() -> None:
    w = tg.parameter(np.ones(3, np.float32), "w")
    module = tg.export.torch(lambda z: z * w, {"w": w})
    copied = copy.deepcopy(module)
    with torch.no_grad():
        copied.w.add_(1)
    assert copied(torch.ones(3)).tolist() == [2, 2, 2] and module(torch.ones(3)).tolist() == [1, 1, 1]
    with pytest.raises(tg.GraphError, match=r"(?s)parameters of its own\n  got .*\n  fix "):
        pickle.dumps(module)


def test_what_was_changed_before_the_gradient_is_told() -> None:
    module = tg.export.torch(layer())
    outputs, _ = module(drawn(T, B, I))
    with torch.no_grad():
        module.weight_hh.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        outputs.sum().backward()


def test_a_second_derivative_is_refused() -> None:
    module, x = tg.export.torch(layer()), drawn(T, B, I)
    outputs = module(x)[0]
    (slope,) = torch.autograd.grad(outputs.sum(), x, create_graph=True)
    torch.testing.assert_close(slope.detach(), torch.autograd.grad(module(x)[0].sum(), x)[0])
    with pytest.raises(tg.GraphError, match=r"(?s)export\.torch: the gradient .* is differentiated.*tg\.grad"):
        (outputs.sum() + slope.norm()).backward()


@pytest.mark.parametrize(
    "words, call, lines",
    [
        ("another dtype.*torch.float64.*torch.float32.*x.to", lambda m: m(torch.zeros(T, B, I)), "egf"),
        ("has no dtype of ours", lambda m: m(torch.zeros(T, B, I, dtype=torch.bfloat16)), "egf"),
        ("is not in plain memory.*a dense tensor on cpu", lambda m: m(torch.zeros(T, B, I, device="meta")), "egf"),
        ("is not in plain memory", lambda m: m(torch.zeros(T, B, I).to_sparse()), "egf"),
        ("an array of the arguments has no numbers.*<U1", lambda m: m(np.array(["a"])), "g"),
        (
            "arguments has no numbers.*object",
            lambda m: m(torch.zeros(T, B, I), np.ones(2, object)),
            "g",
        ),
        ("input", lambda m: m(torch.zeros(T, B, I + 1, dtype=torch.float64)), "eg"),
        ("a node came where a tensor", lambda m: m(tg.constant(np.zeros((T, B, I)))), "gf"),
        ("a node came where a tensor", lambda m: tg.compile(m)(np.zeros((T, B, I))), "gf"),
        ("'weight_ih' has another dtype", lambda m: m.float()(torch.zeros(T, B, I)), "egf"),
    ],
)
def test_wrong_tensors_are_refused(words: str, call: Any, lines: str) -> None:
    with pytest.raises(tg.GraphError, match=f"(?s){words}") as refusal:
        call(tg.export.torch(layer()))
    assert told(refusal.value) == lines


def test_wrong_exports_are_refused() -> None:
    w = tg.parameter([1.0], "w")
    with pytest.raises(tg.GraphError, match=r"(?s)only what can be called.*\n  got .*\n  fix "):
        tg.export.torch(np.zeros(3))
    with pytest.raises(tg.GraphError, match=r"(?s)wrong entry\n  expected .*\n  got "):
        tg.export.torch(lambda x: x * w, {"w": w.value})
    with pytest.raises(tg.GraphError, match=r"(?s)have no names\n  expected .*\n  got "):
        tg.export.torch(lambda x: x * w, [w])
    with tg.nonfinite("raise"), pytest.raises(tg.GraphError, match=r"(?s)nonfinite does not look.*\n  fix "):
        tg.export.torch(layer())(drawn(T, B, I))
    with pytest.raises(tg.GraphError, match=r"(?s)'w'.*is no parameter of the module.*parameters="):
        tg.export.torch(lambda x: x * w)(drawn(1))
    for subject in (torch.nn.Linear(1, 1), tg.train.step(lambda x: tg.mean(x * w), [w], tg.train.SGD([w], 0.1))):
        with pytest.raises(tg.GraphError, match=r"(?s)only what can be called.*\n  got .*\n  fix "):
            tg.export.torch(subject)
    for name in ("training", "part.training", "", "part..w", "part."):
        with pytest.raises(tg.GraphError, match=r"(?s)no parameter of this name\n  expected .*\n  got "):
            tg.export.torch(lambda x: x * w, {name: w})
    for name in ("forward", "train", "_halves", "权重", "part.w", "w w"):
        module = tg.export.torch(lambda x: x * w, {name: w})
        assert [*module.state_dict()] == [name] and module(torch.ones(1, dtype=torch.float64)).item() == 1
    with pytest.raises(tg.GraphError, match=r"float16[\s\S]*module.float"):
        tg.export.torch(layer()).half()(drawn(T, B, I))
