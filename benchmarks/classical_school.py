"""Exam scores of 139 schools by classical learners, over the ten published splits.

Within-school explained variance in per cent, 1 - SSE / SST with SST about each school's own mean of
its test rows. Features are standardised by the training rows. Each learner's strength is the one of its
grid with the least squared error over ten folds of the training rows (each school's rows are spread over
all folds), and is then fitted to all training rows; nothing sees the test rows before.

    POLYTASK_DATA=... python benchmarks/classical_school.py [--only ridge lightgbm] [--print]

Every split of every learner is a line of JSON in the folder of `--out`; one that is there is not measured
again. The table is printed from all of them. Chains of regressors need several targets per row and do
not apply.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from classical_entrants import Entrant, Settings
from joblib import Parallel, delayed
from school_entrants import ENTRANTS
from tables_records import Records, key_of
from timing import markdown

from polytask.datasets import as_table, fetch_school

N_FOLDS = 10


@dataclass(frozen=True)
class Rows:
    """Features (n, d), scores (n,) and school (n,) as a number."""

    X: np.ndarray
    y: np.ndarray
    tasks: np.ndarray

    def take(self, rows: np.ndarray) -> Rows:
        """Some of the rows."""
        return Rows(self.X[rows], self.y[rows], self.tasks[rows])


def read_splits() -> list[tuple[Rows, Rows]]:
    """Training and test rows of the published splits, features standardised by the former."""
    table = as_table("school")
    y = table["score"].to_numpy().astype(float)
    names = table["school"].to_numpy()
    X = table.drop("score", "school").to_numpy().astype(float)
    everything = Rows(X, y, np.unique(names, return_inverse=True)[1])
    fetched = fetch_school()
    parts = []
    for split in fetched.split.splits(fetched.dataset, seed=0):
        trained = [*split.train.values(), *split.validation.values()]
        train = everything.take(np.sort(np.concatenate(trained)))
        test = everything.take(np.concatenate(list(split.test.values())))
        mean, scale = train.X.mean(axis=0), train.X.std(axis=0)
        parts.append(
            tuple(Rows((each.X - mean) / scale, each.y, each.tasks) for each in (train, test))
        )
    return parts


def explained(test: Rows, response: np.ndarray) -> float:
    """Within-school explained variance, in per cent."""
    means = np.bincount(test.tasks, test.y) / np.maximum(np.bincount(test.tasks), 1)
    total = np.square(test.y - means[test.tasks]).sum()
    return float(100 * (1 - np.square(test.y - response).sum() / total))


def folds(tasks: np.ndarray, seed: int) -> np.ndarray:
    """Fold of each row (n,): the shuffled rows of each school are dealt out in turn."""
    random = np.random.default_rng(seed)
    fold = np.empty(len(tasks), dtype=int)
    for task in np.unique(tasks):
        own = random.permutation(np.flatnonzero(tasks == task))
        fold[own] = (np.arange(len(own)) + random.integers(N_FOLDS)) % N_FOLDS
    return fold


def fitted_response(entrant: Entrant, settings: Settings, train: Rows, test: Rows) -> np.ndarray:
    """Predictions for test rows (n,) of a fit to training rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = entrant.make(**settings).fit(train.X, train.y, tasks=train.tasks)
    return model.predict(test.X, tasks=test.tasks)


def choose(entrant: Entrant, train: Rows, seed: int) -> int:
    """Position of the settings with the least squared error over the folds."""
    if len(entrant.settings) == 1:
        return 0
    fold = folds(train.tasks, seed)
    errors = np.zeros(len(entrant.settings))
    for k in range(N_FOLDS):
        inside, held = train.take(fold != k), train.take(fold == k)
        for i, settings in enumerate(entrant.settings):
            response = fitted_response(entrant, settings, inside, held)
            errors[i] += np.square(held.y - response).sum()
    return int(np.argmin(errors))


def measure(entrant: Entrant, number: int, parts: tuple[Rows, Rows]) -> dict[str, Any]:
    """Choose, fit, and measure on the test rows of one split."""
    train, test = parts
    start = time.process_time()
    position = choose(entrant, train, number)
    middle = time.process_time()
    response = fitted_response(entrant, entrant.settings[position], train, test)
    return {
        "key": key(entrant, number),
        "method": entrant.name,
        "split": number,
        "value": explained(test, response),
        "settings": entrant.settings[position],
        "edge": len(entrant.settings) > 2 and position in {0, len(entrant.settings) - 1},
        "chosen_in": middle - start,
        "seconds": time.process_time() - middle,
    }


def key(entrant: Entrant, number: int) -> str:
    """Name of a run."""
    return key_of(entrant.name, list(entrant.settings), number, N_FOLDS)


def table(records: list[Mapping[str, Any]]) -> str:
    """Mean and standard deviation per method, best first; its latest grid of settings counts."""
    current = {key(entrant, number) for entrant in ENTRANTS for number in range(10)}
    rows = []
    for method in {record["method"] for record in records}:
        own = [r for r in records if r["method"] == method and r["key"] in current]
        if not own:
            continue
        values = [record["value"] for record in own]
        spread = np.std(values, ddof=1) if len(values) > 1 else np.nan
        seconds = float(np.median([record["seconds"] for record in own]))
        edges = sum(record["edge"] for record in own)
        last = own[-1]["settings"]
        chosen = ", ".join(
            f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in last.items()
        )
        cells = [method, f"{np.mean(values):.2f} ± {spread:.2f}", seconds, chosen, edges]
        rows.append((np.mean(values), [*cells, len(values)]))
    header = ["learner", "explained, %", "s a fit", "chosen last", "at an edge", "splits"]
    return markdown(header, [cells for _, cells in sorted(rows, key=lambda row: -row[0])])


def main() -> None:
    """Measure what is missing, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", help="names of learners")
    parser.add_argument("--out", type=Path, default=Path("runs/classical_school"))
    parser.add_argument("--print", action="store_true", help="measure nothing")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    records = Records(arguments.out)
    wanted = [e for e in ENTRANTS if not arguments.only or e.name in arguments.only]
    absent = [entrant.name for entrant in wanted if not entrant.installed]
    print("Not installed:", ", ".join(absent) or "nothing")
    parts = [] if arguments.print else read_splits()[: arguments.splits]
    for entrant in (each for each in wanted if each.installed):
        done = records.keys()
        missing = [i for i in range(len(parts)) if key(entrant, i) not in done]
        work = Parallel(n_jobs=arguments.jobs, return_as="generator")
        for record in work(delayed(measure)(entrant, i, parts[i]) for i in missing):
            records.add(record)
            print(entrant.name, record["split"], f"{record['value']:.2f}", record, flush=True)
    print(table(records.read()))


if __name__ == "__main__":
    main()
