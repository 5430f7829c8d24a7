"""What a training step costs with 10 and with 617 binary tasks.

Hard sharing with a trunk of 256-512-256 units, batches of 256 rows, a third of the labels
missing, one thread. Medians of process time and their ratio are printed as a Markdown table.

    python benchmarks/many_tasks.py
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from polytask.architectures import HardSharing
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP
from polytask.tasks import Task
from polytask.training import Trainer

N_ROWS, N_FEATURES = 8192, 256


def table(n_tasks: int) -> MultiTaskDataset:
    """Random rows with `n_tasks` binary labels, a third of them missing."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(N_ROWS, N_FEATURES)).astype(np.float32)
    labels = (inputs @ draw.normal(size=(N_FEATURES, n_tasks)) > 0).astype(float)
    labels[draw.random(labels.shape) < 1 / 3] = np.nan
    return MultiTaskDataset.from_arrays(
        inputs, labels, [Task(f"t{k}", "binary") for k in range(n_tasks)]
    )


def step_milliseconds(train: MultiTaskDataset, steps: int) -> float:
    """Process time of a step, measured between two looks."""
    marks: list[float] = []
    trainer = Trainer(batch_size=256, steps=2 * steps, evaluate_every=steps, patience=None)
    architecture = HardSharing(MLP((256, 512, 256)))
    trainer.fit(architecture, train, on_epoch=lambda _: marks.append(time.process_time()))
    return 1000 * (marks[1] - marks[0]) / steps


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tables = {n_tasks: table(n_tasks) for n_tasks in (10, 617)}
    times: dict[int, list[float]] = {n_tasks: [] for n_tasks in tables}
    for _ in range(arguments.repeats):
        for n_tasks, train in tables.items():
            times[n_tasks].append(step_milliseconds(train, arguments.steps))
    medians = {n_tasks: statistics.median(values) for n_tasks, values in times.items()}
    print("| tasks | ms a step (median) | multiple of 10 tasks |")
    print("|---|---|---|")
    for n_tasks, median in medians.items():
        print(f"| {n_tasks} | {median:.2f} | {median / medians[10]:.2f} |")


if __name__ == "__main__":
    main()
