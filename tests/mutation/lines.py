"""Which tests run a line of the library, and how long they take: a plugin of pytest that measures it, and its answers.

``pytest -p tests.mutation.lines`` lets each of its processes write into the folder that the environment variable
``MUTATION_LINES`` names. Coverage.py sees the lines; what a test runs in a child process is not seen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from time import perf_counter

import coverage
import pytest

FOLDER = "MUTATION_LINES"
NO_TEST = ""
"""The context of what runs while modules are imported and tests are collected."""


class Lines:
    """What the tests of a folder's measurement ran.

    Attributes:
        seconds: how long each test that passes took, by its id.
    """

    def __init__(self, folder: Path) -> None:
        self.seconds: dict[str, float] = {}
        for path in folder.glob("*.json"):
            self.seconds |= json.loads(path.read_text(encoding="utf-8"))
        self._by_file: dict[str, list[str]] = {}
        for test in sorted(self.seconds, key=self.seconds.__getitem__):
            self._by_file.setdefault(test.partition("::")[0], []).append(test)
        self._data = [coverage.CoverageData(str(path)) for path in folder.glob("*.coverage")]
        for data in self._data:
            data.read()
        self._tests = lru_cache(maxsize=8)(self._tests_by_line)

    def running(self, file: str, span: range) -> list[str]:
        """The tests that ran a line of the span, quickest first."""
        tests = {test for by_line in self._tests(file) for line in span for test in by_line.get(line, ())}
        return sorted(tests & self.seconds.keys(), key=lambda test: (self.seconds[test], test))

    def within(self, path: str) -> list[str]:
        """The tests of a file of tests, quickest first."""
        return self._by_file.get(path, [])

    def quickest(self, tests: Iterable[str], most_s: float) -> list[str]:
        """As many of the first tests as fit into so many seconds; one that does not fit is left out."""
        chosen = []
        for test in tests:
            if self.seconds[test] <= most_s:
                most_s -= self.seconds[test]
                chosen.append(test)
        return chosen

    def _tests_by_line(self, file: str) -> list[dict[int, list[str]]]:
        names = [(data, name) for data in self._data for name in data.measured_files() if name.endswith(f"/{file}")]
        return [data.contexts_by_lineno(name) for data, name in names]


class Watch:
    """The plugin: each test is a context of coverage."""

    def __init__(self, folder: str, root: Path) -> None:
        self._process, self._seconds, self._failed = os.getpid(), dict[str, float](), set[str]()
        self._path = Path(folder, f"{self._process}.coverage")
        self._coverage = coverage.Coverage(str(self._path), source=[str(root / "tinygraph")], config_file=False)
        self._coverage.start()
        self._coverage.switch_context(NO_TEST)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """What runs until the test ends is its own."""
        self._coverage.switch_context(item.nodeid)
        start = perf_counter()
        try:
            return (yield)
        finally:
            self._seconds[item.nodeid] = perf_counter() - start
            self._coverage.switch_context(NO_TEST)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails without a mutant says nothing about one."""
        if report.failed:
            self._failed.add(report.nodeid)

    def pytest_unconfigure(self) -> None:
        """Write it; a child that a test has forked writes nothing."""
        if os.getpid() == self._process:
            self._coverage.stop()
            self._coverage.save()
            passed = {test: took for test, took in self._seconds.items() if test not in self._failed}
            self._path.with_suffix(".json").write_text(json.dumps(passed), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Watch where tests run: in each worker of pytest-xdist, or in the one process."""
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        config.pluginmanager.register(Watch(os.environ[FOLDER], config.rootpath))
