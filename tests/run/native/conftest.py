"""Machine code of these tests goes to a folder of their own, not to the user's."""

import pytest

from tinygraph.run.native import compiler


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINYGRAPH_CACHE_DIR", str(tmp_path_factory.mktemp("native")))
        yield


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """A cache folder for one test, and no machine code in memory but what is in use."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TINYGRAPH_CACHE_DIR", str(folder))
    compiler.forget()
    yield folder
    compiler.forget()
