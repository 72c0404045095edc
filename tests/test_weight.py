"""The budgets of every page, measured on the wire."""

import os
import subprocess
import sys

from stage import PROJECT


def test_every_page_is_within_its_budget():
    environ = {"PATH": os.environ["PATH"]}
    bench = subprocess.run(
        [sys.executable, PROJECT / "bench" / "weight.py"], env=environ, capture_output=True, text=True, timeout=300
    )

    assert bench.returncode == 0, f"{bench.stdout}\n{bench.stderr}"
    assert "0 over budget" in bench.stdout
