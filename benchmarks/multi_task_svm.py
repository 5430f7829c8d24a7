"""Support vector machines of several tasks beside one of scikit-learn per task.

SARCOS: 7 torques of an arm, `--rows` rows to learn from and the others to test, nMSE (mean squared error over the
variance of the test labels). School: one published split, within-school explained variance in per cent.
Office-Caltech: 10 kinds of objects in 4 domains, half of each domain to learn from, accuracy. Strength and sharing are
those of the least error over three folds of the training rows; the kernel is Gaussian, or linear of square roots of
counts (Office-Caltech). All machines choose among the same strengths, α or C = 1 / (α n). "per task" is `shared=0`.
The column "gap" is `dual_gap_` of the last fit, whose `tol` is 1e-4; scikit-learn's machines stop at their default
`tol` and report no gap.

    POLYTASK_DATA=... python benchmarks/multi_task_svm.py [sarcos school office]
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import polars as pl
from classical_runs import Rows
from classical_school import explained, read_splits
from sklearn.svm import SVC, SVR
from timing import markdown

from polytask.datasets import as_table
from polytask.kernel_methods import MultiTaskSVC, MultiTaskSVR

N_FOLDS = 3
SKLEARN = "scikit-learn, per task"


class PerTask:
    """scikit-learn's machine for each task, whose strength is that of ours."""

    def __init__(self, machine: Any, alpha: float, **options: Any) -> None:
        self.machine, self.alpha, self.options = machine, alpha, options

    def fit(self, X: np.ndarray, y: np.ndarray, tasks: np.ndarray) -> PerTask:
        """One after another."""
        self.fitted = {}
        for task in np.unique(tasks):
            own = tasks == task
            machine = self.machine(C=1 / (self.alpha * own.sum()), cache_size=500, **self.options)
            self.fitted[task] = machine.fit(X[own], y[own])
        return self

    def predict(self, X: np.ndarray, tasks: np.ndarray) -> np.ndarray:
        """Each row by its task."""
        answer = np.empty(len(X))
        for task in np.unique(tasks):
            answer[tasks == task] = self.fitted[task].predict(X[tasks == task])
        return answer


class Case(NamedTuple):
    """Training and test rows, what is measured (higher is better), settings, and both machines."""

    name: str
    train: Rows
    test: Rows
    score: Callable[[Rows, np.ndarray], float]
    alphas: tuple[float, ...]
    shared: tuple[float, ...]
    options: dict[str, Any]
    classes: bool = False

    def make(self, method: str, settings: tuple[float, float]) -> Any:
        """An estimator."""
        alpha, shared = settings
        if method == SKLEARN:
            return PerTask(SVC if self.classes else SVR, alpha, **self.options)
        options = {**self.options, "tol": 1e-4, "shared": shared}
        if self.classes:
            return MultiTaskSVC(alpha, calibration_folds=0, **options)
        return MultiTaskSVR(alpha, **options)


def error(labels: np.ndarray, predicted: np.ndarray, *, classes: bool) -> float:
    """Squared, or the share of wrong classes."""
    wrong = labels != predicted if classes else np.square(labels - predicted)
    return float(wrong.mean())


def measure(case: Case, method: str) -> list[object]:
    """Choose over folds, fit, test."""
    start, train = time.process_time(), case.train
    grid = list(itertools.product(case.alphas, case.shared if method == "joint" else (0.0,)))
    fold = np.empty(len(train.y), dtype=int)
    random = np.random.default_rng(0)
    for task in np.unique(train.tasks):
        own = random.permutation(np.flatnonzero(train.tasks == task))
        fold[own] = np.arange(len(own)) % N_FOLDS
    errors = np.zeros(len(grid))
    for (i, settings), k in itertools.product(enumerate(grid), range(N_FOLDS)):
        inside, held = train.take(fold != k), train.take(fold == k)
        model = case.make(method, settings).fit(inside.X, inside.y, tasks=inside.tasks)
        errors[i] += error(held.y, model.predict(held.X, tasks=held.tasks), classes=case.classes)
    best = grid[int(errors.argmin())]
    middle = time.process_time()
    model = case.make(method, best).fit(train.X, train.y, tasks=train.tasks)
    end = time.process_time()
    value = case.score(case.test, model.predict(case.test.X, tasks=case.test.tasks))
    chosen = f"α {best[0]:g}" + (f", shared {best[1]}" if method == "joint" else "")
    gap = "–" if method == SKLEARN else f"{model.dual_gap_:.1e}"
    return [case.name, method, f"{value:.3f}", chosen, gap, end - middle, middle - start]


