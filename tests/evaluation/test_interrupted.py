"""A comparison that is killed goes on where it stood, and ends as if nothing had happened."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes_evaluation import Together, table

from polytask._files import unsealed
from polytask.bookkeeping import Budget
from polytask.evaluation import RunRecord, compare

KILLS = Path(__file__).parents[2] / "benchmarks" / "kill.py"
SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from fakes_evaluation import Together, table
from polytask.evaluation import compare
from polytask.bookkeeping import Budget
if __name__ == "__main__":
    compare(table(), Together(seconds={seconds}), seeds=3, budget=Budget(2, 10), jobs={jobs}, out={out!r})
"""


def start(folder: Path, out: Path, jobs: int) -> subprocess.Popen:
    script = folder / "script.py"
    tests = str(Path(__file__).parents[1])
    script.write_text(SCRIPT.format(tests=tests, seconds=SECONDS, jobs=jobs, out=str(out)))
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, str(script)], env=environment, stderr=subprocess.PIPE, text=True
    )


SECONDS = 0.3


def without_seconds(values):
    if isinstance(values, dict):
        return {k: without_seconds(v) for k, v in values.items() if not k.startswith("seconds")}
    if isinstance(values, list):
        return [without_seconds(item) for item in values]
    return values


def records(out: Path) -> list[Path]:
    return [path for path in (out / "runs").glob("*.json") if not path.name.startswith(".")]


def wait_for(out: Path, number: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while len(records(out)) < number:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are a thing of Unix")
def test_kills_at_drawn_moments():
    """Five, two of them with two jobs; the script fails where a comparison is not the same.

    Drawn anew where no moment was in the middle of a fit that then went on.
    """
    rows = killed(seed=1)
    for seed in (2, 3):
        if any(int(row["fits resumed"]) for row in rows):
            break
        rows = killed(seed)
    assert sum(int(row["fits resumed"]) for row in rows) > 0


def killed(seed: int) -> list[dict[str, str]]:
    done = subprocess.run(
        [sys.executable, str(KILLS), "--kills", "5", "--seed", str(seed)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    head, _, *counts = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()]
    rows = [dict(zip(head, row, strict=True)) for row in counts]
    assert [row["kills"] for row in rows] == ["3", "2"]
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_and_run_again(tmp_path, jobs, how):
    out = tmp_path / "out"
    with start(tmp_path, out, jobs) as process:
        wait_for(out, 3, process)
        process.send_signal(how)
        assert process.wait(60) != 0
    done = records(out)
    assert 3 <= len(done) < 11
    for path in done:
        RunRecord.from_dict(unsealed(json.loads(path.read_text(encoding="utf-8"))))
    assert not (out / "comparison.json").exists()

    again = compare(table(), Together(seconds=SECONDS), seeds=3, budget=Budget(2, 10), out=out)
    whole = compare(
        table(), Together(seconds=SECONDS), seeds=3, budget=Budget(2, 10), out=tmp_path / "whole"
    )
    assert without_seconds(again.to_dict()) == without_seconds(whole.to_dict())
    names = [sorted(p.name for p in (f / "runs").iterdir()) for f in (out, tmp_path / "whole")]
    assert names[0] == names[1]
