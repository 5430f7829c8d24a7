"""Grades as grades, classes and numbers; quantiles by networks, boosting and linear programs.

Grades: 14 species of a river, each absent (0) or found rarely (1), often (3) or very often (5)
(Mulan's wq). The same network learns them as `ordinal`, `multiclass` and `regression`, and so do
the estimators, by classifiers or regressors. A regression states a normal distribution around its
answer, whose deviation is that of its errors on validation rows. Quantiles: levels 0.1, 0.5 and 0.9
of heating and cooling loads (Mulan's enb) and of generated prices, whose spread depends on the
inputs. Settings are chosen by the mean score on validation rows; test rows are read once. Prints
Markdown tables.

    POLYTASK_DATA=... python benchmarks/ordinal_quantile.py
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.stats import norm

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets import fetch_mulan
from polytask.encoders import MLP
from polytask.learners import Constant, GradientBoosting, Learner, Linear
from polytask.metrics import GradeError, Pinball, QuadraticKappa, RankedProbabilityScore
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor, TaskPrediction
from polytask.tasks import FittedTarget, Kind, Multiclass, Ordinal, Quantile, Regression, Task

GRADES = (0, 1, 3, 5)
KINDS = (Ordinal(GRADES), Multiclass(), Regression())
"""Estimators learn the same classifiers of the first two."""
RATES = [{"trainer.learning_rate": rate} for rate in (3e-4, 1e-3, 3e-3)]
DROPOUT = [
    {"trainer.learning_rate": rate, "architecture.encoder.dropout": dropout}
    for rate in (1e-3, 3e-3)
    for dropout in (0.0, 0.1)
]
NETWORK = MultiTaskNetwork(HardSharing(MLP((64, 64), dropout=0.1)))
LEARNERS: Mapping[str, tuple[Learner, Sequence[Mapping[str, object]]]] = {
    "hard sharing": (NETWORK, RATES),
    "linear": (Linear(), [{"alpha": alpha} for alpha in (0.1, 1.0, 10.0, 100.0)]),
    "histogram boosting": (
        GradientBoosting(),
        [{"learning_rate": rate, "max_leaf_nodes": 8} for rate in (0.03, 0.1)],
    ),
    "constant": (Constant(), [{}]),
}
Scores = Mapping[str, float]
"""Means over tasks, by name."""


@dataclass(frozen=True)
class Rows:
    """Inputs and targets of a table."""

    inputs: Mapping[str, np.ndarray]
    targets: Mapping[str, np.ndarray]

    def dataset(self, kind: Kind, rows: np.ndarray) -> MultiTaskDataset:
        """Some of the rows, with targets of a kind."""
        columns = {name: values[rows] for name, values in {**self.inputs, **self.targets}.items()}
        return MultiTaskDataset.from_table(columns, [Task(name, kind) for name in self.targets])

    def split(self, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions of training, validation and test rows, the same for every kind."""
        n_rows = len(next(iter(self.targets.values())))
        data = self.dataset(Regression(), np.arange(n_rows))
        (drawn,) = RandomSplit(test=0.2, validation=0.2).splits(data, seed=seed)
        (source,) = (source.name for source in data.sources)
        return drawn.train[source], drawn.validation[source], drawn.test[source]


def mulan(name: str) -> Rows:
    """All rows of one of Mulan's tables."""
    data = fetch_mulan(name).dataset
    (source,) = data.sources
    labels = source.labelled()
    targets = {name: next(iter(labels.columns(name).values())) for name in data.tasks.names}
    return Rows({c.name: c.to_numpy() for c in source.inputs.iter_columns()}, targets)


