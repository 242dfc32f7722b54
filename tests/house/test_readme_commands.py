"""The README's commands are the ones that CI runs and that its reader is told."""

import ast
import pathlib
import re

from .map import CELLS
from .sources import tree

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_ci_runs_the_readmes_test_command_as_it_stands():
    command = next(line for line in README.splitlines() if line.endswith("pytest -n auto"))
    assert command in (ROOT / ".ci" / "run").read_text().splitlines()


def test_counts_are_right():
    (captions,) = [
        node.value
        for node in tree(ROOT / "examples" / "gallery.py").body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CAPTIONS"
    ]
    cells, pictures = (
        re.search(r"\[(\d+)\]\(docs/cells\.md\)", README),
        re.search(r"gallery\.py` makes\s+(\d+)\.", README),
    )
    assert int(cells[1]) == len(CELLS)
    assert int(pictures[1]) == len(captions.keys)


def test_the_main_job_is_one_complete_command():
    command = next(line for line in README.splitlines() if line.endswith("examples/word_rnn.py"))
    assert "venv" in command and "install" in command


def test_nobody_is_told_to_install_the_other_tinygraph():
    for path in [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("tinygraph/**/*.py"),
        *ROOT.glob("examples/*.py"),
    ]:
        assert not re.search(r"pip install [\"']?tinygraph(?!-rnn)", path.read_text(encoding="utf-8")), path


def test_links_and_pictures_exist():
    for page in [*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_top_level_is_what_was_agreed():
    agreed = {
        "tinygraph",
        "models",
        "examples",
        "tests",
        "docs",
        "pyproject.toml",
        "README.md",
        "README.zh.md",
        "CHANGELOG.md",
        "LICENSE",
        "CITATION.cff",
        ".ci",
        ".git",
        ".gitignore",
    }
    made_by_tools = {".venv", "out", "dist", "build", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".hypothesis"}
    assert {p.name for p in ROOT.iterdir()} - made_by_tools <= agreed
