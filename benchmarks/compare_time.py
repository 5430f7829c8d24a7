"""What the demo and a comparison at its defaults take: wall-clock seconds and seconds of the CPU.

The comparison is that of a generated table of 2000 rows, 20 columns and five regressions, with three
seeds and three trials. Seconds of the CPU are those of all processes: on a busy machine, the figures to
compare. Prints a Markdown table.

    python benchmarks/compare_time.py
    PYTHONPATH=OTHER/src python benchmarks/compare_time.py --only compare
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from polytask.datasets import make_related_regression

ROOT = Path(__file__).parents[1]
ROWS, TASKS = 2000, 5


def demo(folder: Path, environment: Mapping[str, str]) -> None:
    """The script of ``make demo``."""
    run(["bash", str(ROOT / "examples/demo.sh")], folder, {**environment, "OUT": str(folder)})


def comparison(folder: Path, environment: Mapping[str, str]) -> None:
    """`polytask compare` at its defaults."""
    data, _ = make_related_regression(n_tasks=TASKS, n_rows=ROWS, seed=0)
    (source,) = data.sources
    targets = source.labelled().columns
    columns = {name: next(iter(targets(name).values())) for name in data.tasks.names}
    source.inputs.with_columns(**{k: pl.Series(v) for k, v in columns.items()}).write_csv(
        folder / "table.csv"
    )
    flags = [word for name in columns for word in ("--target", f"{name}:regression")]
    command = [sys.executable, "-m", "polytask", "compare", "table.csv", *flags, "--out", "study"]
    run(command, folder, environment)


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    """Run a command in a folder, without its output."""
    subprocess.run(command, cwd=folder, env=dict(environment), check=True, capture_output=True)


def seconds(work: Callable[[Path, Mapping[str, str]], None]) -> tuple[float, float]:
    """Wall-clock seconds and seconds of the CPU."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONDONTWRITEBYTECODE", "OMP_NUM_THREADS"}
    }
    environment.setdefault("BIN", str(Path(sys.executable).parent))
    with tempfile.TemporaryDirectory() as folder:
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        work(Path(folder), environment)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, sum(after[:2]) - sum(before[:2])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("demo", "compare"))
    parser.add_argument("--times", type=int, default=1)
    arguments = parser.parse_args()
    print("| what | wall-clock s | CPU s | load before |")
    print("|---|---|---|---|")
    for name, work in (("demo", demo), ("compare", comparison)):
        for _ in range(arguments.times if arguments.only in {None, name} else 0):
            load = os.getloadavg()[0]
            wall, cpu = seconds(work)
            print(f"| {name} | {wall:.1f} | {cpu:.1f} | {load:.1f} |", flush=True)


if __name__ == "__main__":
    main()
