"""Single-task networks of small tables: states kept by early or by late evaluations.

One run per table and learning rate is evaluated every 5 steps on validation and test rows. From its
curves each rule picks the step it would have kept for every task, and the step at which it would
have stopped: the default of `Trainer`, and one evaluation per epoch of all rows, at least 25 steps
apart. Prints a Markdown table of the mean square root of the tasks' test losses.

    POLYTASK_DATA=... python benchmarks/evaluation_interval.py school digits mulan-enb mulan-jura
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Iterator
from unittest.mock import patch

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from polytask.architectures import SingleTask
from polytask.data import MultiTaskDataset, RandomSplit, encode, fit_schemas
from polytask.datasets import fetch_mulan, fetch_school, load_digits_tasks
from polytask.processes import OneProcess
from polytask.training import Trainer, to_tensors
from polytask.training._evaluation_interval import evaluation_interval
from polytask.training._training_run import TrainingRun
from polytask.training._validation_losses import ValidationLosses

STEP, PATIENCE, BATCH = 5, 10, 256
RATES = (1e-3, 3e-3, 1e-3 / 3)


def table(name: str) -> MultiTaskDataset:
    """A data set by its name on the command line."""
    if name == "school":
        return fetch_school().dataset
    if name == "digits":
        return load_digits_tasks()
    return fetch_mulan(name.removeprefix("mulan-")).dataset


def curves(
    data: MultiTaskDataset, rate: float, steps: int
) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Validation and test losses, (evaluations, tasks); epochs of a task's rows and of all rows."""
    train, validation, test = RandomSplit().splits(data, seed=0)[0].apply(data)
    schemas, seen = fit_schemas(train), []
    original = TrainingRun._evaluate  # noqa: SLF001 - losses of the state that is evaluated
    epochs = [0, 0]

    def watched(run: TrainingRun) -> object:
        rows = to_tensors(encode(test.sources, test.tasks, schemas, run.network.blocks))
        record = original(run)
        tested = ValidationLosses(run.forward, run.tasks, rows, OneProcess()).by_task()
        seen.append((record.validation_losses, tested))
        epochs[:] = run.batches.longest_epoch, run.batches.steps_per_epoch
        return record

    trainer = Trainer(learning_rate=rate, steps=steps, evaluate_every=STEP, patience=None)
    with patch.object(TrainingRun, "_evaluate", watched):
        trainer.fit(SingleTask(), train, validation)
    names = [name for name in data.tasks.names if all(name in part for part in seen[0])]
    losses = [[[part[name] for name in names] for part in both] for both in seen]
    return np.array(losses)[:, 0], np.array(losses)[:, 1], *epochs


def positions(n_evaluations: int, interval: Callable[[int], int]) -> Iterator[int]:
    """Positions among the curves' evaluations of those that a rule asks for."""
    step = 0
    while (step := STEP * round((step + interval(step)) / STEP)) <= STEP * n_evaluations:
        yield step // STEP - 1


def kept(
    validation: np.ndarray, test: np.ndarray, interval: Callable[[int], int]
) -> tuple[np.ndarray, np.ndarray]:
    """Square roots of the tasks' test losses in the states kept, and the steps they took."""
    roots, stops = [], []
    for own, tested in zip(validation.T, test.T, strict=True):
        best, best_at, waited, last = math.inf, 0, 0, 0
        for last in positions(len(own), interval):
            waited += 1
            if own[last] < best:
                best, best_at, waited = own[last], last, 0
            if waited == PATIENCE:
                break
        roots.append(math.sqrt(tested[best_at]))
        stops.append(STEP * (last + 1))
    return np.array(roots), np.array(stops)


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--steps", type=int, default=2000)
    arguments = parser.parse_args()
    print("| table | learning rate | late | early | early − late | steps late | steps early |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.tables:
        data = table(name)
        for rate in RATES:
            *losses, own, together = curves(data, rate, arguments.steps)
            least = max(together, 25)
            late, stops = kept(*losses, lambda _, least=least: least)
            early, sooner = kept(*losses, lambda step, own=own: evaluation_interval(step, own))
            change = early - late
            error = change.std(ddof=1) / math.sqrt(len(change))
            print(
                f"| {name} | {rate:.2g} | {late.mean():.4f} | {early.mean():.4f} | "
                f"{change.mean():+.4f} ± {error:.4f} | {stops.mean():.0f} | {sooner.mean():.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
