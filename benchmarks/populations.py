"""What a population costs beside its members trained one after another.

All single-task networks, all pairs and the joint network of K binary tasks on a table of 40 numbers,
multi-layer perceptrons with batches of 64: milliseconds per step of all members, from runs of two
lengths, so that reading data and building networks are left out. One after another, one member of each
number of tasks is measured.

    OMP_NUM_THREADS=1 python benchmarks/populations.py --tasks 8 16 32 --widths 32 64 256
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import combinations

import numpy as np
import torch

from polytask.architectures import HardSharing
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP
from polytask.tasks import Task
from polytask.training import Member, Trainer

N_INPUTS = 40


def table(n_tasks: int, n_rows: int) -> MultiTaskDataset:
    """Binary tasks of linear boundaries."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(n_rows, N_INPUTS))
    targets = (inputs @ draw.normal(size=(N_INPUTS, n_tasks)) > 0).astype(float)
    return MultiTaskDataset.from_arrays(
        inputs, targets, [Task(f"task {k}", "binary") for k in range(n_tasks)]
    )


def members(data: MultiTaskDataset) -> list[list[Member]]:
    """Single-task networks, pairs, and the joint network."""
    names = data.tasks.names
    single = [Member({name: 1.0}) for name in names]
    pairs = [Member({one: 1.0, other: 1.0}) for one, other in combinations(names, 2)]
    return [single, pairs, [Member()]]


def per_step(run: Callable[[int], object], steps: int, repeats: int, device: str) -> list[float]:
    """Milliseconds per step, by runs of `steps` and of three times as many."""
    found = []
    for _ in range(repeats):
        seconds = []
        for n_steps in (steps, 3 * steps):
            start = clock(device)
            run(n_steps)
            seconds.append(clock(device) - start)
        found.append((seconds[1] - seconds[0]) / (2 * steps) * 1e3)
    return found


def clock(device: str) -> float:
    """Process time on a CPU, which other processes change least; wall-clock time on a GPU."""
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def measured(n_tasks: int, width: int, batch: int, args: argparse.Namespace) -> str:
    """A row of the table."""
    data = table(n_tasks, args.rows)
    kinds = members(data)
    everyone = [member for kind in kinds for member in kind]
    architecture = HardSharing(MLP((width, width)))

    def recipe(steps: int) -> Trainer:
        return Trainer(
            steps=steps,
            batch_size=batch,
            patience=None,
            evaluate_every=10**6,
            accelerator=args.device,
        )

    fewest = 4 + len(everyone)  # so that building many networks does not blur the steps
    steps = max(fewest, min(200, args.work // (len(everyone) * (width + 64) * batch)))
    together = per_step(
        lambda n: recipe(n).fit_many(architecture, everyone, data),
        steps,
        args.repeats,
        args.device,
    )
    apart = [0.0] * args.repeats
    for kind in kinds:
        own = data.without_tasks([n for n in data.tasks.names if n not in _names(kind[0], data)])
        alone = per_step(
            lambda n, own=own: recipe(n).fit(architecture, own), 300, args.repeats, args.device
        )
        apart = [total + len(kind) * one for total, one in zip(apart, alone, strict=True)]
    one, other = statistics.median(together), statistics.median(apart)
    return (
        f"| {n_tasks} | {len(everyone)} | 2 × {width} | {batch} | {one:.2f} | {other:.1f} | "
        f"{other / one:.1f} | {other / max(together):.1f} to {other / min(together):.1f} |"
    )


def _names(member: Member, data: MultiTaskDataset) -> tuple[str, ...]:
    return member.task_names or data.tasks.names


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, nargs="+", default=[8, 16, 32])
    parser.add_argument("--widths", type=int, nargs="+", default=[32, 64, 256])
    parser.add_argument("--batches", type=int, nargs="+", default=[64])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", type=int, default=30_000_000)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print("| tasks | members | network | batch | together, ms | apart, ms | ratio | range |")
    print("|---|---|---|---|---|---|---|---|")
    for n_tasks in args.tasks:
        for width in args.widths:
            for batch in args.batches:
                print(measured(n_tasks, width, batch, args), flush=True)


if __name__ == "__main__":
    main()