def sarcos(n_rows: int) -> Case:
    """Labels in standard deviations of the training rows; each row of inputs has one label per task."""
    table = as_table("sarcos").to_numpy().astype(float)
    X, Y = table[:, :21], table[:, 21:]
    order = np.random.default_rng(0).permutation(len(X))
    train, test = order[:n_rows], order[n_rows:]
    X = (X - X[train].mean(axis=0)) / X[train].std(axis=0)
    Y = (Y - Y[train].mean(axis=0)) / Y[train].std(axis=0)

    def long(rows: np.ndarray) -> Rows:
        tasks = np.tile(np.arange(Y.shape[1]), len(rows))
        return Rows(np.repeat(X[rows], Y.shape[1], axis=0), Y[rows].ravel(), tasks)

    def score(rows: Rows, predicted: np.ndarray) -> float:
        each = [
            np.square(rows.y - predicted)[rows.tasks == k].mean() / rows.y[rows.tasks == k].var()
            for k in range(7)
        ]
        return -float(np.mean(each))

    alphas, options = (1e-6, 1e-5, 1e-4, 1e-3), {"epsilon": 0.05, "gamma": 1 / 42}
    return Case("SARCOS, −nMSE", long(train), long(test), score, alphas, (0.2, 0.5, 0.8), options)


def school() -> Case:
    """The first split."""
    train, test = read_splits()[0]
    alphas, options = (3e-4, 1e-3, 3e-3, 1e-2), {"epsilon": 1.0, "gamma": 0.01}
    return Case("School, explained %", train, test, explained, alphas, (0.8,), options)


def office() -> Case:
    """Half of each domain."""
    table = as_table("office-caltech")
    X = np.sqrt(table.select(pl.exclude("domain", "category")).to_numpy().astype(float))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    y = np.unique(table["category"].to_numpy(), return_inverse=True)[1].astype(float)
    tasks = np.unique(table["domain"].to_numpy(), return_inverse=True)[1]
    order = np.random.default_rng(0).permutation(len(X))
    half = np.zeros(len(X), dtype=bool)
    for task in range(4):
        own = order[tasks[order] == task]
        half[own[: len(own) // 2]] = True
    rows = Rows(X, y, tasks)

    def score(test: Rows, predicted: np.ndarray) -> float:
        return float(
            np.mean([(test.y == predicted)[test.tasks == task].mean() for task in range(4)])
        )

    alphas = (1e-3, 3e-3, 1e-2, 3e-2)
    parts = rows.take(half), rows.take(~half)
    return Case(
        "Office-Caltech, accuracy", *parts, score, alphas, (0.3, 0.7), {"kernel": "linear"}, True
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", default=["office", "sarcos", "school"])
    parser.add_argument("--rows", type=int, default=600, help="training rows of SARCOS")
    arguments = parser.parse_args()
    makers = {"sarcos": lambda: sarcos(arguments.rows), "school": school, "office": office}
    lines = []
    for name in arguments.cases:
        case = makers[name]()
        for method in (SKLEARN, "per task", "joint"):
            lines.append(measure(case, method))
            print(lines[-1], flush=True)
    print(
        markdown(["data", "machine", "value", "chosen", "gap", "s per fit", "s of choice"], lines)
    )


if __name__ == "__main__":
    main()
