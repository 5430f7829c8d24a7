"""The study that `kill.py` kills: small, with a checkpoint at every evaluation."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP
from polytask.evaluation import compare
from polytask.neural_network import MultiTaskNetwork
from polytask.predictor import FittedPredictor
from polytask.tasks import Task
from polytask.training import Trainer


@dataclass(frozen=True)
class Watched(MultiTaskNetwork):
    """A network that writes checkpoints without delay, and a line when it goes on from one."""

    def single_task(self) -> Watched:
        """The same, watched too."""
        alone = super().single_task()
        return Watched(alone.architecture, alone.trainer, alone.label)

    def fit(self, *arguments: Any, checkpoint: Path, **options: Any) -> FittedPredictor:
        """Fit, and say whether a checkpoint was there."""
        if checkpoint.exists():
            with (checkpoint.parents[2] / "resumed").open("a", encoding="utf-8") as file:
                file.write(f"{checkpoint.name}\n")
        options |= {"checkpoint": checkpoint, "checkpoint_seconds": 0.0}
        return super().fit(*arguments, **options)


def table() -> MultiTaskDataset:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(300, 5))
    Y = X @ generator.normal(size=(5, 3)) + generator.normal(size=(300, 3))
    Y[:, 2] = Y[:, 2] > 0
    tasks = [Task("a", "regression"), Task("b", "regression"), Task("c", "binary")]
    return MultiTaskDataset.from_arrays(X, Y, tasks)


def run(out: Path, jobs: int) -> None:
    trainer = Trainer(batch_size=32, evaluate_every=20, patience=None)
    learners = [Watched(HardSharing(MLP((16,), dropout=0.1)), trainer), "linear"]
    sys.stdout.write("started\n")
    sys.stdout.flush()
    compare(table(), learners, seeds=2, budget=Budget(2, 300), jobs=jobs, out=out, quiet=True)


if __name__ == "__main__":
    import kill_study  # by its name, so that worker processes know the class too

    kill_study.run(Path(sys.argv[1]), int(sys.argv[2]))
