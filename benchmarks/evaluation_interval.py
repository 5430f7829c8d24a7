"""Single-task networks of small tables: states kept by early or by late evaluations.

One run per table and split is evaluated every 5 steps on validation and test rows. From its curves
each rule picks the step it would have kept for every task, and the step at which it would have
stopped: the default of `Trainer` ("early"), the same with evaluations that move apart twice as fast
("slowing"), and one evaluation per epoch of all rows, at least 25 steps apart ("late"). Prints a
Markdown table of the paired change of the tasks' test errors (square roots of test losses) in percent,
with its 95 % interval over tasks and splits: first of the seeds to choose by, then of those to judge by.

    POLYTASK_DATA=... python benchmarks/evaluation_interval.py school:450 digits:700 drawn:700
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from unittest.mock import patch

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from drawn_table import TARGETS, drawn_table
from scipy.stats import t as student

from polytask.architectures import SingleTask
from polytask.architectures._copy_task import give_task
from polytask.data import MultiTaskDataset, RandomSplit, encode, fit_schemas
from polytask.datasets import fetch_mulan, fetch_school, load_digits_tasks
from polytask.losses import MultiTaskLoss
from polytask.sampling._epoch_batches import steps_per_epoch
from polytask.tasks import Task
from polytask.training import Trainer, _evaluation_interval, score, to_tensors
from polytask.training._task_runs import TaskRuns

STEP, PATIENCE = 5, 10
EARLY, SLOWING = 20, 10
"""An evaluation follows after at least this share of the steps taken so far."""


class Curves(NamedTuple):
    """Losses (evaluations, tasks) of one run; epochs of a task's rows and of all rows."""

    validation: np.ndarray
    test: np.ndarray
    own_epoch: int
    epoch: int


class Kept(NamedTuple):
    """Square roots of the tasks' test losses in the states kept, and the steps taken."""

    errors: np.ndarray
    steps: np.ndarray


def table(name: str) -> MultiTaskDataset:
    """A data set by its name on the command line."""
    if name == "school":
        return fetch_school().dataset
    if name == "digits":
        return load_digits_tasks()
    if name == "drawn":
        tasks = [Task(target, kind) for target, kind in TARGETS.items()]
        return MultiTaskDataset.from_table(drawn_table(), tasks)
    return fetch_mulan(name.removeprefix("mulan-")).dataset


def curves(data: MultiTaskDataset, seed: int, steps: int) -> Curves:
    """Losses of one run on a split drawn by the seed."""
    train, validation, test = RandomSplit().splits(data, seed=seed)[0].apply(data)
    schemas, seen = fit_schemas(train), []
    original = TaskRuns._advance  # noqa: SLF001 - losses of the state that is evaluated

    def watched(run: TaskRuns) -> object:
        network, record = run.network, original(run)
        for unit in run.units:
            for name, alone in unit.networks():
                give_task(alone, name, network)
        rows = to_tensors(encode(test.sources, test.tasks, schemas, network.blocks))
        sums, counts = MultiTaskLoss(network.blocks, network.tasks).sums(score(network, rows), rows)
        means = (sums / counts.clamp(min=1e-30)).tolist()
        found = zip(network.tasks.names, means, counts.tolist(), strict=True)
        seen.append((record.validation_losses, {name: mean for name, mean, n in found if n}))
        return record

    # one evaluation more, after which tasks have their best states
    trainer = Trainer(steps=steps + STEP, evaluate_every=STEP, patience=None)
    with patch.object(TaskRuns, "_advance", watched):
        trainer.fit(SingleTask(), train, validation, seed=seed)
    seen.pop()
    own = max(
        _batches(sum(len(s.labelled().rows(n)) for s in train.sources if n in s.tasks.names))
        for n in train.tasks.names
    )
    epochs = own, _batches(train.n_rows)
    names = [name for name in data.tasks.names if all(name in part for part in seen[0])]
    losses = np.array([[[part[name] for name in names] for part in both] for both in seen])
    return Curves(losses[:, 0], losses[:, 1], *epochs)


def _batches(n_rows: int) -> int:
    return steps_per_epoch(n_rows, Trainer().rows_per_batch(n_rows))


def positions(n_evaluations: int, interval: Callable[[int], int]) -> Iterator[int]:
    """Positions among the curves' evaluations of those that a rule asks for."""
    step = 0
    while (step := STEP * round((step + interval(step)) / STEP)) <= STEP * n_evaluations:
        yield step // STEP - 1


def kept(run: Curves, interval: Callable[[int], int]) -> Kept:
    """The outcome of a rule."""
    errors, stops = [], []
    for own, tested in zip(run.validation.T, run.test.T, strict=True):
        best, best_at, waited, last = math.inf, 0, 0, 0
        for last in positions(len(own), interval):
            waited += 1
            if own[last] < best:
                best, best_at, waited = own[last], last, 0
            if waited == PATIENCE:
                break
        errors.append(math.sqrt(tested[best_at]))
        stops.append(STEP * (last + 1))
    return Kept(np.array(errors), np.array(stops))


def late(run: Curves) -> Kept:
    """One evaluation per epoch of all rows, at least 25 steps apart."""
    return kept(run, lambda _: max(run.epoch, 25))


def spaced(run: Curves, share: int) -> Kept:
    """The rule of `Trainer`, with evaluations that move apart by a share of the steps taken."""
    with patch.object(_evaluation_interval, "_SHARE_OF_STEPS", share):
        return kept(run, lambda step: _evaluation_interval.evaluation_interval(step, run.own_epoch))


def change(ours: Sequence[Kept], theirs: Sequence[Kept]) -> str:
    """The paired change of the errors in percent, with its 95 % interval over tasks and splits."""
    pairs = zip(ours, theirs, strict=True)
    logs = np.concatenate([np.log(one.errors / other.errors) for one, other in pairs])
    half = student.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs))
    mean, low, high = 100 * np.expm1(logs.mean() + half * np.array([0, -1, 1]))
    return f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]"


def row(name: str, runs: Sequence[Curves], seeds: Sequence[int]) -> str:
    """A row of the Markdown table."""
    rules = [
        list(map(late, runs)),
        [spaced(run, EARLY) for run in runs],
        [spaced(run, SLOWING) for run in runs],
    ]
    of_late, early, slowing = rules
    changes = [change(early, of_late), change(slowing, of_late), change(slowing, early)]
    steps = [f"{np.mean([own.steps.mean() for own in rule]):.0f}" for rule in rules]
    n_tasks = runs[0].test.shape[1]
    which = ", ".join(map(str, seeds))
    return f"| {' | '.join([name, str(n_tasks), which, *changes, *steps])} |"


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="+", help="NAME:STEPS")
    parser.add_argument("--choose", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--judge", type=int, nargs="+", default=[3, 4, 5])
    arguments = parser.parse_args()
    compared = "early − late, % | slowing − late, % | slowing − early, %"
    print(f"| table | tasks | seeds | {compared} | steps late | early | slowing |")
    print("|---|---|---|---|---|---|---|---|---|")
    for given in arguments.tables:
        name, _, steps = given.partition(":")
        data = table(name)
        for seeds in (arguments.choose, arguments.judge):
            runs = [curves(data, seed, int(steps or 2000)) for seed in seeds]
            print(row(name, runs, seeds), flush=True)


if __name__ == "__main__":
    main()
