"""CPU seconds and memory of commands that end before anything is trained.

`python benchmarks/startup.py` runs each in a process of its own and prints the median of five.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

REPEATS = 5
ROWS = [(i % 7, "abc"[i % 3], i % 2) for i in range(300)]
HEAD = "age,colour,rich\n"
SAVE = """
import sys, polytask
data = polytask.read("table.csv", ["rich:binary"])
for learner in ("linear", "gradient_boosting"):
    polytask.fit(data, learner).save(learner)
"""
COMMANDS = {
    "polytask --help": ("--help",),
    "compare --help": ("compare", "--help"),
    "compare, unknown suffix": ("compare", "table.xlsx", "-t", "rich"),
    "compare, missing file": ("compare", "tabel.csv", "-t", "rich"),
    "compare, no such column": ("compare", "table.csv", "-t", "rihc"),
    "compare, wrong kind": ("compare", "table.csv", "-t", "colour:binary"),
    "fit, one class": ("fit", "one.csv", "-t", "rich:binary"),
    "predict, unknown suffix": ("predict", "linear", "table.xlsx"),
    "predict, column is gone": ("predict", "linear", "short.csv"),
    "predict, ridge": ("predict", "linear", "table.csv", "--out", "out.csv"),
    "predict, trees": ("predict", "gradient_boosting", "table.csv", "--out", "out.csv"),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        text = HEAD + "".join(f"{age},{colour},{rich}\n" for age, colour, rich in ROWS)
        Path("table.csv").write_text(text, encoding="utf-8")
        Path("table.xlsx").write_text(text, encoding="utf-8")
        Path("one.csv").write_text(text.replace(",0\n", ",1\n"), encoding="utf-8")
        Path("short.csv").write_text("colour\na\n", encoding="utf-8")
        subprocess.run([sys.executable, "-c", SAVE], check=True)
        print("| command | CPU, s | memory, MB |\n|---|---|---|")
        for name, arguments in COMMANDS.items():
            runs = [measured(arguments) for _ in range(REPEATS)]
            seconds, megabytes = (median(values) for values in zip(*runs, strict=True))
            print(f"| {name} | {seconds:.2f} | {megabytes:.0f} |", flush=True)


def measured(arguments: tuple[str, ...]) -> tuple[float, float]:
    """CPU seconds and megabytes of one run."""
    process = subprocess.Popen(
        [sys.executable, "-m", "polytask", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in {0, 2}
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
