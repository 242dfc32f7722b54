"""A copy of the repository in which one mutant after the other is tested."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

from .mutants import ROOT, Mutant
from .suite import suites

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "*.egg-info", "build", "dist")
PASSED, NOTHING = 0, 5
LEAST_S, WHOLE_S = 60.0, 1800.0
"""A mutant's tests may take so long, and four times what they take without it; and all tests without a mutant."""
TOOK = re.compile(r"([\d.]+)s (?:call|setup|teardown) +([^:]+)::")
MOST_BYTES = 8 << 30
"""A mutant that fills the memory must not stop the machine; gcc's sanitizers need more, their tests are left out."""
PYTEST = f"""import resource, signal, sys, pytest
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it, and tests of Ctrl-C fail
resource.setrlimit(resource.RLIMIT_DATA, ({MOST_BYTES}, {MOST_BYTES}))
sys.exit(pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", "not sanitized", *sys.argv[1:]]))"""


class Workplace:
    """A copy of the repository; a context that deletes it at the end.

    Attributes:
        seconds: how long each file of tests takes without a mutant.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._running: subprocess.Popen[bytes] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="mutation-"))
        self._folder.chmod(0o755)  # a test of files that may not be written runs as another user
        self.root = self._folder / "copy"
        shutil.copytree(ROOT, self.root, ignore=LEFT_OUT)
        subprocess.run([sys.executable, "-m", "compileall", "-q", "tinygraph", "tests"], cwd=self.root, check=True)

    def __enter__(self) -> Workplace:
        return self

    def __exit__(self, *args: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def verdict(self, mutant: Mutant) -> str:
        """``"caught"``, ``"timeout"`` or ``"survived"``."""
        file = self.root / mutant.file
        text = file.read_text(encoding="utf-8")
        status = file.stat()
        file.write_text(mutant.applied(text), encoding="utf-8")
        try:
            return self._tried(mutant)
        finally:
            file.write_text(text, encoding="utf-8")
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # so that its compiled form is that of the text

    def measured(self, tests: list[str]) -> dict[str, float]:
        """How long each file takes without a mutant; they must pass, or every mutant would count as caught."""
        seconds: defaultdict[str, float] = defaultdict(float)
        with tempfile.TemporaryFile("w+") as output:
            if self._run([*tests, "--durations=0", "--durations-min=0.002"], WHOLE_S, output) not in (PASSED, NOTHING):
                output.seek(0)
                raise SystemExit(f"{output.read()[-3000:]}\nthe tests fail without a mutant: mend them first")
            output.seek(0)
            for line in output:
                if took := TOOK.match(line):
                    seconds[took[2]] += float(took[1])
        return dict(seconds)

    def _tried(self, mutant: Mutant) -> str:
        for stage in suites(self.root, mutant.file, self.seconds):
            code = self._run(stage, LEAST_S + 4 * sum(self.seconds.get(test, 0.0) for test in stage))
            if code is None:
                return "timeout"
            if code not in (PASSED, NOTHING):
                return "caught"
        return "survived"

    def _run(self, arguments: list[str], limit_s: float, output: Any = subprocess.DEVNULL) -> int | None:
        """The exit status of pytest; None if it did not end in time."""
        with tempfile.TemporaryDirectory(dir=self._folder) as own:
            os.chmod(own, 0o755)
            settings = {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": own}
            settings["TINYGRAPH_CACHE_DIR"] = os.path.join(own, "code")
            process = subprocess.Popen(
                [sys.executable, "-c", PYTEST, *arguments],
                cwd=self.root,
                env=os.environ | settings,
                start_new_session=True,
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
            self._running = process
            try:
                return process.wait(limit_s)
            except subprocess.TimeoutExpired:
                return None
            finally:
                self.stop()
                process.wait()
                self._running = None

    def stop(self) -> None:
        """End what is running, and what it has started."""
        if self._running:
            with suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)
