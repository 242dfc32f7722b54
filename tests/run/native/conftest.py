"""Machine code of these tests goes to a folder of their own, not to the user's."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINYGRAPH_CACHE_DIR", str(tmp_path_factory.mktemp("native")))
        yield
