"""A training step of recurrent cells written as plain ops against PyTorch, JAX and numpy by hand.

    python -m tests.bench.recurrent [--threads 1|2] [--cells LSTM GRU] [--sizes small large] [--quick]
                                    [--contenders native torch] [--clock cpu] [--markdown FILE]

What is timed stands in `recurrent_work`: float32, forward and backward, gradients of all parameters. All contenders
run in one process in turns; before the clock starts their gradients must agree to 1e-4 of the largest entry.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .machine import set_threads

CONTENDERS = ("native", "numpy", "eager", "torch", "torch_loop", "jax", "hand")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, choices=(1, 2), default=1, help="for every library")
    parser.add_argument("--cells", nargs="+", help="RNN GRU LSTM MGU")
    parser.add_argument("--sizes", nargs="+", help="seed minchar small mid zaremba large")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, help="all but eager by default")
    parser.add_argument("--seconds", type=float, default=5.0, help="aimed at for each cell and size")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: processor time, for one thread on a machine that others keep busy",
    )
    parser.add_argument("--quick", action="store_true", help="three rounds each, no first calls")
    parser.add_argument("--no-first-calls", action="store_true", help="leave out the fresh processes")
    parser.add_argument("--markdown", type=Path, help="write the tables there too, with machine, versions and date")
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    assert chosen.clock == "wall" or chosen.threads == 1, "processor time adds up over threads: --clock cpu is for one"
    set_threads(chosen.threads)
    from . import recurrent_report  # numpy, torch and jax read the number of threads when they are imported

    raise SystemExit(recurrent_report.run(chosen))


if __name__ == "__main__":
    main()
