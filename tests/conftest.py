"""For all tests: the cycle collector looks seldom through what thousands of tests keep alive."""

import gc


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end; a graph's own memory needs no collector, as a test shows."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