def prices(n_rows: int = 3000) -> Rows:
    """Two prices whose spread depends on the inputs, one of them skewed."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=(n_rows, 6))
    center, spread = 3 * np.tanh(x[:, 0]) + x[:, 1] * x[:, 2], np.exp(0.6 * x[:, 3] - 0.3)
    even = center + spread * rng.normal(size=n_rows)
    skewed = center / 2 + spread * rng.exponential(size=n_rows)
    return Rows({f"x{i}": x[:, i] for i in range(6)}, {"even": even, "skewed": skewed})


def grade_scores(model: FittedPredictor, rows: Rows, spread: np.ndarray, at: np.ndarray) -> Scores:
    """RPS, error in grades and quadratic kappa on some rows.

    Parameters
    ----------
    spread : array of int
        Rows on which the deviation of a regression's errors is measured.
    at : array of int
        Rows that are scored.
    """
    target, metrics = FittedTarget(("y",), GRADES), _GRADES
    values: dict[str, list[float]] = {metric.label: [] for metric in metrics}
    for name, column in rows.targets.items():
        truth = np.searchsorted(GRADES, column[at]).astype(np.float64)
        probabilities = _probabilities(model, rows, name, spread, at)
        for metric in metrics:
            value = metric.score(truth, probabilities, target).value
            values[metric.label].append(np.nan if value is None else value)
    return {label: float(np.nanmean(numbers)) for label, numbers in values.items()}


def _probabilities(
    model: FittedPredictor, rows: Rows, name: str, spread: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """Probability of each grade, whatever the kind was."""

    def predicted(some: np.ndarray) -> TaskPrediction:
        return model.predict({key: values[some] for key, values in rows.inputs.items()})[name]

    answer = predicted(at)
    if not answer.target.classes:
        errors = rows.targets[name][spread] - predicted(spread).response
        deviation = max(float(np.sqrt(np.mean(np.square(errors)))), 1e-6)
        middle = (np.array(GRADES[:-1]) + np.array(GRADES[1:])) / 2
        below = norm.cdf((middle - answer.response[:, None]) / deviation)
        ends = np.zeros((len(below), 1)), np.ones((len(below), 1))
        return np.diff(np.hstack([ends[0], below, ends[1]]), axis=1)
    response = answer.response
    if response.ndim == 1:
        response = np.stack([1 - response, response], axis=1)
    table = np.zeros((len(response), len(GRADES)))
    table[:, np.searchsorted(GRADES, answer.target.classes)] = response
    return table


def quantile_scores(
    model: FittedPredictor, rows: Rows, spread: np.ndarray, at: np.ndarray
) -> Scores:
    """Pinball loss and width in deviations of the training rows, and coverage."""
    del spread
    predictions = model.predict({key: values[at] for key, values in rows.inputs.items()})
    values: dict[str, list[float]] = {}
    for name, column in rows.targets.items():
        answer, truth = predictions[name], column[at]
        quantiles = answer.response
        inside = (quantiles[:, 0] <= truth) & (truth <= quantiles[:, -1])
        unit = answer.target.learned["scale"][0]
        numbers = {
            "pinball loss": float(Pinball().score(truth, quantiles, answer.target).value) / unit,
            "coverage, %": 100 * float(inside.mean()),
            "width": float((quantiles[:, -1] - quantiles[:, 0]).mean()) / unit,
        }
        for label, number in numbers.items():
            values.setdefault(label, []).append(number)
    return {label: float(np.mean(numbers)) for label, numbers in values.items()}


_GRADES = (RankedProbabilityScore(), GradeError(), QuadraticKappa())
Scorer = Callable[[FittedPredictor, Rows, np.ndarray, np.ndarray], Scores]


def run(rows: Rows, name: str, kind: Kind, scorer: Scorer, seed: int, steps: int) -> Scores:
    """Choose settings by the first score on validation rows, and score test rows."""
    learner, settings = LEARNERS[name]
    if learner is NETWORK and isinstance(kind, Quantile):
        settings = (
            DROPOUT  # quantiles that are learned under dropout are wider than those predicted
        )
    train, validation, test = rows.split(seed)
    parts = rows.dataset(kind, train), rows.dataset(kind, validation)
    tried = []
    for chosen in settings:
        model = learner.configured(chosen).fit(*parts, seed, Budget(steps=steps))
        first = next(iter(scorer(model, rows, validation, validation).values()))
        tried.append((first, model))
    best = min(tried, key=lambda trial: trial[0])[1]
    return scorer(best, rows, validation, test)


def _cells(found: Sequence[Scores]) -> str:
    """Means and deviations over the seeds."""
    columns = {label: [scores[label] for scores in found] for label in found[0]}
    shown = (
        f"{np.round(np.mean(each), 6) + 0.0:.4g} ± {np.round(np.std(each, ddof=1), 6):.2g}"
        for each in columns.values()
    )
    return " | ".join(shown)


def _print_grades(seeds: Sequence[int], steps: int) -> None:
    rows = mulan("wq")
    print("wq\n\n| learner | kind | RPS | grade error | quadratic kappa |\n|---|---|---|---|---|")
    for name in LEARNERS:
        for kind in KINDS if name == "hard sharing" else (KINDS[0], KINDS[2]):
            found = [run(rows, name, kind, grade_scores, seed, steps) for seed in seeds]
            print(f"| {name} | {kind.name} | {_cells(found)} |", flush=True)


def _print_quantiles(seeds: Sequence[int], steps: int) -> None:
    for title, rows in (("enb", mulan("enb")), ("generated prices", prices())):
        print(f"\n{title}\n\n| learner | pinball loss | coverage, % | width |\n|---|---|---|---|")
        for name in LEARNERS:
            found = [run(rows, name, Quantile(), quantile_scores, seed, steps) for seed in seeds]
            print(f"| {name} | {_cells(found)} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--part", choices=["grades", "quantiles", "all"], default="all")
    arguments = parser.parse_args()
    seeds, start = range(arguments.seeds), time.perf_counter()
    if arguments.part != "quantiles":
        _print_grades(seeds, arguments.steps)
    if arguments.part != "grades":
        _print_quantiles(seeds, arguments.steps)
    print(f"\n{(time.perf_counter() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
