"""A benchmark of classical learners: settings chosen by folds of the training rows, one record per split.

Nothing sees the test rows before the last fit. A learner that divides its rows into folds itself (`Entrant.judge`) says what
its settings are worth by these. Every split of every learner is a line of JSON; one that is there is not measured again.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from classical_entrants import Entrant, Settings
from joblib import Parallel, delayed
from tables_records import Records, key_of
from timing import markdown

__all__ = ["Case", "Rows", "folds", "predictions", "print_table", "run"]


@dataclass(frozen=True)
class Rows:
    """Features (n, d), labels (n,) or (n, tasks), and the task of each row (n,) where it has one."""

    X: Any
    y: np.ndarray
    tasks: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Rows:
        """Some of the rows."""
        tasks = None if self.tasks is None else self.tasks[rows]
        return Rows(self.X[rows], self.y[rows], tasks)

    @property
    def whose(self) -> dict[str, np.ndarray]:
        """The argument `tasks` of `fit` and `predict`, for rows of their own."""
        return {} if self.tasks is None else {"tasks": self.tasks}


def predictions(model: Any, rows: Rows) -> np.ndarray:
    """What a model predicts for rows."""
    return np.asarray(model.predict(rows.X, **rows.whose))


@dataclass(frozen=True)
class Case:
    """Training and test rows, learners, and what is measured.

    Attributes
    ----------
    name, figure : str
        Of the rows, and of `values`.
    read : callable
        Returns the training and test rows of every split.
    entrants : sequence of Entrant
    values : callable
        The figure of each task, or a single one, of rows and their response.
    loss : callable
        What settings are chosen by, of held-out rows and their response.
    respond : callable
        The response of a model for rows.
    n_folds : int
    tasks : tuple of str
        Names of the tasks whose figures are shown.
    lower : bool
        Whether a lower figure is better.
    """

    name: str
    figure: str
    read: Callable[[], list[tuple[Rows, Rows]]]
    entrants: Sequence[Entrant]
    values: Callable[[Rows, np.ndarray], np.ndarray]
    loss: Callable[[Rows, np.ndarray], float]
    respond: Callable[[Any, Rows], np.ndarray] = predictions
    n_folds: int = 3
    tasks: tuple[str, ...] = ()
    lower: bool = False

    def key(self, entrant: Entrant, number: int) -> str:
        """Name of a run."""
        return key_of(self.name, entrant.name, list(entrant.settings), number, self.n_folds)


def folds(rows: Rows, n_folds: int, seed: int) -> np.ndarray:
    """Fold of each row (n,): the shuffled rows of each task are dealt out in turn."""
    random = np.random.default_rng(seed)
    tasks = np.zeros(len(rows.y), dtype=int) if rows.tasks is None else rows.tasks
    fold = np.empty(len(tasks), dtype=int)
    for task in np.unique(tasks):
        own = random.permutation(np.flatnonzero(tasks == task))
        fold[own] = (np.arange(len(own)) + random.integers(n_folds)) % n_folds
    return fold


def fitted(entrant: Entrant, settings: Settings, rows: Rows) -> Any:
    """A fit to rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return entrant.make(**settings).fit(rows.X, rows.y, **rows.whose)


def choose(case: Case, entrant: Entrant, train: Rows, seed: int) -> int:
    """Position of the settings with the least loss over the folds."""
    if len(entrant.settings) == 1:
        return 0
    if entrant.judge is not None:
        worth = [entrant.judge(fitted(entrant, each, train)) for each in entrant.settings]
        return int(np.argmin(worth))
    fold = folds(train, case.n_folds, seed)
    losses = np.zeros(len(entrant.settings))
    for k in range(case.n_folds):
        inside, held = train.take(fold != k), train.take(fold == k)
        for i, settings in enumerate(entrant.settings):
            losses[i] += case.loss(held, case.respond(fitted(entrant, settings, inside), held))
    return int(np.argmin(losses))


def measure(case: Case, entrant: Entrant, number: int, train: Rows, test: Rows) -> dict[str, Any]:
    """Choose, fit, and measure on the test rows of one split."""
    start = time.process_time()
    position = choose(case, entrant, train, number)
    middle = time.process_time()
    model = fitted(entrant, entrant.settings[position], train)
    end = time.process_time()
    values = np.atleast_1d(case.values(test, case.respond(model, test)))
    return {
        "key": case.key(entrant, number),
        "method": entrant.name,
        "split": number,
        "value": float(values.mean()),
        "tasks": values.tolist(),
        "settings": entrant.settings[position],
        "edge": len(entrant.settings) > 2 and position in {0, len(entrant.settings) - 1},
        "chosen_in": middle - start,
        "seconds": end - middle,
    }


def print_table(case: Case, records: Sequence[Mapping[str, Any]]) -> None:
    """Mean and standard deviation per learner, best first; its latest grid of settings counts."""
    rows = []
    for entrant in case.entrants:
        known = {case.key(entrant, number) for number in range(100)}
        own = [record for record in records if record["key"] in known]
        if not own:
            continue
        mean = np.mean([record["value"] for record in own])
        spread = np.std([record["value"] for record in own], ddof=1) if len(own) > 1 else np.nan
        shown = np.mean([record["tasks"] for record in own], axis=0) if case.tasks else []
        seconds = float(np.median([record["seconds"] for record in own]))
        choice = float(np.median([record["chosen_in"] for record in own]))
        edges = sum(record["edge"] for record in own)
        chosen = ", ".join(
            f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}"
            for k, v in own[-1]["settings"].items()
        )
        cells = [entrant.name, f"{mean:.4g} ± {spread:.2g}", *(f"{value:.3g}" for value in shown)]
        rows.append((mean, [*cells, seconds, choice, chosen, edges, len(own)]))
    header = ["learner", case.figure, *case.tasks, "s a fit", "s of choice", "chosen last"]
    rows.sort(key=lambda row: row[0] if case.lower else -row[0])
    print(markdown([*header, "at an edge", "splits"], [cells for _, cells in rows]))


def run(
    case: Case, folder: Path, names: Sequence[str] | None, splits: int, jobs: int, *, dry: bool
) -> None:
    """Measure what is missing, and print.

    Parameters
    ----------
    case : Case
    folder : Path
        Of the records.
    names : sequence of str, optional
        Learners to measure; all by default.
    splits, jobs : int
        Number of splits, and of processes.
    dry : bool
        Whether to measure nothing.
    """
    records = Records(folder)
    wanted = [each for each in case.entrants if not names or each.name in names]
    absent = [entrant.name for entrant in wanted if not entrant.installed]
    print("Not installed:", ", ".join(absent) or "nothing")
    parts = [] if dry else case.read()[:splits]
    for entrant in (each for each in wanted if each.installed):
        done = records.keys()
        missing = [i for i in range(len(parts)) if case.key(entrant, i) not in done]
        work = Parallel(n_jobs=jobs, return_as="generator")
        for record in work(delayed(measure)(case, entrant, i, *parts[i]) for i in missing):
            records.add(record)
            print(entrant.name, record["split"], f"{record['value']:.4g}", record, flush=True)
    print_table(case, records.read())
