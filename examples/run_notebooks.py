"""Runs the notebooks in ``examples/notebooks`` and writes their outputs anew: ``python examples/run_notebooks.py``.

They are run as on a plain install: where llvmlite, matplotlib or Graphviz's program are there, they are not to be had.
Needs the extra ``notebooks``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").rglob("*.ipynb"))
EXTRAS = ("llvmlite", "matplotlib", "tqdm", "safetensors", "graphviz_pure", "PIL", "scipy")
"""What no notebook may need."""
Json = dict[str, Any]


def main() -> None:
    wanted = sys.argv[1:]
    for path in NOTEBOOKS:
        if not wanted or any(word in str(path) for word in wanted):
            path.write_text(written(executed(path)), encoding="utf-8")
            print(path.relative_to(ROOT), f"{path.stat().st_size / 1000:.0f} kB")


def executed(path: Path) -> Json:
    """The notebook with the outputs that a new kernel gives; raises what a cell raises."""
    import nbformat
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as folder:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}})
        client.execute(env=plain_install(Path(folder)))
        return tidied(json.loads(json.dumps(notebook)))


def plain_install(folder: Path) -> dict[str, str]:
    """An environment in which the extras' packages are not there, nor any program; products take one thread."""
    hidden = folder / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({EXTRAS}))\n")
    settings = {"PYTHONPATH": f"{hidden}{os.pathsep}{ROOT}", "PATH": "", "OPENBLAS_NUM_THREADS": "1"}
    return {**os.environ, **settings}


def tidied(notebook: Json) -> Json:
    """The notebook without what differs from run to run and from editor to editor; printed lines are joined."""
    for cell in notebook["cells"]:
        cell["metadata"] = {name: value for name, value in cell["metadata"].items() if name == "tags"}
        cell["source"] = in_lines(cell["source"])
        if "outputs" in cell:
            cell["outputs"] = [tidied_output(output) for output in joined(cell["outputs"])]
    return notebook


def joined(outputs: list[Json]) -> list[Json]:
    """What is printed comes in pieces, as the kernel was quick or slow."""
    whole: list[Json] = []
    for output in outputs:
        if whole and "name" in output and output["name"] == whole[-1].get("name"):
            whole[-1]["text"] += output["text"]
        else:
            whole.append(output)
    return whole


def tidied_output(output: Json) -> Json:
    """Of a table its HTML is kept: the text beside it may hold an address in memory."""
    if "text" in output:
        return {**output, "text": in_lines(output["text"])}
    data = output["data"]
    kept = [kind for kind in data if kind != "text/plain" or "text/html" not in data]
    return {**output, "metadata": {}, "data": {kind: in_lines(data[kind]) for kind in kept}}


def written(notebook: Json) -> str:
    """The text of the file: a line for each line of code and of output, so that changes can be read."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def in_lines(text: str | list[str]) -> list[str]:
    return "".join(text).splitlines(keepends=True)


if __name__ == "__main__":
    main()
