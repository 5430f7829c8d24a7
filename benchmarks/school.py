"""Exam scores of 139 schools: pooled, one model a school, and joint, over ten published splits.

Within-school explained variance, 1 - SSE / SST with SST about each school's own mean. Every
learner tries six settings; the best on a fifth of each school's training rows, drawn by seed, is
kept. Ridge regression, and the linear networks that a penalty couples, are then fitted again with
them, the latter for as many steps as were best. Prints a Markdown table.

    POLYTASK_DATA=... python benchmarks/school.py [--penalties]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from joblib import Parallel, delayed

from polytask.architectures import HardSharing, SingleTask, SoftSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split
from polytask.datasets import fetch_school
from polytask.encoders import MLP
from polytask.learners import Learner, Linear, PooledLinear
from polytask.neural_network import MultiTaskNetwork
from polytask.penalties import MeanDeviation, Penalty, TaskCovariance, TraceNorm
from polytask.predictor import FittedPredictor
from polytask.training import Trainer

TRAINER = Trainer(batch_size=256)
JOINT = HardSharing(MLP((128, 128), dropout=0.5))
APART = SingleTask(MLP((64,)))
ALPHAS = [{"alpha": alpha} for alpha in (1.0, 3.0, 10.0, 20.0, 30.0, 100.0)]
RATES = [
    {"trainer.learning_rate": rate, "trainer.weight_decay": decay}
    for rate, decay in product((1e-3, 3e-3, 3e-4), (1e-4, 1e-2))
]
LINEAR = Trainer(batch_size=1024, weight_decay=0.0, patience=None)


@dataclass(frozen=True)
class Candidate:
    """A learner, the settings it tries, and whether it is fitted again with the chosen one."""

    name: str
    learner: Learner
    settings: Sequence[Mapping[str, object]]
    refits: bool = False


CANDIDATES = (
    Candidate("pooled ridge", PooledLinear(), ALPHAS, refits=True),
    Candidate("one ridge a school", Linear(), ALPHAS, refits=True),
    Candidate("joint: hard sharing", MultiTaskNetwork(JOINT, TRAINER), RATES),
)


def coupled(name: str, penalty: Penalty, alphas: Sequence[float], rate: float) -> Candidate:
    """Linear networks, one per school, coupled by a penalty."""
    network = MultiTaskNetwork(SoftSharing(MLP(()), penalty=penalty), LINEAR)
    settings = [
        {"architecture.penalty.alpha": alpha, "trainer.learning_rate": rate} for alpha in alphas
    ]
    return Candidate(f"linear, {name}", network, settings, refits=True)


COUPLED = (
    coupled("distance to the mean", MeanDeviation(), (3.0, 6.0, 10.0, 15.0, 20.0, 30.0), 3e-3),
    coupled("trace norm", TraceNorm(), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0), 3e-3),
    coupled("MTRL", TaskCovariance(), (10.0, 20.0, 30.0, 50.0, 100.0, 200.0), 3e-3),
)
NETWORKS_APART = Candidate("one network a school", MultiTaskNetwork(APART, TRAINER), RATES)


def explained(model: FittedPredictor, rows: MultiTaskDataset) -> float:
    """Within-school explained variance of a model's predictions, in per cent."""
    residual, total = 0.0, 0.0
    predictions = model.predict(rows)
    labels = rows.sources[0].labelled()
    for school in rows.tasks.names:
        (truth,) = labels.columns(school).values()
        residual += float(np.square(truth - predictions[school].response).sum())
        total += float(np.square(truth - truth.mean()).sum())
    return 100 * (1 - residual / total)


def run(candidate: Candidate, data: MultiTaskDataset, split: Split, seed: int, steps: int) -> float:
    """Tune on validation rows and measure on test rows."""
    train, validation, test = split.apply(data)
    budget = Budget(steps=steps)
    tried = []
    for settings in candidate.settings:
        learner = candidate.learner.configured(settings)
        model = learner.fit(train, validation, seed, budget)
        tried.append((explained(model, validation), learner, model))
    _, learner, model = max(tried, key=lambda trial: trial[0])
    if candidate.refits:
        together = {s: np.concatenate([split.train[s], split.validation[s]]) for s in split.train}
        rows, history = data.take(together), model.history
        if history is None:
            model = learner.fit(rows, validation, seed, budget)
        else:
            best = history.epochs[history.best_epoch - 1].step
            more = sum(map(len, together.values())) / sum(map(len, split.train.values()))
            model = learner.fit(rows, None, seed, Budget(steps=round(best * more)))
    return explained(model, test)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--all", action="store_true", help="one network a school, too")
    parser.add_argument("--penalties", action="store_true", help="penalised networks only")
    arguments = parser.parse_args()
    school = fetch_school()
    splits = school.split.splits(school.dataset, seed=0)[: arguments.splits]
    print("| learner | within-school explained variance, % | minutes |")
    print("|---|---|---|")
    candidates = (*CANDIDATES, *COUPLED, *([NETWORKS_APART] if arguments.all else []))
    for candidate in COUPLED if arguments.penalties else candidates:
        start = time.perf_counter()
        values = Parallel(n_jobs=arguments.jobs)(
            delayed(run)(candidate, school.dataset, split, fold, arguments.steps)
            for fold, split in enumerate(splits)
        )
        minutes = (time.perf_counter() - start) / 60
        mean, deviation = np.mean(values), np.std(values, ddof=1)
        print(f"| {candidate.name} | {mean:.1f} ± {deviation:.1f} | {minutes:.1f} |", flush=True)


if __name__ == "__main__":
    main()
