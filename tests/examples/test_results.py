"""The command that runs the tasks: what it prints and writes, and what it says where data are missing."""

import importlib
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import results
import results_page

import tinygraph as tg
from models.task import MissingData, Result, Row


def task(budget, seed):
    """A task of a moment: w goes to 3."""
    w = tg.parameter(np.full(2, float(seed)))
    step = tg.train.step(lambda x: tg.sum((w - x) ** 2), w, tg.train.SGD(w, budget.falling(0.3)))
    tg.train.fit(step, [np.full(2, 3.0)], steps=budget.steps, callbacks=[budget], quiet=True)
    rows = (
        Row("held-out part", "metres", abs(3 - w.value[0]), bar=0.5, baselines={"zero": 3.0}),
        Row("share", "of all", 0.25, bar=0.9, higher=True),
    )
    state, _ = tg.unroll(lambda x, h: (np.tanh(x + h),) * 2, np.ones((3, 2)), tg.parameter(np.zeros(2), "h"))
    flow = tg.draw(tg.sum(state), "flow")
    return Result(rows, "Made data.", "A net.", (budget,), flow, seen="It fades.", sample="a line")


@pytest.fixture
def one_task(monkeypatch):
    module = type("module", (), {"__doc__": "A task.\n\nMore.", "STEPS_A_MINUTE": 10, "result": staticmethod(task)})
    load = importlib.import_module
    monkeypatch.setattr(importlib, "import_module", lambda name: module if name == "models.made" else load(name))
    monkeypatch.setattr(results, "TASKS", ("made",))
    return module


def test_a_run_prints_and_writes_page_picture_and_record(tmp_path, one_task, capsys):
    assert results.main(["made", "--seed", "1", "--no-clock", "--out", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert "zero 3; bar: below 0.5: reached" in printed and "bar: above 0.9: missed by 0.65" in printed
    assert "seed 1, 20 steps" in printed
    saved = json.loads((tmp_path / "results" / "made.json").read_text())
    assert (
        saved["steps"] == 20 and saved["seed"] == 1 and saved["rows"][0]["reached"] and not saved["rows"][1]["reached"]
    )
    assert ET.parse(tmp_path / "results" / "made.svg").getroot().tag.endswith("svg")
    page = (tmp_path / "results.md").read_text()
    assert "| [made](#made) | held-out part, metres | **" in page and "| no, by 0.65 |" in page
    assert "Seed 1; 2 minutes: 20 steps" in page and "It fades." in page and "```text\na line\n```" in page
    flow, (first, _) = tg.draw(tg.parameter(1.0) * 2), saved["rows"]
    row = Row(first["what"], first["unit"], first["figure"], first["bar"])
    one_task.result = staticmethod(lambda budget, seed: Result((row,), "", "", (budget,), flow))
    assert results.main(["--minutes", "0.5", "--no-clock", "--out", str(tmp_path)]) == 0
    both = (tmp_path / "results.md").read_text()
    assert "[made](#made) |" in both and "[made 0.5 minutes](#made-05-minutes) |" in both
    assert (tmp_path / "results" / "made-0.5-minutes.svg").exists()


def test_a_task_whose_data_are_missing_is_left_out_by_a_clear_line(tmp_path, one_task, capsys):
    def missing(budget, seed):
        raise MissingData("the data of this task come with the package banana", fix="python -m pip install banana")

    one_task.result = staticmethod(missing)
    assert results.main(["--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("made: left out: ") and "pip install banana" in error
    assert "made" not in (tmp_path / "results.md").read_text()


def test_every_task_is_a_module_of_its_own_with_its_figures_on_the_page():
    for name in results.TASKS:
        module = importlib.import_module(f"models.{name}")
        assert module.__doc__ and module.STEPS_A_MINUTE > 0 and callable(module.result) and callable(module.data)


def test_numbers_are_short():
    assert [results_page.number(x) for x in (1.94784, 0.98, 12345.6, 7)] == ["1.948", "0.98", "1.235e+04", "7"]


def test_the_page_of_the_documentation_is_made_of_its_records(tmp_path):
    """``python examples/results.py --page`` makes it anew."""
    records = results.records(results.DOCS / "results")
    assert len(records) >= 4
    assert (results.DOCS / "results.md").read_text(encoding="utf-8") == results_page.page(records)
    assert results.main(["--page", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "results.md").read_text(encoding="utf-8") == results_page.page([])
