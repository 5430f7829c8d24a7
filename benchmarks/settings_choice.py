"""Test errors where settings are chosen with each seed, or with one for all, on the same fits.

Networks of 2 × 64 units with the three settings and three seeds of a comparison at its defaults, on one split.
Printed is the mean relative gain of the headline metrics on test rows of a choice by one seed (each of
the three in turn, and their mean) over a choice by each seed, in percent. Prints a Markdown table.

    OMP_NUM_THREADS=1 POLYTASK_DATA=FOLDER python benchmarks/settings_choice.py
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets import fetch_mulan, load_digits_tasks, make_related_regression
from polytask.evaluation.running._grid import grid
from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._runner import Runner
from polytask.evaluation.running._trials import tuned_ranges, well_validated
from polytask.evaluation.running._tuning import choose, headlines, metric_gain
from polytask.learners import with_checked_tasks
from polytask.learners.names import resolve_learner

SETS: dict[str, Callable[[], MultiTaskDataset]] = {
    "related": lambda: make_related_regression(n_tasks=5, n_rows=2000, seed=0)[0],
    "digits": load_digits_tasks,
    **{
        name: lambda n=name: fetch_mulan(n).dataset
        for name in ("enb", "jura", "osales", "emotions")
    },
}
LEARNERS = ("single_task+mlp(widths=(64,64))", "hard_sharing+mlp(widths=(64,64))")
TRIALS, SEEDS = 3, 3


def records(runner: Runner, name: str) -> list[list[RunRecord]]:
    """Records of every setting, tested, by seed."""
    tasks = runner.data.tasks
    (split,) = RandomSplit().splits(runner.data, 0)
    learner = resolve_learner(name, tasks=tasks)
    points = grid(tuned_ranges(learner), TRIALS)
    runs = [
        runner.request(learner, split, seed, point) for seed in range(SEEDS) for point in points
    ]
    runner.run_all(runs)
    tested = runner.test_all([(run, tasks.names) for run in runs])
    return [tested[TRIALS * seed : TRIALS * (seed + 1)] for seed in range(SEEDS)]


def gains(runner: Runner, name: str) -> list[float]:
    """Gain in percent of each seed's choice over the choice by each seed."""
    tasks, by_seed = runner.data.tasks, records(runner, name)
    (split,) = RandomSplit().splits(runner.data, 0)
    alone = well_validated(runner.data, split) if name.startswith("single") else ()
    metrics = headlines(tasks)

    def tested(choices: Sequence[Mapping[str, int]]) -> dict[str, float | None]:
        values = {}
        for task, metric in metrics.items():
            own = [
                by_seed[seed][choice[task]].test[task][metric.name].value or 0.0
                for seed, choice in enumerate(choices)
            ]
            values[task] = sum(own) / len(own)
        return values

    choices = [choose(trials, tasks, alone=alone) for trials in by_seed]
    each = tested(choices)
    return [100 * (metric_gain(tested([c] * SEEDS), each, metrics) or 0.0) for c in choices]


def main() -> None:
    """Fit, choose and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    arguments = parser.parse_args()
    print("| table | learner | chosen with seed 0 | seed 1 | seed 2 | mean |")
    print("|---|---|---|---|---|---|")
    for name in arguments.sets:
        data = with_checked_tasks(SETS[name]())
        for learner in LEARNERS:
            with tempfile.TemporaryDirectory() as folder:
                found = gains(Runner(folder, data, Budget(trials=TRIALS)), learner)
            shown = [f"{value:+.2f}" for value in (*found, sum(found) / len(found))]
            print(f"| {name} | {learner.partition('+')[0]} | {' | '.join(shown)} |", flush=True)


if __name__ == "__main__":
    main()
