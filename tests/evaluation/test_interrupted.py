"""A comparison that is killed goes on where it stood, and ends as if nothing had happened."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "kill.py"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are a thing of Unix")
def test_ten_kills():
    """Half of them with two jobs; the script fails where a comparison is not the same."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--kills", "10", "--seed", "1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    head, _, one, two = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()]
    rows = [dict(zip(head, row, strict=True)) for row in (one, two)]
    assert [row["kills"] for row in rows] == ["5", "5"]
    assert sum(int(row["fits resumed"]) for row in rows) > 0
