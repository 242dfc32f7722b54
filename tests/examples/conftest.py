"""The examples as modules: a script finds what lies beside it, so a test has to as well."""

import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))
