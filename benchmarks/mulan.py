"""Mulan's multi-target regression sets by classical learners: aRRMSE over ten folds, lower is better.

The error of a target is √(SSE / SST), SST about the mean of the training rows; averaged over targets and
folds. Features are standardised by the training rows, missing cells are their median, and targets are
standardised too, so that one strength means the same for all. Settings are chosen by three folds of the
training rows.

    POLYTASK_DATA=... python benchmarks/mulan.py [--sets jura enb] [--only ridge] [--print]

Every set of every learner is a line of JSON in the folder of `--out`; one that is there is not measured again.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from classical_entrants import Entrant, Settings
from mulan_entrants import ENTRANTS
from sklearn.model_selection import KFold
from tables_records import Records, key_of
from timing import markdown

from polytask.datasets import fetch_mulan

SETS = ("jura", "enb", "wq", "atp1d", "osales")
N_FOLDS = 10


def read(name: str) -> tuple[np.ndarray, np.ndarray]:
    """X (n, d), with NaN, and Y (n, tasks)."""
    source = fetch_mulan(name).dataset.sources[0]
    X = source.inputs.cast(float).to_numpy().astype(float)
    return X, source.labels.frame.cast(float).to_numpy().astype(float)


def folded(
    X: np.ndarray, Y: np.ndarray, n_folds: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Training and held-out X and Y of each fold, scaled by the training rows."""
    for train, test in KFold(n_folds, shuffle=True, random_state=seed).split(X):
        middle = np.nan_to_num(np.nanmedian(X[train], axis=0))
        filled = np.where(np.isnan(X), middle, X)
        mean, scale = filled[train].mean(axis=0), filled[train].std(axis=0)
        features = (filled - mean) / np.where(scale > 0, scale, 1)
        centre, spread = np.nanmean(Y[train], axis=0), np.nanstd(Y[train], axis=0)
        targets = (Y - centre) / np.where(spread > 0, spread, 1)
        yield features[train], targets[train], features[test], targets[test]


def error(truth: np.ndarray, response: np.ndarray) -> float:
    """Mean over targets of √(SSE / SST); the training mean is 0."""
    squares = np.nansum(np.square(truth - response), axis=0)
    totals = np.nansum(np.square(truth), axis=0)
    return float(np.sqrt(squares[totals > 0] / totals[totals > 0]).mean())


def fitted(entrant: Entrant, settings: Settings, X: np.ndarray, Y: np.ndarray) -> Any:
    """A fit to rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return entrant.make(**settings).fit(X, Y)


def response_of(
    entrant: Entrant, settings: Settings, X: np.ndarray, Y: np.ndarray, new: np.ndarray
) -> np.ndarray:
    """Predictions (m, tasks) of a fit."""
    response = fitted(entrant, settings, X, Y).predict(new)
    return np.asarray(response).reshape(len(new), -1)


def choose(entrant: Entrant, X: np.ndarray, Y: np.ndarray) -> Settings:
    """Those with the least error over three folds of the training rows."""
    if len(entrant.settings) == 1:
        return entrant.settings[0]
    if entrant.judge is not None:
        worth = [entrant.judge(fitted(entrant, each, X, Y)) for each in entrant.settings]
        return entrant.settings[int(np.argmin(worth))]
    errors = np.zeros(len(entrant.settings))
    for inside, labels, held, truth in folded(X, Y, 3, seed=1):
        for i, settings in enumerate(entrant.settings):
            errors[i] += error(truth, response_of(entrant, settings, inside, labels, held))
    return entrant.settings[int(np.argmin(errors))]


def measure(entrant: Entrant, name: str) -> dict[str, Any]:
    """Mean error over the folds of one set."""
    start = time.process_time()
    values, last = [], {}
    for X, Y, new, truth in folded(*read(name), N_FOLDS, seed=0):
        last = choose(entrant, X, Y)
        values.append(error(truth, response_of(entrant, last, X, Y, new)))
    return {
        "key": key(entrant, name),
        "method": entrant.name,
        "set": name,
        "value": float(np.mean(values)),
        "spread": float(np.std(values, ddof=1)),
        "settings": last,
        "seconds": time.process_time() - start,
    }


def key(entrant: Entrant, name: str) -> str:
    """Name of a run."""
    return key_of(entrant.name, list(entrant.settings), name)


def table(records: list[Mapping[str, Any]]) -> str:
    """Learners by sets."""
    known = {record["key"]: record for record in records}
    rows = []
    for entrant in ENTRANTS:
        cells: list[object] = [entrant.name]
        for name in SETS:
            record = known.get(key(entrant, name))
            cells.append(f"{record['value']:.3f}" if record else "–")
        if any(cell != "–" for cell in cells[1:]):
            rows.append(cells)
    return markdown(["learner", *SETS], rows)


def main() -> None:
    """Measure what is missing, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", help="names of learners")
    parser.add_argument("--sets", nargs="*", default=SETS, choices=SETS)
    parser.add_argument("--out", type=Path, default=Path("runs/mulan"))
    parser.add_argument("--print", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    records = Records(arguments.out)
    wanted = [each for each in ENTRANTS if not arguments.only or each.name in arguments.only]
    print("Not installed:", ", ".join(e.name for e in wanted if not e.installed) or "nothing")
    done = records.keys()
    for entrant in [] if arguments.print else [each for each in wanted if each.installed]:
        for name in arguments.sets:
            if key(entrant, name) in done:
                continue
            record = measure(entrant, name)
            records.add(record)
            print(entrant.name, name, record, flush=True)
    print(table(records.read()))


if __name__ == "__main__":
    main()
