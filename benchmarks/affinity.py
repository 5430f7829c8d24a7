"""Agreement of affinities with trained pairs, and their cost, on public data sets.

    python benchmarks/affinity.py [NAME …]

Networks are trained on 300 rows, drawn anew for each training, and measured on up to 1500 others: pairs in
twice eight trainings, or three of sets that take long, of which affinities receive the first two.
Every set appends a line to affinity.jsonl in the current folder, and sets that stand there are not
repeated; at the end the table is printed.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from grouping_sets import SETS

from polytask.analysis import (
    AffinityRecord,
    ExplainedLabels,
    GradientCosine,
    GroupRuns,
    HeadSimilarity,
    LookaheadAffinity,
    PredictionCorrelation,
    PredictionSimilarity,
    ProjectedGradients,
    TrainedPairs,
)
from polytask.analysis._rounds import Round
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Split
from polytask.encoders import MLP
from polytask.neural_network import MultiTaskNetwork

NETWORK, BUDGET = MultiTaskNetwork(HardSharing(MLP((64, 64)))), Budget(steps=200)
TRAINED, STOPPING, MEASURED = 300, 60, 1500
TRAININGS, FEWER, OF_AFFINITIES = 8, 3, 2
METHODS = (
    PredictionSimilarity(),
    ExplainedLabels(),
    PredictionCorrelation(),
    GradientCosine(),
    LookaheadAffinity(),
    ProjectedGradients(),
    HeadSimilarity(),
)
PATH = Path("affinity.jsonl")
LONG = ("school, 10 groups", "digits", "scm20d", "tox21")
NAMES = ("sarcos", "rf1", "school, 10 groups", "digits", "yeast", "tox21", "scm20d")


def case(name: str) -> dict:
    data = SETS[name]()
    number = FEWER if name in LONG else TRAININGS
    first, second = (rounds(data, range(start, start + number)) for start in (0, number))

    def runs(rounds: list[Round]) -> GroupRuns:
        return GroupRuns(data, NETWORK, rounds, BUDGET)

    trained, repeated = (TrainedPairs().estimate(runs(one)) for one in (first, second))
    rows = {"trained_pairs": [1.0, trained.seconds, trained.n_networks]}
    rows["trained_pairs, drawn again"] = [
        trained.agreement(repeated),
        repeated.seconds,
        repeated.n_networks,
    ]
    mean = _mean(trained, repeated)
    for method in METHODS:
        record = method.estimate(runs(first[:OF_AFFINITIES]))
        rows[record.name] = [record.agreement(mean), record.seconds, record.n_networks]
    gains = trained.matrix[np.isfinite(trained.matrix)]
    spread = [float(value) for value in np.percentile(gains, [10, 50, 90])]
    return {
        "set": name,
        "tasks": len(data.tasks),
        "trainings": number,
        "gains": spread,
        "methods": rows,
    }


def rounds(data: MultiTaskDataset, seeds: range) -> list[Round]:
    """Trainings on few rows each, all measured on the same others."""
    (source,) = data.sources
    order = np.random.default_rng(0).permutation(source.n_rows)
    n_measured = min(MEASURED, source.n_rows // 2)
    measured, pool = np.sort(order[:n_measured]), order[n_measured:]
    found = []
    for seed in seeds:
        drawn = np.random.default_rng(seed + 1).choice(pool, TRAINED + STOPPING, replace=False)
        parts = (np.sort(drawn[:TRAINED]), np.sort(drawn[TRAINED:]), measured)
        train, stop, test = ({source.name: rows} for rows in parts)
        found.append(Round(seed, (Split(train, stop, test, f"training {seed + 1}"),)))
    return found


def _mean(first: AffinityRecord, second: AffinityRecord) -> AffinityRecord:
    values = tuple(
        tuple(None if a is None or b is None else (a + b) / 2 for a, b in zip(r, s, strict=True))
        for r, s in zip(first.values, second.values, strict=True)
    )
    return replace(first, values=values)


def table() -> None:
    cases = [json.loads(line) for line in PATH.read_text().splitlines()]
    names = list(cases[0]["methods"])
    sets = [c for name in SETS for c in cases if c["set"] == name]
    print("| affinity |", " | ".join(f"{c['set']} ({c['tasks']} tasks)" for c in sets), "|")
    print("|---" * (len(sets) + 1) + "|")
    for name in names:
        cells = []
        for one in sets:
            agreement, seconds, networks = one["methods"][name]
            shown = "–" if agreement is None else f"{agreement:+.2f}"
            cells.append(f"{shown}; {networks} networks, {seconds:,.0f} s")
        print(f"| {name} |", " | ".join(cells), "|")


if __name__ == "__main__":
    done = (
        {json.loads(line)["set"] for line in PATH.read_text().splitlines()}
        if PATH.exists()
        else set()
    )
    for name in sys.argv[1:] or NAMES:
        if name not in done:
            found = case(name)
            with PATH.open("a") as file:
                file.write(json.dumps(found) + "\n")
            print(found, flush=True)
    table()
