"""Settings by `tune` beside the small grid of `compare`, with as many trials, on a few tables.

Errors are Δm of the tuned learner over the same learner in the grid's comparison, on test rows of
one split, kept settings with two seeds; positive where tuning is better.

    POLYTASK_DATA=... python benchmarks/tuning.py --out runs/tuning

A table's studies lie in folders of their own: what is done there is not done again.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

from scalarisation import gain, named, rows_of

from polytask.bookkeeping import Budget
from polytask.evaluation import compare
from polytask.search import tune

LEARNERS = ("single_task", "hard_sharing")
WAYS: dict[str, dict[str, Any]] = {
    "random": {"sampler": "random"},
    "tpe": {},
    "tpe, halving": {"pruner": "halving"},
    "tpe, rate and decay": {"paths": ["trainer.learning_rate", "trainer.weight_decay"]},
}


def seconds_of(comparison: Any, learner: str) -> float:
    """Seconds of all trials of a learner."""
    return named(comparison, learner).seconds_tuning


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["enb", "jura", "yeast"])
    parser.add_argument("--trials", type=int, default=9)
    parser.add_argument("--steps", type=int, default=400)
    arguments = parser.parse_args()
    print("| table | learner | way | Δm over the grid | seconds of its trials, of the grid's |")
    print("|---|---|---|---|---|")
    for name in arguments.sets:
        data, split = rows_of(name)
        common: dict[str, Any] = {
            "split": split,
            "seeds": 2,
            "budget": Budget(arguments.trials, arguments.steps),
        }
        learner = "hard_sharing"
        folder = arguments.out / name
        grid = compare(data, learner, out=folder / "grid", **common)
        for way, options in WAYS.items():
            tuning = tune(data, learner, out=folder / way.replace(", ", "-"), **options, **common)
            spent = {
                one.learner: sum(trial.seconds for trial in one.trials) for one in tuning.learners
            }
            for each in LEARNERS:
                better = gain(named(tuning.comparison, each), named(grid, each), data)
                # the grid is tried with each of the two seeds
                print(
                    f"| {name} | {each} | {way} | {100 * better:+.2f} % | "
                    f"{spent[each]:.0f}, {2 * seconds_of(grid, each):.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
