"""What `Trainer` costs beside a hand-written loop and beside torch's DataLoader.

One network (hard sharing, embeddings and two layers of 256), one data set (census-income), one
thread, the same batches of 1024 rows. Each variant runs the same number of steps several times,
turn by turn; medians of process time and their ratios are printed as a Markdown table.

    POLYTASK_DATA=... python benchmarks/overhead.py
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from polytask.architectures import HardSharing, MultiTaskModule
from polytask.data import MultiTaskDataset, SourceBatch, encode, fit_schemas
from polytask.datasets import fetch_census_income
from polytask.encoders import MLP
from polytask.training import Trainer, to_tensors

BATCH_SIZE = 1024
LEARNING_RATE = 1e-3
ARCHITECTURE = HardSharing(MLP((256, 256)))


Batches = Callable[[], Iterator[tuple[dict[str, Tensor], Tensor]]]


def indexed(rows: SourceBatch, labels: Tensor) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Batches as people index them by hand."""
    order = torch.randperm(rows.n_rows)
    for start in range(0, rows.n_rows, BATCH_SIZE):
        index = order[start : start + BATCH_SIZE]
        yield {part: array[index] for part, array in rows.inputs.items()}, labels[index]


def loaded(rows: SourceBatch, labels: Tensor) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Batches of torch's DataLoader over a TensorDataset, default collation, no workers."""
    table = TensorDataset(*rows.inputs.values(), labels)
    for *arrays, batch_labels in DataLoader(table, batch_size=BATCH_SIZE, shuffle=True):
        yield dict(zip(rows.inputs, arrays, strict=True)), batch_labels


def plain_loop(
    network: MultiTaskModule, source: str, block: str, batches: Batches, steps: int
) -> float:
    """Process seconds of the loop that people write: forward, sum of losses, backward, step."""
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    loss = torch.nn.BCEWithLogitsLoss()
    step, start = 0, time.process_time()
    while step < steps:
        for inputs, labels in batches():
            scores = network({source: SourceBatch(inputs)})[source, block]
            losses = [loss(scores[:, task], labels[:, task]) for task in range(labels.shape[1])]
            optimizer.zero_grad()
            torch.stack(losses).sum().backward()
            optimizer.step()
            step += 1
            if step == steps:
                break
    return time.process_time() - start


def trainer_loop(train: MultiTaskDataset, steps: int) -> float:
    """Process seconds of as many steps of `Trainer`, measured between two looks."""
    marks: list[float] = []
    trainer = Trainer(
        batch_size=BATCH_SIZE,
        learning_rate=LEARNING_RATE,
        steps=2 * steps,
        evaluate_every=steps,
        patience=None,
    )
    trainer.fit(ARCHITECTURE, train, on_epoch=lambda _: marks.append(time.process_time()))
    return marks[1] - marks[0]


def measure(train: MultiTaskDataset, steps: int, repeats: int) -> dict[str, list[float]]:
    """Run every variant `repeats` times, turn by turn."""
    schemas = fit_schemas(train)
    network = ARCHITECTURE.build(schemas, train.tasks, seed=0)
    ((source, rows),) = to_tensors(
        encode(train.sources, train.tasks, schemas, network.blocks)
    ).items()
    ((block, targets),) = rows.targets.items()
    labels = targets.values
    seconds: dict[str, list[float]] = {"hand-written loop": [], "Trainer": [], "DataLoader": []}
    for _ in range(repeats):
        for name, batches in (("hand-written loop", indexed), ("DataLoader", loaded)):
            fresh = ARCHITECTURE.build(schemas, train.tasks, seed=0)
            seconds[name].append(
                plain_loop(fresh, source, block, lambda b=batches: b(rows, labels), steps)
            )
        seconds["Trainer"].append(trainer_loop(train, steps))
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=176, help="steps of a run (176: one epoch)")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    census = fetch_census_income()
    train, _, _ = census.split.splits(census.dataset, seed=0)[0].apply(census.dataset)
    seconds = measure(train, arguments.steps, arguments.repeats)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print("| variant | ms a step (median) | Trainer / variant |")
    print("|---|---|---|")
    for name, median in medians.items():
        print(
            f"| {name} | {1000 * median / arguments.steps:.2f} | {medians['Trainer'] / median:.2f} |"
        )


if __name__ == "__main__":
    main()
