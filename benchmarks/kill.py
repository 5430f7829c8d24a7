"""A study that is killed at random moments ends as if nothing had happened.

    OMP_NUM_THREADS=1 python benchmarks/kill.py --kills 100

Kills are SIGKILL at a uniformly random moment, half of them with two jobs: to the whole process
group, or (every other one with two jobs) to the main process alone, whose workers must then end
by themselves. A study is killed and started again until it ends; then its `comparison.json` must
equal that of a study that nobody killed, but for fields that hold seconds. The status is 1
otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

SCRIPT = Path(__file__).with_name("kill_study.py")
PATIENCE = 300


def start(out: Path, jobs: int) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(out), str(jobs)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "started\n", "the study did not start"
    return process


def whole(out: Path, jobs: int) -> float:
    """Run a study to its end; the seconds that took."""
    process = start(out, jobs)
    began = time.monotonic()
    assert process.wait(PATIENCE) == 0, "a study failed"
    process.stdout.close()
    return time.monotonic() - began


def found(out: Path) -> dict:
    return without_seconds(json.loads((out / "comparison.json").read_text(encoding="utf-8")))


def without_seconds(value: object) -> object:
    if isinstance(value, dict):
        return {k: without_seconds(v) for k, v in value.items() if not k.startswith("seconds")}
    if isinstance(value, list):
        return [without_seconds(item) for item in value]
    return value


def orphans(group: int) -> bool:
    """Whether a process of the group is left after five seconds, in which the system ends it."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.01)
    return True


class Study:
    """One study, killed until it ends."""

    def __init__(self, folder: Path, jobs: int, seconds: float, counts: Counter) -> None:
        self.folder, self.jobs, self.seconds, self.counts = folder, jobs, seconds, counts
        self.out = folder / "out"

    def kill(self, draw: random.Random, *, alone: bool) -> bool:
        """Start it and kill it at a random moment; False if it ended before."""
        process = start(self.out, self.jobs)
        try:
            process.wait(draw.uniform(0, self.seconds))
        except subprocess.TimeoutExpired:
            (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
            self._look(process.pid, alone=alone)
            return True
        finally:
            process.stdout.close()
        assert process.returncode == 0, "a study failed"
        return False

    def _look(self, group: int, *, alone: bool) -> None:
        """Count what the kill left."""
        self.counts["kills"] += 1
        self.counts["of the main process alone"] += alone
        self.counts["orphans"] += orphans(group)
        names = [path.name for path in self.out.rglob("*")]
        halves = [n for n in names if n.startswith(".") and n != ".lock"]
        self.counts["with half-written files"] += bool(halves)
        self.counts["in the middle of a fit"] += any(".checkpoint." in name for name in names)

    def end(self, expected: dict) -> None:
        """Count how it ended."""
        left = [n for path in self.out.rglob(".*") if (n := path.name) != ".lock"]
        left += [path.name for path in self.out.rglob("*.checkpoint.safetensors")]
        log = self.folder / "resumed"
        resumed = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        self.counts["studies"] += 1
        self.counts["fits resumed"] += len(resumed)
        self.counts["identical"] += found(self.out) == expected
        self.counts["with files left over"] += bool(left)


def killed(
    place: Path, jobs: int, kills: int, draw: random.Random, seconds: float, reference: dict
) -> Counter:
    counts: Counter = Counter()
    while counts["kills"] < kills:
        folder = place / f"jobs-{jobs}-{counts['studies']}"
        folder.mkdir()
        study = Study(folder, jobs, seconds, counts)
        while counts["kills"] < kills:
            if not study.kill(draw, alone=jobs > 1 and counts["kills"] % 2 == 1):
                break
        else:
            whole(study.out, jobs)
        study.end(reference)
        shutil.rmtree(folder)
    return counts


COLUMNS = (
    "kills", "of the main process alone", "in the middle of a fit", "with half-written files",
    "orphans", "fits resumed", "studies", "identical", "with files left over",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    well = True
    print(f"| jobs | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        seconds = {jobs: whole(place / f"whole-{jobs}", jobs) for jobs in (1, 2)}
        reference = found(place / "whole-1")
        assert found(place / "whole-2") == reference, "studies differ that nobody killed"
        for jobs, kills in ((1, arguments.kills - arguments.kills // 2), (2, arguments.kills // 2)):
            counts = killed(place, jobs, kills, draw, seconds[jobs], reference)
            print(
                f"| {jobs} | {' | '.join(str(counts[column]) for column in COLUMNS)} |", flush=True
            )
            well &= counts["identical"] == counts["studies"]
            well &= counts["orphans"] == counts["with files left over"] == 0
    sys.exit(not well)


if __name__ == "__main__":
    main()
