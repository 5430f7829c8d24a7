"""Counts as counts and as plain numbers, on the same rows: mean Poisson deviance on test rows.

Each learner learns every target twice: as `count`, and as `regression`, of rates weighted by exposure
where there are exposures. Both try the same settings; the one of least mean deviance on validation
rows is kept, and test rows are read once. A regression may predict 0 or less, whose deviance is
infinite: predictions below a hundredth of the mean rate of the training rows count as that. Prints
a Markdown table for each set of data, with the seeds in which `count` was better.

    POLYTASK_DATA=... python benchmarks/counts.py
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, RandomSplit
from polytask.datasets import fetch_mulan, make_counts
from polytask.encoders import MLP
from polytask.learners import Constant, GradientBoosting, Learner, Linear
from polytask.metrics import PoissonDeviance
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.tasks import Count, Task

FLOOR = 0.01
RATES = [{"trainer.learning_rate": rate} for rate in (3e-4, 1e-3, 3e-3)]
LEARNERS: Mapping[str, tuple[Learner, Sequence[Mapping[str, object]]]] = {
    "hard sharing": (MultiTaskNetwork(HardSharing(MLP((64, 64), dropout=0.1))), RATES),
    "linear": (Linear(), [{"alpha": alpha} for alpha in (0.1, 1.0, 10.0, 100.0, 1000.0)]),
    "histogram boosting": (
        GradientBoosting(),
        [{"learning_rate": rate} for rate in (0.03, 0.1)],
    ),
}
AS = ("count", "count:negative_binomial", "regression")


@dataclass(frozen=True)
class Rows:
    """Inputs, counts and exposures."""

    inputs: Mapping[str, np.ndarray]
    counts: Mapping[str, np.ndarray]
    exposures: np.ndarray | None = None

    def dataset(self, kind: str, rows: np.ndarray) -> MultiTaskDataset:
        """The rows with targets of a kind: counts and exposures, or rates and weights."""
        columns = {name: values[rows] for name, values in self.inputs.items()}
        counts = {name: values[rows] for name, values in self.counts.items()}
        if self.exposures is None:
            tasks = [Task(name, kind) for name in counts]
            return MultiTaskDataset.from_table({**columns, **counts}, tasks)
        months = self.exposures[rows]
        if kind != "regression":
            tasks = [Task(name, kind, (name, "months")) for name in counts]
            return MultiTaskDataset.from_table({**columns, **counts, "months": months}, tasks)
        rates = {name: values / months for name, values in counts.items()}
        return MultiTaskDataset.from_table(
            {**columns, **rates, "months": months}, [Task(n, kind) for n in rates], weight="months"
        )

    def deviance(self, model: FittedPredictor, train: np.ndarray, rows: np.ndarray) -> float:
        """Mean over tasks of the mean Poisson deviance."""
        predictions = model.predict({name: values[rows] for name, values in self.inputs.items()})
        months = np.ones(len(rows)) if self.exposures is None else self.exposures[rows]
        values = []
        for name, counts in self.counts.items():
            of_train = np.ones(len(train)) if self.exposures is None else self.exposures[train]
            floor = FLOOR * counts[train].sum() / of_train.sum()
            expected = months * np.maximum(predictions[name].decision, floor)
            fitted = Count().fit(name, {name: counts[train]})
            values.append(PoissonDeviance().score(counts[rows], expected, fitted).value)
        return float(np.mean(values))


def generated(*, exposure: bool, dispersion: float, zeros: float) -> Rows:
    """Rows of the generator."""
    data, truth = make_counts(
        4, 3000, exposure=exposure, dispersion=dispersion, zeros=zeros, seed=7
    )
    return _rows(data, truth.exposures if exposure else None)


def sales() -> Rows:
    """Twelve months of sales of products."""
    return _rows(fetch_mulan("osales").dataset, None)


def _rows(data: MultiTaskDataset, exposures: np.ndarray | None) -> Rows:
    (source,) = data.sources
    labels = source.labelled()
    counts = {name: next(iter(labels.columns(name).values())) for name in data.tasks.names}
    return Rows({c.name: c.to_numpy() for c in source.inputs.iter_columns()}, counts, exposures)


SETS = {
    "generated, with exposures": lambda: generated(exposure=True, dispersion=0.0, zeros=0.5),
    "generated, rare events": lambda: generated(exposure=False, dispersion=0.0, zeros=0.85),
    "generated, overdispersed": lambda: generated(exposure=False, dispersion=1.0, zeros=0.4),
    "osales": sales,
}


def run(rows: Rows, name: str, kind: str, seed: int, steps: int) -> float:
    """Choose settings on validation rows and measure on test rows."""
    learner, settings = LEARNERS[name]
    train, validation, test = _split(rows, seed)
    parts = rows.dataset(kind, train), rows.dataset(kind, validation)
    tried = []
    for chosen in settings:
        model = learner.configured(chosen).fit(*parts, seed, Budget(steps=steps))
        tried.append((rows.deviance(model, train, validation), model))
    return rows.deviance(min(tried, key=lambda trial: trial[0])[1], train, test)


def constant(rows: Rows, seed: int) -> float:
    """The mean rate of the training rows."""
    train, _, test = _split(rows, seed)
    data = rows.dataset("count", train)
    return rows.deviance(Constant().fit(data, data, seed, Budget()), train, test)


def _split(rows: Rows, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    data = rows.dataset("count", np.arange(len(next(iter(rows.counts.values())))))
    (split,) = RandomSplit(test=0.2, validation=0.2).splits(data, seed=seed)
    (source,) = (source.name for source in data.sources)
    return split.train[source], split.validation[source], split.test[source]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    arguments = parser.parse_args()
    seeds = range(arguments.seeds)
    for title in arguments.sets:
        start, rows = time.perf_counter(), SETS[title]()
        base = np.mean([constant(rows, seed) for seed in seeds])
        print(f"\n{title} (constant: {base:.4g})\n")
        print("| learner | " + " | ".join(AS) + " | count better in |")
        print("|---|" + "---|" * (len(AS) + 1))
        for name in LEARNERS:
            kinds = AS if name == "hard sharing" else (AS[0], AS[2])
            found = {
                kind: [run(rows, name, kind, seed, arguments.steps) for seed in seeds]
                for kind in kinds
            }
            cells = [
                f"{np.mean(found[kind]):.4g} ± {np.std(found[kind], ddof=1):.2g}"
                if kind in found
                else "–"
                for kind in AS
            ]
            wins = sum(a < b for a, b in zip(found[AS[0]], found[AS[2]], strict=True))
            print(f"| {name} | {' | '.join(cells)} | {wins} of {len(seeds)} |", flush=True)
        print(f"\n{(time.perf_counter() - start) / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
