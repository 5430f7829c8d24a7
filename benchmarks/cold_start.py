"""A task with 0, 5, 20 or 100 labelled training rows beside others with all of theirs.

Several tasks are cold at a time: they keep so many labels of the training rows, drawn by seed (of
classes one of each first), and none of the validation rows. Each learner answers their test rows. Without any label a task is left
out of training, and the mean of the other tasks' responses answers for it, as does the pooled model
without the task as an input; nothing can be learned of it alone. Figures are means over the cold
tasks, each of which is its mean over repetitions; intervals (95 %, Student's t over tasks) are those
of the difference to the model of the task alone. Prints a Markdown table.

    POLYTASK_DATA=... python benchmarks/cold_start.py school
    POLYTASK_DATA=... python benchmarks/cold_start.py tox21
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from cold_start_cases import CASES, Case, Repetition
from scipy.stats import t as student

from polytask.bookkeeping import Budget
from polytask.exceptions import PolytaskError
from polytask.learners import Learner

NUMBERS = (0, 5, 20, 100)


@dataclass(frozen=True)
class Column:
    """Figures of one learner with so many labelled rows.

    Attributes
    ----------
    by_task : mapping of task to list of float
        One per repetition.
    """

    by_task: Mapping[str, list[float]]

    def means(self, tasks: Sequence[str]) -> np.ndarray:
        """The mean over repetitions of each task."""
        return np.array([np.mean(self.by_task[task]) for task in tasks])


def measured(
    case: Case, learner: Learner, repetitions: Sequence[Repetition], n_rows: int, steps: int
) -> Column:
    """Fit with so many labelled rows of the cold tasks, and score their test rows."""
    by_task: dict[str, list[float]] = {}
    for repetition in repetitions:
        train, validation = repetition.parts(n_rows)
        if not learner.joint:  # the other tasks change nothing
            others = [name for name in train.tasks.names if name not in repetition.cold]
            train, validation = (part.without_tasks(others) for part in (train, validation))
        started = time.perf_counter()
        try:
            model = learner.fit(train, validation, repetition.seed, Budget(steps=steps))
        except PolytaskError as error:  # such as one class alone among five rows
            say(f"{learner.name}, {n_rows} rows: {error}")
            continue
        for task in repetition.cold:
            figure = case.figure(repetition.answer(model, task, n_rows), repetition.truth(task))
            if figure is not None:
                by_task.setdefault(task, []).append(figure)
        say(
            f"{learner.name}, {n_rows} rows, seed {repetition.seed}: {time.perf_counter() - started:.0f} s"
        )
    return Column(by_task)


def say(sentence: str) -> None:
    """Progress on stderr."""
    print(sentence, file=sys.stderr, flush=True)


def described(column: Column, alone: Column | None, *, lower: bool) -> str:
    """The mean, and the gain over the model of the task alone with its interval."""
    tasks = sorted(column.by_task)
    if not tasks:
        return "–"
    mean = f"{column.means(tasks).mean():.3f}"
    common = [] if alone is None else [task for task in tasks if task in alone.by_task]
    if len(common) < 2:
        return mean
    gains = column.means(common) - alone.means(common)
    gains = -gains if lower else gains
    half = student.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))
    middle = gains.mean()
    return f"{mean} ({middle:+.3f} [{middle - half:+.3f}, {middle + half:+.3f}])"


def table(case: Case, columns: Callable[[Learner, int], Column | None]) -> None:
    """Print a row per number of labelled rows."""
    names = list(case.learners)
    print(f"| labelled rows | {' | '.join(names)} |")
    print(f"|---|{'---|' * len(names)}")
    for n_rows in NUMBERS:
        found = {name: columns(learner, n_rows) for name, learner in case.learners.items()}
        alone = found[case.alone]
        cells = [
            "–"
            if column is None
            else described(column, None if name == case.alone else alone, lower=case.lower)
            for name, column in found.items()
        ]
        print(f"| {n_rows} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--steps", type=int, default=None)
    arguments = parser.parse_args()
    case = CASES[arguments.case]()
    repetitions = case.repetitions(arguments.repetitions)

    def column(learner: Learner, n_rows: int) -> Column | None:
        if n_rows == 0 and not case.shares(learner):
            return None
        chosen = case.without_task.get(learner.name, learner) if n_rows == 0 else learner
        return measured(case, chosen, repetitions, n_rows, arguments.steps or case.steps)

    table(case, column)


if __name__ == "__main__":
    main()
