"""Ten tables through `compare` at its defaults: ranks, Δm, minutes, joint networks against trees.

A learner's error in a set is the geometric mean over tasks of 1 − AUC, RMSE or log loss. The best
joint network and the best boosted trees of a set are chosen by this error on validation rows; the
table compares their errors on test rows. Ranks are of test errors.

    POLYTASK_DATA=... python benchmarks/ten_tables.py --out runs/ten --jobs 2

A set's comparison lies in a folder of its own: what is done there is not done again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from scipy.stats import rankdata
from tables_adult import adult
from tables_records import progress

from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, RandomSplit, Splitter
from polytask.datasets import (
    FetchedDataset,
    fetch_census_income,
    fetch_hillstrom,
    fetch_mulan,
    fetch_sarcos,
    fetch_school,
    fetch_tox21,
    make_related_regression,
)
from polytask.evaluation import Comparison, LearnerRow, compare

Rows = tuple[MultiTaskDataset, Splitter]
_TREES = ("GradientBoosting", "LightGBM", "XGBoost")
_ERRORS: Mapping[str, Callable[[float], float]] = {
    "roc_auc": lambda value: 1 - value,
    "rmse": float,
    "log_loss": float,
}


def _fetched(fetch: Callable[[], FetchedDataset]) -> Rows:
    fetched = fetch()
    return fetched.dataset, fetched.split


def _school() -> Rows:
    """One random split, as a table of one's own would have, in place of the ten published ones."""
    return fetch_school().dataset, RandomSplit()


def _drawn() -> Rows:
    data, _ = make_related_regression(n_tasks=2, n_rows=120, seed=0)
    return data, RandomSplit()


SETS: Mapping[str, Callable[[], Rows]] = {
    "jura": partial(_fetched, partial(fetch_mulan, "jura")),
    "enb": partial(_fetched, partial(fetch_mulan, "enb")),
    "yeast": partial(_fetched, partial(fetch_mulan, "yeast")),
    "sarcos": partial(_fetched, fetch_sarcos),
    "adult": adult,
    "hillstrom": partial(_fetched, fetch_hillstrom),
    "tox21": partial(_fetched, fetch_tox21),
    "scm20d": partial(_fetched, partial(fetch_mulan, "scm20d")),
    "school": _school,
    "census-income": partial(_fetched, fetch_census_income),
    "drawn": _drawn,
}
_TEN = tuple(SETS)[:10]


def main() -> None:
    """Compare what is missing, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the comparisons")
    parser.add_argument("--sets", nargs="*", choices=SETS, default=_TEN, metavar="SET")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seeds", type=int, help="by default compare's")
    parser.add_argument("--trials", type=int, help="by default compare's; one if steps are given")
    parser.add_argument("--steps", type=int, help="by default compare's")
    arguments = parser.parse_args()
    options: dict[str, object] = {"jobs": arguments.jobs, "quiet": True}
    if arguments.seeds:
        options["seeds"] = arguments.seeds
    if arguments.steps or arguments.trials:
        options["budget"] = Budget(arguments.trials or 1, arguments.steps or Budget().steps)
    comparisons = {}
    for name in arguments.sets:
        folder = arguments.out / name
        if not (folder / "comparison.json").is_file():
            data, split = SETS[name]()
            with progress(name):
                compare(data, split=split, out=folder, **options)
        comparisons[name] = Comparison.read(folder)
        print(f"{name}: {_first_line(comparisons[name])}", file=sys.stderr, flush=True)
    print_tables(comparisons)


def _first_line(comparison: Comparison) -> str:
    return comparison.verdict.splitlines()[0]


def is_joint_network(row: LearnerRow) -> bool:
    """Whether a row is a network whose tasks share something."""
    return row.joint and "Network" in json.dumps(row.recipe)


def is_trees(row: LearnerRow) -> bool:
    """Whether a row is boosted trees."""
    recipe = json.dumps(row.recipe)
    return any(name in recipe for name in _TREES)


def log_error(values: Mapping[str, Mapping[str, float | None]]) -> dict[str, float]:
    """Logarithm of every task's error, where it has one."""
    errors = {}
    for task, metrics in values.items():
        metric = next((name for name in _ERRORS if metrics.get(name) is not None), None)
        if metric is not None:
            errors[task] = math.log(max(_ERRORS[metric](metrics[metric]), 1e-9))
    return errors


def validation_error(row: LearnerRow) -> float:
    """Mean logarithm of the error on validation rows, over tasks and runs."""
    return float(np.mean([np.mean(list(log_error(run.validation).values())) for run in row.runs]))


def test_error(row: LearnerRow) -> float:
    """Mean logarithm of the error on test rows over tasks, of figures that are means over runs."""
    values = {
        task: {name: estimate.value for name, estimate in metrics.items()}
        for task, metrics in row.tasks.items()
    }
    return float(np.mean(list(log_error(values).values())))


def best(rows: Sequence[LearnerRow], wanted: Callable[[LearnerRow], bool]) -> LearnerRow | None:
    """The row of the lowest validation error."""
    return min(filter(wanted, rows), key=validation_error, default=None)


def minutes(row: LearnerRow) -> float:
    """Minutes of all fits of all runs."""
    return row.seconds_tuning * len(row.runs) / 60


def print_tables(comparisons: Mapping[str, Comparison]) -> None:
    """Ranks and Δm of every learner in every set, and the summary."""
    names = list(dict.fromkeys(row.name for each in comparisons.values() for row in each.learners))
    ranks: dict[str, list[float]] = {name: [] for name in names}
    joint_ranks, tree_ranks, ratios = [], [], []
    print("Rank by test error, Δm over the baseline, minutes of fits:\n")
    print(f"| set | {' | '.join(names)} | best joint network / best trees | minutes |")
    print("|---|" + "---|" * (len(names) + 2))
    for title, comparison in comparisons.items():
        rows = {row.name: row for row in comparison.learners}
        found = dict(zip(rows, rankdata([test_error(row) for row in rows.values()]), strict=True))
        for name, rank in found.items():
            ranks[name].append(rank)
        joint, tree = (best(comparison.learners, wanted) for wanted in (is_joint_network, is_trees))
        versus = "–"
        if joint and tree:
            ratios.append(test_error(joint) - test_error(tree))
            joint_ranks.append(found[joint.name])
            tree_ranks.append(found[tree.name])
            versus = f"{math.exp(ratios[-1]):.3f} ({joint.name} / {tree.name})"
        cells = [cell(rows[name], found[name]) if name in rows else "–" for name in names]
        print(f"| {title} | {' | '.join(cells)} | {versus} | {comparison.seconds / 60:.1f} |")
    means = [f"{np.mean(ranks[name]):.1f}" for name in names]
    print(f"| mean rank | {' | '.join(means)} | | |")
    if ratios:
        print(
            f"\nThe best joint network's error is {math.exp(np.mean(ratios)):.3f} of the best "
            f"trees' in the geometric mean over {len(ratios)} sets; mean ranks "
            f"{np.mean(joint_ranks):.1f} and {np.mean(tree_ranks):.1f}."
        )


def cell(row: LearnerRow, rank: float) -> str:
    """Rank, Δm in per cent and minutes."""
    gain = None if row.delta_m is None else row.delta_m.value
    shown = "" if gain is None else f", {100 * gain:+.1f} %"
    return f"{rank:g}{shown}, {minutes(row):.1f} min"


if __name__ == "__main__":
    main()
