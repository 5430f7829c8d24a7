"""Exam scores of 139 schools by classical learners, over the ten published splits.

Within-school explained variance in per cent, 1 - SSE / SST with SST about each school's own mean of
its test rows. Features are standardised by the training rows. Each learner's strength is the one of its
grid with the least squared error over ten folds of the training rows (each school's rows are spread over
all folds), or over folds of its own, and is then fitted to all training rows; nothing sees the test rows before.

    POLYTASK_DATA=... python benchmarks/classical_school.py [--only ridge lightgbm] [--print]

Every split of every learner is a line of JSON in the folder of `--out`; one that is there is not measured
again. The table is printed from all of them. Chains of regressors need several targets per row and do
not apply.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from classical_runs import Case, Rows, run
from school_entrants import ENTRANTS

from polytask.datasets import as_table, fetch_school

N_FOLDS = 10


def read_splits() -> list[tuple[Rows, Rows]]:
    """Training and test rows of the published splits, features standardised by the former."""
    table = as_table("school")
    y = table["score"].to_numpy().astype(float)
    names = table["school"].to_numpy()
    X = table.drop("score", "school").to_numpy().astype(float)
    everything = Rows(X, y, np.unique(names, return_inverse=True)[1])
    fetched = fetch_school()
    parts = []
    for split in fetched.split.splits(fetched.dataset, seed=0):
        trained = [*split.train.values(), *split.validation.values()]
        train = everything.take(np.sort(np.concatenate(trained)))
        test = everything.take(np.concatenate(list(split.test.values())))
        mean, scale = train.X.mean(axis=0), train.X.std(axis=0)
        parts.append(
            tuple(Rows((each.X - mean) / scale, each.y, each.tasks) for each in (train, test))
        )
    return parts


def explained(test: Rows, response: np.ndarray) -> float:
    """Within-school explained variance, in per cent."""
    means = np.bincount(test.tasks, test.y) / np.maximum(np.bincount(test.tasks), 1)
    total = np.square(test.y - means[test.tasks]).sum()
    return float(100 * (1 - np.square(test.y - response).sum() / total))


def squared_error(held: Rows, response: np.ndarray) -> float:
    """Sum over rows."""
    return float(np.square(held.y - response).sum())


CASE = Case(
    "school", "explained, %", read_splits, ENTRANTS, explained, squared_error, n_folds=N_FOLDS
)


def main() -> None:
    """Measure what is missing, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", help="names of learners")
    parser.add_argument("--out", type=Path, default=Path("runs/classical_school"))
    parser.add_argument("--print", action="store_true", help="measure nothing")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    options = arguments.only, arguments.splits, arguments.jobs
    run(CASE, arguments.out, *options, dry=arguments.print)


if __name__ == "__main__":
    main()
