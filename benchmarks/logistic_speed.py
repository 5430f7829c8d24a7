"""Log losses with L2,1 or a trace norm: seconds to 1e-6 above the least objective.

Σₜ mean of the log losses of task t + alpha R(W), without intercepts, AR(1) features. Every solver runs at
the loosest tolerance, on a grid of factors √10, that gets within 1e-6 of the least objective, relative to
it, which is known from a duality gap of 1e-9. MALSAR's algorithm (`Logistic_L21`, `Logistic_Trace`), plain
accelerated proximal gradients in numpy, stops as soon as it is there. Of one task L2,1 is the lasso, which
scikit-learn (liblinear), celer and skglm have; none has the norms of several tasks. One thread,
processor time, medians of interleaved turns.

    python benchmarks/logistic_speed.py [--only "one task"] [--folds]

celer and skglm are measured where they are installed.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from own_rows_solvers import PENALTIES, Data, correlated, loosest, malsar
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from timing import markdown, spent, turns

from polytask.linear_model import L21Classifier, L21ClassifierCV, TraceNormClassifier

GAP = 1e-6
OURS = {"L2,1": L21Classifier, "trace norm": TraceNormClassifier}
CASES = {  # rows, features, tasks, own rows, correlation, penalty
    "one task": (1000, 5000, 1, False, 0.5, "L2,1"),
    "one table": (1000, 1000, 10, False, 0.5, "L2,1"),
    "one table, 0.9": (1000, 1000, 10, False, 0.9, "L2,1"),
    "many rows": (5000, 100, 20, False, 0.5, "L2,1"),
    "own rows": (50, 200, 100, True, 0.5, "L2,1"),
    "own rows, rank": (50, 200, 100, True, 0.5, "trace norm"),
    "one table, rank": (1000, 100, 50, False, 0.5, "trace norm"),
}


@dataclass(frozen=True)
class Classes(Data):
    """X (tasks, rows, features), or the same for all, and y (tasks, rows) of 0 and 1."""

    def _along_rows(self, W: np.ndarray) -> np.ndarray:
        if self.X.strides[0] == 0:
            return (self.X[0] @ W.T).T
        return super()._along_rows(W)

    def _along_features(self, residual: np.ndarray) -> np.ndarray:
        if self.X.strides[0] == 0:
            return residual @ self.X[0]
        return super()._along_features(residual)

    def loss(self, W: np.ndarray) -> float:
        """Sum over tasks of mean log losses."""
        scores = self._along_rows(W)
        losses = np.logaddexp(0.0, scores) - self.y * scores
        return float(losses.sum() / self.X.shape[1])

    def slope(self, W: np.ndarray) -> np.ndarray:
        """Gradient of the loss (tasks, features)."""
        return self._along_features(expit(self._along_rows(W)) - self.y) / self.X.shape[1]


def draw(n: int, p: int, n_tasks: int, own: bool, correlation: float, penalty: str) -> Classes:
    """Scores twice the noise, by features in common or by weights of rank five."""
    random = np.random.default_rng(0)
    X = correlated(random.standard_normal((n_tasks if own else 1, n, p)), correlation)
    W = random.standard_normal((n_tasks, 5)) @ random.standard_normal((5, p))
    if penalty == "L2,1":
        n_kept = min(p // 10, max(n // 20, 5))
        W = np.zeros((n_tasks, p))
        W[:, random.choice(p, n_kept, replace=False)] = random.standard_normal((n_tasks, n_kept))
    X = np.broadcast_to(X, (n_tasks, n, p))
    data = Classes(X, np.zeros((n_tasks, n)))
    scores = data._along_rows(W)  # noqa: SLF001
    noise = random.logistic(size=scores.shape)
    return Classes(X, (2 * scores / scores.std() + noise > 0).astype(float))


def polytask(data: Classes, kind: type, alpha: float, tolerance: float) -> np.ndarray:
    """W of an estimator."""
    model = kind(alpha, fit_intercept=False, tol=tolerance, max_iter=100_000)
    if data.X.strides[0] == 0:
        Y = data.y.T.astype(int)
        return model.fit(data.X[0], Y if Y.shape[1] > 1 else Y[:, 0]).coef_
    X, y, tasks = data.flat()
    return model.fit(X, y.astype(int), tasks=tasks).coef_


def sklearn(data: Classes, alpha: float, tolerance: float) -> np.ndarray:
    """W of one task by liblinear."""
    from sklearn.linear_model import LogisticRegression

    C = 1 / (alpha * data.X.shape[1])
    model = LogisticRegression(
        C=C, l1_ratio=1, solver="liblinear", tol=tolerance, fit_intercept=False, max_iter=10_000
    )
    return model.fit(data.X[0], data.y[0]).coef_


def celer(data: Classes, alpha: float, tolerance: float) -> np.ndarray:
    """W of one task by celer."""
    from celer import LogisticRegression

    C = 1 / (alpha * data.X.shape[1])
    return LogisticRegression(C=C, tol=tolerance).fit(data.X[0], data.y[0]).coef_


def skglm(data: Classes, alpha: float, tolerance: float) -> np.ndarray:
    """W of one task by skglm."""
    from skglm import SparseLogisticRegression

    model = SparseLogisticRegression(alpha, tol=tolerance, fit_intercept=False)
    return model.fit(np.asfortranarray(data.X[0]), data.y[0]).coef_


def ways(data: Classes, name: str, alpha: float) -> dict[str, Callable[[float], np.ndarray]]:
    """Solvers of a problem by a tolerance."""
    found = {"polytask": functools.partial(polytask, data, OURS[name], alpha)}
    if len(data.X) == 1:
        for peer in (sklearn, celer, skglm):
            if importlib.util.find_spec(peer.__name__):
                found[peer.__name__] = functools.partial(peer, data, alpha)
    return found


def compare(case: str, share: int, repeats: int) -> list[list[object]]:
    """Seconds of every way to solve a problem at alpha_max / share."""
    *shape, name = CASES[case]
    data, penalty = draw(*shape, name), PENALTIES[name]
    alpha = penalty.dual(data.slope(np.zeros((shape[2], shape[1])))) / share

    def value(W: np.ndarray) -> float:
        return data.loss(W) + alpha * penalty.value(W)

    W = polytask(data, OURS[name], alpha, 1e-9)
    target = value(W) * (1 + GAP)

    def reached(W: np.ndarray) -> bool:
        return value(np.atleast_2d(W)) <= target

    label = "MALSAR's algorithm, batched"
    works = {label: functools.partial(malsar, data, penalty, alpha, 20_000, target)}
    notes = {label: f"{works[label]()[1]} iterations"}
    for way, solve in ways(data, name, alpha).items():
        tolerance = loosest(solve, reached, range(2, 22))
        if np.isnan(tolerance):
            continue
        works[way] = functools.partial(solve, tolerance)
        notes[way] = f"tolerance {tolerance:.0e}"
    seconds = {way: float(np.median(s)) for way, s in turns(works, repeats).items()}
    kept = np.linalg.matrix_rank(W, 1e-6) if name == "trace norm" else W.any(axis=0).sum()
    return [
        [case, f"/ {share}", int(kept), way, s, s / seconds["polytask"], notes[way]]
        for way, s in seconds.items()
    ]


def folds() -> list[list[object]]:
    """Seconds of a strength chosen by folds, of classes that can be separated."""
    X = np.random.default_rng(0).normal(size=(60, 4))
    y = (X[:, :2] @ np.array([[1.0, 2.0], [-1.0, 1.0]]) > 0).astype(int)
    seconds = [spent(lambda: L21ClassifierCV().fit(X, y))[0] for _ in range(5)]
    return [["60 rows, 4 features, 2 tasks", float(np.median(seconds))]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=list(CASES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folds", action="store_true", help="L21ClassifierCV only")
    arguments = parser.parse_args()
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for case in [] if arguments.folds else arguments.only:
            for share in (5, 20):
                found = compare(case, share, arguments.repeats)
                print(*found, sep="\n", flush=True)
                rows += found
    header = ["problem", "alpha_max", "kept", "solver", "s", "× polytask", "stopped by"]
    print(markdown(header, rows))
    print(markdown(["L21ClassifierCV", "s"], folds()))


if __name__ == "__main__":
    main()
