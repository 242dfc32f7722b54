"""For all tests: the cycle collector looks seldom through what thousands of tests keep alive; JAX has two CPUs."""

import gc
import os

# JAX reads them before its first computation, whichever test does that; without JAX nobody does.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=2")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end; a graph's own memory needs no collector, as a test shows."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
