"""Adaptive sharing: planted clusters and conflicts found while training, and public data sets.

    python benchmarks/adaptive.py planted [FIRST_SEED LAST_SEED] [--kinds KIND …]
    python benchmarks/adaptive.py real [NAME …] [--splits N] [--first SPLIT]

Every case appends a line to adaptive_planted.jsonl or adaptive_real.jsonl in the current folder, and
cases that stand there are not repeated; at the end the table is printed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from adaptive_real import real_cases, real_table

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets import LinearTruth, make_clustered_tasks
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.search import Adaptive, SharingRecord
from polytask.tasks import Task

N_ROWS, SPREAD, NOISE, FEATURES = 150, 0.3, 1.0, 20  # cosine 0.91 within clusters; R² 0.5
ENCODER, BUDGET = HardSharing(MLP((64, 64))), Budget(steps=200)
CASES = {
    "clusters": {8: (2, 4), 12: (3, 4)},
    "opposite": {8: (2, 4), 12: (2, 6)},  # the second cluster has negative coefficients
    "unrelated": {8: (8, 1), 12: (12, 1)},
}
PATH = Path("adaptive_planted.jsonl")
TEST_ROWS = 300


def planted(first: int, last: int, kinds: Sequence[str]) -> None:
    done = PATH.read_text().splitlines() if PATH.exists() else []
    known = {(c["kind"], c["tasks"], c["seed"]) for c in map(json.loads, done)}
    for seed in range(first, last):
        for kind in kinds:
            for n_tasks in CASES[kind]:
                if (kind, n_tasks, seed) in known:
                    continue
                case = {"kind": kind, "tasks": n_tasks, "seed": seed}
                case |= planted_case(kind, n_tasks, seed)
                with PATH.open("a") as file:
                    file.write(json.dumps(case) + "\n")
                print(case, flush=True)
    planted_table()


def planted_case(kind: str, n_tasks: int, seed: int) -> dict:
    data, truth, sides = drawn(kind, n_tasks, seed)
    (split,) = RandomSplit().splits(data, seed)
    train, validation = (data.take(dict(rows)) for rows in (split.train, split.validation))
    started = time.process_time()
    model = Adaptive(ENCODER).fit(train, validation, seed, BUDGET, progress=False)
    seconds = time.process_time() - started
    record = SharingRecord.of(model)
    shared = np.nan_to_num(record.matrix) > 0
    same = np.equal.outer(sides, sides)
    related = same & ~np.eye(n_tasks, dtype=bool)
    number = {task: i for i, group in enumerate(record.changes[-1].groups) for task in group}
    groups = np.array([number[task] for task in data.tasks.names])
    errors = {"adaptive": error(model, truth)}
    network = MultiTaskNetwork(ENCODER)
    for name, learner in (("together", network), ("apart", network.single_task())):
        fitted = learner.fit(train, validation, seed, BUDGET, progress=False)
        errors[name] = error(fitted, truth)
    return {
        "separated": bool(not shared[~same].any()),
        "exact": bool((np.equal.outer(groups, groups) == same).all()),
        "ratio": float(record.matrix[related].mean()) if related.any() else 0.0,
        "alone": len(record.changes[-1].alone),
        "changes": len(record.changes) - 1,
        "last_change": record.changes[-1].step,
        "errors": errors,
        "seconds": seconds,
    }


def drawn(kind: str, n_tasks: int, seed: int) -> tuple[MultiTaskDataset, LinearTruth, np.ndarray]:
    """Tasks with rows of their own, their truth, and the side of each."""
    clusters, size = CASES[kind][n_tasks]
    options = {"spread": SPREAD, "noise": NOISE, "own_rows": True, "seed": seed}
    data, truth = make_clustered_tasks(
        clusters, size, N_ROWS, FEATURES, opposite=kind == "opposite", **options
    )
    return data, truth, truth.clusters


def error(model: FittedPredictor, truth: LinearTruth) -> float:
    """Mean squared error against targets without noise, whose variance is 1."""
    n_tasks, n_features = truth.coef.shape
    own = np.repeat(np.arange(n_tasks), TEST_ROWS)
    X = np.random.default_rng(12345).standard_normal((len(own), n_features))
    y = (X * truth.coef[own]).sum(axis=1)
    tasks = [Task(name, "regression") for name in model.tasks.names]
    predicted = model.predict(MultiTaskDataset.from_arrays(X, y, tasks, task_index=own))
    errors = [
        np.mean((predicted[task.name].response - y[own == k]) ** 2) for k, task in enumerate(tasks)
    ]
    return float(np.mean(errors))


def planted_table() -> None:
    cases = [json.loads(line) for line in PATH.read_text().splitlines()]
    print(
        "| tasks | planted | conflicts separated | exact groups | ratio within | last change, step | "
        "answer alone | error: adaptive | together | apart | CPU seconds |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for kind, sizes in CASES.items():
        for n_tasks in sizes:
            own = [c for c in cases if c["kind"] == kind and c["tasks"] == n_tasks]
            if own:
                print(_row(own, kind, n_tasks))


def _row(own: list[dict], kind: str, n_tasks: int) -> str:
    def mean(name: str) -> float:
        return float(np.mean([case[name] for case in own]))

    counts = [f"{sum(case[name] for case in own)} of {len(own)}" for name in ("separated", "exact")]
    errors = [
        f"{np.mean([c['errors'][k] for c in own]):.3f}" for k in ("adaptive", "together", "apart")
    ]
    ratio = "–" if kind == "unrelated" else f"{mean('ratio'):.2f}"
    cells = [str(n_tasks), _words(kind, n_tasks), *counts, ratio, f"{mean('last_change'):.0f}"]
    return (
        "| "
        + " | ".join([*cells, f"{mean('alone'):.1f}", *errors, f"{mean('seconds'):.1f}"])
        + " |"
    )


def _words(kind: str, n_tasks: int) -> str:
    clusters, size = CASES[kind][n_tasks]
    return {
        "clusters": f"{clusters} clusters of {size}",
        "opposite": f"{size} tasks against {size} opposite ones",
        "unrelated": "nothing related",
    }[kind]


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    of_planted = commands.add_parser("planted")
    of_planted.add_argument("first", type=int, nargs="?", default=0)
    of_planted.add_argument("last", type=int, nargs="?", default=20)
    of_planted.add_argument("--kinds", nargs="+", choices=CASES, default=list(CASES))
    of_real = commands.add_parser("real")
    of_real.add_argument("names", nargs="*")
    of_real.add_argument("--splits", type=int, default=3)
    of_real.add_argument("--first", type=int, default=0, help="number of the first split")
    given = parser.parse_args()
    if given.command == "planted":
        planted(given.first, given.last, given.kinds)
    else:
        real_cases(given.names, range(given.first, given.first + given.splits))
        real_table()


if __name__ == "__main__":
    main()
