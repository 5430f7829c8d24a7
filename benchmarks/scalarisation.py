"""Tuned task weights (scalarisation) beside every balancing method, at equal compute.

Every method trains as many networks of as many steps: a search of weights spends them on weights,
a balancing method, equal weights and the single-task baseline on the learning rate. Validation rows
choose, the kept settings are trained anew with two seeds, and the test rows are read once. Gains
are Δm over the tuned single-task baseline.

    POLYTASK_DATA=... python benchmarks/scalarisation.py --out runs/scalarisation --sets yeast

A set's studies lie in folders of their own: what is done there is not done again.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from polytask import aggregation, weighting
from polytask.bookkeeping import Budget
from polytask.data import FixedSplit, MultiTaskDataset, Splitter
from polytask.datasets import fetch_mulan, fetch_sarcos
from polytask.evaluation import Comparison, LearnerRow
from polytask.exceptions import PolytaskError
from polytask.learners.names import resolve_learner
from polytask.metrics import MetricValue, delta_m, metrics_for
from polytask.neural_network import MultiTaskNetwork
from polytask.ranges import Range
from polytask.search import tune, tune_weights

RATES = {"trainer.learning_rate": Range(3e-4, 1e-2, log=True)}
SARCOS_ROWS = 8000


def rows_of(name: str) -> tuple[MultiTaskDataset, Splitter]:
    """A set, with one split that all studies share."""
    fetched = fetch_sarcos() if name == "sarcos" else fetch_mulan(name)
    data = fetched.dataset
    (split, *_) = fetched.split.splits(data, 0)
    if name == "sarcos":
        generator = np.random.default_rng(0)
        (source,) = split.train
        drawn = {
            part: np.sort(generator.permutation(getattr(split, part)[source])[:size])
            for part, size in (("train", SARCOS_ROWS), ("validation", 2000), ("test", 4000))
        }
        split = type(split)(*({source: rows} for rows in drawn.values()), "drawn")
    return data, FixedSplit((split,))


def balanced(data: MultiTaskDataset) -> list[MultiTaskNetwork]:
    """Hard sharing with every balancing method that needs no arguments."""
    learners = []
    for name in ["", *sorted(weighting.__all__), *sorted(aggregation.__all__)]:
        try:
            learner = resolve_learner(f"hard_sharing+{name}" if name else "hard_sharing")
        except (PolytaskError, TypeError):
            continue  # a base class, or one that has to be told something
        if isinstance(learner, MultiTaskNetwork) and learner.refuses(data) is None:
            learners.append(learner)
    return list({learner.name: learner for learner in learners}.values())


def gain(row: LearnerRow, baseline: LearnerRow, data: MultiTaskDataset) -> float:
    """Δm on test rows."""
    metrics = {task.name: metrics_for(task)[0] for task in data.tasks}
    values, floors = (
        {task: MetricValue(one.tasks[task][metric.name].value) for task, metric in metrics.items()}
        for one in (row, baseline)
    )
    value = delta_m(values, floors, metrics).value
    return float("nan") if value is None else value


def named(comparison: Comparison, name: str) -> LearnerRow:
    return next(row for row in comparison.learners if row.name == name)


def measured(name: str, out: Path, trials: int, steps: int) -> Mapping[str, tuple[float, float]]:
    """Δm and seconds of every method on one set."""
    data, split = rows_of(name)
    common = {"split": split, "seeds": 2, "budget": Budget(trials, steps)}
    started = time.perf_counter()
    tuning = tune(
        data,
        balanced(data),
        paths=["trainer.learning_rate"],
        ranges=RATES,
        out=out / name,
        **common,
    )
    base = named(tuning.comparison, "single_task")
    found = {
        row.name: (gain(row, base, data), row.seconds_tuning)
        for row in tuning.comparison.learners
        if row.name not in {"constant", "single_task"}
    }
    for method in ("random", "tpe", "population"):
        weights = tune_weights(
            data, "hard_sharing", method=method, rounds=3, out=out / f"{name}-{method}", **common
        )
        row = named(weights.comparison, "hard_sharing+tuned_weights")
        spent = sum(member.seconds for member in weights.searches[0].members)
        found[f"tuned weights, {method}"] = (gain(row, base, data), spent)
    print(f"{name}: {(time.perf_counter() - started) / 60:.1f} min", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["enb", "jura", "yeast"])
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--steps", type=int, default=200)
    arguments = parser.parse_args()
    by_set = {
        name: measured(name, arguments.out, arguments.trials, arguments.steps)
        for name in arguments.sets
    }
    methods = dict.fromkeys(method for found in by_set.values() for method in found)
    ranks = {
        name: {m: 1 + sum(g > found[m][0] for g, _ in found.values()) for m in found}
        for name, found in by_set.items()
    }

    def rank(method: str) -> float:
        known = [ranks[name].get(method, len(methods)) for name in by_set]
        return sum(known) / len(known)

    print(f"| method | {' | '.join(f'{n}: Δm, seconds' for n in by_set)} | mean rank |")
    print("|---" * (len(by_set) + 2) + "|")
    for method in sorted(methods, key=rank):
        cells = [
            f"{100 * found[method][0]:+.2f} %, {found[method][1]:.0f}" if method in found else "–"
            for found in by_set.values()
        ]
        print(f"| {method} | {' | '.join(cells)} | {rank(method):.1f} |")


if __name__ == "__main__":
    main()
