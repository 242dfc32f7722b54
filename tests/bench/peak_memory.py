"""Peak memory of recurrent training steps: ours, what our plan predicted, and PyTorch's.

    python -m tests.bench.peak_memory [--threads 1|2] [--cells LSTM] [--sizes zaremba large]

Each is measured in a process of its own: parameters and data are there already, the libraries have run one small step;
counted is what three steps take over that. Bars: at most 1.2 times what the plan predicted, at most PyTorch's.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import subprocess
import sys

from .machine import description, set_threads

CONTENDERS = {"native": "tinygraph", "numpy": "tinygraph", "torch": "torch", "torch_loop": "torch", "jax": "jax"}
"""Contender -> the module of its steps."""


def one_process(cell: str, size: str, contender: str) -> dict[str, int | None]:
    """Bytes: peak over what was there before, and for ours what the plan predicted."""
    from .memory import peak_over
    from .recurrent_work import SIZES, work

    module = importlib.import_module(f"{__package__}.recurrent_{CONTENDERS[contender]}")
    module.CONTENDERS[contender](work(cell, SIZES["seed"]))()
    task = work(cell, SIZES[size])
    if CONTENDERS[contender] != "tinygraph":
        return {"peak": peak_over(module.CONTENDERS[contender](task)), "predicted": None}
    step = module.training_step(task, contender)
    peak = peak_over(lambda: step(task.xs, task.state, task.mix))
    return {"peak": peak, "predicted": step.plan.peak_bytes}


def measured(cell: str, size: str, contender: str, threads: int) -> dict[str, int | None] | str:
    """What `one_process` gives in a process of its own, or why it gave nothing."""
    command = [sys.executable, "-m", f"{__package__}.peak_memory", "--threads", str(threads)]
    done = subprocess.run([*command, "--child", cell, size, contender], capture_output=True, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout)
    errors = [line for line in done.stderr.splitlines() if re.match(r"[\w.]+(Error|Exception)\b", line)]
    return (errors or done.stderr.splitlines() or ["no reason given"])[-1]


def compare(cell: str, size: str, threads: int) -> list[str]:
    """Print one line a contender; gives the bars that are missed."""
    print(f"\n{cell} {size}, MiB over what was there before the step")
    found, missed = {}, []
    for contender in CONTENDERS:
        answer = measured(cell, size, contender, threads)
        if isinstance(answer, str):
            print(f"  {contender:<10} left out: {answer}")
            continue
        found[contender] = answer
        predicted = answer["predicted"]
        beside = "" if predicted is None else f"   predicted {predicted / 2**20:.1f}"
        print(f"  {contender:<10} {answer['peak'] / 2**20:8.1f}{beside}")
    for ours in {"native", "numpy"} & set(found):
        peak, predicted = found[ours]["peak"], found[ours]["predicted"]
        if peak > 1.2 * predicted:
            missed.append(f"{cell} {size}, {ours}: {peak / predicted:.2f} of what was predicted, bar 1.2")
        if "torch" in found and peak > found["torch"]["peak"]:
            missed.append(f"{cell} {size}, {ours}: {peak / found['torch']['peak']:.2f} of PyTorch's, bar 1")
    return missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, choices=(1, 2), default=1)
    parser.add_argument("--cells", nargs="+", default=["LSTM"])
    parser.add_argument("--sizes", nargs="+", default=["zaremba", "large"])
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    set_threads(chosen.threads)
    if chosen.child:
        print(json.dumps(one_process(*chosen.child)))
        return
    print(description(chosen.threads))
    missed = [line for size in chosen.sizes for cell in chosen.cells for line in compare(cell, size, chosen.threads)]
    print("\n" + ("Missed:\n" + "\n".join(f"- {line}" for line in missed) if missed else "No bar is missed."))
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
