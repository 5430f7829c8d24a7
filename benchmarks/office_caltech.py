"""Ten kinds of objects in four domains of images: joint networks, networks apart, convex learners.

Logistic regression and joint networks, which see all domains as tasks of one table, beside a network for
each domain. Folds by seed; every learner tries the same number of settings with the same steps on every
fold, chosen on validation rows. Prints the comparison.

    POLYTASK_DATA=... python benchmarks/office_caltech.py
"""

from __future__ import annotations

import argparse
import os
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import polars as pl

import polytask
from polytask import MultiTaskDataset, Task
from polytask.architectures import HardSharing, SharedPrivate
from polytask.bookkeeping import Budget
from polytask.datasets import as_table
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--trials", type=int, default=2)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message="This recipe can be trained, but")
    task = Task("category", "multiclass")
    table = as_table("office-caltech")
    words = np.sqrt(table.select(pl.exclude("domain", "category")).to_numpy())
    images = table.select("domain", "category", words=words)
    data = MultiTaskDataset.from_long(images, task, "domain")
    encoder, trainer = MLP((128,), dropout=0.5), Trainer(batch_size=64, learning_rate=1e-3)
    networks = [
        MultiTaskNetwork(architecture(encoder), trainer)
        for architecture in (HardSharing, SharedPrivate)
    ]
    comparison = polytask.compare(
        data,
        [*networks, "linear"],
        split=f"folds:{arguments.folds}",
        budget=Budget(steps=arguments.steps, trials=arguments.trials),
    )
    print(comparison)
    for learner in comparison.learners:
        print(f"{learner.name}: gain on validation rows {learner.validation_gain:+.3f}")


if __name__ == "__main__":
    main()
