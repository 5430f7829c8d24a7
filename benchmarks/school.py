"""Exam scores of 139 schools: pooled, one model a school, and joint, over ten published splits.

Within-school explained variance, 1 - SSE / SST with SST about each school's own mean. Settings
are chosen on a fifth of each school's training rows, by seed. Prints a Markdown table.

    POLYTASK_DATA=... python benchmarks/school.py
"""

from __future__ import annotations

import argparse
import itertools
import time

import numpy as np
import torch

from polytask.architectures import MLP, HardSharing, SingleTask
from polytask.data import MultiTaskDataset
from polytask.datasets import fetch_school
from polytask.learners import Learner, Linear, PooledLinear
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.training import Budget, Trainer

ENCODER = MLP((64,))


def networks(seed_steps: int) -> dict[str, Learner]:
    """Networks with equal encoders, apart and together."""
    trainer = Trainer(batch_size=256, steps=seed_steps, learning_rate=1e-3, weight_decay=1e-4)
    return {
        "one network a school": MultiTaskNetwork(SingleTask(ENCODER), trainer),
        "joint: hard sharing, a head a school": MultiTaskNetwork(HardSharing(ENCODER), trainer),
    }


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


def tuned(
    learner: Learner,
    train: MultiTaskDataset,
    validation: MultiTaskDataset,
    budget: Budget,
    seed: int,
) -> FittedPredictor:
    """The best of the learner's first settings on validation rows."""
    space = learner.search_space()
    settings = [
        dict(zip(space, values, strict=True)) for values in itertools.product(*space.values())
    ]
    models = [
        learner.configured(s).fit(train, validation, seed, budget)
        for s in settings[: budget.trials]
    ]
    return max(models, key=lambda model: explained(model, validation))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--splits", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    school = fetch_school()
    splits = school.split.splits(school.dataset, seed=0)[: arguments.splits]
    budget = Budget(trials=arguments.trials, steps=arguments.steps)
    learners = {
        "pooled ridge": PooledLinear(),
        "one ridge a school": Linear(),
        **networks(arguments.steps),
    }
    print("| learner | within-school explained variance, % | minutes |")
    print("|---|---|---|")
    for name, learner in learners.items():
        start, values = time.perf_counter(), []
        for fold, split in enumerate(splits):
            train, validation, test = split.apply(school.dataset)
            values.append(explained(tuned(learner, train, validation, budget, fold), test))
        minutes = (time.perf_counter() - start) / 60
        print(
            f"| {name} | {np.mean(values):.1f} ± {np.std(values, ddof=1):.1f} | {minutes:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
