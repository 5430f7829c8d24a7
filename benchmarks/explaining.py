"""How often intervals of importances and of source tasks hold, on generated tasks.

    OMP_NUM_THREADS=1 python benchmarks/explaining.py CASE [--draws 60] [--first 0]

CASE is `numbers` and `classes` (importances by shuffling, linear models), `trees` (the same of boosted trees), `network`
(the same of a small network of both seeds and three), or `sources` (leaving out one of three unrelated tasks). Data sets of one case have the
same coefficients and rows of their own. The expected value is the mean over all data sets of the case. Draws are
appended to explaining.jsonl in the current folder; those that stand there are not repeated; at the end the table of
all cases is printed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from polytask.analysis import GroupRuns, PermutationImportance, attribute
from polytask.analysis._measured_gain import compared
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP

PATH = Path("explaining.jsonl")
NETWORK, BUDGET = HardSharing(MLP((16,))), Budget(steps=80)
COEF = np.array([[1.0, 0.5, 0.2, 0, 0, 0], [0.8, 0.6, 0, 0.2, 0, 0], [0, 0, 0, 0, 1.0, 0.1]])
SETTINGS = {
    "numbers": [(60, 2), (150, 2), (500, 2)],
    "classes": [(60, 2), (150, 2), (500, 2)],
    "trees": [(150, 2)],
    "network": [(150, 2), (150, 3)],
    "sources": [(60, 2)],
}


def data_of(case: str, n_rows: int, draw: int) -> MultiTaskDataset:
    """Three tasks on six columns; the noise is as large as the largest coefficient."""
    chance = np.random.default_rng([n_rows, draw])
    if case == "sources":
        inputs = chance.normal(size=(3 * n_rows, 6))
        own = np.repeat(np.arange(3), n_rows)
        labels = (inputs * np.eye(3, 6)[own]).sum(axis=1) + 0.5 * chance.normal(size=3 * n_rows)
        columns = {f"x{i}": inputs[:, i] for i in range(6)}
        frame = pl.DataFrame({**columns, "y": labels, "task": [f"t{k}" for k in own]})
        return MultiTaskDataset.from_long(frame, "y", "task", kind="regression")
    inputs = chance.normal(size=(n_rows, 6))
    labels = inputs @ COEF.T + chance.normal(size=(n_rows, 3))
    kind = "binary" if case == "classes" else "regression"
    values = (labels > 0).astype(int) if case == "classes" else labels
    frame = {
        **{f"x{i}": inputs[:, i] for i in range(6)},
        **{f"t{k}": values[:, k] for k in range(3)},
    }
    return MultiTaskDataset.from_table(frame, [f"t{k}:{kind}" for k in range(3)])


def importances(case: str, n_rows: int, seeds: int, draw: int) -> dict:
    learner = {"network": NETWORK, "trees": "gradient_boosting"}.get(case, "linear")
    record = attribute(
        data_of(case, n_rows, draw),
        learner,
        method=PermutationImportance(3),
        folds=3,
        seeds=seeds,
        budget=BUDGET,
    )
    return {"value": record.importance, "low": record.low, "high": record.high, "p": record.p}


def sources(n_rows: int, seeds: int, draw: int) -> dict:
    runs = GroupRuns.of(
        data_of("sources", n_rows, draw), NETWORK, folds=3, seeds=seeds, budget=BUDGET
    )
    names = runs.tasks
    found = []
    for task in names:
        for source in names:
            if source != task:
                rest = [name for name in names if name != source]
                together = {task: [runs.answers(names)[task]]}
                found.append(compared(runs, together, {task: [runs.answers(rest)[task]]}, 1))
    return {
        "value": [[one.value for one in found]],
        "low": [[one.interval[0] for one in found]],
        "high": [[one.interval[1] for one in found]],
        "p": [[one.p for one in found]],
    }


def table() -> None:
    lines = [json.loads(line) for line in PATH.read_text().splitlines()]
    print(
        "| case | rows | seeds | data sets | of | missed | too low | too high | p ≤ 5 % | any shown |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for key in dict.fromkeys((line["case"], line["rows"], line["seeds"]) for line in lines):
        own = [line for line in lines if (line["case"], line["rows"], line["seeds"]) == key]
        for row in rows_of(key[0], own):
            print(f"| {' | '.join([key[0], str(key[1]), str(key[2]), str(len(own)), *row])} |")


def rows_of(case: str, lines: list[dict]) -> Iterator[list[str]]:
    """Shares of intervals that miss the mean: of columns that matter, and of those that do not."""
    value, low, high, p = (
        np.array([line[name] for line in lines], dtype=float)
        for name in ("value", "low", "high", "p")
    )
    mean = value.mean(axis=0)
    parts = (
        {"pairs of unrelated tasks": np.ones_like(mean, dtype=bool)}
        if case == "sources"
        else {"columns that matter": COEF != 0, "columns that do not": COEF == 0}
    )
    for words, kept in parts.items():
        above, below = (low > mean)[:, kept], (high < mean)[:, kept]
        shown = (p <= 0.05) & (value > 0)
        cells = [share(above | below), share(above), share(below), share((p <= 0.05)[:, kept])]
        # p of importances are corrected for all of a data set, those of sources are not
        yield [words, *cells, share(shown[:, kept].any(axis=1)[:, None])]


def share(hits: np.ndarray) -> str:
    """A share in percent, with its standard error over data sets."""
    by_set = hits.mean(axis=1)
    return f"{100 * by_set.mean():.1f} ± {100 * by_set.std(ddof=1) / np.sqrt(len(by_set)):.1f} %"


def main() -> None:
    """Draw data sets and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=SETTINGS)
    parser.add_argument("--draws", type=int, default=60)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    lines = PATH.read_text().splitlines() if PATH.exists() else []
    done = {(one["case"], one["rows"], one["seeds"], one["draw"]) for one in map(json.loads, lines)}
    for n_rows, seeds in SETTINGS[arguments.case]:
        for draw in range(arguments.first, arguments.first + arguments.draws):
            key = (arguments.case, n_rows, seeds, draw)
            if key in done:
                continue
            values = (
                sources(n_rows, seeds, draw) if arguments.case == "sources" else importances(*key)
            )
            names = ("case", "rows", "seeds", "draw")
            with PATH.open("a") as file:
                file.write(json.dumps({**dict(zip(names, key, strict=True)), **values}) + "\n")
    table()


if __name__ == "__main__":
    main()
