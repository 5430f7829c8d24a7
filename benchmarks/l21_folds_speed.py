"""Joint feature selection with its strength chosen by five folds: seconds beside MultiTaskLassoCV.

The tables of `l21_speed.py`, 30 strengths from alpha_max to a twentieth of it, consecutive folds of equal
size, intercepts, and the default tolerance of each library. Processor time on one thread, medians of interleaved
turns. "Chosen" is the position of the strength that was chosen, and "loss" the mean squared error of its
coefficients on rows that were drawn anew, in units of the labels' variance. celer's own class does not
run beside scikit-learn 1.9; its paths (`homotopy.mtl_path`) of the folds and of all rows stand for it.

    python benchmarks/l21_folds_speed.py [--sizes 0 1] [--repeats 1]

celer is measured where it is installed.
"""

from __future__ import annotations

import argparse
import functools
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from l21_peers import Solver, solvers
from l21_speed import SIZES, draw
from timing import markdown, turns

GRID = {"n_alphas": 30, "eps": 0.05}


@dataclass
class PathsCV:
    """The strength of least squared error over folds, by a function that solves for all strengths."""

    solver: Solver
    cv: list[tuple[np.ndarray, np.ndarray]]
    n_alphas: int
    eps: float

    def fit(self, X: np.ndarray, Y: np.ndarray) -> PathsCV:
        """Solve on every fold and on all rows."""
        centred, offset = X - X.mean(axis=0), Y.mean(axis=0)
        largest = np.linalg.norm((Y - offset).T @ centred, axis=0).max() / len(X)
        self.alphas_ = np.geomspace(largest, largest * self.eps, self.n_alphas)
        losses = np.zeros(self.n_alphas)
        for train, test in self.cv:
            mean, shift, answers = self._paths(X[train], Y[train])
            scores = [(X[test] - mean) @ W.T + shift for W in answers]
            losses += [np.square(Y[test] - each).mean() for each in scores]
        best = int(losses.argmin())
        self.alpha_ = self.alphas_[best]
        self.mean, self.shift, answers = self._paths(X, Y, best + 1)
        self.W = answers[-1]
        return self

    def _paths(self, X: np.ndarray, Y: np.ndarray, end: int | None = None) -> tuple:
        mean, shift = X.mean(axis=0), Y.mean(axis=0)
        inputs, labels = np.asfortranarray(X - mean), np.asfortranarray(Y - shift)
        return mean, shift, self.solver.solve(inputs, labels, self.alphas_[:end], 1e-4)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Scores of new rows."""
        return (X - self.mean) @ self.W.T + self.shift


def entrants() -> dict[str, Callable[..., Any]]:
    """Estimators by name, of folds, a number of strengths and their range."""
    from sklearn.linear_model import MultiTaskLassoCV

    from polytask.linear_model import L21RegressorCV

    def theirs(cv: Any, n_alphas: int, eps: float) -> Any:
        return MultiTaskLassoCV(cv=cv, alphas=n_alphas, eps=eps)

    return {
        "polytask": L21RegressorCV,
        "scikit-learn": theirs,
        **{each.name: functools.partial(PathsCV, each) for each in solvers(["celer"])},
    }


def consecutive(n: int, n_folds: int = 5) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training and test rows of consecutive folds."""
    tests = np.array_split(np.arange(n), n_folds)
    return [(np.setdiff1d(np.arange(n), test), test) for test in tests]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[0, 1])
    parser.add_argument("--repeats", type=int, default=1)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    rows: list[list[object]] = []
    for size in (SIZES[i] for i in arguments.sizes):
        n, p, n_tasks = size
        X, Y = draw((2 * n, p, n_tasks), 0.5)
        X, X_new = np.asfortranarray(X[:n]), X[n:]
        Y, Y_new = np.asfortranarray(Y[:n]), Y[n:]
        models = {name: make(cv=consecutive(n), **GRID) for name, make in entrants().items()}
        works = {name: functools.partial(m.fit, X, Y) for name, m in models.items()}
        seconds = turns(works, arguments.repeats)
        for name, model in models.items():
            loss = np.square(Y_new - model.predict(X_new)).mean() / Y_new.var()
            chosen = int(np.argmin(np.abs(np.sort(model.alphas_)[::-1] - model.alpha_)))
            time = float(np.median(seconds[name]))
            ratio = time / float(np.median(seconds["polytask"]))
            rows.append([size, name, time, ratio, chosen, float(loss)])
            print(*rows[-1], flush=True)
    header = ["n, p, T", "solver", "s", "× polytask", "chosen", "loss"]
    print("\n" + markdown(header, rows))


if __name__ == "__main__":
    main()
