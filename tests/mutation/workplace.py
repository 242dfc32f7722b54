"""A copy of the repository in which one mutant after the other is tested, by a process that forks for each."""

from __future__ import annotations

import importlib
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from .lines import Lines
from .mutants import ROOT, Mutant
from .suite import suites

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "*.egg-info", "build", "dist")
WARM = (
    "concurrent.futures",
    "html",
    "hypothesis.strategies",
    "inspect",
    "numpy.testing",
    "pytest",
    "xml.etree.ElementTree",
)
"""What most tests import, and the library under test has no part in: read once, not for each mutant."""
PASSED, NOTHING = 0, 5
LEAST_S = 60.0
"""A mutant's tests may take so long, and five times what they take without it."""
MOST_BYTES = 8 << 30
"""A mutant that fills the memory must not stop the machine; gcc's sanitizers need more, their tests are left out."""
OPTIONS = (
    "-x",
    "-q",
    "-n",
    "0",
    "-p",
    "no:cacheprovider",
    "-k",
    "not sanitized",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
)


def copied(folder: Path) -> Path:
    """A copy of the repository in a new folder."""
    folder.mkdir()
    return Path(shutil.copytree(ROOT, folder / "copy", ignore=LEFT_OUT))


class Workplace:
    """A copy, and the one process that works there.

    Args:
        root: the copy.
        lines: which test runs which line.
    """

    def __init__(self, root: Path, lines: Lines) -> None:
        self._root, self._lines = root, lines
        for name in WARM:
            importlib.import_module(name)

    def verdict(self, mutant: Mutant) -> str:
        """``"caught"``, ``"timeout"`` or ``"survived"``."""
        file = self._root / mutant.file
        text, status = file.read_text(encoding="utf-8"), file.stat()
        file.write_text(mutant.applied(text), encoding="utf-8")
        try:
            return self._tried(mutant)
        finally:
            file.write_text(text, encoding="utf-8")
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # so that its compiled form is that of the text

    def _tried(self, mutant: Mutant) -> str:
        for tests in filter(None, suites(mutant, self._lines)):
            code = self._run(tests, LEAST_S + 5 * sum(self._lines.seconds.get(test, 0.0) for test in tests))
            if code is None:
                return "timeout"
            if code not in (PASSED, NOTHING):
                return "caught"
        return "survived"

    def _run(self, tests: list[str], limit_s: float) -> int | None:
        """The exit status of pytest; None if it did not end in time."""
        with tempfile.TemporaryDirectory(dir=self._root.parent, ignore_cleanup_errors=True) as own:
            os.chmod(own, 0o755)
            child = os.fork()
            if not child:
                _test(self._root, own, tests)
            try:
                return _waited(child, limit_s)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)  # and what it has started


def _waited(child: int, limit_s: float) -> int | None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        process, status = os.waitpid(child, os.WNOHANG)
        if process:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _test(root: Path, own: str, tests: list[str]) -> None:
    """In the child: run the tests of the copy, with files of its own, and end."""
    os.setsid()
    os.chdir(root)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it; tests of Ctrl-C need it
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    settings = {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": own}
    os.environ.update(settings, TINYGRAPH_CACHE_DIR=os.path.join(own, "code"))
    tempfile.tempdir, sys.dont_write_bytecode = None, True
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]  # those of the repository itself
    sys.path[:] = [str(root), *(x for x in sys.path if Path(x or ".").resolve() != ROOT)]
    sys.path_importer_cache.clear()
    code = 1
    try:
        code = int(sys.modules["pytest"].main([*OPTIONS, *tests]))
    finally:
        os._exit(code)
