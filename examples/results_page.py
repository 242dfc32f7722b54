"""The page docs/results.md, made of the records of the tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]

HEAD = """# Results

Recurrent networks on data that come with Python or with a package, each trained by the kit of
[training.md](training.md), each a short file in `models/`, each beside baselines that are scored on the same held-out
data. One command trains them all again, two minutes each, and writes this page:

```sh
python -m pip install -e ".[train,fast,data]" && python examples/results.py
```

`python examples/results.py digits --minutes 5 --seed 1` trains one of them, longer, from another seed. A budget is no
more steps a minute than a quiet machine with two cores does, and the minutes themselves; the learning rate falls as it
is used up. With `--no-clock` the steps alone count. The figures depend on seed and steps; processor time is given for
orientation.
"""


def page(records: Sequence[Record]) -> str:
    """The page as Markdown: a table of all figures, and a part for each task."""
    head = "| task | figure of held-out data | result | baselines | bar | reached |\n|---|---|---|---|---|---|\n"
    table = "".join(line(record, row) for record in records for row in record["rows"])
    return "\n".join([HEAD, head + table, *map(part, records)])


def line(record: Record, row: Record) -> str:
    """A line of the table."""
    task = f"[{place(record).replace('-', ' ')}](#{place(record).replace('.', '')})"
    beside = ", ".join(f"{name} {number(figure)}" for name, figure in row["baselines"].items()) or "none"
    bar = f"{'above' if row['higher'] else 'below'} {number(row['bar'])}"
    missed = "yes" if row["reached"] else f"no, by {number(abs(row['figure'] - row['bar']))}"
    return f"| {task} | {row['what']}, {row['unit']} | **{number(row['figure'])}** | {beside} | {bar} | {missed} |\n"


def place(record: Record) -> str:
    """The name of the record's files: the task's, with the minutes where they are others than two."""
    return str(record.get("place", record["task"]))


def part(record: Record) -> str:
    """What was trained on what, for how long, what it wrote, and how far its gradients reach."""
    name, at = record["task"], place(record)
    took = f"{record['minutes']:g} minutes: {record['steps']:,} steps, {record['cpu_s']:,} s of processor time"
    texts = [f"## {at.replace('-', ' ')}\n\n{record['title']}\n", f"{record['data']} {record['net']}\n"]
    texts.append(f"Seed {record['seed']}; {took}. [The code](../models/{name}.py).\n")
    if record["sample"]:
        texts.append(f"```text\n{record['sample'].strip()}\n```\n")
    texts.append(f"![How far the gradients of {name} reach](results/{at}.svg)\n")
    if record["beside"]:
        texts.append(f"![The same of the network that cannot](results/{at}_beside.svg)\n")
    if record["seen"]:
        texts.append(f"{record['seen']}\n")
    return "\n".join(texts)


def number(x: float) -> str:
    """Four digits, without an exponent."""
    return f"{x:.4g}"
