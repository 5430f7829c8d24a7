"""Mulan's multi-target regression sets by classical learners: aRRMSE over ten folds, lower is better.

The error of a target is √(SSE / SST), SST about the mean of the training rows; averaged over targets and
folds. Features are standardised by the training rows, missing cells are their median, and targets are
standardised too, so that one strength means the same for all. Settings are chosen by three folds of the
training rows.

    POLYTASK_DATA=... python benchmarks/mulan.py [--sets jura enb] [--only ridge] [--folds 10] [--print]

Every fold of every learner is a line of JSON in the folder of `--out`; one that is there is not measured again.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from classical_runs import Case, Rows, run
from mulan_entrants import ENTRANTS
from sklearn.model_selection import KFold
from tables_records import Records
from timing import markdown

from polytask.datasets import fetch_mulan

SETS = ("jura", "enb", "wq", "atp1d", "osales")
N_FOLDS = 10


def read(name: str) -> tuple[np.ndarray, np.ndarray]:
    """X (n, d), with NaN, and Y (n, tasks)."""
    source = fetch_mulan(name).dataset.sources[0]
    X = source.inputs.cast(float).to_numpy().astype(float)
    return X, source.labels.frame.cast(float).to_numpy().astype(float)


def folded(name: str) -> list[tuple[Rows, Rows]]:
    """Training and held-out rows of each fold, scaled by the training rows."""
    X, Y = read(name)
    parts = []
    for train, test in KFold(N_FOLDS, shuffle=True, random_state=0).split(X):
        middle = np.nan_to_num(np.nanmedian(X[train], axis=0))
        filled = np.where(np.isnan(X), middle, X)
        mean, scale = filled[train].mean(axis=0), filled[train].std(axis=0)
        features = (filled - mean) / np.where(scale > 0, scale, 1)
        centre, spread = np.nanmean(Y[train], axis=0), np.nanstd(Y[train], axis=0)
        rows = Rows(features, (Y - centre) / np.where(spread > 0, spread, 1))
        parts.append((rows.take(train), rows.take(test)))
    return parts


def errors(rows: Rows, response: np.ndarray) -> np.ndarray:
    """√(SSE / SST) of each target; the training mean is 0."""
    response = response.reshape(rows.y.shape)
    squares = np.nansum(np.square(rows.y - response), axis=0)
    totals = np.nansum(np.square(rows.y), axis=0)
    return np.sqrt(squares[totals > 0] / totals[totals > 0])


def case(name: str) -> Case:
    """A set."""
    return Case(
        f"mulan {name}",
        "aRRMSE",
        partial(folded, name),
        ENTRANTS,
        values=errors,
        loss=lambda rows, response: float(errors(rows, response).mean()),
        lower=True,
    )


def table(records: Mapping[str, list[Mapping[str, Any]]]) -> str:
    """Learners by sets; the number of folds where not all were measured."""
    rows = []
    for entrant in ENTRANTS:
        cells: list[object] = [entrant.name]
        for name in SETS:
            known = {case(name).key(entrant, number) for number in range(N_FOLDS)}
            own = [record["value"] for record in records[name] if record["key"] in known]
            folds = "" if len(own) == N_FOLDS else f" ({len(own)} folds)"
            cells.append(f"{np.mean(own):.3f}{folds}" if own else "–")
        if any(cell != "–" for cell in cells[1:]):
            rows.append(cells)
    return markdown(["learner", *SETS], rows)


def main() -> None:
    """Measure what is missing, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", help="names of learners")
    parser.add_argument("--sets", nargs="*", default=SETS, choices=SETS)
    parser.add_argument(
        "--folds", type=int, default=N_FOLDS, help="folds to measure, from the first"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/mulan"))
    parser.add_argument("--print", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    for name in [] if arguments.print else arguments.sets:
        print(f"\n{name}")
        options = arguments.only, arguments.folds, 1
        run(case(name), arguments.out / name, *options, dry=False)
    print(table({name: Records(arguments.out / name).read() for name in SETS}))


if __name__ == "__main__":
    main()
